"""Every C file is part of the build."""

import os

NAME = "orphans"
RULE = "no C file is left out of the build"


def is_named(tree, path):
    """Whether a meson.build in the file's folder, or above, lists it, built today or not."""
    folder = os.path.dirname(path)
    while True:
        build = os.path.join(folder, "meson.build")
        if build in tree.files and f"'{os.path.relpath(path, folder or '.')}'" in tree.text(build):
            return True
        if not folder:
            return False
        folder = os.path.dirname(folder)


def find(tree):
    built = {path for path, _, _ in tree.commands} if tree.is_built else set()
    return [f"{path}:1: no meson.build names it" for path in tree.ending(".c")
            if path not in built and not is_named(tree, path)]

"""Every C file is part of the build."""

NAME = "orphans"
RULE = "no C file is left out of the build"


def find(tree):
    built = {path for path, _, _ in tree.commands}
    return [f"{path}:1: no meson.build names it" for path in tree.ending(".c") if path not in built]

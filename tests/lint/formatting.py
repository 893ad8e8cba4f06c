"""clang-format has nothing to change."""

import os
import subprocess

NAME = "format"
RULE = "the code is as .clang-format writes it (make format)"


def find(tree):
    sources = [os.path.join(tree.root, path) for path in tree.ending(".c", ".h")]
    if not sources:
        return []
    done = subprocess.run(["clang-format-14", "--style=file", "--dry-run", "-Werror", *sources],
                          cwd=tree.root, capture_output=True, text=True, check=False)
    if done.returncode == 0:
        return []
    places = [line for line in done.stderr.splitlines() if ": error: " in line]
    return [os.path.relpath(p, tree.root) for p in places] or [done.stderr.strip()]

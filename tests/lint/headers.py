"""Every header compiles by itself and may be included twice."""

import os
import subprocess

from tree import in_parallel

NAME = "headers"
RULE = "a header compiles alone, and twice"

STRICT = ["-std=c11", "-D_GNU_SOURCE", "-Wall", "-Wextra", "-Werror", "-fsyntax-only"]
def include_flags(tree):
    """What the build passes to find the headers of libraries, relative to the build folder."""
    flags = {}
    for _, arguments, _ in tree.commands:
        flags.update((a, None) for a in arguments if a.startswith(("-I", "-isystem")))
    return list(flags)


def defines_of(tree, folder):
    """What the build defines for the files beside a header."""
    flags = {}
    for path, arguments, _ in tree.commands:
        if os.path.dirname(path) == folder:
            flags.update((a, None) for a in arguments if a.startswith("-D") and "FORTIFY" not in a)
    return list(flags)


def compile_header(tree, path, flags):
    language = ["gcc", *STRICT]
    flags = flags + defines_of(tree, os.path.dirname(path))
    twice = f'#include "{tree.root}/{path}"\n' * 2
    runs = [language]
    if path == "plugins/plugin.h":  # authors may write C++
        runs.append(["clang++-14", "-std=c++17", "-Wall", "-Wextra", "-Werror", "-fsyntax-only"])
    for command in runs:
        name = "c++" if "++" in command[0] else "c"
        done = subprocess.run([*command, f"-I{tree.root}", *flags, "-x", name, "-"], input=twice,
                              cwd=tree.build, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            return f"{path}:1: does not compile alone\n{done.stderr.rstrip()}"
    return None


def find(tree):
    flags = include_flags(tree)
    headers = tree.ending(".h")
    return list(filter(None, in_parallel(lambda h: compile_header(tree, h, flags), headers)))

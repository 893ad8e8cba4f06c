"""clang-tidy with the project's .clang-tidy; a clean result is kept until something it read changes."""

import hashlib
import os
import re
import subprocess

from tree import in_parallel

NAME = "tidy"
RULE = "clang-tidy has no complaint"

TIDY = "clang-tidy-14"
# gcc's own warnings are unknown to clang; as macros, tolower() and its kin count as nested blocks
EXTRA = ["-Wno-unknown-warning-option", "-Qunused-arguments", "-D__NO_CTYPE"]
# what meson.build asks of clang alone: a build with gcc has no such arguments to hand on
CLANG_ONLY = ["-Wassign-enum", "-Wcomma", "-Wconditional-uninitialized", "-Wthread-safety",
              "-Wunreachable-code-aggressive"]


def closure(tree, path):
    """The file and every file of the project it includes, directly or not."""
    seen, waiting = set(), [path]
    while waiting:
        current = waiting.pop()
        if current in seen or current not in tree.files:
            continue
        seen.add(current)
        waiting += [name for _, _, name in tree.includes(current)]
    return sorted(seen)


def configuration(tree):
    settings = [p for p in tree.files if os.path.basename(p) in (".clang-tidy", "banned.h")]
    version = subprocess.run([TIDY, "--version"], capture_output=True, text=True, check=True).stdout
    return version + "".join(EXTRA + CLANG_ONLY) + "".join(p + tree.text(p) for p in settings)


def fingerprint(tree, path, arguments, settings):
    digest = hashlib.sha256(settings.encode())
    digest.update("\0".join(arguments).encode())
    for name in closure(tree, path):
        digest.update(f"\0{name}\0{tree.text(name)}".encode())
    return digest.hexdigest()


def examine(tree, path, mark):
    if os.path.exists(mark):
        return None
    command = [TIDY, "--quiet", "-p", tree.build,
               *map("--extra-arg=".__add__, EXTRA + CLANG_ONLY)]
    done = subprocess.run([*command, os.path.join(tree.root, path)], cwd=tree.root,
                          capture_output=True, text=True, check=False)
    if done.returncode != 0:
        text = re.sub(r"^(?:build/)?\.\./", "", done.stdout.replace(tree.root + "/", ""), flags=re.M)
        errors = [line for line in text.splitlines() if re.search(r": (error|warning): ", line)]
        return "\n".join(errors) or done.stderr.strip()
    with open(mark, "w", encoding="utf-8"):
        return None


def find(tree):
    cache = os.path.join(tree.build, "lint-tidy")
    os.makedirs(cache, exist_ok=True)
    settings = configuration(tree)
    marks = {}
    for path, arguments, _ in tree.commands:
        marks.setdefault(path, fingerprint(tree, path, arguments, settings))
    jobs = [(path, os.path.join(cache, mark)) for path, mark in sorted(marks.items())]
    said = filter(None, in_parallel(lambda job: examine(tree, *job), jobs))
    # a header is examined with every file that includes it
    findings = list(dict.fromkeys(line for text in said for line in text.splitlines()))
    for name in set(os.listdir(cache)) - set(marks.values()):
        os.remove(os.path.join(cache, name))
    return findings

"""Calls that lib/banned.h bans, found by text: the compiler does not see what #if leaves out."""

import re

from tree import line_of

NAME = "banned"
RULE = "no call that lib/banned.h names"

HEADER = "lib/banned.h"
DECLARED = re.compile(r'^BANNED\((\w+), *"([^"]+)"\);', re.M)


def find(tree):
    if HEADER not in tree.files:
        return [f"{HEADER}:1: is missing"]
    instead = dict(DECLARED.findall(tree.text(HEADER)))
    call = re.compile(r"(?<![\w.>])(" + "|".join(map(re.escape, instead)) + r")[ \t]*\(")
    findings = []
    for path in tree.ending(".c", ".h"):
        if path == HEADER:
            continue
        code = tree.code(path)
        for match in call.finditer(code):
            name = match.group(1)
            findings.append(f"{path}:{line_of(code, match.start())}: '{name}' is banned: "
                            f"{instead[name]}")
    return findings

"""Names that say nothing, and files that nobody meant to keep."""

import os
import re

NAME = "names"
RULE = "no drawer called util, common, helpers or misc; no left-over files"

DRAWER = re.compile(r"^(utils?|utilit(y|ies)|common|helpers|misc|stuff)$")
LEFTOVER = re.compile(r"(~|\.(orig|rej|bak|swp|o|a|so|pyc|log|tmp))$|^core(\.\d+)?$")


def find(tree):
    findings = []
    for path in tree.files:
        *folders, name = path.split("/")
        stem = os.path.splitext(name)[0]
        words = [*folders, stem, *stem.split("_"), *stem.split("-")]
        if any(DRAWER.match(word) for word in words):
            findings.append(f"{path}:1: the name says nothing about what is inside")
        if LEFTOVER.search(name):
            findings.append(f"{path}:1: left over from something else")
        if re.search(r"[^A-Za-z0-9._+-]", name):
            findings.append(f"{path}:1: a file's name has letters, digits and `._+-` only")
    return findings

"""The stem of a file prefixes every global symbol in its object, as nm(1) shows them."""

import os
import subprocess

from tree import in_parallel

NAME = "symbols"
RULE = "a global symbol starts with the stem of its file"

EXCEPTIONS = {
    "main": "the C standard names it",
    "mr_plugin_entry": "the one symbol of a plugin, named by its ABI",
    "LLVMFuzzerTestOneInput": "libFuzzer names it",
    "LLVMFuzzerInitialize": "libFuzzer names it",
}


def globals_of(made):
    """Names of the global symbols an object defines; None when it was not built."""
    if not os.path.exists(made):
        return None
    shown = subprocess.run(["nm", "--extern-only", "--defined-only", "--format=posix", made],
                           capture_output=True, text=True, check=True).stdout
    return [line.split()[0] for line in shown.splitlines() if line.strip()]


def find(tree):
    findings = []
    commands = tree.commands
    for (path, _, made), names in zip(commands, in_parallel(lambda c: globals_of(c[2]), commands)):
        stem = os.path.splitext(os.path.basename(path))[0]
        if names is None:
            findings.append(f"{path}:1: not built, so its symbols cannot be seen")
            continue
        for name in names:
            if name not in (stem, *EXCEPTIONS) and not name.startswith(stem + "_"):
                findings.append(f"{path}:1: global symbol '{name}' does not start with '{stem}_'")
    return sorted(set(findings))

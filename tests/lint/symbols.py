"""The stem of a file prefixes every global symbol in its object, as nm(1) shows them."""

import os
import subprocess

NAME = "symbols"
RULE = "a global symbol starts with the stem of its file"

EXCEPTIONS = {
    "main": "the C standard names it",
    "mr_plugin_entry": "the one symbol of a plugin, named by its ABI",
    "LLVMFuzzerTestOneInput": "libFuzzer names it",
    "LLVMFuzzerInitialize": "libFuzzer names it",
}


def globals_of(objects):
    """(object, name) of every global symbol that the objects define."""
    if not objects:
        return
    shown = subprocess.run(["nm", "--extern-only", "--defined-only", "--format=posix",
                            "--print-file-name", *objects],
                           capture_output=True, text=True, check=True).stdout
    for line in shown.splitlines():
        made, _, rest = line.partition(": ")
        yield made, rest.split()[0]


def find(tree):
    sources = {made: path for path, _, made in tree.commands}
    missing = [made for made in sources if not os.path.exists(made)]
    findings = [f"{sources[made]}:1: not built, so its symbols cannot be seen" for made in missing]
    for made, name in globals_of([made for made in sources if made not in missing]):
        path = sources[made]
        stem = os.path.splitext(os.path.basename(path))[0]
        if name not in (stem, *EXCEPTIONS) and not name.startswith(stem + "_"):
            findings.append(f"{path}:1: global symbol '{name}' does not start with '{stem}_'")
    return sorted(set(findings))

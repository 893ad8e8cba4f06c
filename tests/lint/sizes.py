"""How long a file, a header and a function may be."""

import re

NAME = "sizes"
RULE = "files up to 600 lines, headers 200, functions 60"

FILE_LINES, HEADER_LINES, FUNCTION_LINES = 600, 200, 60
ABI_LINES = 600  # plugins/plugin.h documents every call for authors who read nothing else


def file_limit(path):
    if path == "plugins/plugin.h":
        return ABI_LINES
    return HEADER_LINES if path.endswith(".h") else FILE_LINES


def find_functions(tree, path):
    """clang-format puts the braces of a function, and of nothing else with code, in column 1."""
    begin = None
    lines = tree.code(path).splitlines()
    for number, line in enumerate(lines, 1):
        if line.rstrip() == "{":
            begin = number
        elif line.rstrip() == "}" and begin:
            length = number - begin - 1
            if length > FUNCTION_LINES:
                head = re.sub(r"\s+", " ", lines[begin - 2]).strip()
                yield (f"{path}:{begin}: function of {length} lines, {FUNCTION_LINES} allowed: "
                       f"{head}")
            begin = None


def find(tree):
    findings = []
    for path in tree.ending(".c", ".h", ".py"):
        length, limit = len(tree.lines(path)), file_limit(path)
        if length > limit:
            findings.append(f"{path}:{limit + 1}: {length} lines, {limit} allowed")
        if path.endswith((".c", ".h")):
            findings += find_functions(tree, path)
    return findings

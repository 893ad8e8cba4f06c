"""Writes what the plugins declare into docs/operators.md: `operators.py [--check] MILLRACE`.

Between `<!-- NAME -->` and `<!-- end -->` of the page stand the parameters and outputs of the operator
NAME, made from its descriptor. The rest is written by hand; an operator that has no such place is an
error. With --check nothing is written: what differs is printed, exit status 1.
"""
import difflib
import json
import os
import re
import subprocess
import sys
import tempfile

PAGE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "operators.md")
PLACE = re.compile(r"(<!-- ([a-z_]+\.[a-z_]+) -->\n).*?(<!-- end -->\n)", re.S)


def operators(millrace):
    """Descriptors by full name."""
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run([os.path.abspath(millrace), "plugins", "list", "--json"], cwd=folder,
                              check=True, capture_output=True)
    return {f"{plugin['plugin']}.{op['name']}": op
            for plugin in json.loads(done.stdout) for op in plugin["operators"]}


def cell(text):
    return str(text).replace("|", r"\|").replace("<", "&lt;").replace("\n", " ")


def row(*cells):
    return "| " + " | ".join(map(cell, cells)) + " |\n"


def default_of(param):
    if param["required"]:
        return "required"
    return "" if param["default"] is None else f"`{json.dumps(param['default'])}`"


def section(op):
    text = f"\n{op['help'][0].upper()}{op['help'][1:]}.\n"
    if op["params"]:
        text += "\n" + row("parameter", "type", "default", "") + "|---|---|---|---|\n"
        text += "".join(row(f"`{p['name']}`", p["type"], default_of(p), p["help"])
                        for p in op["params"])
    if op["outputs"]:
        text += "\n" + row("output", "type", "") + "|---|---|---|\n"
        text += "".join(row(f"`{o['name']}`", o["type"], o["help"]) for o in op["outputs"])
    return text + "\n"


def main(arguments):
    known = operators(arguments[-1])
    with open(PAGE, encoding="utf-8") as file:
        before = file.read()
    places = [match.group(2) for match in PLACE.finditer(before)]
    wrong = [f"no place for operator '{name}'" for name in known if name not in places]
    wrong += [f"there is no operator '{name}'" for name in places if name not in known]
    if wrong:
        print("docs/operators.md: " + "; ".join(wrong))
        return 1
    after = PLACE.sub(lambda match: match.group(1) + section(known[match.group(2)]) + match.group(3),
                      before)
    if "--check" not in arguments:
        with open(PAGE, "w", encoding="utf-8") as file:
            file.write(after)
        return 0
    sys.stdout.writelines(difflib.unified_diff(before.splitlines(True), after.splitlines(True),
                                               "docs/operators.md", "what the plugins declare"))
    return int(before != after)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""Relative links of the documents lead to files that exist, and to headings in them."""

import os
import re
import urllib.parse

from tree import line_of

NAME = "links"
RULE = "links and anchors in documents lead somewhere"

FENCE = re.compile(r"^(```|~~~).*?^\1[ \t]*$", re.M | re.S)
SPAN = re.compile(r"(`+)[^\n]*?[^`\n]\1(?!`)")
LINK = re.compile(r"\[(?:[^\[\]]|\[[^\]]*\])*\]\(<?([^)\s>]+)>?(?:\s+\"[^\"]*\")?\)")
DEFINITION = re.compile(r"^\[[^\]]+\]:\s+(\S+)", re.M)
HEADING = re.compile(r"^#{1,6}[ \t]+(.+?)[ \t]*#*$", re.M)
EXTERNAL = re.compile(r"^[a-z][a-z0-9+.-]*:", re.I)


def blank(match):
    return re.sub(r"[^\n]", " ", match.group())


def anchors(text):
    """The anchors of the headings, made as the usual renderers make them."""
    found = set()
    for title in HEADING.findall(FENCE.sub(blank, text)):
        title = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", title)
        slug = re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")
        name, count = slug, 0
        while name in found:
            count += 1
            name = f"{slug}-{count}"
        found.add(name)
    return found | set(re.findall(r'<a (?:id|name)="([^"]+)"', text))


def fault_of(tree, path, target):
    where, _, anchor = urllib.parse.unquote(target).partition("#")
    aim = os.path.normpath(os.path.join(os.path.dirname(path), where)) if where else path
    if not os.path.exists(os.path.join(tree.root, aim)):
        return f"'{target}' leads nowhere"
    if anchor and aim.endswith(".md") and anchor not in anchors(tree.text(aim)):
        return f"'{target}': '{aim}' has no heading '{anchor}'"
    return None


def find(tree):
    findings = []
    for path in tree.ending(".md"):
        text = SPAN.sub(blank, FENCE.sub(blank, tree.text(path)))
        for match in [*LINK.finditer(text), *DEFINITION.finditer(text)]:
            target = match.group(1)
            fault = None if EXTERNAL.match(target) else fault_of(tree, path, target)
            if fault:
                findings.append(f"{path}:{line_of(text, match.start())}: {fault}")
    return findings

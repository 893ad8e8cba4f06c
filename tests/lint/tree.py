"""The source tree as the lint checks see it.

A check is a module with NAME, RULE (one line: what it holds) and find(tree), which gives a list of
findings `path:line: text`; an empty list is good news.
"""

import concurrent.futures
import functools
import json
import os
import re
import shlex
import subprocess

SKIPPED_FOLDERS = {".git", "demo", "__pycache__", "subprojects"}
LEXEME = re.compile(
    r"""(?P<comment>//[^\n]*|/\*.*?\*/)
      | (?P<text>"(?:\\.|[^"\\\n])*")
      | (?P<char>'(?:\\.|[^'\\\n])+')""",
    re.X | re.S,
)
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"]+)[>"]', re.M)


class Tree:
    def __init__(self, root, build=None):
        self.root = os.path.abspath(root)
        self.build = build and os.path.abspath(build)

    @functools.cached_property
    def files(self):
        """Every file of the project, relative to its root, sorted; nothing that was built."""
        listing = subprocess.run(
            ["git", "-C", self.root, "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
            capture_output=True, check=False)
        top = os.path.exists(os.path.join(self.root, ".git"))
        if top and listing.returncode == 0:
            found = set(filter(None, listing.stdout.decode().split("\0")))
        else:
            found = set(self._walk())
        return sorted(path for path in found if os.path.isfile(os.path.join(self.root, path)))

    def _walk(self):
        for folder, folders, names in os.walk(self.root):
            folders[:] = [f for f in folders
                          if f not in SKIPPED_FOLDERS and not f.startswith("build")]
            for name in names:
                yield os.path.relpath(os.path.join(folder, name), self.root)

    def ending(self, *suffixes):
        return [path for path in self.files if path.endswith(suffixes)]

    @functools.lru_cache(maxsize=None)
    def text(self, path):
        with open(os.path.join(self.root, path), encoding="utf-8", errors="replace") as file:
            return file.read()

    def lines(self, path):
        return self.text(path).splitlines()

    @functools.lru_cache(maxsize=None)
    def code(self, path):
        """The C text without comments and contents of literals; lines stay where they are."""

        def blank(match):
            kind, text = match.lastgroup, match.group()
            if kind == "comment":
                return re.sub(r"[^\n]", " ", text)
            return text[0] + " " * (len(text) - 2) + text[-1]

        return LEXEME.sub(blank, self.text(path))

    def literals(self, path):
        """(line, contents) of every string literal of a C file."""
        text = self.text(path)
        for match in LEXEME.finditer(text):
            if match.lastgroup == "text":
                yield line_of(text, match.start()), match.group()[1:-1]

    def includes(self, path):
        """(line, '<' or '"', name) of every #include."""
        text = self.text(path)
        for match in INCLUDE.finditer(text):
            yield line_of(text, match.start()), match.group(1), match.group(2)

    @property
    def is_built(self):
        return self.build and os.path.exists(os.path.join(self.build, "compile_commands.json"))

    @functools.cached_property
    def commands(self):
        """What the build compiles: a list of (path relative to the root, arguments, object)."""
        if not self.is_built:
            raise RuntimeError(f"nothing is built in '{self.build}'")
        database = os.path.join(self.build, "compile_commands.json")
        with open(database, encoding="utf-8") as file:
            entries = json.load(file)
        found = []
        for entry in entries:
            path = os.path.relpath(os.path.join(entry["directory"], entry["file"]), self.root)
            if path.startswith("..") or path not in self.files:
                continue
            arguments = shlex.split(entry["command"])
            made = os.path.join(entry["directory"], arguments[arguments.index("-o") + 1])
            found.append((path, arguments, made))
        return found


def line_of(text, position):
    return text.count("\n", 0, position) + 1


def in_parallel(work, items):
    """The results of work(item), in order; the work is done by child processes of threads."""
    with concurrent.futures.ThreadPoolExecutor(max_workers=os.cpu_count() or 1) as pool:
        return list(pool.map(work, items))

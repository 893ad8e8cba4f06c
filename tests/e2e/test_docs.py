"""Executes every `sh` block of the documents, in order, as a reader would.

Each document has a shell and an empty folder of its own. A block is left out only when its first
line begins with `# not run by the tests`, and says why. A server that a document starts with
`millrace serve &` is waited for, gets a free port instead of 8000, and ends with the shell.
"""

import os
import re
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from project import SOURCE as ROOT, binary, free_port  # noqa: E402

BLOCK = re.compile(r"^```sh\n(.*?)^```$", re.M | re.S)
LEFT_OUT = re.compile(r"^# not run by the tests: .+")
TIMEOUT_S = 120

HEAD = """
set -eu
trap 'status=$?; trap - EXIT; for job in $(jobs -p); do kill "$job"; done; wait; exit $status' EXIT
"""
READY = "until curl -sf http://127.0.0.1:8000/readyz >/dev/null; do kill -0 $!; sleep 0.05; done\n"


def documents():
    found = [name for name in os.listdir(ROOT) if name.endswith(".md")]
    for folder, _, names in os.walk(os.path.join(ROOT, "docs")):
        found += [os.path.relpath(os.path.join(folder, n), ROOT) for n in names if n.endswith(".md")]
    return sorted(found)


def script_of(text, port):
    """The blocks of a document as one script that says which of them failed."""
    lines = [HEAD]
    for match in BLOCK.finditer(text):
        block, line = match.group(1), text.count("\n", 0, match.start()) + 2
        if LEFT_OUT.match(block):
            continue
        block = re.sub(r"^(millrace serve\b.*&)[ \t]*$", lambda m: m.group(1) + "\n" + READY, block,
                       flags=re.M)
        lines.append(f"echo 'block at line {line}' >&2\n{block}")
    return "\n".join(lines).replace("127.0.0.1:8000", f"127.0.0.1:{port}")


class Documents(unittest.TestCase):
    def execute(self, name):
        with open(os.path.join(ROOT, name), encoding="utf-8") as file:
            text = file.read()
        port = free_port()
        environment = {"PATH": os.path.dirname(binary()) + ":" + os.environ["PATH"],
                       "HOME": "/nonexistent", "LC_ALL": "C.UTF-8",
                       "MILLRACE_LISTEN": f"127.0.0.1:{port}"}
        environment.update((k, v) for k, v in os.environ.items() if "SAN_OPTIONS" in k)
        with tempfile.TemporaryDirectory(prefix="millrace-docs-") as folder:
            done = subprocess.run(["bash", "-c", script_of(text, port)], cwd=folder,
                                  env=environment, stdin=subprocess.DEVNULL,
                                  stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                  timeout=TIMEOUT_S, check=False)
        self.assertEqual(done.returncode, 0, f"{name}:\n{done.stdout.decode(errors='replace')}")

    def test_every_document(self):
        for name in documents():
            with self.subTest(document=name):
                self.execute(name)

    def test_a_command_that_fails_is_noticed(self):
        script = script_of("```sh\ntrue\n```\n```sh\nfalse\ntrue\n```\n", 1)
        done = subprocess.run(["bash", "-c", script], capture_output=True, check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn(b"block at line 5", done.stderr)

    def test_only_blocks_that_say_so_are_left_out(self):
        script = script_of("```sh\n# not run by the tests: it is slow\nexit 9\n```\n", 1)
        self.assertNotIn("exit 9", script)
        self.assertIn("exit 9", script_of("```sh\n# not run\nexit 9\n```\n", 1))


if __name__ == "__main__":
    unittest.main()

"""A bug planted in any trigger rule or transition is caught.

Usage: planted_test.py BUILD

Each mutant is one line of a table changed in a copy; it is compiled and linked as the real thing is,
and the unit test of its table has to fail. Every day a sample of them, with TORTURE=1 all.
"""

import os
import re
import shlex
import subprocess
import sys
import tempfile
import unittest

BUILD = sys.argv.pop(1)
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SAMPLE = 1 if os.environ.get("TORTURE") == "1" else 12

NEXT = {"RULE_RUN": "RULE_SKIP", "RULE_SKIP": "RULE_UPSTREAM_FAILED",
        "RULE_UPSTREAM_FAILED": "RULE_RUN"}


def command_for(output):
    done = subprocess.run(["ninja", "-C", BUILD, "-t", "commands", "-s", output],
                          capture_output=True, text=True, check=True)
    return shlex.split(done.stdout.splitlines()[-1])


def replaced(text, start, end, by):
    return text[:start] + by + text[end:]


def rule_mutants(text):
    """Each line of a rule: another verdict, no such line, one fact fewer."""
    begin = text.index("lines[RULE_COUNT]")
    end = text.index("};", begin)
    for line in re.compile(r"\{([A-Z_ |]+), (RULE_[A-Z_]+)\}").finditer(text, begin, end):
        yield replaced(text, *line.span(2), NEXT[line.group(2)])
        yield replaced(text, *line.span(1), "0")
        if "|" in line.group(1):
            for fact in line.group(1).split(" | "):
                yield replaced(text, *line.span(1), fact)


def state_mutants(text):
    """Each transition forbidden, and one more allowed in each row."""
    tables = [(m.start(), text.index("};", m.start()))
              for m in re.finditer(r"static const struct state_row \w+\[", text)]
    for begin, end in tables:
        for bit in re.compile(r"(?<!~)BIT\(\w+\)").finditer(text, begin, end):
            yield replaced(text, *bit.span(), "0U")
        for row in re.compile(r'\[(\w+)\] =\s*\{"\w+",\s*').finditer(text, begin, end):
            yield replaced(text, row.end(), row.end(), f"BIT({row.group(1)}) | ")


class Planted(unittest.TestCase):
    def survivors(self, source, test, mutants):
        compile_ = command_for(f"scheduler/core/libcore.a.p/{source}.o")
        link = command_for(f"tests/unit/scheduler/{test}")
        with open(os.path.join(ROOT, "scheduler/core", source), encoding="utf-8") as file:
            text = file.read()
        every = list(mutants(text))
        self.assertGreater(len(every), 20)
        with tempfile.TemporaryDirectory() as folder:
            for number in range(0, len(every), SAMPLE):
                if self.survives(folder, compile_, link, every[number]):
                    yield f"{source}, mutant {number}"

    def survives(self, folder, compile_, link, text):
        source, object_, program = (os.path.join(folder, n) for n in ("m.c", "m.o", "m"))
        with open(source, "w", encoding="utf-8") as file:
            file.write(text)
        compile_ = [*compile_[:compile_.index("-MD")], "-w", "-o", object_, "-c", source]
        subprocess.run(compile_, cwd=BUILD, check=True)
        at = link.index("-o")
        link = [*link[:at], "-o", program, object_, *link[at + 2:]]
        subprocess.run(link, cwd=BUILD, check=True)
        done = subprocess.run([program], env={**os.environ, "CK_FORK": "no"},
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
        return done.returncode == 0

    def test_a_bug_in_a_trigger_rule_is_caught(self):
        self.assertEqual(list(self.survivors("rule.c", "rule_test", rule_mutants)), [])

    def test_a_bug_in_a_transition_is_caught(self):
        self.assertEqual(list(self.survivors("state.c", "state_test", state_mutants)), [])


if __name__ == "__main__":
    unittest.main()

"""tests/run.py counts what Check and unittest say, and never takes a broken run for a good one."""

import os
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))

import run  # noqa: E402 the folder above is on the path only now


class Counts(unittest.TestCase):
    def test_programs(self):
        check = "Running suite(s): str\n{}%: Checks: {}, Failures: {}, Errors: {}\n"
        ran = "...\n" + "-" * 70 + "\nRan {} tests in 0.1s\n\n{}\n"
        for result, text, wanted in (
                ("OK", check.format(100, 12, 0, 0), (12, 0, 0)),
                ("FAIL", check.format(75, 12, 2, 1), (9, 3, 0)),
                ("OK", check.format(100, 2, 0, 0) * 2, (4, 0, 0)),
                ("FAIL", check.format(100, 2, 0, 0), (2, 1, 0)),
                ("TIMEOUT", check.format(100, 2, 0, 0), (2, 1, 0)),
                ("OK", ran.format(3, "OK"), (3, 0, 0)),
                ("OK", ran.format(3, "OK (skipped=2)"), (1, 0, 2)),
                ("FAIL", ran.format(9, "FAILED (failures=1, errors=2, skipped=3)"), (3, 3, 3)),
                ("FAIL", ran.format(2, "FAILED (failures=1, unexpected successes=1)"), (0, 2, 0)),
                ("OK", ran.format(2, "OK (expected failures=1)"), (2, 0, 0)),
                ("FAIL", ran.format(0, "FAILED (errors=1)"), (0, 1, 0)),
                ("FAIL", ran.format(0, "NO TESTS RAN"), (0, 1, 0)),
                ("OK", "hello\n", (1, 0, 0)),
                ("FAIL", "", (0, 1, 0)),
                ("ERROR", "", (0, 1, 0)),
                ("SKIP", "no server", (0, 0, 1))):
            with self.subTest(result=result, text=text):
                entry = {"name": "x", "result": result, "stdout": text, "stderr": None}
                self.assertEqual(run.count_program(entry), run.Counts(*wanted))
                entry = {"name": "x", "result": result, "stderr": text}
                self.assertEqual(run.count_program(entry), run.Counts(*wanted))

    def test_the_closing_line(self):
        self.assertEqual(str(run.Counts(3, 2, 1)), "3 passed, 2 failed, 1 skipped")


if __name__ == "__main__":
    unittest.main()

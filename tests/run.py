"""Runs the test suite of a build and counts test cases, not programs.

Usage: run.py BUILD [--timeout-multiplier N] [--suite NAME]... [TEST]...

Shows what failing programs said and ends with one line `N passed, N failed, N skipped`.
The exit status is 0 only when something passed and nothing failed.
"""

import argparse
import json
import os
import re
import subprocess
import sys

CHECK = re.compile(r"^\d+%: Checks: (\d+), Failures: (\d+), Errors: (\d+)$", re.M)
UNITTEST = re.compile(r"^Ran (\d+) tests? in .*\n\n(OK|FAILED|NO TESTS RAN)(?: \((.*)\))?$", re.M)
SHOWN_LINES = 400


class Counts:
    def __init__(self, passed=0, failed=0, skipped=0):
        self.passed, self.failed, self.skipped = passed, failed, skipped

    def add(self, other):
        self.passed += other.passed
        self.failed += other.failed
        self.skipped += other.skipped

    def __str__(self):
        return f"{self.passed} passed, {self.failed} failed, {self.skipped} skipped"

    def __eq__(self, other):
        return str(self) == str(other)


def count_check(text):
    """What the summaries of Check in `text` add up to, or None when there is none."""
    found = [tuple(map(int, match)) for match in CHECK.findall(text)]
    if not found:
        return None
    total = Counts()
    for checks, failures, errors in found:
        total.add(Counts(checks - failures - errors, failures + errors))
    return total


def count_unittest(text):
    """The same for Python's unittest."""
    found = UNITTEST.findall(text)
    if not found:
        return None
    total = Counts()
    for ran, _, details in found:
        numbers = dict(re.findall(r"([a-z ]+)=(\d+)", details.replace(", ", ",")))
        failed = sum(int(numbers.get(k, 0)) for k in ("failures", "errors", "unexpected successes"))
        skipped = int(numbers.get("skipped", 0))
        total.add(Counts(max(0, int(ran) - failed - skipped), failed, skipped))
    return total


def count_program(entry):
    """The cases of one line of meson's testlog.json."""
    text = (entry.get("stdout") or "") + "\n" + (entry.get("stderr") or "")
    result = entry["result"]

    if result == "SKIP":
        return Counts(skipped=1)
    counts = count_check(text) or count_unittest(text)
    good = result in ("OK", "EXPECTEDFAIL")
    if counts is None:
        return Counts(passed=1) if good else Counts(failed=1)
    if not good and counts.failed == 0:
        counts.failed = 1  # it died after, or before, what its summary tells
    return counts


def show_failure(entry):
    name, result, status = entry["name"], entry["result"], entry.get("returncode")
    print(f"\n--- {name}: {result.lower()}, exit status {status}")
    for stream in ("stdout", "stderr"):
        lines = (entry.get(stream) or "").splitlines()
        if len(lines) > SHOWN_LINES:
            print(f"[{len(lines) - SHOWN_LINES} lines left out]")
        print("\n".join(lines[-SHOWN_LINES:]))


def read_log(path):
    if not os.path.exists(path):
        return []
    with open(path, encoding="utf-8", errors="replace") as log:
        return [json.loads(line) for line in log if line.strip()]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("build")
    parser.add_argument("--timeout-multiplier", default="1")
    parser.add_argument("--suite", action="append", default=[])
    parser.add_argument("tests", nargs="*")
    options = parser.parse_intermixed_args()

    log = os.path.join(options.build, "meson-logs", "testlog.json")
    if os.path.exists(log):
        os.remove(log)
    environment = dict(os.environ)
    environment.setdefault("ASAN_OPTIONS", "detect_leaks=1:abort_on_error=1:strict_string_checks=1")
    leaks = os.path.join(os.path.dirname(os.path.abspath(__file__)), "leaks.txt")
    environment.setdefault("LSAN_OPTIONS", f"suppressions={leaks}:print_suppressions=0")
    environment.setdefault("UBSAN_OPTIONS", "halt_on_error=1:abort_on_error=1:print_stacktrace=1")
    command = ["meson", "test", "-C", options.build, "--no-rebuild"]
    command += ["--timeout-multiplier", options.timeout_multiplier]
    for suite in options.suite:
        command += ["--suite", suite]
    status = subprocess.run(command + options.tests, env=environment, check=False).returncode

    total, entries = Counts(), read_log(log)
    for entry in entries:
        counts = count_program(entry)
        total.add(counts)
        if counts.failed:
            show_failure(entry)
    if status != 0 and total.failed == 0:
        print(f"meson test ended with status {status}", file=sys.stderr)
        total.failed += 1
    sys.stdout.flush()
    print(f"\n{total}", flush=True)
    return 0 if total.failed == 0 and total.passed > 0 else 1


if __name__ == "__main__":
    sys.exit(main())

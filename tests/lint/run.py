"""Runs the lint checks over the project.

Usage: run.py [--root FOLDER] [--build FOLDER] [CHECK]...

Ends with one line `N passed, N failed, 0 skipped`; each check counts as one.
"""

import argparse
import os
import sys
import time

import arrows
import banned
import cppcheck
import formatting
import headers
import links
import names
import orphans
import places
import sizes
import symbols
import tidy
from tree import Tree

CHECKS = (names, links, sizes, arrows, banned, places, orphans, symbols, headers, formatting,
          cppcheck, tidy)


def main():
    here = os.path.dirname(os.path.abspath(__file__))
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--root", default=os.path.join(here, "..", ".."))
    parser.add_argument("--build", default="build")
    parser.add_argument("checks", nargs="*", choices=[[], *(c.NAME for c in CHECKS)])
    options = parser.parse_args()

    tree = Tree(options.root, options.build)
    passed = failed = 0
    for check in CHECKS:
        if options.checks and check.NAME not in options.checks:
            continue
        started = time.monotonic()
        findings = check.find(tree)
        for finding in findings:
            print(finding)
        verdict = "ok  " if not findings else "FAIL"
        seconds = time.monotonic() - started
        print(f"{verdict} {check.NAME}: {check.RULE} ({seconds:.1f} s)", flush=True)
        passed, failed = (passed + 1, failed) if not findings else (passed, failed + 1)
    print(f"\n{passed} passed, {failed} failed, 0 skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

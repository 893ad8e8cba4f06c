"""Small trees with a planted offence, for the tests of the checks."""

import json
import os
import shlex
import subprocess
import tempfile
import unittest

from tree import Tree


class PlantedTest(unittest.TestCase):
    """A test that makes trees from {path: text} and asks a check what it finds there."""

    def plant(self, files, compiled=False):
        folder = tempfile.TemporaryDirectory(prefix="millrace-lint-")
        self.addCleanup(folder.cleanup)
        for path, text in files.items():
            whole = os.path.join(folder.name, path)
            os.makedirs(os.path.dirname(whole), exist_ok=True)
            with open(whole, "w", encoding="utf-8") as file:
                file.write(text)
        build = os.path.join(folder.name, "build")
        os.makedirs(build)
        tree = Tree(folder.name, build)
        if compiled:
            self.compile(tree)
        return tree

    def compile(self, tree):
        """Builds every C file as meson would, and writes compile_commands.json."""
        entries = []
        for number, path in enumerate(tree.ending(".c")):
            command = ["gcc", "-std=c11", "-D_GNU_SOURCE", "-I..", "-c", f"../{path}",
                       "-o", f"{number}.o"]
            subprocess.run(command, cwd=tree.build, check=True)
            entries.append({"directory": tree.build, "file": f"../{path}",
                            "command": shlex.join(command)})
        with open(os.path.join(tree.build, "compile_commands.json"), "w", encoding="utf-8") as file:
            json.dump(entries, file)

    def assert_clean(self, check, files, compiled=False):
        self.assertEqual(check.find(self.plant(files, compiled)), [])

    def assert_found(self, check, files, *wanted, compiled=False):
        """The check finds as many faults as there are `wanted` texts, and each text in its turn."""
        findings = check.find(self.plant(files, compiled))
        self.assertEqual(len(findings), len(wanted), findings)
        for finding, text in zip(findings, wanted):
            self.assertIn(text, finding)

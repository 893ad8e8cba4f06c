"""docs/operators.md says what the plugins declare, and every example of it and of `describe` is valid."""

import os
import re
import subprocess
import sys
import textwrap
import unittest

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from project import SOURCE, Project, binary  # noqa: E402

BLOCK = re.compile(r"^```yaml\n(.*?)^```$", re.M | re.S)
USE = re.compile(r"^ +use: (\S+)$", re.M)


class OperatorsPage(unittest.TestCase):
    def setUp(self):
        self.project = self.enterContext(Project())

    def operators(self):
        return [f"{plugin['plugin']}.{op['name']}" for plugin in self.project.json("plugins", "list")
                for op in plugin["operators"]]

    def assert_valid(self, name, text):
        path = self.project.write("dags/example.yaml", text)
        done = self.project.run("dags", "validate", path)
        self.assertEqual(done.returncode, 0, f"{name}:\n{text}\n{done.stdout}{done.stderr}")

    def test_the_page_is_what_the_plugins_declare(self):
        done = subprocess.run([sys.executable, "-B", os.path.join(SOURCE, "docs/operators.py"), "--check", binary()],
                              capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 0, f"run docs/operators.py {binary()}\n{done.stdout}{done.stderr}")

    def test_examples_of_the_page(self):
        with open(os.path.join(SOURCE, "docs/operators.md"), encoding="utf-8") as file:
            blocks = BLOCK.findall(file.read())
        shown = [name for block in blocks for name in USE.findall(block)]
        self.assertEqual(sorted(set(shown)), sorted(self.operators()))
        for block in blocks:
            self.assert_valid("docs/operators.md", block)

    def test_examples_of_describe(self):
        for name in self.operators():
            text = self.project.run("plugins", "describe", name, check=True).stdout
            example = textwrap.dedent(text.split("\nExample:\n")[1])
            self.assertEqual(USE.findall(example), [name])
            self.assert_valid(name, example)

    def test_an_example_runs_as_it_stands(self):
        for name in ("object.put", "csv.dump", "report.render", "stats.summary", "sql.transform", "shell.run", "flow.noop"):
            text = self.project.run("plugins", "describe", name, check=True).stdout
            self.project.write("dags/example.yaml", textwrap.dedent(text.split("\nExample:\n")[1]))
            self.project.write("state/objects/in/department.csv", "id,department\n")
            done = self.project.run("dags", "test", "example")
            self.assertEqual(done.returncode, 0, f"{name}:\n{done.stdout}{done.stderr}")


if __name__ == "__main__":
    unittest.main()

"""The page of DAG files: its examples run, and it leaves out no key, no rule and no function."""

import os
import re
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from project import ProjectTest, SOURCE  # noqa: E402

EXAMPLE = re.compile(r"^```yaml\n# (\S+)\n(.*?)^```$", re.M | re.S)


def read(name):
    with open(os.path.join(SOURCE, name), encoding="utf-8") as file:
        return file.read()


class Page(ProjectTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.text = read("docs/dags.md")
        cls.dags = {}
        for path, text in EXAMPLE.findall(cls.text):
            if path == "millrace.yaml":
                with open(cls.project.path(path), "a", encoding="utf-8") as file:
                    file.write(text.replace("/tmp", cls.project.folder))
            else:
                name = re.fullmatch(r"dags/(\w+)\.yaml", path).group(1)
                cls.dags[name] = text
                cls.project.dag(name, text)
        cls.project.start(MILLRACE_SECRET_TOKEN="not to be seen")
        for name in cls.dags:
            cls.project.wait_for_dag(name)

    def test_examples_are_valid(self):
        self.run_it("dags", "validate")

    def test_examples_run(self):
        self.assertGreater(len(self.dags), 10)
        runs = {name: self.project.trigger(name) for name in self.dags}
        for name, run_id in runs.items():
            with self.subTest(dag=name):
                run = self.project.wait_run(name, run_id)
                self.assertEqual(run["state"], "success", self.project.tasks_of(name, run_id))

    def test_examples_do_what_the_page_says(self):
        _, tasks = self.project.run_dag("rules")
        self.assertEqual([tasks[name]["state"] for name in ("history", "risky", "rescue", "publish", "tidy")],
                         ["skipped", "failed", "success", "success", "success"])
        _, tasks = self.project.run_dag("stubborn")
        self.assertEqual((tasks["flaky"]["attempt"], tasks["flaky"]["outputs"]["stdout"]),
                         (2, "worked at last\n"))
        _, tasks = self.project.run_dag("expressions")
        self.assertEqual(tasks["words"]["outputs"]["stdout"],
                         "rows.csv a_b a+b 16 data 21.11.2026 expressions manual by hand true\n")
        self.project.run_dag("once", "first", month="2026-07")
        _, tasks = self.project.run_dag("once", "second", month="2026-07")
        self.assertEqual(tasks["report"]["reason"], "target 'objects://reports/2026-07.txt' exists already")

    def test_every_word_is_on_the_page(self):
        for name, pattern in (("dag_tasks", r'^\t\{"(\w+)", \w+\},$'), ("dag_keys", r'^\t\{"(\w+)", \w+\},$'),
                              ("dag_schema", r'^\t\{"(\w+)", read_\w+\},$'),
                              ("dag", r'^\s+\[RULE_\w+\] = "(\w+)"'),
                              ("expr_function", r'^\t\{"(\w+)", "\w+\('),
                              ("expr_check", r'^\t"(\w+)", "\w+", "\w+",')):
            words = re.findall(pattern, read(f"scheduler/core/{name}.c"), re.M)
            self.assertTrue(words, name)
            for word in words:
                self.assertRegex(self.text, rf"`(run\.)?{word}[`(]", name)


if __name__ == "__main__":
    unittest.main()

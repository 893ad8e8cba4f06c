"""One task on its own: tasks test and tasks render, without a server."""

import json
import os
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from project import ProjectTest  # noqa: E402

DAG = """\
params:
  day: {type: string, default: monday}
  times: {type: integer, default: 2}
schedule: "0 3 * * *"
tasks:
  first: {use: flow.fail}
  say:
    use: shell.run
    needs: [first]
    with:
      argv: [sh, -c, "echo $1 $2; test $1 = monday", sh, "${{ params.day }}", "${{ tasks.first.state }}"]
      env: {RUN: "${{ run.dag }}", KEY: "${{ secrets.KEY }}", WHERE: "${{ vars.place }}"}
  many:
    use: shell.run
    map: ["a", "b"]
    with: {argv: [echo, "${{ item }}", "${{ params.times }}"]}
  plain: {use: flow.noop}
"""


class Tasks(ProjectTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.project.dag("work", DAG)
        cls.project.write("secrets/KEY", "hunter2secret")
        with open(cls.project.path("millrace.yaml"), "a", encoding="utf-8") as file:
            file.write("\nvars: {place: here}\n")

    def test_a_task_runs_without_the_others(self):
        done = self.run_it("tasks", "test", "work", "say", "--json")
        run = json.loads(done.stdout)
        self.assertEqual((run["state"], [task["task"] for task in run["tasks"]]), ("success", ["say"]))
        self.assertIn("monday skipped", done.stderr)
        done = self.run_it("tasks", "test", "work", "say", "-p", "day=sunday", status=3)
        self.assertIn("sunday", done.stderr)
        run = self.project.json("tasks", "test", "work", "many", "-q")
        self.assertEqual([task["map_index"] for task in run["tasks"]], [0, 1])
        self.run_it("tasks", "test", "work", "plain")
        self.assertFalse(os.path.exists(self.project.path("state", "millrace.db")))

    def test_what_cannot_be_tested_is_said(self):
        self.assertIn("no task 'nope'", self.run_it("tasks", "test", "work", "nope", status=5).stderr)
        self.run_it("tasks", "test", "nope", "say", status=5)
        self.run_it("tasks", "test", "work", "say", "-p", "times=x", status=2)
        self.run_it("tasks", "test", "work", status=2)

    def test_parameters_are_rendered(self):
        shown = self.project.json("tasks", "render", "work", "say", "-p", "day=friday")
        self.assertEqual(shown["argv"][-2:], ["friday", "none"])
        self.assertEqual(shown["env"], {"RUN": "work", "KEY": "***", "WHERE": "here"})
        shown = self.project.json("tasks", "render", "work", "many", "--map-index", "1")
        self.assertEqual(shown, {"argv": ["echo", "b", 2]})
        text = self.run_it("tasks", "render", "work", "many").stdout
        self.assertIn("PARAMETER\tVALUE\nargv\t", text)
        self.assertEqual(self.project.json("tasks", "render", "work", "plain"), {})

    def test_what_cannot_be_rendered_is_said(self):
        self.run_it("tasks", "render", "work", "nope", status=5)
        self.run_it("tasks", "render", "work", "many", "--map-index", "2", status=5)
        self.run_it("tasks", "render", "work", "say", "--map-index", "0", status=2)
        self.run_it("tasks", "render", "work", "say", "-p", "days=x", status=2)
        self.run_it("tasks", "render", "work", "say", "--logical-date", "soon", status=2)
        os.rename(self.project.path("secrets/KEY"), self.project.path("secrets/KEY2"))
        try:
            self.assertIn("KEY", self.run_it("tasks", "render", "work", "say", status=5).stderr)
        finally:
            os.rename(self.project.path("secrets/KEY2"), self.project.path("secrets/KEY"))


if __name__ == "__main__":
    unittest.main()

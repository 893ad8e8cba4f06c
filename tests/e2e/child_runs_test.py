"""Runs that tasks start: dag.run, its outputs, its failures, and what becomes of parent and child."""

import json
import os
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from project import ProjectTest  # noqa: E402

PARENT = """\
params: {of: {type: string, default: child}, params: {type: [object, "null"], default: null}}
tasks:
  run: {use: dag.run, with: {dag: "${{ params.of }}", params: "${{ params.params }}"}}
  last:
    use: object.put
    needs: [run]
    with: {to: "objects://out/${{ run.id }}", text: "${{ to_json(tasks.run.outputs) }}"}
"""
CHILD = """\
params: {words: {type: array, items: {type: string}, default: [a]}}
tasks:
  say: {use: shell.run, map: "${{ params.words }}", with: {argv: [echo, "${{ item }}"]}}
  one: {use: object.put, with: {to: "objects://child/${{ run.id }}", text: one}}
"""
FAILING = "tasks: {a: {use: flow.fail, with: {reason: no luck}}}\n"
SLOW = """\
tasks: {wait: {use: object.wait, with: {uri: "objects://go/${{ run.dag }}", poll: 1s}}}
"""
RECURSIVE = "tasks: {again: {use: dag.run, with: {dag: recursive}}}\n"
EACH = """\
tasks:
  each: {use: dag.run, map: [[x], [y, z]], with: {dag: child, params: {words: "${{ item }}"}}}
"""


class ChildRuns(ProjectTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        for name, text in (("parent", PARENT), ("child", CHILD), ("failing", FAILING), ("slow", SLOW),
                           ("recursive", RECURSIVE), ("each", EACH)):
            cls.project.dag(name, text)
        cls.project.start()
        cls.project.wait_for_dag("slow")

    def children(self, dag):
        return self.project.get(f"/v1/dags/{dag}/runs").json()

    def child_of(self, dag, parent):
        """The run that this task has started."""
        def find():
            return [run for run in self.children(dag) if run["triggered_by"] == parent]
        found = self.project.wait(find, f"{parent} has started a run of {dag}")
        self.assertEqual(len(found), 1)
        return found[0]

    def wait_for_task(self, dag, run_id, task, state):
        self.project.wait(lambda: self.project.tasks_of(dag, run_id)[task]["state"] == state,
                          f"{dag}/{run_id}/{task} is {state}")

    def go(self):
        self.project.run("objects", "cp", self.project.write("word", "a word"), "objects://go/slow",
                         check=True)
        self.addCleanup(lambda: self.project.run("objects", "rm", "--yes", "objects://go/slow", check=True))

    def test_outputs_of_the_child_come_back_by_task(self):
        run, tasks = self.project.run_dag("parent", "outputs", params={"words": ["x", "y"]})
        self.assertEqual(run["state"], "success")
        child = self.child_of("child", "parent/outputs/run")
        self.assertEqual((child["type"], child["params"]), ("triggered", {"words": ["x", "y"]}))
        outputs = tasks["run"]["outputs"]
        self.assertEqual((outputs["run_id"], outputs["state"]), (child["run_id"], "success"))
        self.assertEqual(outputs["outputs"]["say"]["stdout"], ["x\n", "y\n"])
        self.assertEqual(outputs["outputs"]["one"]["bytes"], 3)
        self.assertEqual(tasks["run"]["attempt"], 1)
        self.assertEqual(json.loads(self.project.run("objects", "cat", "objects://out/outputs").stdout),
                         outputs)

    def test_each_item_has_a_run_of_its_own(self):
        self.project.run_dag("each", "each")
        tasks = self.project.get("/v1/dags/each/runs/each/tasks").json()
        self.assertEqual([task["outputs"]["outputs"]["say"]["stdout"] for task in tasks],
                         [["x\n"], ["y\n", "z\n"]])

    def test_a_child_that_fails_fails_its_task(self):
        _, tasks = self.project.run_dag("parent", "fails", of="failing")
        child = self.child_of("failing", "parent/fails/run")
        self.assertEqual(tasks["run"]["state"], "failed")
        self.assertIn(f"run 'failing/{child['run_id']}' is failed", tasks["run"]["reason"])

    def test_what_cannot_be_started_fails_for_good(self):
        for given, reason in (
            ({"of": "nope"}, "there is no DAG 'nope'"),
            ({"params": {"word": []}}, "DAG 'child': parameter 'word': DAG 'child' has no such parameter, did you mean 'words'?"),
            ({"params": {"words": "x"}}, "DAG 'child': parameter 'words'"),
        ):
            _, tasks = self.project.run_dag("parent", **given)
            self.assertEqual((tasks["run"]["state"], tasks["run"]["attempt"]), ("failed", 1))
            self.assertIn(reason, tasks["run"]["reason"])

    def test_runs_that_start_themselves_end(self):
        run, _ = self.project.run_dag("recursive", "recursive")
        self.assertEqual(run["state"], "failed")
        runs = self.children("recursive")
        self.assertEqual({run["state"] for run in runs}, {"failed"})
        self.assertEqual(len(runs), 11)
        tasks = self.project.tasks_of("recursive", runs[0]["run_id"])
        self.assertEqual(tasks["again"]["reason"], "runs start runs at most 10 deep")

    def test_a_cancel_goes_down(self):
        self.project.trigger("parent", "outer", of="parent", params={"of": "slow"})
        middle = self.child_of("parent", "parent/outer/run")
        inner = self.child_of("slow", f"parent/{middle['run_id']}/run")
        self.wait_for_task("slow", inner["run_id"], "wait", "up_for_reschedule")
        answer = self.project.request("PATCH", "/v1/dags/parent/runs/outer", {"state": "cancelled"})
        self.assertEqual(answer.status, 200, answer.body)
        for dag, run_id in (("parent", "outer"), ("parent", middle["run_id"]), ("slow", inner["run_id"])):
            self.assertEqual(self.project.wait_run(dag, run_id)["state"], "cancelled", dag)

    def test_a_cleared_task_gets_another_run(self):
        self.project.run_dag("parent", "cleared")
        answer = self.project.post("/v1/dags/parent/runs/cleared/clear", {"tasks": ["run"]})
        self.assertEqual(answer.status, 200, answer.body)
        self.assertEqual(self.project.wait_run("parent", "cleared")["state"], "success")
        self.assertEqual(len([run for run in self.children("child")
                              if run["triggered_by"] == "parent/cleared/run"]), 2)

    def test_a_dag_is_tested_with_those_it_runs(self):
        self.project.dag("scheduled", "schedule: {every: 1s}\n" + FAILING)
        self.project.dag("broken", "tasks: []\n")
        self.addCleanup(os.remove, self.project.path("dags", "scheduled.yaml"))
        self.addCleanup(os.remove, self.project.path("dags", "broken.yaml"))
        run = self.project.json("dags", "test", "each")
        self.assertEqual([task["outputs"]["outputs"]["say"]["stdout"] for task in run["tasks"]],
                         [["x\n"], ["y\n", "z\n"]])

    def test_a_restart_finds_the_same_child(self):
        self.project.trigger("parent", "restarted", of="slow")
        child = self.child_of("slow", "parent/restarted/run")
        self.wait_for_task("parent", "restarted", "run", "up_for_reschedule")
        self.project.kill()
        self.project.start()
        self.go()
        self.assertEqual(self.project.wait_run("parent", "restarted")["state"], "success")
        self.assertEqual(self.child_of("slow", "parent/restarted/run")["run_id"], child["run_id"])


if __name__ == "__main__":
    unittest.main()

"""What people do to runs and DAGs on the command line: cancel, retry, mark, explain, pause."""

import json
import os
import signal
import subprocess
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from project import ProjectTest, binary  # noqa: E402

WORK = """\
tasks:
  a: {use: flow.noop}
  b: {use: shell.run, needs: [a], with: {argv: [test, -e, good], cwd: FOLDER}}
  c: {use: flow.noop, needs: [b]}
"""
SLOW = """\
tasks:
  long: {use: shell.run, with: {argv: [sh, -c, "echo begun; sleep 600"]}}
  after: {use: flow.noop, needs: [long]}
"""


class Acts(ProjectTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        for name, text in (("work", WORK), ("slow", SLOW)):
            cls.project.dag(name, text.replace("FOLDER", cls.project.folder))
        cls.project.start()
        cls.project.wait_for_dag("work")

    def setUp(self):
        if os.path.exists(self.project.path("good")):
            os.remove(self.project.path("good"))

    def failed(self):
        done = self.run_it("dags", "trigger", "work", "--wait", "--json", status=3)
        return "work/" + json.loads(done.stdout)["run_id"]

    def running(self):
        run = self.project.trigger("slow")
        self.project.wait(lambda: self.project.tasks_of("slow", run)["long"]["state"] == "running",
                          "it runs")
        return "slow/" + run

    def test_a_run_is_cancelled(self):
        run = self.running()
        shown = self.project.json("runs", "cancel", run, "--wait")
        self.assertEqual((shown["state"], len(shown["tasks"])), ("cancelled", 2))
        self.assertIn("has ended", self.run_it("runs", "cancel", run, status=6).stderr)
        self.run_it("runs", "cancel", "slow/nope", status=5)
        run = self.running()
        self.assertIn("being cancelled", self.run_it("runs", "cancel", run).stdout)
        self.run_it("runs", "wait", run, status=3)

    def test_a_task_is_cancelled(self):
        run = self.running()
        self.run_it("runs", "cancel", run, "--task", "nope", status=5)
        task = self.project.json("runs", "cancel", run, "--task", "long", "--wait")
        self.assertEqual((task["task"], task["state"]), ("long", "cancelled"))
        self.run_it("runs", "cancel", run, "--map-index", "1", status=2)
        self.run_it("runs", "wait", run, status=3)
        self.assertEqual(self.project.json("runs", "show", run)["reason"], "long was cancelled")

    def test_what_failed_is_retried(self):
        run = self.failed()
        planned = self.project.json("runs", "retry", run, "--failed", "--dry-run")
        self.assertEqual([task["task"] for task in planned], ["b", "c"])
        self.assertEqual(self.project.json("runs", "show", run)["state"], "failed")
        self.project.write("good", "")
        done = self.run_it("runs", "retry", run, "--failed", "--follow")
        self.assertRegex(done.stderr, r"b +success\n")
        shown = self.project.json("runs", "show", run)
        self.assertEqual([task["attempt"] for task in shown["tasks"]], [1, 2, 1])
        done = self.run_it("runs", "retry", run, "--failed")
        self.assertIn("nothing to run again", done.stderr)

    def test_from_a_task_on(self):
        self.project.write("good", "")
        run = "work/" + self.project.json("dags", "trigger", "work", "--wait")["run_id"]
        text = self.run_it("runs", "retry", run, "--task", "a", "-t", "b", "--dry-run").stdout
        self.assertEqual([line.split("\t")[:2] for line in text.splitlines()],
                         [["TASK", "WAS"], ["a", "success"], ["b", "success"]])
        shown = self.project.json("runs", "retry", run, "--task", "b", "--downstream", "--wait")
        self.assertEqual([task["attempt"] for task in shown["tasks"]], [1, 2, 2])
        self.assertIn("no task 'nope'", self.run_it("runs", "retry", run, "--task", "nope",
                                                    status=2).stderr)
        self.run_it("runs", "retry", run, "--version", "old", "--failed", status=2)

    def test_running_again_what_has_succeeded_is_asked_about(self):
        self.project.write("good", "")
        run = "work/" + self.project.json("dags", "trigger", "work", "--wait")["run_id"]
        done = self.run_it("runs", "retry", run, status=2)
        self.assertIn("3 tasks again that have succeeded", done.stderr)
        self.assertIn("--yes", done.stderr)
        self.run_it("runs", "retry", run, "--yes", "--wait")
        self.run_it("runs", "retry", run, "--version", "latest", "--yes", "--wait")
        self.assertEqual(self.project.json("runs", "show", run)["tasks"][0]["attempt"], 3)

    def test_a_run_is_drawn_with_its_states(self):
        run = self.failed()
        name = run.split("/")[1]
        text = self.run_it("dags", "graph", "work", "--run", run).stdout
        for label in ("a: success", "b: failed", "c: upstream_failed"):
            self.assertIn(f"│ {label} ", text)
        self.assertIn("<title>failed</title>",
                      self.run_it("dags", "graph", "work", "--run", name, "--format", "svg").stdout)
        graph = self.project.json("dags", "graph", "work", "--run", name)
        self.assertEqual([(node["task"], node["state"]) for node in graph["nodes"]],
                         [("a", "success"), ("b", "failed"), ("c", "upstream_failed")])
        self.assertEqual(self.project.get(f"/v1/dags/work/graph?run={name}").json(), graph)
        plain = self.project.get("/v1/dags/work/graph").json()
        self.assertEqual(plain["nodes"][0], {"task": "a", "operator": "flow.noop", "layer": 0, "row": 0})
        self.run_it("dags", "graph", "work", "--run", "nope", status=5)
        self.assertEqual(self.project.get("/v1/dags/work/graph?run=nope").status, 404)
        self.assertEqual(self.project.get("/v1/dags/nope/graph").status, 404)

    def test_a_run_is_marked(self):
        run = self.failed()
        self.assertEqual(self.project.json("runs", "mark", run, "success", "--task", "b")["state"],
                         "success")
        self.assertEqual(self.project.json("runs", "mark", run, "success")["state"], "success")
        self.run_it("runs", "mark", run, "success", status=6)
        for state in ("queued", "cancelled"):
            self.run_it("runs", "mark", run, state, status=2)
        self.run_it("runs", "mark", self.running(), "failed", status=6)
        self.run_it("runs", "mark", run, status=2)

    def test_what_waits_is_explained(self):
        run = self.running()
        shown = self.project.json("runs", "explain", run)
        self.assertEqual(shown["tasks"], [{"task": "after", "map_index": -1, "state": "none",
                                           "reason": "waiting for long"}])
        text = self.run_it("runs", "explain", run).stdout
        self.assertIn("after\tnone\twaiting for long\n", text)
        self.assertIn("waiting for long", self.run_it("runs", "show", run).stdout)
        self.run_it("runs", "explain", "slow/nope", status=5)
        run = self.failed()
        shown = self.project.json("runs", "explain", run)
        self.assertEqual(shown["reason"], "b failed")

    def test_a_dag_is_paused_and_goes_on(self):
        self.assertIs(self.project.json("dags", "pause", "work")["is_paused"], True)
        run = self.project.trigger("work")
        text = self.run_it("dags", "explain", "work").stdout
        self.assertIn("paused: its runs stay queued", text)
        self.assertIn(f"{run}\tqueued\tpaused\n", text)
        self.run_it("dags", "unpause", "work")
        self.project.wait_run("work", run)
        self.assertEqual(self.project.json("dags", "explain", "work")["runs"], [])
        for verb in ("pause", "unpause", "explain"):
            self.run_it("dags", verb, "nope", status=5)

    def test_an_interrupt_ends_what_watches_and_nothing_else(self):
        run = self.running()
        for arguments in (["runs", "logs", run, "long", "-f"], ["runs", "wait", run, "--follow"]):
            watching = subprocess.Popen([binary(), *arguments], cwd=self.project.folder,
                                        env=self.project.environment, stdin=subprocess.DEVNULL,
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            pipe = watching.stdout if "logs" in arguments else watching.stderr
            self.assertTrue(pipe.readline())
            watching.send_signal(signal.SIGINT)
            watching.communicate(timeout=60)
            self.assertEqual(watching.returncode, 130, arguments)
        self.assertEqual(self.project.json("runs", "show", run)["state"], "running")


if __name__ == "__main__":
    unittest.main()

"""Tasks that wait without holding a runner: MR_AGAIN, object.wait, time.wait."""

import os
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from project import ProjectTest  # noqa: E402

OBJECT = """\
tasks:
  wait: {use: object.wait, with: {uri: "objects://in/${{ run.id }}", poll: 1s}, retries: 0}
  read: {use: object.get, needs: [wait], with: {from: "${{ tasks.wait.outputs.uri }}"}}
"""
TIME = """\
params:
  for: {type: [string, "null"], default: null}
  until: {type: [string, "null"], default: null}
tasks:
  wait: {use: time.wait, with: {for: "${{ params.for }}", until: "${{ params.until }}"}}
"""


class Waiting(ProjectTest):
    def setUp(self):
        if self.project.server is None:
            self.project.dag("object", OBJECT)
            self.project.dag("time", TIME)
            self.project.start()
            self.project.wait_for_dag("time")

    def task(self, dag, run_id, task="wait"):
        return self.project.get(f"/v1/dags/{dag}/runs/{run_id}/tasks/{task}").json()

    def wait_for_state(self, dag, run_id, state):
        return self.project.wait(
            lambda: (lambda task: task if task["state"] == state else None)(self.task(dag, run_id)),
            f"{dag}/{run_id} is {state}")

    def test_an_object_is_waited_for_across_a_restart(self):
        run_id = self.project.trigger("object", "here")
        task = self.wait_for_state("object", run_id, "up_for_reschedule")
        self.assertEqual(task["reason"], "waits for 'objects://in/here'")
        self.project.kill()
        self.project.start()
        self.assertIn(self.task("object", run_id)["state"],
                      ("up_for_reschedule", "scheduled", "queued", "running"))
        self.project.run("objects", "cp", self.project.write("word", "a word"),
                         "objects://in/here", check=True)
        self.assertEqual(self.project.wait_run("object", run_id)["state"], "success")
        task = self.task("object", run_id)
        self.assertEqual((task["attempt"], len(task["attempts"]), task["outputs"]["bytes"]), (1, 1, 6))
        self.assertEqual(self.task("object", run_id, "read")["outputs"]["text"], "a word")

    def test_a_time_is_waited_for_once_whatever_happens(self):
        run_id = self.project.trigger("time", **{"for": "1500ms"})
        task = self.wait_for_state("time", run_id, "up_for_reschedule")
        self.assertRegex(task["reason"], r"^waits until \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")
        self.project.kill()
        self.project.start()
        self.assertEqual(self.project.wait_run("time", run_id)["state"], "success")
        task = self.task("time", run_id)
        # a second wait would have been a third call
        self.assertEqual([(a["number"], a["fence"], a["state"]) for a in task["attempts"]],
                         [(1, 2, "succeeded")])

    def test_a_moment_is_waited_for(self):
        for until in ("2020-01-01T00:00:00+01:00", "2020-01-01", "1969-12-31 23:59:59.5"):
            run, _ = self.project.run_dag("time", until=until)
            self.assertEqual(run["state"], "success", until)
        run_id = self.project.trigger("time", until="2999-01-01T01:00:00+01:00")
        task = self.wait_for_state("time", run_id, "up_for_reschedule")
        self.assertEqual(task["reason"], "waits until 2999-01-01T00:00:00Z")

        self.project.request("PATCH", f"/v1/dags/time/runs/{run_id}", {"state": "cancelled"})
        self.assertEqual(self.project.wait_run("time", run_id)["state"], "cancelled")
        self.assertEqual([a["state"] for a in self.task("time", run_id)["attempts"]], ["cancelled"])

    def test_what_cannot_be_waited_for_is_said(self):
        for given, reason in (
            ({}, "give one of 'for' and 'until'"),
            ({"for": "1s", "until": "2020-01-01"}, "give one of 'for' and 'until'"),
            ({"for": "soon"}, "'soon' is not a duration such as 90s, 15m, 2h or 1d"),
            ({"until": "2026-02-30"}, "parameter 'until' must be of type timestamp, not text"),
        ):
            _, tasks = self.project.run_dag("time", **given)
            self.assertEqual((tasks["wait"]["state"], tasks["wait"]["reason"]), ("failed", reason))


if __name__ == "__main__":
    unittest.main()

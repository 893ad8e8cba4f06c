"""The wall clock is set by hours, to and fro, while tasks run, wait and are tried again."""

import os
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from project import Project  # noqa: E402

HOUR = 3600
JUMPS = (5 * HOUR, -8 * HOUR, 30 * HOUR, -1, -50 * HOUR, 0)
DAG = """
timeout: 1h
defaults: {retries: 1, retry_delay: 10ms, timeout: 30m}
tasks:
  hold: {use: shell.run, with: {cwd: FOLDER, script: "echo $$ >> begun; while ! test -e go; do sleep 0.02; done"}}
  again: {use: shell.run, retries: 100, with: {cwd: FOLDER, script: "echo 1 >> tried; test -e go"}}
  wait: {use: object.wait, with: {uri: "objects://in/x.go", poll: 1s}}
  after: {use: flow.noop, needs: [hold, again, wait]}
"""
QUICK = "tasks: {a: {use: flow.noop}}\n"
TICK = "schedule: '@every 1s'\ncatchup: all\ntasks: {a: {use: flow.noop}}\n"


class Clock(unittest.TestCase):
    def setUp(self):
        self.project = self.enterContext(Project())
        self.project.environment.update(MILLRACE_CLOCK=self.project.path("clock"),
                                        MILLRACE_FAULT_SILENCE="1200")
        self.project.dag("held", DAG.replace("FOLDER", self.project.folder))
        self.project.dag("quick", QUICK)
        self.set_clock(0)
        self.project.start()
        self.project.wait_for_dag("held")
        self.project.wait_for_dag("quick")

    def set_clock(self, offset):
        self.project.write("clock.new", str(offset))
        os.replace(self.project.path("clock.new"), self.project.path("clock"))

    def lines(self, name):
        try:
            with open(self.project.path(name), encoding="ascii") as file:
                return file.read().split()
        except FileNotFoundError:
            return []

    def let_go(self):
        self.project.write("go", "")
        self.project.write("state/objects/in/x.go", "")

    def begin(self):
        self.project.trigger("held", "one")
        self.project.wait(lambda: self.lines("begun") and self.lines("tried"), "it runs")

    def test_nothing_that_runs_or_waits_is_lost(self):
        self.begin()
        for jump in JUMPS:
            self.set_clock(jump)
            tried = len(self.lines("tried"))
            self.assertEqual(self.project.run_dag("quick")[0]["state"], "success")
            self.project.wait(lambda tried=tried: len(self.lines("tried")) > tried,
                              f"it is tried again after {jump} s")
        self.let_go()
        run = self.project.wait_run("held", "one")
        tasks = self.project.tasks_of("held", "one")
        self.assertEqual(run["state"], "success", tasks)
        self.assertEqual((tasks["hold"]["attempt"], len(self.lines("begun"))), (1, 1))
        attempts = self.project.get("/v1/dags/held/runs/one/tasks/again").json()["attempts"]
        self.assertEqual({one["state"] for one in attempts}, {"failed", "succeeded"})

    def test_a_restart_in_another_time_waits_no_longer(self):
        self.begin()
        for jump in (-8 * HOUR, -100 * HOUR):
            self.project.kill()
            self.set_clock(jump)
            tried = len(self.lines("tried"))
            self.project.start()
            self.project.wait(lambda tried=tried: len(self.lines("tried")) > tried,
                              f"it is tried again after {jump} s", 20)
        self.let_go()
        self.assertEqual(self.project.wait_run("held", "one", 20)["state"], "success")


if __name__ == "__main__":
    unittest.main()

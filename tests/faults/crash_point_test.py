"""The program is killed at each edge of journal, dispatch, recovery and load; a restart goes on."""

import os
import re
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from project import Project, SOURCE  # noqa: E402

DAG = """
dag: points
defaults: {retries: 3, retry_delay: 50ms}
on_success: [{webhook: "http://127.0.0.1:1/"}]
tasks:
  put:
    use: object.put
    with: {to: "objects://in/points.csv", text: "id,job\\n1,one\\nbad,row\\n2,two\\n"}
  load: {use: csv.load, needs: [put], with: {from: "objects://in/points.csv", table: job}}
  look: {use: sql.run, needs: [load], with: {sql: "SELECT job FROM job"}}
  run: {use: dag.run, needs: [look], with: {dag: child}}
  last: {use: flow.noop, needs: [run]}
"""
CHILD = "tasks: {a: {use: flow.noop}}\n"

# what the schedule of a point fires
SCHEDULES = {
    "schedule-time": "schedule: {every: 1s}\ncatchup: all\n",
    "schedule-after": "schedule: {after: [points]}\n",
    "schedule-object": "schedule: {object: 'objects://drop/'}\n",
}


DAYS = "schedule: '@daily'\ncatchup: none\ntasks: {a: {use: flow.noop}}\n"
SPAN = {"from": "2026-01-01", "to": "2026-01-06", "max_active": 2}


def points():
    """Every FAULT("name") of the sources, so that a new one is tested from its first day."""
    found = set()
    for folder in ("lib", "storage", "scheduler", "api", "cli"):
        for where, _, files in os.walk(os.path.join(SOURCE, folder)):
            for name in files:
                if name.endswith(".c"):
                    with open(os.path.join(where, name), encoding="utf-8") as file:
                        found.update(re.findall(r'FAULT\("([^"]+)"\)', file.read()))
    return sorted(found)


class CrashPoints(unittest.TestCase):
    def crash_at(self, fault):
        """Starts, triggers, and waits for the death; 1 when the run had been accepted."""
        project = self.project
        try:
            project.start(MILLRACE_FAULT=fault, MILLRACE_FAULT_ONCE=project.path("died"))
            project.wait_for_dag("points")
            answer = project.post("/v1/dags/points/runs", {"run_id": "only"})
            accepted = answer.status == 201
        except (OSError, AssertionError):
            return False
        try:
            project.request("PATCH", "/v1/dags/points/runs/only", {"note": "seen"})
            if fault.startswith("backfill"):
                project.post("/v1/dags/days/backfills", SPAN)
        except OSError:
            pass
        return accepted

    def end_of(self, fault):
        with self.subTest(fault=fault), Project() as self.project:
            self.project.dag("child", CHILD)
            self.project.dag("points", DAG)
            self.project.dag("days", DAYS)
            if fault.startswith("retention"):
                self.make_old_runs()
            if fault in SCHEDULES:
                self.project.environment["MILLRACE_OBJECTS_POLL"] = "20ms"
                # not an object of the run: its second attempt would put a new one there
                self.project.write("state/objects/drop/once.csv", "1")
                self.project.dag("fired", SCHEDULES[fault] + "tasks: {a: {use: flow.noop}}\n")
            accepted = self.crash_at(fault)
            if accepted:
                self.project.wait(lambda: self.project.server.poll() is not None or (
                    self.has_ended() and not fault.startswith("retention")),
                                  "the run ends or the server dies")
            # a message may leave after the end of the run
            self.project.wait(lambda: os.path.exists(self.project.path("died")), "the point is met")
            self.project.kill()
            self.project.start()
            self.project.wait_for_dag("points")
            known = self.project.get("/v1/dags/points/runs/only").status == 200
            self.assertTrue(known or not accepted, "an accepted run is lost")
            if not known:
                self.project.trigger("points", "only")
            run = self.project.wait_run("points", "only")
            self.assertEqual(run["state"], "success", self.project.tasks_of("points", "only"))
            rows = self.project.json("tables", "head", "job", "-n", "10")
            self.assertEqual([row["job"] for row in rows], ["one", "two"])
            children = self.project.get("/v1/dags/child/runs").json()
            self.assertEqual([child["state"] for child in children
                              if child["triggered_by"] == "points/only/run"], ["success"])
            if fault in SCHEDULES:
                self.check_fires()

    def check_fires(self):
        """Each fire has one run."""
        def some():
            runs = self.project.get("/v1/dags/fired/runs").json()[::-1]
            return runs if runs and runs[-1]["ended_at"] else None
        runs = self.project.wait(some, "it fires")
        seconds = [int(run["logical_date"][-3:-1]) for run in runs if run["logical_date"]]
        for one, next_one in zip(seconds, seconds[1:]):
            self.assertEqual(next_one, (one + 1) % 60)
        if not seconds:
            self.assertEqual(len(runs), 1)

    def make_old_runs(self):
        """One of them may go with the next start."""
        self.project.environment.update(MILLRACE_RETENTION_RUNS="0s",
                                        MILLRACE_RETENTION_KEEP_LAST="1")
        self.project.start()
        self.project.wait_for_dag("points")
        for name in ("older", "old"):
            self.project.run_dag("points", name)
        self.project.kill()

    def has_ended(self):
        try:
            return self.project.run_of("points", "only")["ended_at"]
        except (OSError, AssertionError):
            return False

    def test_every_point_once(self):
        names = points()
        self.assertGreater(len(names), 4)
        for name in names:
            self.end_of(name)

    def test_the_second_and_third_time(self):
        for name in ("journal-before-commit", "journal-after-commit", "dispatch-before-start"):
            for number in (2, 3, 4):
                self.end_of(f"{name}:{number}")


class Backfills(unittest.TestCase):
    """However often it dies in between, a backfill makes each of its runs once."""

    def test_a_backfill_goes_on_behind_its_last_run(self):
        for fault in ("backfill-before-commit", "backfill-before-commit:3", "journal-before-commit:6",
                      "journal-after-commit:6", "journal-after-commit:8", "dispatch-before-start:7"):
            with self.subTest(fault=fault), Project() as project:
                project.dag("days", DAYS)
                self.die(project, fault)
                self.assertTrue(os.path.exists(project.path("died")), "the point was never met")
                project.kill()
                project.start()
                project.wait_for_dag("days")
                if not project.get("/v1/backfills").json():
                    self.assertEqual(project.post("/v1/dags/days/backfills", SPAN).status, 201)
                project.wait(lambda: project.get("/v1/backfills").json()[0]["state"] == "success",
                             "the backfill succeeds")
                (backfill,) = project.get("/v1/backfills").json()
                self.assertEqual(backfill["counts"], {"total": 6, "remaining": 0, "skipped": 0,
                                                      "success": 6})
                dates = [run["logical_date"] for run in project.get("/v1/dags/days/runs").json()]
                self.assertEqual(sorted(dates), [f"2026-01-0{day}T00:00:00Z" for day in range(1, 7)])

    def die(self, project, fault):
        try:
            project.start(MILLRACE_FAULT=fault, MILLRACE_FAULT_ONCE=project.path("died"))
            project.wait_for_dag("days")
            project.post("/v1/dags/days/backfills", SPAN)
            project.wait(lambda: project.server.poll() is not None, "the server dies", 20)
        except (OSError, AssertionError):
            pass


STUBBORN = """
dag: asked
defaults: {retries: 3, retry_delay: 10ms}
tasks:
  long: {use: shell.run, with: {argv: [sh, -c, "trap '' TERM; test -e once && exit 0; touch once; sleep 600"], cwd: FOLDER}}
  after: {use: flow.noop, needs: [long], trigger_rule: all_done}
  never: {use: flow.fail, retries: 0, needs: [long], trigger_rule: all_success}
"""

CANCEL = ("PATCH", "/v1/dags/asked/runs/only/tasks/long", {"state": "cancelled"})
CANCEL_RUN = ("PATCH", "/v1/dags/asked/runs/only", {"state": "cancelled"})
CLEAR = ("POST", "/v1/dags/asked/runs/only/clear", {"tasks": ["long"]})
STATES = {
    CANCEL[1]: ("failed", {"long": "cancelled", "after": "success", "never": "upstream_failed"}),
    CANCEL_RUN[1]: ("cancelled", {"long": "cancelled", "after": "cancelled", "never": "cancelled"}),
    CLEAR[1]: ("failed", {"long": "success", "after": "success", "never": "failed"}),
}


class Asked(unittest.TestCase):
    """What was asked of a running task is carried out by the next life."""

    def begin(self, project):
        project.dag("asked", STUBBORN.replace("FOLDER", project.folder))
        project.start()
        project.wait_for_dag("asked")
        project.trigger("asked", "only")
        self.wait_running(project)

    @staticmethod
    def wait_running(project):
        project.wait(lambda: os.path.exists(project.path("once")) and
                     project.tasks_of("asked", "only")["long"]["state"] == "running",
                     "the task runs")

    def check(self, project, path):
        run = project.wait_run("asked", "only")
        states = {name: task["state"] for name, task in project.tasks_of("asked", "only").items()}
        self.assertEqual((run["state"], states), STATES[path])

    @staticmethod
    def attempts(project):
        return project.get("/v1/dags/asked/runs/only/tasks/long").json()["attempts"]

    def test_an_answered_command_survives(self):
        for method, path, body in (CANCEL, CANCEL_RUN, CLEAR):
            with self.subTest(path=path), Project() as project:
                self.begin(project)
                self.assertEqual(project.request(method, path, body).status, 200)
                project.kill()
                project.start()
                self.check(project, path)
                states = [one["state"] for one in self.attempts(project)]
                self.assertEqual(states, ["lost", "succeeded"] if path == CLEAR[1] else ["lost"])

    def test_a_stored_command_survives_without_an_answer(self):
        for method, path, body in (CANCEL, CANCEL_RUN, CLEAR):
            with self.subTest(path=path), Project() as project:
                self.begin(project)
                project.kill()
                os.remove(project.path("once"))
                project.start(MILLRACE_FAULT="command-before-answer",
                              MILLRACE_FAULT_ONCE=project.path("died"))
                self.wait_running(project)
                with self.assertRaises(OSError):
                    project.request(method, path, body)
                project.kill()
                self.assertTrue(os.path.exists(project.path("died")))
                project.start()
                self.check(project, path)

    def test_what_an_ended_run_was_asked_survives(self):
        with Project() as project:
            project.dag("asked", "tasks: {long: {use: flow.fail}}\n")
            project.start(MILLRACE_FAULT="command-before-answer",
                          MILLRACE_FAULT_ONCE=project.path("died"))
            project.wait_for_dag("asked")
            self.assertEqual(project.run_dag("asked", "only")[0]["state"], "failed")
            with self.assertRaises(OSError):
                project.post("/v1/dags/asked/runs/only/clear", {})
            project.kill()
            project.start(MILLRACE_FAULT="command-before-commit",
                          MILLRACE_FAULT_ONCE=project.path("died again"))
            self.assertEqual(project.wait_run("asked", "only")["state"], "failed")
            failed = [one for one in self.attempts(project) if one["state"] == "failed"]
            self.assertEqual(len(failed), 2)
            path, body = "/v1/dags/asked/runs/only", {"state": "success"}
            with self.assertRaises(OSError):
                project.request("PATCH", path, body)
            project.kill()
            project.start()
            self.assertEqual(project.run_of("asked", "only")["state"], "failed")
            self.assertEqual(project.request("PATCH", path, body).status, 200)
            project.kill()
            project.start()
            self.assertEqual(project.run_of("asked", "only")["state"], "success")


if __name__ == "__main__":
    unittest.main()

"""A runner that is stopped until it is given up, and what was claimed ahead in one that hangs or dies."""

import os
import signal
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from processes import is_alive, is_stopped  # noqa: E402
from project import Project, count_of  # noqa: E402

SILENCE_MS = "600"  # 30 s otherwise

LOAD = """
defaults: {retries: 0}
tasks:
  load: {use: csv.load, with: {from: "objects://in/jobs.csv", table: job}}
"""
WRITE = """
defaults: {retries: 0}
tasks:
  write: {use: sql.run, with: {sql: "CREATE TABLE once (id integer)"}}
"""
PUT = """
defaults: {retries: 0}
tasks:
  put: {use: object.put, with: {to: "objects://out/a.txt", text: "whole"}}
"""
WIDE = "defaults: {retries: 0}\ntasks:\n" + "".join(
    f"  t{i}: {{use: flow.noop}}\n" for i in range(400))
JOBS = "id,job\n1,one\n2,two\n"


def children(pid):
    with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
        return [int(child) for child in file.read().split()]


class Silent(unittest.TestCase):
    def begin(self, project, **environment):
        if project.on_server is None:
            project.run("tables", "migrate", check=True)
        project.write("state/objects/in/jobs.csv", JOBS)
        project.write("state/objects/in/none.csv", "")
        project.start(MILLRACE_FAULT_SILENCE=SILENCE_MS, **environment)

    def stopped(self, project):
        """The runner that has stopped itself."""
        return project.wait(lambda: next((pid for pid in children(project.server.pid)
                                          if is_stopped(pid)), None), "a runner stops")

    def check_once(self, point, dag, text):
        """Its runner stops at that point for good: the next attempt does it, once."""
        with self.subTest(point=point), Project() as project:
            project.dag(dag, text)
            self.begin(project, MILLRACE_FAULT=point, MILLRACE_FAULT_STOP="1",
                       MILLRACE_FAULT_ONCE=project.path("stopped"))
            project.wait_for_dag(dag)
            project.trigger(dag, "only")
            pid = self.stopped(project)
            run = project.wait_run(dag, "only")
            self.assertFalse(is_alive(pid), "who was given up is dead, whatever continues it")
            with self.assertRaises(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)
            task = project.get(f"/v1/dags/{dag}/runs/only/tasks/{dag}").json()
            self.assertEqual((run["state"], task["attempt"]), ("success", 2), task)
            self.assertEqual([one["state"] for one in task["attempts"]], ["lost", "succeeded"])
            self.assertIn("gave no sign of life", task["attempts"][0]["reason"])
            return project.json("tables", "head", "job")

    def test_what_is_written_by_a_given_up_load_counts_once(self):
        for point in ("load.commit", "load.committed"):
            rows = self.check_once(point, "load", LOAD)
            self.assertEqual([row["job"] for row in rows], ["one", "two"])

    def test_what_given_up_sql_has_not_committed_is_undone(self):
        """The second attempt could not make the table again."""
        self.check_once("sql-before-commit", "write", WRITE)

    def test_an_object_is_whole(self):
        for point in ("object-before-commit", "object-after-commit"):
            self.check_once(point, "put", PUT)


class Ahead(unittest.TestCase):
    """A quick runner has up to 64 attempts at once."""

    def check(self, **environment):
        with Project() as project:
            project.environment["MILLRACE_WORKER_RUNNERS"] = "1"
            project.dag("wide", WIDE)
            project.start(MILLRACE_FAULT_SILENCE=SILENCE_MS,
                          MILLRACE_FAULT_ONCE=project.path("met"), **environment)
            project.wait_for_dag("wide")
            run, tasks = project.run_dag("wide", "only")
            self.assertTrue(os.path.exists(project.path("met")))
            # a try more would have failed a task
            self.assertEqual(run["state"], "success", run)
            numbers = sorted(task["attempt"] for task in tasks.values())
            self.assertEqual((numbers[-2:], numbers[0]), ([1, 2], 1))
            states = [one["state"] for name in tasks for one in
                      project.get(f"/v1/dags/wide/runs/only/tasks/{name}").json()["attempts"]]
            self.assertEqual((states.count("lost"), states.count("succeeded")), (1, len(tasks)))
            self.assertEqual(set(states), {"lost", "returned", "succeeded"})
            self.assertEqual(project.stop(), 0)

    def test_behind_a_runner_that_dies(self):
        for number in (150, 200, 250)[:count_of(1, 3)]:
            self.check(MILLRACE_FAULT=f"attempt-begins:{number}")

    def test_behind_a_runner_that_hangs(self):
        for number in (150, 200, 250)[:count_of(1, 3)]:
            self.check(MILLRACE_FAULT=f"attempt-begins:{number}", MILLRACE_FAULT_STOP="1")


if __name__ == "__main__":
    unittest.main()

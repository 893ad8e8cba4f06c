"""A disk that is full: nothing half-stored, a clear error, and all goes on when there is room."""

import os
import resource
import subprocess
import sys
import threading
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from project import Project, binary  # noqa: E402

WIDE = "dag: wide\ntasks:\n" + "".join(f"  t{i}: {{use: flow.noop}}\n" for i in range(3000))

# pairs, of which the first waits to be let go
SLOW = "defaults: {retries: 0}\ntasks:\n" + "".join(
    f"  t{i}: {{use: shell.run, {f'needs: [t{i - 2}], ' if i > 1 else ''}with: {{cwd: FOLDER, script: "
    f"'echo {i} >> begun; while ! test -e go; do sleep 0.02; done; echo {i} >> ended'}}}}\n"
    for i in range(10))

ONCE = "tasks: {load: {use: csv.load, with: {from: objects://in/many.csv, table: job}}}\n"


def limit_files(size):
    def limit():
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))
    return limit


class DiskFull(unittest.TestCase):
    def setUp(self):
        self.project = self.enterContext(Project())

    def test_a_load_stores_nothing(self):
        self.project.run("tables", "migrate", check=True)
        rows = "".join(f"{i},job number {i} with a long name to fill pages\n"
                       for i in range(1, 100_001))
        self.project.write("jobs.csv", "id,job\n" + rows)
        done = subprocess.run([binary(), "load", "jobs.csv", "--into", "job"], check=False,
                              cwd=self.project.folder, env=self.project.environment,
                              preexec_fn=limit_files(2 << 20), capture_output=True, text=True)
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertRegex(done.stderr, "full|large|space")
        self.assertEqual(self.project.json("tables", "head", "job"), [])
        again = self.project.json("load", "jobs.csv", "--into", "job")
        self.assertEqual(again["inserted"], 100_000)

    def test_a_load_in_a_dag_stores_nothing(self):
        """The disk of its runner alone is full, so that the server can tell."""
        project = self.project
        project.write("state/objects/in/few.csv", "id,job\n1,Clerk\n")
        project.write("state/objects/in/many.csv", "id,job\n" + "".join(
            f"{i},job number {i} with a long name to fill pages\n" for i in range(2, 100_001)))
        project.start()
        project.wait_for_dag("bulk_insert")
        project.run_dag("bulk_insert", object="objects://in/few.csv", table="job")
        with open(f"/proc/{project.server.pid}/task/{project.server.pid}/children",
                  encoding="ascii") as file:
            runners = [int(pid) for pid in file.read().split()]
        hard = resource.RLIM_INFINITY
        for pid in runners:
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (2 << 20, hard))
        project.dag("once", ONCE)
        project.wait_for_dag("once")
        run, tasks = project.run_dag("once")
        self.assertEqual((run["state"], tasks["load"]["state"]), ("failed", "failed"))
        self.assertRegex(tasks["load"]["reason"], "full|large|space")
        self.assertEqual(len(project.json("tables", "head", "job")), 1)
        self.assertEqual(project.get("/readyz").status, 200)
        for pid in runners:
            try:
                resource.prlimit(pid, resource.RLIMIT_FSIZE, (hard, hard))
            except ProcessLookupError:
                pass  # it was sent away after its failure
        run, tasks = project.run_dag("once")
        self.assertEqual(tasks["load"]["outputs"]["inserted"], 99_999)
        self.assertEqual(project.stop(), 0)

    def test_the_journal_waits_for_room(self):
        project = self.project
        project.dag("wide", WIDE)
        project.start()
        project.wait_for_dag("wide")
        hard = resource.RLIM_INFINITY
        pid = project.server.pid
        # the log was grown to some megabytes at the start; everything beyond it is refused now
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (1 << 20, hard))
        status = self.trigger_in_background()
        project.wait(lambda: project.get("/readyz").status == 503, "/readyz is red")
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (hard, hard))
        self.assertEqual(status(), 201)
        self.assertEqual(project.wait_run("wide", "one")["state"], "success")
        self.assertEqual(project.stop(), 0)

    def test_a_run_under_way_waits_for_room(self):
        """Of the metadata alone: what runs ends, nothing else starts, and nothing ran twice."""
        project = self.project
        project.dag("wide", WIDE)
        project.dag("slow", SLOW.replace("FOLDER", project.folder))
        project.start()
        project.wait_for_dag("slow")
        project.wait_for_dag("wide")
        project.trigger("slow", "one")
        project.wait(lambda: len(self.lines("begun")) == 2, "two tasks run")
        hard = resource.RLIM_INFINITY
        pid = project.server.pid
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (1 << 20, hard))
        # what grows the log beyond what is there
        status = self.trigger_in_background()
        project.wait(lambda: project.get("/readyz").status == 503, "/readyz is red")
        self.assertRegex(project.get("/readyz").body, "full|large|space")
        self.assertEqual(project.post("/v1/dags/slow/runs", {"run_id": "no"}).status, 503)
        self.assertEqual(project.get("/v1/dags/slow/runs/one").status, 200)
        self.assertEqual(project.get("/livez").status, 200)
        project.write("go", "")
        project.wait(lambda: len(self.lines("ended")) == 2, "what runs ends")
        self.assertIsNone(project.run_of("slow", "one")["ended_at"])
        self.assertEqual(len(self.lines("begun")), 2)
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (hard, hard))
        self.assertEqual(status(), 201)
        run = project.wait_run("slow", "one")
        tasks = project.tasks_of("slow", "one")
        self.assertEqual((run["state"], {task["attempt"] for task in tasks.values()}),
                         ("success", {1}))
        self.assertEqual((len(self.lines("begun")), len(self.lines("ended"))), (10, 10))
        self.assertEqual(project.wait_run("wide", "one")["state"], "success")
        self.assertEqual(project.get("/v1/dags/slow/runs/no").status, 404)
        self.assertEqual(project.get("/readyz").status, 200)
        self.assertEqual(project.stop(), 0)

    def lines(self, name):
        try:
            with open(self.project.path(name), encoding="ascii") as file:
                return file.read().split()
        except FileNotFoundError:
            return []

    def trigger_in_background(self):
        answers = []
        thread = threading.Thread(target=lambda: answers.append(
            self.project.post("/v1/dags/wide/runs", {"run_id": "one"}).status))
        thread.start()

        def status():
            thread.join(60)
            return answers[0]
        return status


if __name__ == "__main__":
    unittest.main()

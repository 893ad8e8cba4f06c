"""Old runs go with all that is theirs; the last ones, those that have not ended and young ones stay."""

import os
import sqlite3
import subprocess
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from project import Project  # noqa: E402

SAY = "tasks:\n  say: {use: shell.run, with: {argv: [echo, hello]}}\n  end: {use: flow.noop, needs: [say]}\n"
OWN = "retention: {runs: 2d, keep_last: 1}\n" + SAY
SLOW = "tasks: {a: {use: shell.run, with: {argv: [sleep, '600']}}}\n"
WIDE = "tasks:\n" + "".join(f"  t{i}: {{use: flow.noop}}\n" for i in range(900))
DAY_US = 86400 * 1000000


class Retention(unittest.TestCase):
    def setUp(self):
        self.project = self.enterContext(Project(MILLRACE_RETENTION_RUNS="10d",
                                                 MILLRACE_RETENTION_KEEP_LAST="2"))

    def start(self, **dags):
        for name, text in dags.items():
            self.project.dag(name, text)
        self.project.start()
        for name in dags:
            self.project.wait_for_dag(name)

    def sql(self, statement, file="millrace.db"):
        """Runs it in the metadata database, or another file of SQLite; its lines."""
        if self.project.on_server:
            done = subprocess.run(["psql", "-qtAd", self.project.on_server, "-c",
                                   f"SET search_path = millrace; {statement}"], check=True,
                                  stdout=subprocess.PIPE, text=True)
            return done.stdout.split()
        db = sqlite3.connect(self.project.path("state", file), timeout=30)
        try:
            with db:
                return [str(row[0]) for row in db.execute(statement).fetchall()]
        finally:
            db.close()

    def make_older(self, days, dag):
        past = days * DAY_US
        self.sql(f"UPDATE run SET ended_at = ended_at - {past}, queued_at = queued_at - {past},"
                 f" started_at = started_at - {past} WHERE dag = '{dag}'")

    def runs_of(self, dag):
        return [run["run_id"] for run in self.project.get(f"/v1/dags/{dag}/runs").json()]

    def logs_of(self, dag):
        folder = self.project.path("state", "logs", f"dag={dag}")
        return sorted(os.listdir(folder)) if os.path.isdir(folder) else []

    def wait_for_runs(self, dag, *names):
        self.project.wait(lambda: self.runs_of(dag) == list(names), f"of {dag} {names} are left")

    def wait_for_logs(self, dag, *names):
        self.project.wait(lambda: self.logs_of(dag) == [f"run={name}" for name in sorted(names)],
                          f"of {dag} the logs of {names} are left")

    def test_old_runs_go_with_all_that_is_theirs(self):
        self.start(say=SAY, own=OWN, slow=SLOW, young=SAY)
        for dag in ("say", "own", "young"):
            for number in range(5):
                self.project.run_dag(dag, f"r{number}")
        self.project.trigger("slow", "r0")
        self.project.wait(lambda: self.project.run_of("slow", "r0")["state"] == "running", "it runs")
        self.project.kill()
        self.make_older(20, "say")
        self.make_older(3, "own")
        self.make_older(3, "young")
        self.make_older(1000, "slow")
        self.project.start()
        self.wait_for_runs("say", "r4", "r3")
        self.wait_for_runs("own", "r4")
        self.wait_for_logs("say", "r3", "r4")
        self.wait_for_logs("own", "r4")
        self.project.wait(lambda: "old runs are gone" in self.project.log(), "the look is over")
        self.assertEqual(self.runs_of("young"), ["r4", "r3", "r2", "r1", "r0"])
        self.assertEqual(self.runs_of("slow"), ["r0"])
        self.assertEqual(self.project.get("/v1/dags/say/runs/r0").status, 404)
        for rows in ("task_instance WHERE run NOT IN (SELECT id FROM run)",
                     "attempt WHERE task_instance NOT IN (SELECT id FROM task_instance)",
                     "output WHERE attempt NOT IN (SELECT id FROM attempt)", "retired"):
            self.assertEqual(self.sql(f"SELECT count(*) FROM {rows}"), ["0"], rows)
        self.assertFalse(os.path.exists(self.project.path("state", "logs", ".gone")))
        # the name is free again, and begins with no log
        self.project.run_dag("say", "r0")
        log = self.project.get("/v1/dags/say/runs/r0/tasks/say/logs/1").body
        self.assertEqual(log.count("hello"), 1)

    def test_a_large_run_goes_in_several_steps(self):
        self.start(wide=WIDE)
        for number in range(3):
            self.project.run_dag("wide", f"r{number}")
        self.project.stop()
        self.make_older(20, "wide")
        self.project.start()
        self.wait_for_runs("wide", "r2", "r1")
        self.assertEqual(self.sql("SELECT count(*) FROM task_instance"), ["1800"])

    def test_versions_go_when_no_run_refers_to_them(self):
        self.start(say=SAY)
        self.project.run_dag("say", "r0")
        for number in range(3):
            old = self.project.get("/v1/dags/say").json()["dag_version"]
            self.project.dag("say", f"description: v{number}\n" + SAY)
            self.project.wait(lambda version=old: self.project.get("/v1/dags/say").json()[
                "dag_version"] != version, "it is live")
        self.project.run_dag("say", "r1")
        self.project.stop()
        self.sql(f"UPDATE dag_history SET seen_at = seen_at - {20 * DAY_US}")
        self.sql(f"UPDATE dag_version SET created_at = created_at - {20 * DAY_US}")
        self.project.start()
        self.project.wait(lambda: len(self.project.json("dags", "versions", "say")) == 2,
                          "only versions of runs are left")
        self.assertEqual([v["runs"] for v in self.project.json("dags", "versions", "say")], [1, 1])
        for run in ("r0", "r1"):
            version = self.project.run_of("say", run)["dag_version"]
            self.assertEqual(self.project.get(f"/v1/dags/say/versions/{version}").status, 200)

    def test_checkpoints_of_old_loads_go(self):
        self.start()
        table = "millrace_data.load" if self.project.on_server else "millrace_load"
        for job in (1, 2):
            self.project.write("jobs.csv", f"id,job\n{job},job {job}\n")
            self.project.run("load", "jobs.csv", "--into", "job", check=True)
        self.project.stop()
        count = f"SELECT count(*) FROM {table} WHERE state = 'done'"
        self.assertEqual(self.sql(count, "data.db"), ["2"])
        self.sql(f"UPDATE {table} SET stamp = stamp - {20 * DAY_US} WHERE load_id ="
                 f" (SELECT min(load_id) FROM {table})", "data.db")
        self.project.start()
        self.project.wait(lambda: self.sql(count, "data.db") == ["1"], "the old one is gone")
        self.assertNotIn("stay for now", self.project.log())

    def test_a_dag_that_is_gone_keeps_what_it_said(self):
        self.start(own=OWN)
        for number in range(3):
            self.project.run_dag("own", f"r{number}")
        self.project.stop()
        os.remove(self.project.path("dags", "own.yaml"))
        self.make_older(5, "own")
        self.project.start()
        self.wait_for_runs("own", "r2")

    def test_bad_words_are_refused(self):
        for text, said in (("retention: 5d", "expected a map"), ("retention: {run: 5d}", "'runs'?"),
                           ("retention: {runs: soon}", "soon"), ("retention: {keep_last: -1}", "0 to")):
            path = self.project.write("bad.yaml", f"{text}\n{SAY}")
            done = self.project.run("dags", "validate", path)
            self.assertEqual(done.returncode, 3)
            self.assertIn(said, done.stdout)


if __name__ == "__main__":
    unittest.main()

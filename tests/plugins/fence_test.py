"""A runner that was given up and goes on after its successor: it commits nothing any more.

The first is stopped right before its transaction, the second does the work, the first is continued.
"""
import os
import signal
import subprocess
import sys
import tempfile
import time
import unittest

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from postgres import Postgres  # noqa: E402
from runner_client import PATIENCE_S, Runner  # noqa: E402
from runner_project import CATALOG, PREPARE  # noqa: E402

STALE = "another attempt"
INSERT = "INSERT INTO ledger VALUES (1)"


def state_of(pid):
    with open("/proc/%d/stat" % pid, encoding="ascii") as file:
        return file.read().rsplit(")", 1)[1].split()[0]


class Fence:
    """For each database."""

    def setUp(self):
        self.folder = self.enterContext(tempfile.TemporaryDirectory(prefix="millrace-test-"))
        self.database = self.make_database()
        subprocess.run([PREPARE, self.database, CATALOG], check=True)
        path = os.path.join(self.folder, "objects", "in")
        os.makedirs(path)
        with open(os.path.join(path, "jobs.csv"), "w", encoding="ascii") as file:
            file.write("id,job\n1,one\n2,two\n")

    def runner(self):
        return Runner(catalog_dir=CATALOG, database_url=self.database,
                      object_stores={"objects": "dir:" + os.path.join(self.folder, "objects")})

    def stopping_runner(self, fault):
        os.environ.update(MILLRACE_FAULT=fault, MILLRACE_FAULT_STOP="1")
        try:
            return self.runner()
        finally:
            del os.environ["MILLRACE_FAULT"], os.environ["MILLRACE_FAULT_STOP"]

    def do(self, operator, params):
        with self.runner() as runner:
            frame = runner.run(operator, params)
            self.assertEqual(frame["status"], "ok", frame)
            return frame["outputs"]

    def count(self, table):
        return self.do("sql.run", {"sql": "SELECT count(*) AS n FROM " + table})["rows"][0]["n"]

    def check_late(self, fault, operator, params):
        """The frames of both: of the one that is late, and of the one in its place."""
        with self.stopping_runner(fault) as late, self.runner() as next_one:
            late.start(operator, params, load_id="t1", fence=1)
            end = time.monotonic() + PATIENCE_S
            while state_of(late.pid) != "T":
                self.assertLess(time.monotonic(), end, "it never stopped")
                time.sleep(0.005)
            next_one.attempts = 1
            next_one.start(operator, params, load_id="t1", fence=2)
            done = next_one.read_until("finished")
            self.assertEqual(done["status"], "ok", done)
            os.kill(late.pid, signal.SIGCONT)
            frame = late.read_until("finished")
            self.assertNotEqual(frame["status"], "ok", frame)
            self.assertEqual(frame["fence"], 1)
            self.assertIn(STALE, frame["reason"])

    def test_a_late_load(self):
        self.check_late("load.turn", "csv.load", {"from": "objects://in/jobs.csv", "table": "job"})
        self.assertEqual(self.count("job"), 2)

    def test_a_late_statement(self):
        self.do("sql.run", {"sql": "CREATE TABLE ledger (id INTEGER)"})
        self.check_late("attempt-begins", "sql.run", {"sql": INSERT})
        self.assertEqual(self.count("ledger"), 1)


class OnSqlite(Fence, unittest.TestCase):
    def make_database(self):
        return "sqlite:" + os.path.join(self.folder, "data.db")


class OnPostgres(Fence, unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = cls.enterClassContext(Postgres())

    def make_database(self):
        return self.server.url()


if __name__ == "__main__":
    unittest.main()

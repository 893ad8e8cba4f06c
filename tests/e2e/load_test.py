"""`millrace load` in chunks that is killed, again and again."""

import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from project import Project, binary, count_of  # noqa: E402


class Loads(unittest.TestCase):
    def setUp(self):
        self.project = Project()
        self.project.init()
        self.addCleanup(self.project.__exit__)

    def load(self, name, table, *options, status=0, **more):
        done = self.project.run("load", name, "--into", table, "--json", *options, **more)
        self.assertEqual(done.returncode, status, done.stderr)
        self.said = done.stderr
        return json.loads(done.stdout) if done.stdout else {}

    def rows(self, query):
        path = self.project.path("state", "data.db")
        with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as db:
            return db.execute(query).fetchall()


class KilledLoads(Loads):
    """kill -9 of a load in chunks, again and again; what follows goes on behind the last chunk."""

    ROWS = 200_000

    def start(self, *options):
        return subprocess.Popen(
            [binary(), "load", "rows.csv", "--into", "job", "--chunk-rows", "500", *options],
            cwd=self.project.folder, env=self.project.environment, stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)

    def stored_line(self):
        try:
            return max(self.rows("SELECT line FROM millrace_load"), default=(0,))[0]
        except sqlite3.OperationalError:
            return 0  # not migrated yet

    def kill_behind(self, load, line):
        """SIGKILL once a chunk behind this line is stored. False when it was done before."""
        self.project.wait(lambda: self.stored_line() > line or load.poll() is not None, "a chunk")
        load.send_signal(signal.SIGKILL)
        said = load.communicate()[1]
        self.load_id = self.load_id or re.search(r"load (\w{26})", said).group(1)
        return load.returncode == -signal.SIGKILL

    def test_nothing_is_lost_or_doubled(self):
        self.load_id = None
        self.project.write("rows.csv", "job\n" + "".join(
            f"Job {i if i % 1000 else i - 1}\n" for i in range(1, self.ROWS + 1)))
        self.project.run("tables", "migrate", check=True)
        for _ in range(count_of(4, 40)):
            line = self.stored_line()
            if not self.kill_behind(
                    self.start(*(("--resume", self.load_id) if self.load_id else ())), line):
                break
        result = self.load("rows.csv", "job", "--chunk-rows", "500", "--resume", self.load_id)
        good, bad = self.ROWS - self.ROWS // 1000, self.ROWS // 1000
        self.assertEqual((result["received"], result["inserted"], result["reasons"]),
                         (self.ROWS, good, {"duplicate_in_input": bad}))
        self.assertEqual(self.rows("SELECT count(*), count(DISTINCT job) FROM job"), [(good, good)])
        rejects = self.project.run("objects", "cat", result["rejects"], check=True).stdout
        self.assertEqual(len(rejects.splitlines()), bad + 1)
        self.assertEqual(os.listdir(self.project.path("state", "tmp")), [])


if __name__ == "__main__":
    unittest.main()

"""One SQLite file, two processes: a load that gives way, and a server that takes small writes meanwhile."""

import json
import os
import subprocess
import sys
import threading
import unittest

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from project import Project, binary, count_of  # noqa: E402
from sample import DEPARTMENTS, JOBS  # noqa: E402

ROWS = count_of(200_000, 2_000_000)
FIRST_ID = 1000  # of departments that are posted
# the log is moved into the database at 16 000 pages; what a few turns add until that is done comes on top
WAL_LIMIT = 4 * 16_000 * 4096
AUTO = """\
params: {object: {type: string}}
tasks:
  load:
    use: csv.load
    with: {from: "${{ params.object }}", table: user, chunk_rows: auto}
"""


def write_hires(path, first, count):
    """Rows in no order of their unique key, so that its index is written everywhere."""
    with open(path, "w", encoding="utf-8") as file:
        file.write("id,name,datetime,department_id,job_id\n")
        for i in range(first, first + count):
            file.write(f"{i},name {i * 7919 % 1000003} of {i},2021-{i % 12 + 1:02}-07T12:00:00Z,"
                       f"{i % len(DEPARTMENTS) + 1},{i % len(JOBS) + 1}\n")


class SmallWriter(threading.Thread):
    """Posts departments one after the other until it is told to stop."""

    def __init__(self, project, first):
        super().__init__()
        self.project, self.next = project, first
        self.stopped = threading.Event()
        self.refused, self.stored, self.wal = [], [], 0

    def run(self):
        wal = self.project.path("state/data.db-wal")
        while not self.stopped.is_set():
            answer = self.project.post("/v1/department",
                                       {"id": self.next, "department": f"New {self.next}"})
            if answer.status == 201:
                self.stored.append(self.next)
            else:
                self.refused.append((answer.status, answer.body))
            self.next += 1
            self.wal = max(self.wal, os.path.getsize(wal))

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.stopped.set()
        self.join()


class TwoWriters(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.project = Project()
        cls.addClassCleanup(cls.project.__exit__)
        cls.project.init()
        for table, names in (("department", DEPARTMENTS), ("job", JOBS)):
            lines = "".join(f"{i},{name}\n" for i, name in enumerate(names, 1))
            cls.project.run("load", "-", "--into", table, "--columns", f"id,{table}", check=True,
                            stdin=lines.encode())
        cls.project.dag("auto", AUTO)
        cls.project.start()
        cls.project.wait_for_dag("auto")

    def rows(self, table):
        return {t["table"]: t["rows"] for t in self.project.json("tables", "list")}[table]

    def check(self, writer, result, said):
        self.assertEqual(writer.refused, [])
        self.assertEqual((result["inserted"], result["rejected"]), (ROWS, 0))
        self.assertNotIn("locked", said)
        self.assertNotIn("locked", self.project.log())
        # it did give way, and both went on side by side
        self.assertGreater(result["chunks"], 3)
        self.assertGreater(len(writer.stored), 3)
        self.assertLess(writer.wal, WAL_LIMIT)
        stored = {row["id"] for row in self.project.json("tables", "head", "department", "-n", "99999")}
        self.assertLessEqual(set(writer.stored), stored)

    def test_a_load_from_the_command_line(self):
        path = self.project.path("hires.csv")
        write_hires(path, 1, ROWS)
        before = self.rows("user")
        with SmallWriter(self.project, FIRST_ID) as writer:
            done = self.project.run("load", path, "--into", "user", "--chunk-rows", "auto", "--json")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.check(writer, json.loads(done.stdout), done.stderr)
        self.assertEqual(self.rows("user"), before + ROWS)

    def test_a_load_in_a_dag(self):
        path = self.project.path("state/objects/raw/hires.csv")
        os.makedirs(os.path.dirname(path))
        write_hires(path, ROWS + 1, ROWS)
        with SmallWriter(self.project, FIRST_ID + 1_000_000) as writer:
            run, tasks = self.project.run_dag("auto", object="objects://raw/hires.csv")
        self.assertEqual(run["state"], "success", tasks["load"]["reason"])
        self.check(writer, tasks["load"]["outputs"], "")

    def test_two_loads_take_turns(self):
        """Neither asks for chunks: each is one transaction, and one waits for the other."""
        loads = []
        for name, first in (("a", 10 * ROWS), ("b", 11 * ROWS)):
            write_hires(self.project.path(name + ".csv"), first, ROWS // 10)
            loads.append(subprocess.Popen(
                [binary(), "load", name + ".csv", "--into", "user", "--json"],
                cwd=self.project.folder, env=self.project.environment, stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True))
        for load in loads:
            said, error = load.communicate()
            self.assertEqual((load.returncode, error), (0, ""))
            self.assertEqual(json.loads(said)["inserted"], ROWS // 10)


if __name__ == "__main__":
    unittest.main()

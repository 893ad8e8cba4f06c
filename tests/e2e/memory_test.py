"""Memory stays flat whatever the size of the input: RssAnon, as the kernel counts it, while rows stream."""

import os
import subprocess
import sys
import time
import unittest

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from project import Project, binary, count_of  # noqa: E402
from sample import DEPARTMENTS, JOBS  # noqa: E402

ROWS = count_of(300_000, 1_000_000)
SMALL = 50_000
LIMIT = 64 * 1024 * 1024
ANY_SIZE = 32 * 1024 * 1024  # the cache of the database fills up, and no more
PAUSE_S = 0.01
COLUMNS = "id,name,datetime,department_id,job_id"
DAG = """\
params: {object: {type: string}}
tasks:
  load: {use: csv.load, with: {from: "${{ params.object }}", table: user, truncate: true}}
"""


def is_sanitized():
    """Sanitizers have memory of their own, far beyond what is measured here."""
    with open(binary(), "rb") as file:
        return b"__asan_init" in file.read()


def anonymous_bytes(pid):
    """RssAnon of a process, 0 when it is gone."""
    try:
        with open(f"/proc/{pid}/status", encoding="ascii", errors="replace") as file:
            for line in file:
                if line.startswith("RssAnon:"):
                    return int(line.split()[1]) * 1024
    except OSError:
        pass
    return 0


def children_of(pid):
    try:
        with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
            return [int(child) for child in file.read().split()]
    except OSError:
        return []


class Memory(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.project = Project()
        cls.addClassCleanup(cls.project.__exit__)
        cls.project.init()
        cls.limit = LIMIT if not is_sanitized() else sys.maxsize
        for table, names in (("department", DEPARTMENTS), ("job", JOBS)):
            lines = "".join(f"{i},{name}\n" for i, name in enumerate(names, 1))
            cls.project.run("load", "-", "--into", table, "--columns", f"id,{table}", check=True,
                            stdin=lines.encode())
        for name, count in (("small", SMALL), ("large", ROWS)):
            path = cls.project.write(f"state/objects/in/{name}.csv", COLUMNS + "\n")
            with open(path, "a", encoding="utf-8") as file:
                for i in range(1, count + 1):
                    # one in a hundred is bad
                    job = "" if i % 100 == 0 else i % len(JOBS) + 1
                    file.write(f"{i},name {i},2021-03-04T05:06:07Z,{i % 12 + 1},{job}\n")

    def assert_flat(self, small, large):
        self.assertGreater(small, 0)
        self.assertLess(large, self.limit)
        if self.limit == LIMIT:
            self.assertLess(large - small, ANY_SIZE)

    def load(self, name):
        """The most memory that a load had, looked at a hundred times a second."""
        path = self.project.path(f"state/objects/in/{name}.csv")
        command = [binary(), "load", path, "--into", "user", "--truncate", "-q"]
        most = 0
        with subprocess.Popen(command, cwd=self.project.folder, env=self.project.environment,
                              stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL) as load:
            while load.poll() is None:
                most = max(most, anonymous_bytes(load.pid))
                time.sleep(PAUSE_S)
        self.assertEqual(load.returncode, 0)
        return most

    def test_a_load_from_the_command_line(self):
        self.assert_flat(self.load("small"), self.load("large"))
        self.assertEqual({t["table"]: t["rows"] for t in self.project.json("tables", "list")}["user"],
                         ROWS - ROWS // 100)

    def test_a_load_in_a_dag(self):
        """Of the server and its runners each."""
        self.project.dag("measured", DAG)
        self.project.start()
        self.project.wait_for_dag("measured")
        most = {}
        for name, count in (("small", SMALL), ("large", ROWS)):
            run = self.project.trigger("measured", object=f"objects://in/{name}.csv")
            while not self.project.run_of("measured", run)["ended_at"]:
                server = self.project.server.pid
                for pid in (server, *children_of(server)):
                    most[name] = max(most.get(name, 0), anonymous_bytes(pid))
                time.sleep(PAUSE_S)
            outputs = self.project.tasks_of("measured", run)["load"]["outputs"]
            self.assertEqual(outputs["rejected"], count // 100)
        self.assert_flat(most["small"], most["large"])
        self.assertEqual(self.project.stop(), 0)


if __name__ == "__main__":
    unittest.main()

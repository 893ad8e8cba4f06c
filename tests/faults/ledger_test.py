"""kill -9 of server, runners, or all of it while a DAG of 200 tasks writes a ledger.

The ledger is a file, to which each attempt of a shell task adds a line when it begins and one when it
ends, and a table, into which others load rows of their own.
"""

import collections
import contextlib
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from project import Project, count_of  # noqa: E402

LAYERS, WIDTH = 20, 10
ROWS = 5  # of a load
HEAD = """
params: {number: {type: integer}}
defaults: {retries: 3, retry_delay: 20ms}
tasks:
"""
WRITE = ("use: shell.run, with: {cwd: FOLDER, script: \"echo ${{ run.id }} NAME begin $$ >> ledger;"
         " FLAKY sleep 0.01; echo ${{ run.id }} NAME end $$ >> ledger\"}")
# fails the first time
FLAKY = "if ! test -e ${{ run.id }}.NAME; then touch ${{ run.id }}.NAME; exit 1; fi;"
LOAD = "use: csv.load, with: {from: 'objects://in/${{ params.number }}.INDEX.csv', table: job}"


def kind(number):
    return ("write", "load", "noop", "flaky")[number % 4]


def task(number, folder):
    if kind(number) == "load":
        text = LOAD.replace("INDEX", str(number))
    elif kind(number) == "noop":
        text = "use: flow.noop"
    else:
        text = WRITE.replace("FLAKY", FLAKY if kind(number) == "flaky" else "")
    text = text.replace("NAME", f"t{number}").replace("FOLDER", folder)
    above = number - WIDTH
    needs = "" if above < 0 else (
        f"needs: [t{above}, t{above // WIDTH * WIDTH + (above + 3) % WIDTH}], ")
    return f"  t{number}: {{{needs}{text}}}\n"


class Ledger(unittest.TestCase):
    def setUp(self):
        self.project = self.enterContext(Project())
        self.seed = int(os.environ.get("SEED") or random.randrange(1 << 32))
        self.random = random.Random(self.seed)
        self.project.dag("ledger", HEAD + "".join(
            task(number, self.project.folder) for number in range(LAYERS * WIDTH)))
        self.loads = [n for n in range(LAYERS * WIDTH) if kind(n) == "load"]

    def put(self, number):
        """What the loads of a run read: rows that no other has."""
        for index in self.loads:
            first = self.first_id(number, index)
            self.project.write(f"state/objects/in/{number}.{index}.csv", "id,job\n" + "".join(
                f"{i},job {i}\n" for i in range(first, first + ROWS)))

    @staticmethod
    def first_id(number, index):
        return 1 + (number * LAYERS * WIDTH + index) * ROWS

    # --- kills ---

    def runners(self):
        server = self.project.server.pid
        with open(f"/proc/{server}/task/{server}/children", encoding="ascii") as file:
            return [int(pid) for pid in file.read().split()]

    @staticmethod
    def kill_pids(pids):
        for pid in pids:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass

    def kill_runners(self):
        self.kill_pids(self.runners())

    def kill_server(self):
        self.project.kill()
        self.project.start()

    def kill_all(self):
        runners = self.runners()
        self.project.server.kill()
        self.kill_pids(runners)
        self.kill_server()

    # --- what must be so ---

    def check_run(self, number, lines):
        run_id = f"r{number}"
        run = self.project.run_of("ledger", run_id)
        tasks = self.project.tasks_of("ledger", run_id)
        self.assertEqual(len(tasks), LAYERS * WIDTH)
        for name, one in tasks.items():
            with self.subTest(run=run_id, task=name, seed=self.seed):
                self.check_attempts(run_id, name, one, lines[run_id, name])
        return run["state"] == "success"

    def check_attempts(self, run_id, name, one, lines):
        attempts = self.project.get(
            f"/v1/dags/ledger/runs/{run_id}/tasks/{name}").json()["attempts"]
        states = collections.Counter(attempt["state"] for attempt in attempts)
        self.assertEqual(states["succeeded"], one["state"] == "success")
        self.assertLessEqual(set(states), {"succeeded", "failed", "lost", "returned"})
        if kind(int(name[1:])) not in ("write", "flaky"):
            return
        self.check_lines(lines)
        self.assertLessEqual(sum(what == "begin" for what, _ in lines), len(attempts))
        ends = sum(what == "end" for what, _ in lines)
        if one["state"] == "success":
            self.assertEqual(lines[-1][0], "end")
            # whoever had ended was killed before it could say so
            self.assertLessEqual(ends, 1 + states["lost"] + states["returned"])

    def check_lines(self, lines):
        """Each attempt is over before the next one begins: none writes under an old fence."""
        current = None
        for what, pid in lines:
            if what == "begin":
                current = pid
            else:
                self.assertEqual(pid, current, f"{lines}")
                current = None

    def read_ledger(self):
        lines = collections.defaultdict(list)
        with open(self.project.path("ledger"), encoding="ascii") as file:
            for line in file:
                run, name, what, pid = line.split()
                lines[run, name].append((what, pid))
        return lines

    def check_rows(self, count):
        rows = self.project.json("tables", "head", "job", "-n", "1000000")
        ids = [row["id"] for row in rows]
        self.assertEqual(len(ids), len(set(ids)), f"a row is doubled, seed {self.seed}")
        known = set(ids)
        for number in range(count):
            tasks = self.project.tasks_of("ledger", f"r{number}")
            for index in self.loads:
                first = self.first_id(number, index)
                mine = len(known & set(range(first, first + ROWS)))
                self.assertIn(mine, (0, ROWS), f"half a load, seed {self.seed}")
                if tasks[f"t{index}"]["state"] == "success":
                    self.assertEqual(mine, ROWS, f"rows lost, seed {self.seed}")

    def check_fences(self):
        """In the rows themselves: one success per instance, under its latest fence; none open."""
        for sql in (
                "SELECT task_instance FROM attempt WHERE state = 'succeeded'"
                " GROUP BY task_instance HAVING count(*) > 1",
                "SELECT a.id FROM attempt a JOIN task_instance t ON t.id = a.task_instance"
                " WHERE a.state = 'succeeded' AND a.fence <> t.fence",
                "SELECT task_instance, fence FROM attempt GROUP BY task_instance, fence"
                " HAVING count(*) > 1",
                "SELECT id FROM attempt WHERE ended_at IS NULL"):
            self.assertEqual(self.metadata(sql), [], f"{sql}, seed {self.seed}")
        self.assertGreater(len(self.metadata("SELECT id FROM attempt")), LAYERS * WIDTH)

    def metadata(self, sql):
        if self.project.on_server:
            done = subprocess.run(["psql", "-XqtA", "-v", "ON_ERROR_STOP=1", "-d",
                                   self.project.on_server, "-c",
                                   "SET search_path = millrace, public; " + sql],
                                  check=True, capture_output=True, text=True)
            return done.stdout.splitlines()
        with contextlib.closing(sqlite3.connect(self.project.path("state/millrace.db"))) as db:
            return db.execute(sql).fetchall()

    def check_files(self):
        for name in ("millrace.db", "data.db"):
            path = self.project.path("state", name)
            if os.path.exists(path):
                with contextlib.closing(sqlite3.connect(path)) as db:
                    self.assertEqual(db.execute("PRAGMA integrity_check").fetchall(), [("ok",)])

    def test_the_ledger_is_right_whatever_is_killed(self):
        project = self.project
        kills, runs, succeeded = count_of(12, 50 if project.on_server else 200), 0, 0
        ways = (self.kill_runners, self.kill_server, self.kill_all)
        project.start()
        project.wait_for_dag("ledger")
        while kills > 0:
            self.put(runs)
            project.trigger("ledger", f"r{runs}", number=runs)
            while kills > 0 and not project.run_of("ledger", f"r{runs}")["ended_at"]:
                time.sleep(self.random.uniform(0, 0.6))
                self.random.choice(ways)()
                kills -= 1
            project.wait_run("ledger", f"r{runs}")
            runs += 1
        lines = self.read_ledger()
        for number in range(runs):
            succeeded += self.check_run(number, lines)
        self.assertGreater(succeeded, 0, f"seed {self.seed}")
        self.check_rows(runs)
        self.assertEqual(project.stop(), 0)
        self.check_fences()
        self.check_files()


if __name__ == "__main__":
    unittest.main()

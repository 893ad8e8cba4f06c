"""kill -9 of server and runners at random moments: no run lost, no row doubled, every run ends."""

import os
import random
import signal
import sys
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from project import Project, count_of  # noqa: E402

ROWS = 400
DAG = """
dag: ledger
max_active_runs: 8
params:
  object: {type: string}
  table: {type: string, default: job}
defaults: {retries: 5, retry_delay: 50ms}
tasks:
  before: {use: flow.noop}
  load:
    use: csv.load
    needs: [before]
    with: {from: "${{ params.object }}", table: "${{ params.table }}"}
  mark:
    use: shell.run
    needs: [load]
    with: {script: "echo ${{ run.id }} >> '${{ vars.ledger }}'"}
  after: {use: flow.noop, needs: [mark]}
"""


class Kills(unittest.TestCase):
    def setUp(self):
        self.project = self.enterContext(Project())
        self.seed = random.randrange(1 << 32)
        self.random = random.Random(self.seed)
        self.ledger = self.project.path("ledger")
        with open(self.project.path("millrace.yaml"), "a", encoding="utf-8") as file:
            file.write(f"\nvars: {{ledger: {self.ledger}}}\nworker: {{cancel_grace: 1s}}\n")
        self.project.dag("ledger", DAG)

    def put(self, number):
        """A file whose rows nobody else has: ids and names of their own."""
        first = 1 + number * ROWS
        text = "id,job\r\n" + "".join(f"{i},job {i}\r\n" for i in range(first, first + ROWS))
        self.project.write(f"files/{number}.csv", text)
        uri = f"objects://in/{number}.csv"
        self.project.run("objects", "cp", f"files/{number}.csv", uri, check=True)
        return uri

    def check(self, accepted):
        for run_id in accepted:
            run = self.project.wait_run("ledger", run_id)
            self.assertIn(run["state"], ("success", "failed"), f"seed {self.seed}")
        ended = {run_id: self.project.run_of("ledger", run_id)["state"] for run_id in accepted}
        stored = self.project.json("tables", "head", "job", "-n", "1000000")
        ids = [row["id"] for row in stored]
        self.assertEqual(len(ids), len(set(ids)), f"a row is doubled, seed {self.seed}")
        for number, (run_id, state) in enumerate(ended.items()):
            mine = [i for i in ids if number * ROWS < i <= (number + 1) * ROWS]
            self.assertIn(len(mine), (0, ROWS), f"half a load of {run_id}, seed {self.seed}")
            if state == "success":
                self.assertEqual(len(mine), ROWS, f"rows lost of {run_id}, seed {self.seed}")
        self.assertGreater(sum(state == "success" for state in ended.values()), 0)

    def runs_with_kills(self, kill, longest_s):
        """Triggers runs, and kill() something within `longest_s` of each trigger."""
        uris = [self.put(number) for number in range(count_of(8, 100))]
        accepted = []
        self.project.start()
        self.project.wait_for_dag("ledger")
        for number, uri in enumerate(uris):
            accepted.append(self.project.trigger("ledger", f"r{number}", object=uri))
            time.sleep(self.random.uniform(0, longest_s))
            kill()
        self.check(accepted)
        self.assertEqual(self.project.stop(), 0)

    def kill_server(self):
        self.project.kill()
        self.project.start()

    def runner_pids(self):
        server = self.project.server.pid
        with open(f"/proc/{server}/task/{server}/children", encoding="ascii") as file:
            return [int(pid) for pid in file.read().split()]

    def kill_runners(self):
        for pid in self.runner_pids():
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass

    def test_kill_of_the_server(self):
        self.runs_with_kills(self.kill_server, 0.25)

    def test_kill_of_runners(self):
        self.runs_with_kills(self.kill_runners, 0.08)


if __name__ == "__main__":
    unittest.main()

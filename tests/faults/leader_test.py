"""Who leads: a commit whose answer was lost, and a server that was replaced while it was stopped."""

import copy
import os
import re
import signal
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from processes import is_alive  # noqa: E402
from project import Project, count_of, free_port  # noqa: E402

CHAIN = "tasks:\n" + "".join(
    f"  t{i}: {{use: shell.run, {f'needs: [t{i - 1}], ' if i else ''}"
    f"with: {{script: 'echo t{i} >> LEDGER'}}}}\n" for i in range(5))
HOLD = """
defaults: {retries: 2, retry_delay: 10ms}
tasks:
  hold: {use: shell.run, with: {script: "echo $$ >> 'FOLDER/begun'; while ! test -e 'FOLDER/go'; do sleep 0.05; done"}}
  after: {use: flow.noop, needs: [hold]}
"""


class UnknownOutcome(unittest.TestCase):
    def test_a_commit_whose_answer_is_lost_counts_once(self):
        """From the first commit of a life to the last one of the run."""
        for number in range(1, count_of(8, 30)):
            with self.subTest(number=number), Project() as project:
                ledger = project.path("ledger")
                project.dag("chain", CHAIN.replace("LEDGER", ledger))
                project.start(MILLRACE_FAULT_FAILS=f"journal-answer:{number}")
                project.wait_for_dag("chain")
                run, tasks = project.run_dag("chain", "only")
                self.assertEqual(run["state"], "success", tasks)
                with open(ledger, encoding="ascii") as file:
                    self.assertEqual(file.read().split(), [f"t{i}" for i in range(5)])
                self.assertEqual({task["attempt"] for task in tasks.values()}, {1})
                project.wait(lambda: project.get("/readyz").status == 200, "/readyz is green")
                log = project.log()
                failed = len(re.findall("the answer to the commit is lost", log))
                self.assertEqual(failed, len(re.findall("is stored again", log)))
                project.kill()
                project.start()
                self.assertEqual(project.run_of("chain", "only")["state"], "success")


class Replaced(unittest.TestCase):
    """Two servers with a state directory each share one metadata database."""

    def other(self, project):
        """The same project with another state directory."""
        second = copy.copy(project)
        second.server, second.port = None, free_port()
        second.url = f"http://127.0.0.1:{second.port}"
        second.environment = {**project.environment, "MILLRACE_STATE_DIR": project.path("second")}
        self.addCleanup(second.kill)
        return second

    def begun(self, project):
        try:
            with open(project.path("begun"), encoding="ascii") as file:
                return [int(line) for line in file.read().splitlines()]
        except FileNotFoundError:
            return []

    def test_a_stopped_server_finds_another_in_its_place(self):
        with Project() as first:
            if not first.on_server:
                first.environment["MILLRACE_METADATA_URL"] = "sqlite:" + first.path("shared.db")
            first.environment["MILLRACE_WORKER_CANCEL_GRACE"] = "100ms"
            first.dag("hold", HOLD.replace("FOLDER", first.folder))
            first.start()
            first.wait_for_dag("hold")
            first.trigger("hold", "one")
            first.wait(lambda: self.begun(first) and
                       first.tasks_of("hold", "one")["hold"]["state"] == "running",
                       "the task has begun")
            stopped = first.server
            stopped.send_signal(signal.SIGSTOP)
            try:
                second = self.other(first)
                second.start()
                second.wait_for_dag("hold")
                first.wait(lambda: len(self.begun(first)) == 2, "the task has begun again")
                second.trigger("hold", "two")
                first.wait(lambda: len(self.begun(first)) == 3, "the other has begun")
            finally:
                stopped.send_signal(signal.SIGCONT)
            answer = self.ask(first)
            self.assertIn(answer, (503, None))
            self.assertEqual(stopped.wait(60), 6)
            self.assertIn("another scheduler leads on this database", first.log())
            old = self.begun(first)[0]
            self.assertFalse(is_alive(old), "what it ran is killed")
            first.write("go", "")
            for name in ("one", "two"):
                self.assertEqual(second.wait_run("hold", name)["state"], "success")
            self.assertEqual(second.get("/v1/dags/hold/runs/stale").status, 404)
            attempts = second.get("/v1/dags/hold/runs/one/tasks/hold").json()["attempts"]
            self.assertEqual([one["state"] for one in attempts], ["lost", "succeeded"])
            self.assertEqual(second.stop(), 0)

    @staticmethod
    def ask(project):
        """What the replaced one answers to a trigger."""
        try:
            return project.post("/v1/dags/hold/runs", {"run_id": "stale"}).status
        except OSError:
            return None


if __name__ == "__main__":
    unittest.main()

"""Two servers on one PostgreSQL: the second waits, and takes over when the first is gone."""

import copy
import os
import signal
import subprocess
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from processes import is_alive  # noqa: E402
from project import Project, binary, free_port  # noqa: E402

HOLD = """
defaults: {retries: 2, retry_delay: 10ms}
tasks:
  first: {use: shell.run, with: {script: "echo first >> 'FOLDER/ledger'"}}
  hold: {use: shell.run, needs: [first], with: {script: "echo $$ >> 'FOLDER/begun'; while ! test -e 'FOLDER/go'; do sleep 0.05; done"}}
  after: {use: shell.run, needs: [hold], with: {script: "echo after >> 'FOLDER/ledger'"}}
"""


class Standby(unittest.TestCase):
    def setUp(self):
        self.first = self.enterContext(Project())
        self.first.environment["MILLRACE_WORKER_CANCEL_GRACE"] = "100ms"
        self.first.dag("hold", HOLD.replace("FOLDER", self.first.folder))
        self.first.start()
        self.first.wait_for_dag("hold")
        self.second = self.stand_by("second")

    def stand_by(self, name):
        """A server of the same project with another state directory."""
        server = copy.copy(self.first)
        server.port, server.state = free_port(), name
        server.url = f"http://127.0.0.1:{server.port}"
        server.environment = {**self.first.environment,
                              "MILLRACE_STATE_DIR": self.first.path(name)}
        server.log = lambda: self.read(f"{name}.log")
        with open(self.first.path(f"{name}.log"), "ab") as log:
            server.server = subprocess.Popen(
                [binary(), "serve", "--listen", f"127.0.0.1:{server.port}"],
                cwd=server.folder, env=server.environment, stdin=subprocess.DEVNULL, stdout=log,
                stderr=log)
        self.addCleanup(server.kill)
        server.wait(lambda: "standby" in server.log(), "it stands by")
        return server

    def read(self, name):
        try:
            with open(self.first.path(name), encoding="utf-8") as file:
                return file.read()
        except FileNotFoundError:
            return ""

    def begun(self):
        return [int(line) for line in self.read("begun").split()]

    def hold(self):
        self.first.trigger("hold", "one")
        self.first.wait(lambda: self.begun() and
                        self.first.tasks_of("hold", "one")["hold"]["state"] == "running",
                        "the task has begun")

    def finish(self):
        """The run ends at the second; what had ended before is not done again."""
        self.second.wait(self.second.is_ready, "the second leads")
        self.second.wait(lambda: len(self.begun()) == 2, "the task has begun again")
        self.first.write("go", "")
        self.assertEqual(self.second.wait_run("hold", "one")["state"], "success")
        self.assertEqual(self.read("ledger").split(), ["first", "after"])
        attempts = self.second.get("/v1/dags/hold/runs/one/tasks/hold").json()["attempts"]
        self.assertEqual([one["state"] for one in attempts], ["lost", "succeeded"])

    def test_a_standby_says_so_and_takes_over_from_one_that_stops(self):
        self.assertEqual(self.second.get("/livez").status, 200)
        for path in ("/readyz", "/v1/dags", "/nothing"):
            answer = self.second.get(path)
            self.assertEqual(answer.status, 404 if path == "/nothing" else 503, path)
        answer = self.second.post("/v1/dags/hold/runs", {})
        self.assertEqual(answer.status, 503)
        self.assertIn(f"standby: 'pid {self.first.server.pid} on ", answer.json()["detail"])
        self.assertIsNotNone(answer.headers["Retry-After"])
        doctor = self.second.run("doctor")
        self.assertEqual(doctor.returncode, 0, doctor.stdout + doctor.stderr)
        self.assertIn("standby", doctor.stdout)
        third = self.stand_by("third")
        self.assertEqual(third.stop(), 0)
        self.assertEqual(self.first.stop(), 0)
        self.second.wait(self.second.is_ready, "the second leads")
        self.assertEqual(self.second.stop(), 0)

    def test_a_standby_takes_over_from_one_that_was_killed(self):
        self.hold()
        self.first.kill()
        self.finish()
        self.assertFalse(is_alive(self.begun()[0]), "what the first ran is gone")

    def test_a_killed_leader_that_starts_again_need_not_wait(self):
        self.hold()
        self.first.kill()
        self.first.start()
        self.assertNotIn("standby", self.first.log())
        self.first.write("go", "")
        self.assertEqual(self.first.wait_run("hold", "one")["state"], "success")
        self.assertEqual(self.second.get("/readyz").status, 503)

    def test_a_frozen_leader_steps_down(self):
        self.hold()
        frozen, self.first.server = self.first.server, None
        self.addCleanup(frozen.kill)
        frozen.send_signal(signal.SIGSTOP)
        try:
            self.second.wait(self.second.is_ready, "the second leads")
        finally:
            frozen.send_signal(signal.SIGCONT)
        self.assertEqual(frozen.wait(60), 6)
        self.assertIn("another scheduler leads on this database", self.first.log())
        self.assertFalse(is_alive(self.begun()[0]), "what the first ran is killed")
        self.finish()

    def test_an_idle_frozen_leader_steps_down(self):
        frozen, self.first.server = self.first.server, None
        self.addCleanup(frozen.kill)
        frozen.send_signal(signal.SIGSTOP)
        try:
            self.second.wait(self.second.is_ready, "the second leads")
        finally:
            frozen.send_signal(signal.SIGCONT)
        self.assertEqual(frozen.wait(60), 6)


if __name__ == "__main__":
    unittest.main()

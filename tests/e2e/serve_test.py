"""`millrace serve` and its neighbours: starting, stopping, going on, being interrupted."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from project import Project, binary, free_port  # noqa: E402

# `a` waits until the file `go` is there
WORK = """\
tasks:
  a: {use: shell.run, with: {script: "echo begun; until test -e go; do sleep 0.01; done", cwd: "%s"}}
  b: {use: flow.noop, needs: [a]}
"""
BAD_SETTINGS = """\
listn: 127.0.0.1:1
shutdown_grace: soon
worker: {runners: -1, cancel_grace: 5parsecs}
log: {level: loud}
"""
BAD_TABLE = """\
table: pet
columns:
  - {name: name, typ: string}
  - {name: kind, type: strin}
  - {name: owner, references: usr}
"""


class ServeTest(unittest.TestCase):
    def setUp(self):
        self.project = self.enterContext(Project())

    def start(self, **environment):
        self.project.dag("work", WORK % self.project.folder)
        self.project.start(**environment)
        self.project.wait_for_dag("work")

    def go(self):
        self.project.write("go", "")

    def trigger_and_wait_for_a(self):
        run = self.project.trigger("work")
        self.project.wait(lambda: self.project.tasks_of("work", run)["a"]["log_bytes"], "a has begun")
        return run

    def serve(self, *arguments, **environment):
        """A server that is not expected to stay."""
        return self.project.run("serve", *arguments, timeout=60, **environment)

    def interrupt(self, *arguments, ready=None, says=None, stdin=b""):
        """SIGINT once ready(), or once it says this, or waits for it: its status and all it said."""
        process = subprocess.Popen([binary(), *arguments], cwd=self.project.folder,
                                   env=self.project.environment, stdin=subprocess.PIPE,
                                   stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        try:
            process.stdin.write(stdin)
            process.stdin.flush()
            said = process.stdout.readline() if says else b""
            self.project.wait(lambda: ready() if ready else says or is_waiting(process.pid),
                              "it can be interrupted")
            process.send_signal(signal.SIGINT)
            said += process.communicate(timeout=60)[0]
        finally:
            process.kill()
            process.wait()
        return process.returncode, said.decode()


def is_waiting(pid):
    """Whether a process sleeps and has a handler for SIGINT."""
    with open(f"/proc/{pid}/status", encoding="ascii", errors="replace") as file:
        status = dict(line.split(":", 1) for line in file.read().splitlines())
    handles = int(status["SigCgt"], 16) >> (signal.SIGINT - 1) & 1
    return handles and status["State"].split()[0] == "S"


class Starting(ServeTest):
    def test_a_second_server_is_refused_and_told_of_the_first(self):
        self.start()
        done = self.serve("--listen", f"127.0.0.1:{free_port()}")
        self.assertEqual(done.returncode, 6, done.stderr)
        self.assertIn(f"in use by the server of pid {self.project.server.pid}", done.stderr)
        self.assertEqual(self.project.get("/readyz").status, 200)
        self.go()
        self.assertEqual(self.project.run_dag("work")[0]["state"], "success")

    def test_a_taken_port_is_said(self):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            port = taken.getsockname()[1]
            done = self.serve("--listen", f"127.0.0.1:{port}")
        self.assertEqual(done.returncode, 6, done.stderr)
        self.assertIn(f"could not listen on '127.0.0.1' port {port}: address already in use",
                      done.stderr)

    def test_an_open_address_needs_a_key(self):
        done = self.serve("--listen", f"0.0.0.0:{free_port()}")
        self.assertEqual(done.returncode, 4, done.stderr)
        self.assertIn("set a key (APIKEY), or say `auth: none`", done.stderr)

    def test_a_key_is_asked_for(self):
        self.project.start(APIKEY="open sesame")
        self.assertEqual(self.project.get("/v1/dags").status, 401)
        self.assertEqual(self.project.get("/livez").status, 200)
        answer = self.project.request("GET", "/v1/dags", headers={"X-API-Key": "open sesame"})
        self.assertEqual(answer.status, 200)
        done = self.project.run("dags", "list", APIKEY="open sesame")
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_wrong_settings_are_told_all_at_once(self):
        # making the project's tables may have left one
        shutil.rmtree(self.project.path("state"), ignore_errors=True)
        self.project.write("millrace.yaml", BAD_SETTINGS)
        done = self.serve(MILLRACE_LISTN="x", MILLRACE_API_THREADS="many")
        self.assertEqual(done.returncode, 3, done.stderr)
        for text in ("millrace.yaml:1:1: unknown setting 'listn', did you mean 'listen'?",
                     "millrace.yaml:2:17: ", "millrace.yaml:3:19: ", "5parsecs", "loud",
                     "MILLRACE_LISTN", "MILLRACE_API_THREADS"):
            self.assertIn(text, done.stderr)
        self.assertFalse(os.path.exists(self.project.path("state", "lock")))

    def test_a_wrong_catalog_stops_the_start_with_all_faults(self):
        self.project.write("catalog/pet.yaml", BAD_TABLE)
        self.project.write("catalog/reports/odd.yaml", "report: odd\nsqll: select 1\n")
        done = self.serve()
        self.assertEqual(done.returncode, 3, done.stderr)
        for text in ("pet.yaml:3:18: ", "pet.yaml:4:24: ", "pet.yaml:5:31: ", "did you mean 'string'?",
                     "odd.yaml:2:1: "):
            self.assertIn(text, done.stderr)
        self.assertIn("  - {name: kind, type: strin}\n", done.stderr)

    def test_a_socket_that_a_killed_server_left_is_no_server(self):
        self.start()
        self.project.kill()
        self.assertTrue(os.path.exists(self.project.path("state/millrace.sock")))
        done = self.project.run("dags", "list")
        self.assertEqual(done.returncode, 7)
        self.assertIn("start one with 'millrace serve'", done.stderr)
        self.project.start()
        self.assertIn("work", [dag["dag"] for dag in self.project.json("dags", "list")])

    def test_a_state_folder_with_a_long_name(self):
        """Longer than the name of a socket may be."""
        state = self.project.path("x" * 120)
        if not os.path.isdir(f"/run/user/{os.getuid()}"):
            done = self.serve(MILLRACE_STATE_DIR=state)
            self.assertIn(f"/run/user/{os.getuid()}", done.stderr)
            return
        self.project.environment["MILLRACE_STATE_DIR"] = state
        self.start()
        self.assertIn("work", [dag["dag"] for dag in self.project.json("dags", "list")])


class Stopping(ServeTest):
    def test_what_runs_may_end_and_the_rest_goes_on_after_the_restart(self):
        self.start()
        run = self.trigger_and_wait_for_a()
        self.project.server.send_signal(signal.SIGTERM)
        self.project.wait(lambda: "finishing what runs" in self.project.log(), "it drains")
        self.go()
        self.assertEqual(self.project.server.wait(60), 0)
        self.project.start()
        ended = self.project.wait_run("work", run)
        tasks = self.project.tasks_of("work", run)
        self.assertEqual((ended["state"], tasks["a"]["state"], tasks["b"]["state"]),
                         ("success", "success", "success"))
        attempts = self.project.get(f"/v1/dags/work/runs/{run}/tasks/a").json()["attempts"]
        self.assertEqual([attempt["state"] for attempt in attempts], ["succeeded"])

    def test_what_does_not_end_in_time_is_done_again(self):
        self.start(MILLRACE_SHUTDOWN_GRACE="100ms")
        run = self.trigger_and_wait_for_a()
        self.assertEqual(self.project.stop(), 0)
        self.go()
        self.project.start()
        self.assertEqual(self.project.wait_run("work", run)["state"], "success")
        attempts = self.project.get(f"/v1/dags/work/runs/{run}/tasks/a").json()["attempts"]
        self.assertEqual([attempt["state"] for attempt in attempts], ["lost", "succeeded"])

    def test_a_second_signal_ends_it_at_once(self):
        self.start()
        run = self.trigger_and_wait_for_a()
        self.project.server.send_signal(signal.SIGTERM)
        self.project.wait(lambda: "finishing what runs" in self.project.log(), "it drains")
        self.project.server.send_signal(signal.SIGTERM)
        self.assertEqual(self.project.server.wait(60), 0)
        self.go()
        self.project.start()
        self.assertEqual(self.project.wait_run("work", run)["state"], "success")

    def test_no_new_run_while_it_drains(self):
        self.start(MILLRACE_DRAIN_DELAY="60s")
        self.trigger_and_wait_for_a()
        self.project.server.send_signal(signal.SIGTERM)
        self.project.wait(lambda: self.project.get("/readyz").status == 503, "/readyz is red")
        answer = self.project.post("/v1/dags/work/runs", {})
        self.assertEqual((answer.status, answer.json()["code"]), (503, "draining"))
        self.go()
        self.project.server.send_signal(signal.SIGTERM)
        self.project.server.wait(60)


class Interrupting(ServeTest):
    def begun(self):
        runs = self.project.get("/v1/dags/work/runs").json()
        return bool(runs) and self.project.tasks_of("work", runs[0]["run_id"])["a"]["log_bytes"]

    def test_following_ends_and_the_run_goes_on(self):
        self.start()
        status, said = self.interrupt("dags", "trigger", "work", "--follow", ready=self.begun)
        self.assertEqual(status, 130, said)
        (run,) = self.project.get("/v1/dags/work/runs").json()
        self.assertEqual(run["state"], "running")
        name = f"work/{run['run_id']}"
        status, said = self.interrupt("runs", "wait", name)
        self.assertEqual(status, 130, said)
        status, said = self.interrupt("runs", "logs", name, "a", "--follow", says="begun")
        self.assertEqual(status, 130, said)
        self.assertEqual(self.project.run_of("work", run["run_id"])["state"], "running")
        self.go()
        self.assertEqual(self.project.wait_run("work", run["run_id"])["state"], "success")

    def test_a_wait_times_out(self):
        self.start()
        run = self.trigger_and_wait_for_a()
        done = self.project.run("runs", "wait", f"work/{run}", "--timeout", "50ms")
        self.assertEqual(done.returncode, 124, done.stderr)
        done = self.project.run("dags", "trigger", "work", "--wait", "--timeout", "50ms")
        self.assertEqual(done.returncode, 124, done.stderr)
        self.go()
        self.assertEqual(self.project.wait_run("work", run)["state"], "success")

    def test_a_load_is_cancelled_and_says_what_was_kept(self):
        self.project.run("tables", "migrate", check=True)
        rows = b"id,job\n" + b"".join(b"%d,job %d\n" % (i, i) for i in range(1, 50_000))
        status, said = self.interrupt("load", "-", "--into", "job", stdin=rows)
        self.assertEqual(status, 130, said)
        self.assertIn("cancelled", said)
        self.assertIn("nothing was stored", said)
        self.assertEqual(self.project.json("tables", "head", "job"), [])

    def test_a_dag_under_test_is_cancelled(self):
        self.project.write("slow.yaml", "tasks: {a: {use: shell.run, with: {script: "
                           f"'touch {self.project.folder}/begun; exec sleep 600'}}}}}}\n")
        status, said = self.interrupt("dags", "test", "slow.yaml",
                                      ready=lambda: os.path.exists(self.project.path("begun")))
        self.assertEqual(status, 130, said)
        self.assertIn("interrupted; what tasks have stored stays", said)


if __name__ == "__main__":
    unittest.main()

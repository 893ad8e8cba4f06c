"""Logs of attempts: followed while they are written, cut, kept, uploaded and found again."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from project import Project, binary  # noqa: E402

# two tasks that take turns: each waits for the file of the other
TURNS = """\
tasks:
  a: {use: shell.run, fresh_process: true, with: {script: "echo one; touch $D/a1; until [ -e $D/b1 ]; do sleep 0.01; done; printf three", env: {D: "%s"}}}
  b: {use: shell.run, fresh_process: true, with: {script: "until [ -e $D/go ]; do sleep 0.01; done; echo two; touch $D/b1; echo four", env: {D: "%s"}}}
"""
HELD = """\
tasks:
  a: {use: shell.run, with: {script: "until [ -e $D/go ]; do sleep 0.01; done; echo done", env: {D: "%s"}}}
"""
FLOOD = """\
tasks: {a: {use: shell.run, with: {script: "echo first; head -c 100000 /dev/zero | tr '\\\\0' x; echo; echo last"}}}
"""
RETRY = """\
tasks: {a: {use: shell.run, retries: 1, retry_delay: 0s, with: {script: "echo try $N; exit 1", env: {N: "x"}}}}
"""
MAPPED = """\
tasks:
  a: {use: shell.run, map: [red, blue], with: {argv: [echo, "it is ${{ item }}"]}}
"""


class Logs(unittest.TestCase):
    def setUp(self):
        self.project = self.enterContext(Project())

    def start(self, **environment):
        folder = self.project.folder
        for name, text in (("turns", TURNS % (folder, folder)), ("held", HELD % folder),
                           ("flood", FLOOD), ("retry", RETRY), ("mapped", MAPPED)):
            self.project.dag(name, text)
        self.project.start(**environment)
        self.project.wait_for_dag("turns")

    def follow(self, *arguments):
        return subprocess.Popen([binary(), "runs", "logs", *arguments, "-f"],
                                cwd=self.project.folder, env=self.project.environment,
                                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, text=True)

    def go(self):
        self.project.write("go", "")

    def log_of(self, dag, run, task, attempt=1):
        return self.project.path("state", "logs", f"dag={dag}", f"run={run}", f"task={task}",
                                 f"attempt={attempt}.log")

    def test_a_run_is_followed_line_by_line(self):
        self.start()
        self.project.trigger("turns", "r")
        following = self.follow("turns/r")
        self.assertEqual(following.stdout.readline(), f"{'a':16} | one\n")
        self.go()
        out, said = following.communicate(timeout=60)
        self.assertEqual(sorted(out.splitlines()),
                         [f"{'a':16} | three", f"{'b':16} | four", f"{'b':16} | two"])
        self.assertEqual((following.returncode, said), (0, ""))

    def test_without_following_the_logs_stand_in_order(self):
        self.start()
        self.go()
        self.project.run_dag("turns", "r")
        done = self.project.run("runs", "logs", "turns/r", check=True)
        self.assertEqual(done.stdout, "one\nthreetwo\nfour\n")
        self.assertEqual(done.stderr, "--- a\n--- b\n")
        self.project.run_dag("mapped", "r")
        out = self.follow("mapped/r").communicate(timeout=60)[0]
        self.assertEqual(sorted(out.splitlines()),
                         [f"{'a[0]':16} | it is red", f"{'a[1]':16} | it is blue"])

    def test_one_task_is_followed_from_before_it_begins(self):
        self.start()
        self.project.trigger("held", "r")
        following = self.follow("held/r", "a")
        self.go()
        self.assertEqual(following.communicate(timeout=60), ("done\n", ""))
        self.assertEqual(following.returncode, 0)
        self.assertEqual(self.project.run("runs", "logs", "held/r", "b", "-f").returncode, 5)

    def test_every_attempt_is_shown_and_a_failure_is_exit_3(self):
        self.start()
        self.project.run_dag("retry", "r")
        following = self.follow("retry/r")
        out, said = following.communicate(timeout=60)
        self.assertEqual(out, f"{'a':16} | try x\n" * 2)
        self.assertEqual(said, "--- a, attempt 2\n")
        self.assertEqual(following.returncode, 3)

    def test_an_interrupt_ends_the_following_not_the_run(self):
        self.start()
        self.project.trigger("turns", "r")
        following = self.follow("turns/r")
        following.stdout.readline()
        following.send_signal(signal.SIGINT)
        said = following.communicate(timeout=60)[1]
        self.assertEqual(following.returncode, 130, said)
        self.assertIn("the run goes on", said)
        self.assertEqual(self.project.run_of("turns", "r")["state"], "running")
        self.go()

    def test_the_head_comes_before_the_first_byte(self):
        self.start()
        self.project.trigger("held", "r")
        self.project.wait(lambda: self.project.tasks_of("held", "r")["a"]["state"] == "running",
                          "the task runs")
        with socket.create_connection(("127.0.0.1", self.project.port), 60) as client:
            client.sendall(b"GET /v1/dags/held/runs/r/tasks/a/logs/1?follow=1 HTTP/1.1\r\n"
                           b"Host: x\r\nConnection: close\r\n\r\n")
            got = b""
            while b"\r\n\r\n" not in got:
                piece = client.recv(4096)
                self.assertTrue(piece)
                got += piece
            self.assertTrue(got.startswith(b"HTTP/1.1 200 "), got)
            self.assertTrue(got.endswith(b"\r\n\r\n"), got)
            self.go()
            while piece:
                piece = client.recv(4096)
                got += piece
            self.assertTrue(got.endswith(b"5\r\ndone\n\r\n0\r\n\r\n"), got)

    def test_a_long_log_keeps_its_beginning_and_says_so(self):
        self.start(MILLRACE_LOGS_MAX_SIZE="4KiB")
        self.project.run_dag("flood", "r")
        with open(self.log_of("flood", "r", "a"), encoding="utf-8") as file:
            text = file.read()
        self.assertTrue(text.startswith("first\nxxx"))
        self.assertTrue(text.endswith("xxx\n[the log is cut here, at 4096 bytes]\n"))
        self.assertLess(len(text), 4200)

    def test_an_uploaded_log_is_found_when_its_file_is_gone(self):
        self.start(MILLRACE_LOGS_UPLOAD="objects://logs/here")
        self.project.run_dag("retry", "r")
        names = [f"here/dag=retry/run=r/task=a/attempt={n}.log" for n in (1, 2)]
        self.project.wait(lambda: self.project.log().count("sent kind=log") == 2,
                          "the logs are uploaded")
        self.assertEqual([row["key"] for row in self.project.json(
            "objects", "ls", "objects://logs/")], names)
        self.project.kill()
        shutil.rmtree(self.project.path("state", "logs"))
        self.project.start(MILLRACE_LOGS_UPLOAD="objects://logs/here/")
        path = "/v1/dags/retry/runs/r/tasks/a/logs/"
        for query in ("", "?follow=1"):
            self.assertEqual(self.project.get(path + "2" + query).body, "try x\n")
        self.assertEqual(self.project.get(path + "1?offset=4").body, "x\n")
        self.assertEqual(self.project.tasks_of("retry", "r")["a"]["log_bytes"], 6)

    def test_an_upload_that_fails_fails_no_run(self):
        self.project.write("blocked", "no folder")
        self.start(MILLRACE_LOGS_UPLOAD="objects://logs/here",
                   MILLRACE_OBJECTS_URL="dir:" + self.project.path("blocked"))
        self.go()
        run, _ = self.project.run_dag("held", "r")
        self.assertEqual(run["state"], "success")
        self.project.wait(lambda: "trying again kind=log" in self.project.log(), "a warning")
        os.remove(self.project.path("blocked"))
        self.project.wait(lambda: "sent kind=log" in self.project.log(), "the upload")
        done = self.project.run("objects", "cat",
                                "objects://logs/here/dag=held/run=r/task=a/attempt=1.log",
                                MILLRACE_OBJECTS_URL="dir:" + self.project.path("blocked"))
        self.assertEqual(done.stdout, "done\n")

    def test_a_place_for_logs_that_is_none_is_refused(self):
        done = self.project.run("serve", MILLRACE_LOGS_UPLOAD="nowhere://x/y")
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("logs.upload", done.stderr)

    def test_a_log_outlives_the_server(self):
        self.start()
        self.project.trigger("turns", "r")
        self.project.wait(lambda: os.path.exists(self.project.path("a1")), "the first line")
        self.project.wait(
            lambda: self.project.tasks_of("turns", "r")["a"]["log_bytes"], "it is in the log")
        self.project.kill()
        self.go()
        self.project.start()
        self.project.wait_run("turns", "r")
        # the runner that lost its server may add that it killed the script
        log = self.project.get("/v1/dags/turns/runs/r/tasks/a/logs/1").body
        self.assertTrue(log.startswith("one\n"), log)
        tasks = self.project.get("/v1/dags/turns/runs/r/tasks/a").json()
        self.assertEqual([attempt["state"] for attempt in tasks["attempts"]],
                         ["lost", "succeeded"])


if __name__ == "__main__":
    unittest.main()

"""What a task started is gone when the task has ended, whatever it did to stay."""

import os
import signal
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from processes import is_alive  # noqa: E402
from project import Project, ProjectTest  # noqa: E402

# Ignores every signal it can; so do a child, one in another session, and a daemon (double fork).
STUBBORN = """\
import os, signal, sys, time

def stay(name):
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGPIPE):
        signal.signal(number, signal.SIG_IGN)
    with open(f"{name}.new", "w") as file:
        file.write(str(os.getpid()))
    os.rename(f"{name}.new", f"{name}.pid")
    while True:
        time.sleep(600)

folder = sys.argv[1]
os.makedirs(folder)
os.chdir(folder)
if os.fork() == 0:
    stay("child")
if os.fork() == 0:
    os.setsid()
    stay("session")
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        devnull = os.open(os.devnull, os.O_RDWR)
        for fd in (0, 1, 2):
            os.dup2(devnull, fd)
        stay("daemon")
    os._exit(0)
if len(sys.argv) > 2:
    while not all(os.path.exists(f"{name}.pid") for name in ("child", "session", "daemon")):
        time.sleep(0.01)
    sys.exit(int(sys.argv[2]))
stay("self")
"""

DAG = """\
params: {folder: {type: string}}
TIMEOUT
tasks:
  hold: {use: shell.run, KEYS with: {argv: [ARGV], cwd: FOLDER}}
"""
KINDS = ("child", "session", "daemon", "self")


def write_project(project):
    project.write("stubborn.py", STUBBORN)
    with open(project.path("millrace.yaml"), "a", encoding="utf-8") as file:
        file.write("\nworker: {cancel_grace: 100ms}\nshutdown_grace: 100ms\n")
    stay = f'python3, {project.path("stubborn.py")}, "${{{{ params.folder }}}}"'
    for name, timeout, keys, argv in (
            ("plain", "", "", stay), ("slow", "", "timeout: 2s,", stay),
            ("whole", "timeout: 2s", "", stay), ("ends", "", "", stay + ', "0"'),
            ("fails", "", "", stay + ', "1"')):
        project.dag(name, DAG.replace("TIMEOUT", timeout).replace("KEYS", keys)
                    .replace("ARGV", argv).replace("FOLDER", project.folder))


def begin(project, dag, kinds=KINDS):
    """A run whose processes are all there: its id and their pids."""
    folder = project.path(f"{dag}-{len(os.listdir(project.folder))}")
    run = project.trigger(dag, folder=folder)
    project.wait(lambda: all(os.path.exists(f"{folder}/{kind}.pid") for kind in kinds),
                 "all processes have begun")
    pids = []
    for kind in kinds:
        with open(f"{folder}/{kind}.pid", encoding="utf-8") as file:
            pids.append(int(file.read()))
    return run, pids


class Killed(ProjectTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        write_project(cls.project)
        cls.project.start()
        cls.project.wait_for_dag("whole")

    def check_end(self, dag, run, pids, state, reason):
        ended = self.project.wait_run(dag, run)
        self.assertEqual([pid for pid in pids if is_alive(pid)], [])
        task = self.project.tasks_of(dag, run)["hold"]
        self.assertEqual((ended["state"], task["state"]), state)
        self.assertIn(reason, task["reason"] or "")

    def patch(self, path, state):
        answer = self.project.request("PATCH", f"/v1/dags/plain/runs/{path}", {"state": state})
        self.assertEqual(answer.status, 200, answer.body)

    def test_a_cancelled_run_leaves_nothing(self):
        run, pids = begin(self.project, "plain")
        self.patch(run, "cancelled")
        self.check_end("plain", run, pids, ("cancelled", "cancelled"), "cancelled")

    def test_a_cancelled_task_leaves_nothing(self):
        run, pids = begin(self.project, "plain")
        self.patch(run + "/tasks/hold", "cancelled")
        self.check_end("plain", run, pids, ("cancelled", "cancelled"), "cancelled")

    def test_a_task_that_times_out_leaves_nothing(self):
        run, pids = begin(self.project, "slow")
        self.check_end("slow", run, pids, ("failed", "failed"), "timed out after 2 s")

    def test_a_run_that_times_out_leaves_nothing(self):
        run, pids = begin(self.project, "whole")
        self.check_end("whole", run, pids, ("failed", "cancelled"), "the run timed out")

    def test_a_task_that_ends_leaves_nothing(self):
        for dag, state in (("ends", "success"), ("fails", "failed")):
            run, pids = begin(self.project, dag, ("child", "session", "daemon"))
            self.check_end(dag, run, pids, (state, state), "")

    def test_a_cleared_task_leaves_nothing_of_its_first_attempt(self):
        run, pids = begin(self.project, "plain")
        answer = self.project.post(f"/v1/dags/plain/runs/{run}/clear", {})
        self.assertEqual(answer.status, 200, answer.body)
        # its folder exists, so the second attempt fails at once
        self.check_end("plain", run, pids, ("failed", "failed"), "")
        task = self.project.get(f"/v1/dags/plain/runs/{run}/tasks/hold").json()
        self.assertEqual([one["state"] for one in task["attempts"]], ["cancelled", "failed"])

    def test_a_stopped_runner_falls_to_sigkill(self):
        run, pids = begin(self.project, "plain")
        task = self.project.get(f"/v1/dags/plain/runs/{run}/tasks/hold").json()
        os.kill(task["attempts"][0]["pid"], signal.SIGSTOP)
        self.patch(run, "cancelled")
        ended = self.project.wait_run("plain", run)
        self.assertEqual(ended["state"], "cancelled")
        self.project.wait(lambda: not any(is_alive(pid) for pid in pids), "all of it is gone")


class Server(unittest.TestCase):
    """The server ends, in good order or not: nothing of its tasks stays."""

    def test_in_good_order(self):
        with Project() as project:
            write_project(project)
            project.start()
            project.wait_for_dag("plain")
            _, pids = begin(project, "plain")
            project.stop()
            project.wait(lambda: not any(is_alive(pid) for pid in pids), "all of it is gone")

    def test_killed(self):
        with Project() as project:
            write_project(project)
            project.start()
            project.wait_for_dag("plain")
            run, pids = begin(project, "plain")
            project.kill()
            project.wait(lambda: not any(is_alive(pid) for pid in pids), "all of it is gone")
            project.start()
            self.assertEqual(project.wait_run("plain", run)["state"], "failed")
            task = project.get(f"/v1/dags/plain/runs/{run}/tasks/hold").json()
            self.assertEqual([one["state"] for one in task["attempts"]], ["lost", "failed"])


if __name__ == "__main__":
    unittest.main()

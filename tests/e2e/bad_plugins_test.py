"""Plugins that misbehave, in a server: the run shows what happened, the server lives, nothing survives."""

import os
import shutil
import signal
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from processes import is_alive  # noqa: E402
from project import Project, binary  # noqa: E402

BAD_PLUGINS = os.environ.get("BAD_PLUGINS",
                             os.path.join(os.path.dirname(binary()), "tests/plugins/bad"))
LOG_CAP = 100 * 1024

# What each operator of the plugin `bad` ends as: state, a part of the reason, a part of the log.
ENDS = {
    "crash": ("failed", "killed by signal 11 (Segmentation fault)", "about to crash"),
    "exit_zero": ("failed", "exited with status 0 in the middle of the task", "good bye"),
    "fork_and_crash": ("failed", "killed by signal 11 (Segmentation fault)", None),
    "leak_fds": ("success", None, None),
    "leak_memory": ("success", None, None),
    "leave_thread": ("success", None, None),
    "leave_process": ("success", None, "that the task left behind"),
    "leave_group": ("success", None, "that the task left behind"),
    "close_fds": ("success", None, "closed what there was"),
    "close_stdout": ("success", None, None),
    "speak_wire": ("failed", "it failed and did not say why", '{"type":"finished","attempt":1}'),
    "undeclared_param": ("failed", "parameter 'colour' is not declared by operator",
                         "the plugin broke the contract"),
    "wrong_type": ("failed", "parameter 'text' is declared as text", "broke the contract"),
    "undeclared_output": ("failed", "'colour' is not declared", "broke the contract"),
    "null_pointer": ("failed", "the name is NULL", "broke the contract"),
    "null_task": ("failed", "killed by signal 6 (Aborted)", "the task is NULL"),
    "closed_handle": ("failed", "the object was closed before", "broke the contract"),
    "other_thread": ("failed", "was called from another thread", "broke the contract"),
    "no_status": ("failed", "it returned 77, which is no status", None),
    "cancelled_by_nobody": ("failed", "though nobody cancelled it", None),
    "big_output": ("failed", "over the limit of 65536 bytes", None),
    "odd_text": ("failed", "????", None),
    "later": ("failed", "restore_open() is not available in this version", None),
}
# Files that cannot be used at all, and what is said of them.
UNUSABLE = {
    "old_abi": "built for plugin ABI 0.9, this Millrace has 1.0: build it again",
    "new_abi": "built for plugin ABI 1.99, this Millrace has 1.0: update Millrace",
    "next_abi": "built for plugin ABI 2.0, this Millrace has 1.0: update Millrace",
    "wrong_size": "struct sizes do not belong to plugin ABI 1.0",
    "wrong_name": "it calls itself 'other': the file must be 'other.so'",
    "no_entry": "it has no mr_plugin_entry()",
    "bad_fallback": "the fallback of parameter 'count' is not of type int",
    "crash_entry": "the plugin crashed while it was described",
}
ENDLESS = "tasks: {t: {use: bad.%s, timeout: 200ms}}\n"
RETRIED = "tasks: {t: {use: bad.crash, retries: 2, retry_delay: 10ms}}\n"
AMONG_OTHERS = ("tasks:\n  bad: {use: bad.crash}\n  after: {use: flow.noop, needs: [bad]}\n"
                "  anyway: {use: flow.noop, needs: [bad], trigger_rule: all_done}\n"
                + "".join(f"  good{i}: {{use: good.noop}}\n" for i in range(50)))


def processes_in(folder):
    """The ids of all processes whose working directory is the folder or below."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            if os.readlink(f"/proc/{pid}/cwd").startswith(folder):
                found.append(int(pid))
        except OSError:
            continue  # gone, or not ours
    return found


class BadPlugins(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.project = Project(MILLRACE_WORKER_CANCEL_GRACE="100ms",
                              MILLRACE_LOGS_MAX_SIZE=str(LOG_CAP))
        cls.addClassCleanup(cls.project.__exit__)
        cls.project.init()
        for name in ("bad", "good", *UNUSABLE):
            shutil.copy(os.path.join(BAD_PLUGINS, name + ".so"), cls.project.path("plugins"))
        for name in (*ENDS, "flood"):
            cls.project.dag(name, f"tasks: {{t: {{use: bad.{name}}}}}\n")
        for name in ("hang", "polite", "wait_for_child"):
            cls.project.dag(name, ENDLESS % name)
        for name in UNUSABLE:
            cls.project.dag(name, f"tasks: {{t: {{use: {name}.run}}}}\n")
        cls.project.dag("retried", RETRIED)
        cls.project.dag("among_others", AMONG_OTHERS)
        cls.project.start()
        cls.project.wait_for_dag("wrong_size")

    def setUp(self):
        self.pid = self.project.server.pid

    def tearDown(self):
        self.assertIsNone(self.project.server.poll(), self.project.log()[-2000:])
        self.assertEqual(self.project.get("/readyz").status, 200)
        self.assertEqual(self.project.server.pid, self.pid)

    def run_it(self, dag):
        run, tasks = self.project.run_dag(dag)
        return run, tasks["t"]

    def log_of(self, dag, run, attempt=1):
        answer = self.project.get(f"/v1/dags/{dag}/runs/{run['run_id']}/tasks/t/logs/{attempt}")
        self.assertEqual(answer.status, 200, answer.body)
        return answer.body

    def test_the_run_shows_how_each_ended(self):
        for name, (state, reason, log) in ENDS.items():
            with self.subTest(name):
                run, task = self.run_it(name)
                self.assertEqual((run["state"], task["state"]), (state, state), task["reason"])
                if reason:
                    self.assertIn(reason, task["reason"])
                else:
                    self.assertIsNone(task["reason"])
                if log:
                    text = self.log_of(name, run)
                    self.assertIn(log, text)
                    self.assertEqual(task["log_bytes"], len(text.encode()))

    def test_what_a_task_leaves_behind_is_killed_before_it_ends(self):
        for name in ("leave_process", "leave_group"):
            _, task = self.run_it(name)
            self.assertFalse(is_alive(task["outputs"]["pid"]), name)

    def test_one_that_hangs_is_killed_after_its_timeout(self):
        """It ignores SIGTERM, flag and descriptor."""
        run, task = self.run_it("hang")
        self.assertEqual((run["state"], task["state"]), ("failed", "failed"))
        self.assertIn("timed out after 200 ms", task["reason"])

    def test_one_that_looks_ends_at_its_timeout(self):
        for name in ("polite", "wait_for_child"):
            _, task = self.run_it(name)
            self.assertEqual(task["state"], "failed", name)
            self.assertIn("timed out after 200 ms", task["reason"])

    def test_a_flood_is_cut(self):
        run, task = self.run_it("flood")
        self.assertEqual(task["state"], "success")
        text = self.log_of("flood", run)
        self.assertEqual(len(text), task["log_bytes"])
        self.assertLess(len(text), LOG_CAP + 100)
        self.assertTrue(text.endswith(f"\n[the log is cut here, at {LOG_CAP} bytes]\n"))

    def test_a_crash_is_tried_again_while_retries_last(self):
        run, task = self.run_it("retried")
        self.assertEqual((task["state"], task["attempt"]), ("failed", 3))
        for attempt in (1, 2, 3):
            self.assertIn("about to crash", self.log_of("retried", run, attempt))
        answer = self.project.get(f"/v1/dags/retried/runs/{run['run_id']}/tasks/t")
        attempts = answer.json()["attempts"]
        self.assertEqual([(a["number"], a["state"]) for a in attempts],
                         [(1, "failed"), (2, "failed"), (3, "failed")])
        self.assertTrue(all("Segmentation fault" in a["reason"] for a in attempts))

    def test_a_crash_costs_the_others_nothing(self):
        run, tasks = self.project.run_dag("among_others")
        self.assertEqual(run["counts"], {"success": 51, "failed": 1, "upstream_failed": 1})
        self.assertEqual(tasks["after"]["state"], "upstream_failed")
        self.assertEqual(tasks["anyway"]["state"], "success")

    def test_files_that_cannot_be_used_are_faults_of_the_dags_that_use_them(self):
        dags = {dag["dag"]: dag for dag in self.project.get("/v1/dags").json()}
        for name, text in UNUSABLE.items():
            (error,) = dags[name]["errors"]
            self.assertIn(text, error["text"])
            self.assertEqual((error["line"], error["column"]), (1, 18))
            self.assertEqual(self.project.post(f"/v1/dags/{name}/runs", {}).status, 409)
            self.assertIn(text, self.project.log())
        plugins = {plugin["plugin"]: plugin for plugin in self.project.json("plugins", "list")}
        self.assertNotIn("error", plugins["bad"])
        for name, text in UNUSABLE.items():
            self.assertIn(text, plugins[name]["error"])


class Afterwards(unittest.TestCase):
    def test_nothing_survives_the_server(self):
        with Project(MILLRACE_WORKER_CANCEL_GRACE="100ms", MILLRACE_SHUTDOWN_GRACE="200ms") as project:
            shutil.copy(os.path.join(BAD_PLUGINS, "bad.so"), project.path("plugins"))
            names = ("hang", "wait_for_child", "fork_and_crash", "leave_group", "leave_thread")
            for name in names:
                project.dag(name, f"tasks: {{t: {{use: bad.{name}}}}}\n")
            project.start()
            project.wait_for_dag("wait_for_child")
            for name in ("fork_and_crash", "leave_group", "leave_thread"):
                project.run_dag(name)
            runs = {name: project.trigger(name) for name in ("hang", "wait_for_child")}
            for name, run in runs.items():
                project.wait(lambda: project.tasks_of(name, run)["t"]["state"] == "running",
                             f"{name} runs")
            self.assertGreaterEqual(len(processes_in(project.folder)), 4)
            project.server.send_signal(signal.SIGTERM)
            self.assertEqual(project.server.wait(60), 0)
            project.server = None
            self.assertEqual(processes_in(project.folder), [])

    def test_nothing_survives_a_server_that_is_killed(self):
        with Project(MILLRACE_WORKER_CANCEL_GRACE="100ms") as project:
            shutil.copy(os.path.join(BAD_PLUGINS, "bad.so"), project.path("plugins"))
            project.dag("hang", "tasks: {t: {use: bad.hang}}\n")
            project.start()
            project.wait_for_dag("hang")
            run = project.trigger("hang")
            project.wait(lambda: project.tasks_of("hang", run)["t"]["state"] == "running", "it runs")
            project.kill()
            project.wait(lambda: not processes_in(project.folder), "all runners have ended")


if __name__ == "__main__":
    unittest.main()

"""The command line with a server: triggering, following, showing runs and their logs."""

import json
import os
import re
import shlex
import signal
import subprocess
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from project import ProjectTest, binary  # noqa: E402

SAY = """\
description: Says something
params:
  text: {type: string, default: hello}
  times: {type: integer, minimum: 1, default: 1}
tasks:
  say: {use: shell.run, with: {argv: [echo, "${{ params.text }}"]}}
  report: {use: flow.noop, needs: [say], trigger_rule: all_done}
"""
FAIL = "tasks: {a: {use: flow.fail, with: {reason: no luck}}}\n"
LOUD = 'tasks: {a: {use: flow.fail, with: {reason: "two\\nlines, \\e[31mred"}}}\n'
SLOW = "tasks: {a: {use: shell.run, with: {argv: [sleep, '600']}}}\n"
EXAMPLE_RUN = "manual__2026-11-21T08:42:00.123456Z"


class Runs(ProjectTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        for name, text in (("nightly", "schedule: '0 3 * * *'\ncatchup: none\n" + SAY), ("say", SAY), ("fail", FAIL), ("slow", SLOW), ("loud", LOUD), ("again", SAY)):
            cls.project.dag(name, text)
        cls.project.write("departments.csv", "1,Supply Chain\n2,Maintenance\n")
        cls.project.write("jobs.csv", "1,Clerk\n")
        cls.project.start()
        cls.project.wait_for_dag("again")

    def test_dags_are_listed_and_shown(self):
        dags = {dag["dag"]: dag for dag in self.project.json("dags", "list")}
        self.assertLessEqual({"bulk_insert", "say", "fail"}, set(dags))
        self.assertEqual(dags["say"]["errors"], [])
        dag = self.project.json("dags", "show", "say")
        self.assertEqual(dag["params"]["times"]["minimum"], 1)
        self.assertEqual([task["task"] for task in dag["tasks"]], ["say", "report"])
        text = self.run_it("dags", "show", "say").stdout
        self.assertIn("Says something", text)
        self.assertIn("PARAMETER\tTYPE\tDEFAULT", text)
        self.run_it("dags", "show", "nope", status=5)

    def test_a_trigger_prints_the_run_as_it_was_queued(self):
        run = self.project.json("dags", "trigger", "say", "-p", "text=12", "--note", "why not")
        self.assertRegex(run["run_id"], r"^manual__\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$")
        self.assertEqual(run["params"], {"text": "12", "times": 1})
        self.assertEqual(run["note"], "why not")
        ended = self.project.json("runs", "wait", f"say/{run['run_id']}")
        self.assertEqual(ended["state"], "success")
        self.assertEqual(len(ended["tasks"]), 2)

    def test_waiting_and_following_end_with_the_tasks(self):
        run = self.project.json("dags", "trigger", "say", "--wait")
        self.assertEqual([task["state"] for task in run["tasks"]], ["success", "success"])
        done = self.run_it("dags", "trigger", "say", "--follow")
        self.assertRegex(done.stderr, r"say +success\n")
        self.assertRegex(done.stdout, r"TASK\tSTATE\tDURATION\t.*\nsay\tsuccess\t")
        done = self.run_it("dags", "trigger", "fail", "--follow", status=3)
        self.assertIn("failed: no luck", done.stderr)
        self.run_it("dags", "trigger", "fail", "--wait", "-q", status=3)

    def test_reasons_do_not_drive_the_terminal(self):
        done = self.run_it("dags", "trigger", "loud", "--follow", "--run-id", "loud", status=3)
        self.assertIn("failed: two lines,  [31mred\n", done.stderr)
        self.assertIn("two lines,  [31mred", done.stdout)
        run = self.project.json("runs", "show", "loud/loud")
        self.assertEqual(run["tasks"][0]["reason"], "two\nlines, \x1b[31mred")

    def test_parameters_are_checked(self):
        for arguments, text in (
            (["-p", "tims=2"], "unknown parameter 'tims', did you mean 'times'?"),
            (["-p", "times=many"], "parameter 'times': 'many' is not JSON"),
            (["-p", "times=0"], "parameter 'times': must be at least 1"),
            (["-p", "times"], "'times' is not key=value"),
            (["--run-id", "a b"], "run_id"),
        ):
            done = self.run_it("dags", "trigger", "say", *arguments, status=2)
            self.assertIn(text, done.stderr)
        self.run_it("dags", "trigger", "nope", status=5)

    def test_a_run_id_is_taken_once(self):
        self.run_it("dags", "trigger", "say", "--run-id", "once", "--wait")
        self.run_it("dags", "trigger", "say", "--run-id", "once", status=6)

    def test_a_run_is_found_by_its_id_where_only_one_fits(self):
        self.run_it("dags", "trigger", "say", "--run-id", "mine", "--wait")
        self.assertEqual(self.project.json("runs", "show", "mine")["dag"], "say")
        self.run_it("dags", "trigger", "say", "--run-id", "both", "--wait")
        self.run_it("dags", "trigger", "again", "--run-id", "both", "--wait")
        done = self.run_it("runs", "show", "both", status=2)
        self.assertIn("say/both", done.stderr)
        self.assertIn("again/both", done.stderr)
        self.run_it("runs", "show", "nope", status=5)
        self.run_it("runs", "show", "say/nope", status=5)

    def test_logs_are_printed(self):
        self.run_it("dags", "trigger", "say", "-p", "text=a word", "--run-id", "logged", "--wait")
        self.assertIn("a word", self.run_it("runs", "logs", "say/logged", "say").stdout)
        done = self.run_it("runs", "logs", "say/logged")
        self.assertIn("--- say", done.stderr)
        self.assertIn("a word", self.run_it("runs", "logs", "logged", "say", "--follow").stdout)
        self.run_it("runs", "logs", "say/logged", "nope", status=5)

    def test_runs_are_listed(self):
        self.run_it("dags", "trigger", "fail", "--run-id", "listed", "--wait", status=3)
        runs = self.project.json("runs", "list", "fail", "--state", "failed")
        self.assertIn("listed", [run["run_id"] for run in runs])
        self.assertEqual({run["state"] for run in runs}, {"failed"})
        self.assertEqual(len(self.project.json("runs", "list", "-n", "1")), 1)
        self.run_it("runs", "list", "nope", status=5)

    def test_waiting_ends_at_its_timeout_and_the_run_goes_on(self):
        run = self.project.json("dags", "trigger", "slow")
        name = f"slow/{run['run_id']}"
        done = self.run_it("runs", "wait", name, "--timeout", "100ms", status=124)
        self.assertIn("the run has not ended yet", done.stderr)
        self.assertIn(self.project.json("runs", "show", name)["state"], ("queued", "running"))
        self.run_it("runs", "wait", name, "--timeout", "soon", status=2)

    def test_an_interrupt_ends_the_waiting_not_the_run(self):
        run = self.project.json("dags", "trigger", "slow")
        waiting = subprocess.Popen(
            [binary(), "runs", "wait", f"slow/{run['run_id']}", "--follow"],
            cwd=self.project.folder, env=self.project.environment, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.assertIn(b"running", waiting.stderr.readline())
        waiting.send_signal(signal.SIGINT)
        _, said = waiting.communicate(timeout=60)
        self.assertEqual(waiting.returncode, 130)
        self.assertIn(b"interrupted; the run goes on", said)
        self.assertEqual(self.project.run_of("slow", run["run_id"])["state"], "running")

    def test_a_server_elsewhere_is_asked_by_its_url(self):
        done = self.run_it("dags", "list", "--server", self.project.url, "--json", cwd="/")
        self.assertIn("say", [dag["dag"] for dag in json.loads(done.stdout)])

    def test_every_example_of_help_works(self):
        self.run_it("load", "departments.csv", "--into", "department", "--columns",
                    "id,department", "--on-conflict", "skip")
        self.run_it("objects", "cp", "jobs.csv", "objects://prd-data/raw/jobs.csv")
        self.run_it("objects", "cp", "departments.csv", "objects://prd-data/raw/departments.csv")
        self.run_it("dags", "trigger", "bulk_insert", "-p", 'columns=["id","department"]', "-p",
                    "on_conflict=skip", "--run-id", EXAMPLE_RUN, "--wait")
        names = re.findall(r"^  ([a-z]+(?: [a-z]+)?)  ", self.run_it("--help").stdout, re.MULTILINE)
        # serve would not end; the example of dags trigger reads a header its default file lacks;
        # its run has ended well, so there is nothing to cancel or mark
        for name in [name for name in names if name != "serve"]:
            text = self.run_it(*name.split(), "--help").stdout
            for line in re.search(r"Examples:\n((?:  .*\n)+)", text).group(1).splitlines():
                done = self.project.run(*shlex.split(line)[1:])
                expected = [0] + [3] * ("bulk_insert -p" in line) + [6] * (
                    "runs cancel" in line or "runs mark" in line)
                self.assertIn(done.returncode, expected, f"{line}: {done.stdout}{done.stderr}")


if __name__ == "__main__":
    unittest.main()

"""A plugin of one's own, from `plugins new` to a DAG that uses it, while a server runs."""

import os
import signal
import subprocess
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from project import Project  # noqa: E402

DAG = """\
params: {who: {type: string, default: world}}
tasks:
  greet: {use: greet.hello, with: {name: "${{ params.who }}"}}
  after: {use: flow.noop, needs: [greet]}
"""


class NewPlugin(unittest.TestCase):
    def setUp(self):
        self.project = self.enterContext(Project())

    def build(self):
        subprocess.run(["make", "-s", "-C", self.project.path("plugins/greet")], check=True,
                       stdin=subprocess.DEVNULL)

    def greet(self):
        """What the task of a new run says."""
        run, _ = self.project.run_dag("greeting")
        return self.project.get(
            f"/v1/dags/greeting/runs/{run['run_id']}/tasks/greet/logs/1").body

    def test_it_is_written_built_checked_and_used(self):
        project = self.project
        project.dag("greeting", DAG)
        project.start()
        errors = project.wait(lambda: [dag["errors"] for dag in project.get("/v1/dags").json()
                                       if dag["dag"] == "greeting"], "the DAG is known")[0]
        self.assertIn("unknown operator 'greet.hello'", errors[0]["text"])
        project.run("plugins", "new", "greet", check=True)
        self.build()
        checked = project.json("plugins", "check", "greet")
        self.assertTrue(all(plugin["ok"] for plugin in checked), checked)
        # without a server's help
        tested = project.run("dags", "test", "greeting", "-p", "who=you", "--json")
        self.assertEqual(tested.returncode, 0, tested.stderr)
        # and with it, once it looks again
        project.server.send_signal(signal.SIGHUP)
        project.wait(lambda: not project.get("/v1/dags/greeting").json()["errors"],
                     "the plugin is known")
        done = project.run("dags", "trigger", "greeting", "-p", "who=there", "--run-id", "one",
                           "--follow")
        self.assertEqual(done.returncode, 0, done.stderr)
        log = project.run("runs", "logs", "greeting/one", "greet", check=True).stdout
        self.assertRegex(log, r"^\S+Z info  hello there\n$")
        self.assertEqual(project.stop(), 0)

    def test_a_new_version_is_taken_by_the_next_run(self):
        """Also where a runner of the old one is warm."""
        project = self.project
        project.run("plugins", "new", "greet", check=True)
        source = project.path("plugins/greet/greet.c")
        with open(source, encoding="utf-8") as file:
            text = file.read()
        self.build()
        project.dag("greeting", DAG)
        project.start()
        project.wait_for_dag("greeting")
        self.assertIn("hello world", self.greet())
        project.write("plugins/greet/greet.c", text.replace("hello %s", "good bye %s"))
        self.build()
        project.server.send_signal(signal.SIGHUP)
        project.wait(lambda: "good bye world" in self.greet(), "the new version is used")


if __name__ == "__main__":
    unittest.main()

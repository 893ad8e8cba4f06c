"""Secrets reach the tasks that ask for them and nobody else: not logs, not rows, not answers."""

import base64
import hashlib
import json
import os
import shutil
import sys
import unittest
import urllib.parse

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from project import Project, binary  # noqa: E402

BAD_PLUGINS = os.environ.get("BAD_PLUGINS",
                             os.path.join(os.path.dirname(binary()), "tests/plugins/bad"))

IN_FILE, IN_ENVIRONMENT = "hunter2-of-the-file", "swordfish-of-the-environment"
ODD = 'first "line"/of + it\nand the second \\ of \u00e4\n2718281828'
# DAG files are stored, so they must not hold what they look for
CHECK = 'test "$(printf %s "$T" | sha256sum)" = "$WANTED  -"'


def digest(text):
    return '"' + hashlib.sha256(text.encode()).hexdigest() + '"'


# what each does with a secret: `checks` shows that it came
DAGS = {
    "checks": f"""\
tasks:
  file: {{use: shell.run, with: {{script: '{CHECK}', env: {{T: "${{{{ secrets.token }}}}",
          WANTED: {digest(IN_FILE)}}}}}}}
  env: {{use: shell.run, with: {{script: '{CHECK}', env: {{T: "${{{{ secrets.other }}}}",
         WANTED: {digest(IN_ENVIRONMENT)}}}}}}}
""",
    "prints": """\
tasks:
  t: {use: shell.run, with: {script: 'echo "the token is $T"; echo "$T" >&2', env: {T: "${{ secrets.token }}"}}}
  after: {use: shell.run, needs: [t], with: {argv: [echo, "${{ tasks.t.outputs.stdout }}"]}}
""",
    "fails": """\
tasks:
  t: {use: flow.fail, with: {reason: "no entry with ${{ secrets.token }}"}}
""",
    "crashes": "tasks: {t: {use: bad.tell_and_crash}}\n",
    "encodes": """\
tasks:
  t: {use: shell.run, with: {argv: [python3, encode.py, "${{ secrets.odd }}"]}}
on_failure: [{command: [sh, -c, 'cat > told']}]
""",
    "short": """\
tasks:
  t: {use: flow.fail, with: {reason: "${{ secrets.short }}"}}
""",
    "lacks": """\
tasks:
  t: {use: flow.fail, with: {reason: "${{ secrets.nowhere }}"}}
""",
}


class Secrets(unittest.TestCase):
    def setUp(self):
        self.project = self.enterContext(Project(MILLRACE_SECRET_other=IN_ENVIRONMENT))
        shutil.copy(os.path.join(BAD_PLUGINS, "bad.so"), self.project.path("plugins"))
        self.project.write("secrets/token", IN_FILE + "\n")
        for name, text in DAGS.items():
            self.project.dag(name, text)
        self.project.start()
        self.project.wait_for_dag("prints")

    def assert_kept(self, *texts):
        """The secrets are in none of the texts, and in no file that the server wrote."""
        self.project.stop()
        for text in texts:
            self.assertNotIn(IN_FILE, text)
        for folder, _, names in os.walk(self.project.path("state")):
            for name in names:
                with open(os.path.join(folder, name), "rb") as file:
                    data = file.read()
                for secret in (IN_FILE, IN_ENVIRONMENT):
                    self.assertFalse(secret.encode() in data, os.path.join(folder, name))
        self.assertNotIn(IN_FILE, self.project.log())

    def run_it(self, name):
        run, _ = self.project.run_dag(name)
        path = f"/v1/dags/{name}/runs/{run['run_id']}"
        return run, self.project.get(path + "?tasks=true").body, \
            self.project.get(path + "/tasks/t/logs/1").body

    def test_they_reach_the_task(self):
        run, tasks = self.project.run_dag("checks")
        self.assertEqual(run["state"], "success", [task["reason"] for task in tasks.values()])
        self.assertEqual(self.project.stop(), 0)

    def test_output_is_masked(self):
        run, shown, log = self.run_it("prints")
        self.assertEqual(run["state"], "success")
        self.assertIn("the token is ***", log)
        self.assertIn("the token is ***", shown)
        self.assert_kept(shown, log)

    def test_a_reason_is_masked(self):
        run, shown, log = self.run_it("fails")
        self.assertEqual(run["state"], "failed")
        self.assertIn("no entry with ***", shown)
        self.assert_kept(shown, log)

    def test_what_a_killed_runner_said_is_masked(self):
        _, shown, log = self.run_it("crashes")
        self.assertIn("the token is ***", log)
        self.assert_kept(shown, log)

    def test_no_form_of_it_is_left(self):
        self.project.write("secrets/odd", ODD)
        forms = {
            "itself": ODD, "json": json.dumps(ODD)[1:-1],
            "json in UTF-8": json.dumps(ODD, ensure_ascii=False)[1:-1],
            "percent": urllib.parse.quote(ODD, safe=""), "path": urllib.parse.quote(ODD),
            "form": urllib.parse.quote_plus(ODD),
            "base64": base64.b64encode(ODD.encode()).decode(),
            "base64 for URLs": base64.urlsafe_b64encode(ODD.encode()).decode(),
        }
        said = list(forms.values())
        # of these, what depends on the secret alone, whatever stands before and behind it
        for before in (1, 2):
            said.append(base64.b64encode(b"u:"[:before] + ODD.encode() + b"!").decode())
            end = (before + len(ODD.encode())) * 8 // 6
            forms[f"base64 behind {before}"] = said[-1][before + 1:end]
        self.project.write("encode.py", f"""\
import sys, time
assert sys.argv[1] == {ODD!r}.strip(), "it did not come"
for text in {said!r}:
    half = len(text) // 2
    for part in ("[", text[:half], text[half:], "]\\n"):
        sys.stderr.write(part)
        sys.stderr.flush()
        time.sleep(0.01)
print({said[2]!r})
sys.exit("at the end: " + {ODD!r})
""")
        self.project.dag("encodes", DAGS["encodes"].replace("encode.py", self.project.path("encode.py")))
        self.project.kill()
        self.project.start()
        self.project.wait_for_dag("encodes")
        run, shown, log = self.run_it("encodes")
        self.assertEqual(run["state"], "failed")
        self.assertIn("[***]", log)
        told = self.project.path("told")
        self.project.wait(lambda: "sent kind=command" in self.project.log(), "the callback")
        self.project.stop()
        texts = {"the answer": shown, "the log": log, "the server's log": self.project.log()}
        with open(told, encoding="utf-8") as file:
            texts["the callback"] = file.read()
        for folder, _, names in os.walk(self.project.path("state")):
            for name in names:
                with open(os.path.join(folder, name), "rb") as file:
                    texts[os.path.join(folder, name)] = file.read().decode(errors="replace")
        for what, form in [*forms.items(), *[("a line", line) for line in ODD.splitlines()]]:
            for where, text in texts.items():
                self.assertNotIn(form, text, f"{what} in {where}")

    def test_one_that_could_not_be_hidden_is_refused(self):
        self.project.write("secrets/short", "abc")
        self.project.dag("short", DAGS["short"])
        self.project.wait_for_dag("short")
        _, tasks = self.project.run_dag("short")
        self.assertIn("secret 'short' has fewer than 4 bytes", tasks["t"]["reason"])

    def test_one_that_is_not_there_fails_the_task(self):
        run, tasks = self.project.run_dag("lacks")
        self.assertEqual(run["state"], "failed")
        self.assertIn("nowhere", tasks["t"]["reason"])
        self.assertEqual(self.project.stop(), 0)


if __name__ == "__main__":
    unittest.main()

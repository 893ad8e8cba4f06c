"""The command line without a server: help, usage, formats, exit statuses, and work on files."""

import json
import os
import re
import shutil
import subprocess
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from project import ProjectTest  # noqa: E402

DEPARTMENTS = "id,department\r\n1,Supply Chain\r\n2,Maintenance\r\n3,\r\n"
BAD_DAG = """\
schedul: null
tasks:
  a: {use: csv.load, with: {from: x, tabl: y}, needs: [b]}
  b: {use: csv.lod, needs: [a], when: "params.x > 1", retries: many}
"""


def commands(project):
    """Every command that help lists."""
    text = project.run("--help", check=True).stdout
    return re.findall(r"^  ([a-z]+(?: [a-z]+)?)  ", text, re.MULTILINE)


class Cli(ProjectTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.project.write("departments.csv", DEPARTMENTS)

    def test_every_command_explains_itself(self):
        names = commands(self.project)
        self.assertIn("dags trigger", names)
        for name in names:
            text = self.run_it(*name.split(), "--help").stdout
            self.assertTrue(text.startswith(f"usage: millrace {name}"), name)
            self.assertIn("Examples:\n  millrace ", text)
            self.assertIn("Exit status:", text)

    def test_a_group_alone_shows_short_help_with_two_examples(self):
        for group in ("dags", "runs", "plugins", "tables", "objects", "config"):
            text = self.run_it(group).stdout
            self.assertEqual(len(text.split("Examples:\n")[1].splitlines()), 2, text)

    def test_wrong_usage_is_explained(self):
        for arguments, text in (
            (["dgas"], "unknown command 'dgas', did you mean 'dags'?"),
            (["qqqqqq"], "unknown command 'qqqqqq', see 'millrace --help'"),
            (["dags", "tigger"], "unknown command 'dags tigger', did you mean 'trigger'?"),
            (["dags", "list", "--jso"], "unknown option '--jso', did you mean '--json'?"),
            (["dags", "list", "-z"], "unknown option '-z'"),
            (["dags", "list", "-o", "xml"], "'xml' is none of table, json, jsonl, csv"),
            (["dags", "list", "-o"], "option '--output' needs FORMAT"),
            (["dags", "list", "--json=1"], "option '--json' takes no value"),
            (["dags", "show"], "an argument is missing: usage: millrace dags show DAG"),
            (["version", "x"], "too many arguments: usage: millrace version"),
            (["load", "x.csv"], "into which table? say --into TABLE"),
            (["completion", "csh"], "'csh' is none of bash, zsh, fish"),
            (["objects", "rm", "objects://b/x"], "removing 1 object needs --yes"),
            (["tables", "head", "user", "-n", "x"], "'--rows' needs a number, not 'x'"),
            (["report", "department_hires", "-p", "2021"], "'2021' is not key=value"),
        ):
            done = self.run_it(*arguments, status=2)
            self.assertIn(text, done.stderr)
            self.assertEqual(done.stdout, "")

    def test_statuses_tell_what_kind_of_failure_it_is(self):
        for arguments, status, text in (
            (["dags", "list"], 7, "start one with 'millrace serve'"),
            (["dags", "list", "--server", "http://127.0.0.1:1"], 7, "no server answers at"),
            (["dags", "validate", "nope"], 5, "there is no file or DAG 'nope'"),
            (["dags", "graph", "nope"], 5, "there is no DAG 'nope'"),
            (["tables", "head", "departmen"], 5, "did you mean 'department'?"),
            (["report", "nope"], 5, "there is no report 'nope'"),
            (["report", "department_hires", "-p", "yer=1"], 2, "has no parameter 'yer'"),
            (["load", "nope.csv", "--into", "user"], 5, "does not exist"),
            (["load", "departments.csv", "--into", "nope"], 5, "there is no table 'nope'"),
            (["load", ".", "--into", "user"], 3, "is a folder"),
            (["objects", "cat", "objects://b/none"], 5, "does not exist"),
            (["objects", "cat", "ftp://x/y"], 2, "ftp"),
            (["plugins", "describe", "csv.nope"], 5, "there is no plugin or operator"),
            (["plugins", "check", "nope"], 5, "there is no plugin 'nope'"),
            (["plugins", "new", "No-Name"], 2, "a plugin's name is lower case"),
        ):
            self.assertIn(text, self.run_it(*arguments, status=status).stderr)

    def test_version_and_completion(self):
        self.assertRegex(self.run_it("--version").stdout, r"^millrace \d+\.\d+\.\d+\n$")
        self.assertIn("version", json.loads(self.run_it("version", "--json").stdout))
        for shell in ("bash", "zsh", "fish"):
            self.assertIn("trigger", self.run_it("completion", shell).stdout)
        script = self.run_it("completion", "bash").stdout
        subprocess.run(["bash", "-n"], input=script.encode(), check=True)

    def test_tables_come_in_four_formats(self):
        self.run_it("load", "departments.csv", "--into", "department", "--on-conflict", "skip")
        head = ("tables", "head", "department", "-n", "1")
        self.assertEqual(self.run_it(*head).stdout, "id\tdepartment\n1\tSupply Chain\n")
        rows = json.loads(self.run_it(*head, "--json").stdout)
        self.assertEqual((rows[0]["id"], rows[0]["department"]), (1, "Supply Chain"))
        lines = self.run_it(*head, "-o", "jsonl").stdout.splitlines()
        self.assertEqual(json.loads(lines[0]), rows[0])
        lines = self.run_it(*head, "-o", "csv").stdout.split("\r\n")
        self.assertTrue(lines[0].startswith("id,department,created_at"))
        self.assertTrue(lines[1].startswith("1,Supply Chain,"))
        self.assertIn("\033[", self.run_it("dags", "graph", "bulk_insert", "--color", "always",
                                           ).stdout + "\033[")

    def test_a_load_tells_what_it_did(self):
        self.run_it("load", "departments.csv", "--into", "department", "--on-conflict", "skip")
        done = self.run_it("load", "departments.csv", "--into", "department", "--on-conflict",
                           "skip", "--json")
        result = json.loads(done.stdout)
        self.assertEqual((result["received"], result["skipped"], result["rejected"]), (3, 2, 1))
        self.assertEqual(result["reasons"], {"required": 1})
        self.assertIn("1 row rejected, see file://", done.stderr)
        with open(self.project.path("departments.csv.rejects.csv"), encoding="utf-8") as file:
            self.assertIn("4,department,required", file.read())
        done = self.run_it("load", "-", "--into", "department", "--columns", "id,department",
                           "--no-header", "--on-error", "stop", stdin=b"50,x\n51,\n", status=3)
        self.assertIn("nothing was stored", done.stderr)
        rows = json.loads(self.run_it("tables", "head", "department", "--json").stdout)
        self.assertNotIn(50, [row["id"] for row in rows])

    def test_tables_are_described_and_migrated(self):
        table = json.loads(self.run_it("tables", "describe", "user", "--json").stdout)
        columns = {column["column"]: column for column in table["columns"]}
        self.assertEqual(columns["department_id"]["references"], "department")
        self.assertTrue(columns["name"]["required"])
        self.run_it("tables", "migrate")
        self.assertEqual(json.loads(self.run_it("tables", "migrate", "--plan", "--json").stdout), [])
        names = [t["table"] for t in json.loads(self.run_it("tables", "list", "--json").stdout)]
        self.assertEqual(sorted(names), ["department", "job", "user"])

    def test_reports_are_csv(self):
        names = [r["report"] for r in json.loads(self.run_it("report", "list", "--json").stdout)]
        self.assertIn("quarterly_hires", names)
        text = self.run_it("report", "department_hires", "-p", "year=2021").stdout
        self.assertEqual(text.split("\r\n")[0].splitlines()[0], "id,department,hired")
        self.run_it("report", "department_hires", "-p", "year=2021", "--to", "out.csv")
        with open(self.project.path("out.csv"), encoding="utf-8", newline="") as file:
            self.assertEqual(file.read().replace("\r\n", "\n"), text.replace("\r\n", "\n"))

    def test_objects_come_and_go(self):
        uri = "objects://box/a folder/ü+&=.txt"
        self.run_it("objects", "cp", "-", uri, stdin=b"hello\n")
        self.assertEqual(self.run_it("objects", "cat", uri).stdout, "hello\n")
        entry = json.loads(self.run_it("objects", "ls", "objects://box/", "--json").stdout)[0]
        self.assertEqual((entry["key"], entry["size"]), ("a folder/ü+&=.txt", 6))
        stat = json.loads(self.run_it("objects", "stat", uri, "--json").stdout)
        self.assertEqual({"key", "size", "modified", "etag", "content_type"}, set(stat))
        self.run_it("objects", "cp", uri, "copy.txt")
        self.assertTrue(os.path.exists(self.project.path("copy.txt")))
        self.run_it("objects", "rm", uri, "--yes")
        self.run_it("objects", "rm", uri, "--yes", status=5)

    def test_settings_show_their_origin(self):
        settings = {s["setting"]: s for s in json.loads(
            self.run_it("config", "show", "--origin", "--json", MILLRACE_LOG_LEVEL="warn",
                        MILLRACE_API_KEY="very secret").stdout)}
        self.assertEqual(settings["log.level"]["origin"], "environment MILLRACE_LOG_LEVEL")
        self.assertEqual(settings["api.key"]["value"], "***")
        self.run_it("config", "check")
        self.assertEqual(json.loads(self.run_it("config", "check", "--json").stdout), [])
        bad = self.project.write("bad.yaml", "lissten: x\nshutdown_grace: soon\n")
        done = self.run_it("config", "check", "--config", bad, status=3)
        self.assertIn("bad.yaml:1:1: unknown setting 'lissten'", done.stderr)
        self.assertIn("bad.yaml:2:", done.stderr)
        done = self.run_it("config", "check", "--config", bad, "--json", status=3)
        self.assertEqual([fault["line"] for fault in json.loads(done.stdout)], [1, 2])

    def test_all_faults_of_a_dag_file_are_told_at_once(self):
        path = self.project.write("other/bad.yaml", BAD_DAG)
        done = self.run_it("dags", "validate", path, status=3)
        for place in ("1:1: unknown key 'schedul', did you mean 'schedule'?",
                      "3:38: operator 'csv.load' has no parameter 'tabl', did you mean 'table'?",
                      "3:56: tasks wait for each other in a circle: 'a' needs 'b', 'b' needs 'a'",
                      "4:12: unknown operator 'csv.lod', did you mean 'csv.load'?",
                      "4:47: unknown parameter 'x'",
                      "4:64: expected a whole number, not text"):
            self.assertIn("bad.yaml:" + place, done.stdout)
        self.assertIn("     1 | schedul: null\n       | ^^^^^^^\n", done.stdout)
        faults = json.loads(self.run_it("dags", "validate", path, "--json", status=3).stdout)
        self.assertEqual(set(faults[0]), {"file", "line", "column", "text"})
        self.assertEqual(json.loads(self.run_it("dags", "validate", "--json").stdout), [])
        self.assertIn("1 file, 0 errors", self.run_it("dags", "validate", "bulk_insert").stderr)

    def test_a_graph_is_drawn(self):
        self.assertEqual(self.run_it("dags", "graph", "bulk_insert").stdout,
                         "┌──────┐    ┌────────┐\n"
                         "│ load ├───▶│ report │\n"
                         "└──────┘    └────────┘\n")
        graph = json.loads(self.run_it("dags", "graph", "bulk_insert", "--json").stdout)
        self.assertEqual(graph["edges"], [{"from": "load", "to": "report"}])
        self.assertIn("<svg ", self.run_it("dags", "graph", "bulk_insert", "--format", "svg").stdout)

    def test_a_dag_is_tested_without_a_server(self):
        path = self.project.write("other/good.yaml", (
            "params: {text: {type: string, default: hello}}\n"
            "tasks:\n"
            "  say: {use: shell.run, with: {argv: [echo, '${{ params.text }}']}}\n"
            "  never: {use: flow.noop, needs: [say], when: params.text == 'x'}\n"))
        done = self.run_it("dags", "test", path, "-p", "text=there", "--json")
        run = json.loads(done.stdout)
        tasks = {task["task"]: task for task in run["tasks"]}
        self.assertEqual((run["state"], run["dag"]), ("success", "good"))
        self.assertEqual(tasks["say"]["outputs"]["stdout"], "there\n")
        self.assertEqual(tasks["never"]["state"], "skipped")
        bad = self.project.write("other/failing.yaml",
                                 "tasks: {a: {use: flow.fail, with: {reason: no luck}}}\n")
        done = self.run_it("dags", "test", bad, status=3)
        self.assertIn("failed: no luck", done.stderr)
        self.run_it("dags", "test", path, "-p", "txt=1", status=2)
        self.assertFalse(os.path.exists(self.project.path("state/millrace.db")))

    def test_a_new_plugin_compiles_and_keeps_the_contract(self):
        self.run_it("plugins", "new", "greet")
        self.run_it("plugins", "new", "greet", status=6)
        subprocess.run(["make", "-s", "-C", self.project.path("plugins/greet")], check=True)
        self.run_it("plugins", "check", "greet", "csv", "flow", "shell")
        op = json.loads(self.run_it("plugins", "describe", "greet.hello", "--json").stdout)
        self.assertEqual(op["params"][0]["name"], "name")
        self.assertIn("use: greet.hello", self.run_it("plugins", "describe", "greet").stdout)
        self.assertIn("greet.hello\t0.1", self.run_it("plugins", "list").stdout)
        leaky = self.project.write("leaky.c", "int json_object_size(void);\n"
                                   "int json_object_size(void) { return 1; }\n")
        library = self.project.path("leaky.so")
        subprocess.run(["cc", "-shared", "-fPIC", "-o", library, leaky], check=True)
        done = self.run_it("plugins", "check", library, "--json", status=3)
        self.assertIn("exports 'json_object_size'", done.stdout)
        self.assertIn("mr_plugin_entry", done.stdout)
        shutil.rmtree(self.project.path("plugins"))

    def test_init_keeps_what_is_there(self):
        self.project.write("again/dags/bulk_insert.yaml", "mine")
        done = self.run_it("init", "again")
        self.assertIn("kept  again/dags/bulk_insert.yaml", done.stderr)
        with open(self.project.path("again/dags/bulk_insert.yaml"), encoding="utf-8") as file:
            self.assertEqual(file.read(), "mine")

    def test_the_doctor_finds_what_is_wrong(self):
        self.run_it("doctor")
        sick = self.project.path("sick")
        self.run_it("init", sick)
        self.project.write("sick/dags/bad.yaml", BAD_DAG)
        self.project.write("sick/catalog/bad.yaml", "table: [")
        findings = json.loads(self.run_it("doctor", "--json", cwd=sick, status=3).stdout)
        ill = {finding["what"] for finding in findings if not finding["ok"]}
        self.assertLessEqual({"catalog", "DAG files"}, ill)


if __name__ == "__main__":
    unittest.main()

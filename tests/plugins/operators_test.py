"""The operators that ship, each on a temporary project: SQLite and a folder of objects."""
import glob
import json
import os
import select
import signal
import subprocess
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from processes import is_alive  # noqa: E402
from runner_client import PATIENCE_S, PLUGINS, RUNNER, Runner  # noqa: E402
from runner_project import Case, Project  # noqa: E402


class Flow(Case):
    def test_noop_and_fail(self):
        with Runner() as runner:
            frame = runner.run("flow.noop")
            self.assertEqual((frame["status"], frame.get("reason")), ("ok", None))
        with Runner() as runner:
            self.assert_fails(runner, "flow.fail", {}, "it was told to fail")
            self.assert_fails(runner, "flow.fail", {"reason": "not today"}, "not today")


class Shell(Case):
    def test_a_script_and_its_output(self):
        with Runner() as runner:
            frame = runner.run("shell.run", {"script": "echo one\necho two >&2\nprintf three"})
            self.assertEqual(frame["status"], "ok", frame)
            self.assertEqual(frame["outputs"], {"exit": 0, "stdout": "one\nthree"})
            self.assertEqual(sorted(runner.log(1).split()), ["one", "three", "two"])

    def test_argv_has_no_shell(self):
        with Runner() as runner:
            frame = runner.run("shell.run", {"argv": ["printf", "%s|%s", "$HOME", 5]})
            self.assertEqual(frame["outputs"]["stdout"], "$HOME|5")

    def test_exit_statuses(self):
        for status, expected in ((1, "retry"), (2, "retry"), (64, "fail"), (99, "skip"),
                                 (126, "fail"), (127, "fail"), (255, "retry")):
            with self.subTest(status=status), Runner() as runner:
                frame = runner.run("shell.run", {"argv": ["sh", "-c", "exit %d" % status]})
                self.assertEqual(frame["status"], expected)
                self.assertIn("exit status %d" % status, frame["reason"])

    def test_a_script_stops_at_the_first_error(self):
        with Runner() as runner:
            self.assert_fails(runner, "shell.run", {"script": "false\ntrue"}, "exit status 1", "retry")

    def test_a_signal_may_be_retried(self):
        with Runner() as runner:
            self.assert_fails(runner, "shell.run", {"script": "kill -9 $$"},
                              "killed by signal 9 (KILL)", "retry")

    def test_commands_that_cannot_be_run(self):
        with Runner() as runner:
            self.assert_fails(runner, "shell.run", {"argv": ["no-such-command"]}, "exit status 127")
            self.assertIn("could not run 'no-such-command': there is no such command", runner.log(1))
            self.assert_fails(runner, "shell.run", {"argv": ["/etc/passwd"]}, "exit status 126")
            self.assert_fails(runner, "shell.run", {"argv": ["true"], "cwd": "/no/such"},
                              "exit status 126")

    def test_parameters(self):
        with Runner() as runner:
            self.assert_fails(runner, "shell.run", {}, "give one of 'argv' and 'script'")
            self.assert_fails(runner, "shell.run", {"argv": ["true"], "script": "true"}, "give one of 'argv' and 'script'")
            self.assert_fails(runner, "shell.run", {"argv": []}, "a list with the command first")
            frame = runner.run("shell.run", {"argv": ["true"], "script": None, "env": None, "cwd": None})
            self.assertEqual(frame["outputs"], {"exit": 0, "stdout": ""})
            self.assert_fails(runner, "shell.run", {"script": "", "env": [1]}, "'env' must be an object")
            self.assert_fails(runner, "shell.run", {"script": "", "env": {"A=B": "x"}},
                              "'A=B' is no name of a variable")

    def test_environment_and_folder(self):
        os.environ["SECRET_OF_THE_SERVER"] = "1"
        with Runner() as runner:
            frame = runner.run("shell.run", {"argv": ["env"], "env": {"A": "1", "N": 2, "PATH": os.environ["PATH"]}})
            lines = set(frame["outputs"]["stdout"].splitlines())
            self.assertLessEqual({"A=1", "N=2", "MILLRACE_DAG=d", "MILLRACE_RUN_ID=r",
                                  "MILLRACE_TASK=t", "MILLRACE_ATTEMPT=1"}, lines)
            self.assertNotIn("SECRET_OF_THE_SERVER=1", lines)
            self.assertEqual(sum(line.startswith("PATH=") for line in lines), 1)
            frame = runner.run("shell.run", {"argv": ["pwd"], "cwd": "/usr"})
            self.assertEqual(frame["outputs"]["stdout"], "/usr\n")

    def test_signals_and_descriptors_are_as_in_a_shell(self):
        with Runner() as runner:
            frame = runner.run("shell.run", {"script": "grep -E 'Sig(Ign|Blk)' /proc/self/status; ls -l /proc/self/fd; cat"})
            words = frame["outputs"]["stdout"].split()
            # two signals belong to the C library, nobody can reset them
            self.assertEqual((int(words[1], 16) | int(words[3], 16)) & ~(3 << 31), 0)
            for kind in ("socket:", "eventfd", "millrace"):
                self.assertNotIn(kind, frame["outputs"]["stdout"])

    def test_only_the_end_of_much_output_is_kept(self):
        with Runner() as runner:
            frame = runner.run("shell.run", {"script": "i=0; while [ $i -lt 20000 ]; do echo line $i; i=$((i+1)); done"})
            text = frame["outputs"]["stdout"]
            self.assertEqual(len(text), 32 * 1024)
            self.assertTrue(text.endswith("line 19998\nline 19999\n"))
            self.assertEqual(runner.log(1).count("\n"), 20000)

    def test_output_that_is_not_text(self):
        with Runner() as runner:
            frame = runner.run("shell.run", {"script": r"printf 'a\377b\303\244c\303'"})
            self.assertEqual(frame["outputs"]["stdout"], "a?bäc?")
            frame = runner.run("shell.run", {"script": "head -c 40000 /dev/zero"})
            self.assertEqual(frame["status"], "ok", frame)
            self.assertEqual(set(frame["outputs"]["stdout"]), {"\0"} if frame["outputs"]["stdout"] else set())

    def pipe(self, runner):
        """The path of a pipe that a command tells us something through."""
        path = os.path.join(runner.folder, "pipe")
        os.mkfifo(path)
        return path

    def told(self, path):
        with open(path, encoding="utf-8") as file:
            return file.read()

    def test_cancel_ends_the_whole_group(self):
        with Runner() as runner:
            path = self.pipe(runner)
            attempt = runner.start("shell.run", {"script": """
                sleep 1000 &
                trap 'echo bye; exit 3' TERM
                echo $! > %s
                wait""" % path})
            pid = int(self.told(path))
            runner.send(type="cancel", attempt=attempt)
            frame = runner.read_until("finished")
            self.assertEqual((frame["status"], frame["reason"]),
                             ("cancelled", "the command was told to end"))
            self.assertEqual(runner.log(attempt).splitlines()[0], "bye")
            self.assertFalse(is_alive(pid))

    def test_a_command_that_ignores_sigterm_is_killed(self):
        with Runner(grace_ms=200) as runner:
            path = self.pipe(runner)
            attempt = runner.start("shell.run", {"script": """
                trap '' TERM
                echo ready > %s
                while :; do sleep 1000; done""" % path})
            self.assertEqual(self.told(path), "ready\n")
            runner.send(type="cancel", attempt=attempt)
            self.assertEqual(runner.read_until("finished")["status"], "cancelled")

    def test_what_it_leaves_behind_is_killed(self):
        with Runner() as runner:
            frame = runner.run("shell.run", {"script": "sleep 1000 >/dev/null 2>&1 & echo $!"})
            self.assertEqual(frame["status"], "ok")
            self.assertFalse(is_alive(int(frame["outputs"]["stdout"])))
            self.assertIn("killed a process that the task left behind", runner.log(1))

    def test_a_command_dies_with_its_runner(self):
        with Runner() as runner:
            path = self.pipe(runner)
            runner.start("shell.run", {"script": "echo $$ > %s; exec sleep 1000" % path})
            pid = int(self.told(path))
            ended = os.pidfd_open(pid)
            os.kill(runner.pid, signal.SIGKILL)
            self.assertEqual(select.select([ended], [], [], PATIENCE_S)[0], [ended])
            os.close(ended)


class Objects(Case):
    def test_put_and_get_text(self):
        with Project() as project:
            put = project.outputs("object.put", {"to": "objects://t/a ü.txt", "text": "grün\n"})
            self.assertEqual((put["uri"], put["bytes"]), ("objects://t/a ü.txt", 6))
            self.assertTrue(put["etag"])
            self.assertEqual(project.get("objects://t/a ü.txt"), "grün\n".encode())
            got = project.outputs("object.get", {"from": "objects://t/a ü.txt"})
            self.assertEqual(got, {**put, "text": "grün\n"})

    def test_put_and_get_files(self):
        with Project() as project:
            path = os.path.join(project.folder, "in.bin")
            with open(path, "wb") as file:
                file.write(bytes(range(256)) * 1000)
            project.outputs("object.put", {"to": "objects://t/x", "file": "file://" + path})
            got = project.outputs("object.get", {"from": "objects://t/x", "to": "file://" + path + "2"})
            self.assertEqual((got["uri"], got["bytes"]), ("file://" + path + "2", 256000))
            with open(path + "2", "rb") as file:
                self.assertEqual(file.read(), bytes(range(256)) * 1000)

    def test_an_empty_text(self):
        with Project() as project:
            self.assertEqual(project.outputs("object.put", {"to": "objects://t/e", "text": ""})["bytes"], 0)
            self.assertEqual(project.outputs("object.get", {"from": "objects://t/e"})["text"], "")

    def test_copy_and_delete(self):
        with Project() as project:
            project.put("a", "x")
            copy = project.outputs("object.copy", {"from": "objects://t/a", "to": "objects://u/b"})
            self.assertEqual((copy["uri"], copy["bytes"]), ("objects://u/b", 1))
            gone = project.outputs("object.delete", {"uri": "objects://u/b"})
            self.assertEqual((gone["deleted"], gone["uri"], gone["bytes"]), (True, "objects://u/b", 1))
            self.assertIsNone(project.get("objects://u/b"))
            again = project.outputs("object.delete", {"uri": "objects://u/b"})
            self.assertEqual(again, {"deleted": False, "uri": "objects://u/b"})

    def test_null_is_not_given(self):
        with Project() as project:
            project.outputs("object.put", {"to": "objects://t/x", "text": "x", "file": None})
            self.assertEqual(project.outputs("object.get", {"from": "objects://t/x", "to": None})["text"], "x")

    def test_the_largest_text(self):
        with Project() as project:
            uri = project.put("x", "x" * 32768)
            self.assertEqual(project.outputs("object.get", {"from": uri})["text"], "x" * 32768)
            # escaped it is larger than outputs may be
            self.assert_fails(project, "object.get", {"from": project.put("y", "\n" * 32768)}, "over the limit of 65536 bytes")

    def test_files_are_files(self):
        with Project() as project:
            uri = project.put("x", "x")
            self.assert_fails(project, "object.put", {"to": "objects://t/y", "file": uri}, "'file' must be a file:// URI")
            self.assert_fails(project, "object.get", {"from": uri, "to": "objects://t/y"}, "'to' must be a file:// URI")
            self.assert_fails(project, "object.put", {"to": "objects://t/y", "file": "file:///etc/passwd"}, "/etc/passwd")
            self.assertIsNone(project.get("objects://t/y"))

    def test_what_cannot_be(self):
        with Project() as project:
            self.assert_fails(project, "object.get", {"from": "objects://t/none"}, "objects://t/none")
            self.assert_fails(project, "object.put", {"to": "objects://t/x"}, "give one of 'text' and 'file'")
            self.assert_fails(project, "object.put", {"to": "objects://t/../../x", "text": ""}, "")
            self.assert_fails(project, "object.put", {"to": "file:///etc/millrace", "text": ""}, "/etc/millrace")
            self.assert_fails(project, "object.put", {"to": "nowhere://t/x", "text": ""}, "nowhere")
            big = project.put("big", "x" * (32 * 1024 + 1))
            self.assert_fails(project, "object.get", {"from": big}, "is over 32768 bytes: give 'to'")
            latin = project.put("latin", b"gr\xfcn")
            self.assert_fails(project, "object.get", {"from": latin}, "is not UTF-8")


class Sql(Case):
    def test_statements_share_a_transaction(self):
        with Project() as project:
            outputs = project.outputs("sql.run", {"sql": """
                -- a comment; with a semicolon
                CREATE TABLE t (a INTEGER, b TEXT, c REAL);
                INSERT INTO t VALUES (1, 'x;y', 0.5), (2, NULL, 1.5); /* and ; this */
                UPDATE t SET b = 'it''s; $1' WHERE a = 2;
                SELECT a, b, c FROM t ORDER BY a"""})
            self.assertEqual(outputs["rows_affected"], 3)
            self.assertEqual(outputs["rows"], [{"a": 1, "b": "x;y", "c": 0.5},
                                               {"a": 2, "b": "it's; $1", "c": 1.5}])

    def test_parameters_are_bound(self):
        with Project() as project:
            outputs = project.outputs("sql.run", {
                "sql": "SELECT $1 AS t, $2 AS i, $3 AS n, $4 AS f, $5 AS j, $6 AS b",
                "params": ["'; DROP TABLE x", 7, None, 2.5, {"a": [1]}, True]})
            self.assertEqual(outputs["rows"], [{"t": "'; DROP TABLE x", "i": 7, "n": None, "f": 2.5,
                                                "j": '{"a":[1]}', "b": 1}])
            self.assert_fails(project, "sql.run", {"sql": ["SELECT 1", "SELECT 2"], "params": [1]},
                              "'params' go with one statement")

    def test_an_error_rolls_everything_back(self):
        with Project() as project:
            self.assert_fails(project, "sql.run", {"sql": ["CREATE TABLE t (a)", "SELECT nope"]}, "statement 2: ")
            self.assert_fails(project, "sql.run", {"sql": "SELECT * FROM t"}, "statement 1: ")

    def test_a_check(self):
        with Project() as project:
            project.outputs("sql.run", {"sql": "CREATE TABLE t (a)"})
            self.assert_fails(project, "sql.run", {"sql": "INSERT INTO t VALUES (1)", "check": "SELECT count(*) > 1 FROM t"},
                              "the check did not hold; nothing was stored")
            self.assert_fails(project, "sql.run", {"sql": "INSERT INTO t VALUES (1)", "check": "SELECT a FROM t WHERE a = 9"},
                              "the check gave no row")
            outputs = project.outputs("sql.run", {"sql": "INSERT INTO t VALUES (1)", "check": "SELECT count(*) = 1 FROM t"})
            self.assertEqual(outputs, {"rows_affected": 1})

    def test_what_a_check_takes_as_true(self):
        with Project() as project:
            project.outputs("sql.run", {"sql": "CREATE TABLE t (a)"})
            for value in ("NULL", "0", "0.0", "''"):
                self.assert_fails(project, "sql.run", {"sql": "INSERT INTO t VALUES (1)", "check": "SELECT %s" % value}, "the check did not hold")
            self.assert_fails(project, "sql.run", {"sql": "INSERT INTO t VALUES (1)", "check": "SELECT nope"}, "nope")
            self.assert_fails(project, "sql.run", {"sql": "INSERT INTO t VALUES (1)", "check": "DELETE FROM t"}, "")
            self.assertEqual(project.outputs("sql.run", {"sql": "SELECT count(*) AS n FROM t"})["rows"], [{"n": 0}])
            outputs = project.outputs("sql.run", {"sql": "INSERT INTO t VALUES (1)", "check": "SELECT a FROM t", "params": None})
            self.assertEqual(outputs, {"rows_affected": 1})
            self.assertEqual(project.outputs("sql.run", {"sql": "INSERT INTO t VALUES (1)", "check": None}), {"rows_affected": 1})

    def test_many_rows_are_cut_in_the_output(self):
        with Project() as project:
            outputs = project.outputs("sql.run", {"sql": "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000) SELECT i FROM n"})
            self.assertEqual(len(outputs["rows"]), 1000)
            self.assertIn("the first 1000 rows only", project.log(1))

    def test_returning_counts_and_gives_rows(self):
        with Project() as project:
            outputs = project.outputs("sql.run", {"sql": ["CREATE TABLE t (a)", "INSERT INTO t VALUES (1), (2) RETURNING a"]})
            self.assertEqual(outputs, {"rows_affected": 2, "rows": [{"a": 1}, {"a": 2}]})

    def test_what_is_no_sql(self):
        with Project() as project:
            for sql in (5, {}, [], "", " ; -- nothing", [1]):
                self.assert_fails(project, "sql.run", {"sql": sql}, "'sql' must be a statement")


class Csv(Case):
    def test_load(self):
        with Project() as project:
            uri = project.put("d.csv", "id,department\r\n1,Product\r\n2,\"Sales, all\"\r\n3,\r\n")
            outputs = project.outputs("csv.load", {"from": uri, "table": "department"})
            self.assertEqual([outputs[key] for key in ("table", "received", "inserted", "updated", "skipped", "rejected", "committed")],
                             ["department", 3, 2, 0, 0, 1, True])
            self.assertEqual(outputs["reasons"], {"required": 1})
            self.assertEqual(project.query("SELECT id, department FROM department ORDER BY id"),
                             [(1, "Product"), (2, "Sales, all")])
            rejects = project.get(outputs["rejects"]).decode()
            self.assertTrue(rejects.startswith("line,column,code,reason,id,department\r\n4,department,required,"))
            self.assertIn("3 rows received, 2 inserted, 0 updated, 0 skipped, 1 rejected", project.log(1))

    def test_options(self):
        with Project() as project:
            uri = project.put("d.csv", "1;Product\n2;Sales\n")
            params = {"from": uri, "table": "department", "columns": ["id", "department"], "delimiter": ";",
                      "header": None, "chunk_rows": None, "on_conflict": "skip"}
            self.assertEqual(project.outputs("csv.load", params)["inserted"], 2)
            self.assertEqual(project.outputs("csv.load", params)["skipped"], 2)
            self.assert_fails(project, "csv.load", {**params, "on_conflict": "maybe"}, "on_conflict")

    def test_what_is_not_given(self):
        with Project() as project:
            uri = project.put("d.csv", "id,department\n1,Product\n")
            nothing = dict.fromkeys(("header", "map", "delimiter", "quote", "null", "on_error", "max_rejects", "on_conflict",
                                     "conflict_key", "rejects", "chunk_rows", "exclusive", "dry_run", "truncate"))
            outputs = project.outputs("csv.load", {"from": uri, "table": "department", "columns": [], **nothing})
            self.assertEqual((outputs["inserted"], outputs["rejects"], outputs["chunks"]), (1, None, 1))
            self.assert_fails(project, "csv.load", {"from": None, "table": "department"}, "parameter 'from' is required")

    def test_every_option_is_heard(self):
        with Project() as project:
            uri = project.put("d.csv", "a;b\n1;'x'\n2;-\n3;'y'\n")
            params = {"from": uri, "table": "department", "map": {"a": "id", "b": "department"}, "delimiter": ";", "quote": "'", "null": "-"}
            outputs = project.outputs("csv.load", {**params, "dry_run": True, "rejects": "objects://t/bad.csv"})
            self.assertEqual((outputs["inserted"], outputs["reasons"], outputs["committed"]), (2, {"required": 1}, False))
            self.assertEqual(project.query("SELECT id FROM department"), [])
            self.assert_fails(project, "csv.load", {**params, "max_rejects": 0}, "")
            outputs = project.outputs("csv.load", {**params, "chunk_rows": 1, "rejects": "objects://t/bad.csv"})
            self.assertEqual((outputs["rejects"], outputs["inserted"]), ("objects://t/bad.csv", 2))
            self.assertGreater(outputs["chunks"], 1)
            self.assertEqual(project.outputs("csv.load", {**params, "truncate": True, "exclusive": True})["inserted"], 2)
            self.assertEqual(project.outputs("csv.load", {**params, "on_conflict": "update", "conflict_key": ["department"]})["updated"], 2)

    def test_stop_stores_nothing(self):
        with Project() as project:
            uri = project.put("d.csv", "id,department\n1,Product\nx,Sales\n")
            self.assert_fails(project, "csv.load", {"from": uri, "table": "department", "on_error": "stop"}, "")
            self.assertEqual(project.query("SELECT id FROM department"), [])

    def test_a_retry_of_a_finished_load_doubles_nothing(self):
        with Project() as project:
            uri = project.put("d.csv", "department\nProduct\n")
            first = project.run("csv.load", {"from": uri, "table": "department"}, load_id="d/r/t/-1")
            second = project.run("csv.load", {"from": uri, "table": "department"}, load_id="d/r/t/-1")
            self.assertEqual(first["outputs"]["load_id"], "d/r/t/-1")
            self.assertEqual(second["outputs"]["inserted"], 1)
            self.assertEqual(project.query("SELECT count(*) AS n FROM department"), [(1,)])

    def test_what_is_not_there(self):
        with Project() as project:
            self.assert_fails(project, "csv.load", {"from": "objects://t/none.csv", "table": "department"}, "objects://t/none.csv")
            self.assert_fails(project, "csv.load", {"from": "objects://t/none.csv", "table": "nope"}, "there is no table 'nope'")

    def test_dump(self):
        with Project() as project:
            uri = project.put("d.csv", "id,department\n2,\"a \"\"b\"\", c\"\n1,Product\n")
            project.outputs("csv.load", {"from": uri, "table": "department"})
            outputs = project.outputs("csv.dump", {"query": "SELECT id, department FROM department WHERE id > $1 ORDER BY id", "params": [0], "to": "objects://t/out.csv"})
            text = project.get("objects://t/out.csv").decode()
            self.assertEqual(text, "id,department\r\n1,Product\r\n2,\"a \"\"b\"\", c\"\r\n")
            self.assertEqual(outputs, {"uri": "objects://t/out.csv", "rows": 2, "bytes": len(text)})
            self.assertEqual(project.outputs("csv.dump", {"table": "department", "to": "objects://t/t.csv"})["rows"], 2)
            self.assert_fails(project, "csv.dump", {"to": "objects://t/x.csv"}, "give one of 'table' and 'query'")
            self.assert_fails(project, "csv.dump", {"query": "SELECT nope", "to": "objects://t/x.csv"}, "nope")
            self.assertIsNone(project.get("objects://t/x.csv"))


    def test_dump_of_many_rows(self):
        with Project() as project:
            query = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 300000) SELECT i, 'row ' || i AS t FROM n"
            outputs = project.outputs("csv.dump", {"query": query, "to": "objects://t/out.csv"})
            data = project.get("objects://t/out.csv")
            self.assertEqual((outputs["rows"], outputs["bytes"]), (300000, len(data)))
            self.assertTrue(data.endswith(b"\r\n300000,row 300000\r\n"))

    def test_dump_of_nothing(self):
        with Project() as project:
            self.assertEqual(project.outputs("csv.dump", {"table": "job", "to": "objects://t/out.csv"})["rows"], 0)
            self.assertEqual(project.get("objects://t/out.csv"), b"id,job\r\n")

    def test_dump_of_what_must_be_quoted(self):
        with Project() as project:
            outputs = project.outputs("csv.dump", {"query": 'SELECT $1 AS "a,""b""", $2 AS n, $3 AS e, 0.1 AS f, x\'00ff\' AS b',
                                                   "params": ["x\r\n,\"ü\"", None, ""], "to": "objects://t/out.csv"})
            self.assertEqual(project.get(outputs["uri"]).decode(), '"a,""b""",n,e,f,b\r\n"x\r\n,""ü""",,"",0.1,AP8=\r\n')

    def test_dump_changes_nothing(self):
        with Project() as project:
            project.beside("sql.run", {"sql": "INSERT INTO job (id, job, created_at, updated_at, version) VALUES (1, 'a', '', '', 1)"})
            for query in ("DELETE FROM job RETURNING id", "DELETE FROM job", "SELECT 1; DELETE FROM job", ""):
                self.assert_fails(project, "csv.dump", {"query": query, "to": "objects://t/out.csv"}, "")
            self.assert_fails(project, "csv.dump", {"table": "job", "query": "SELECT 1", "to": "objects://t/out.csv"}, "give one of 'table' and 'query'")
            self.assert_fails(project, "csv.dump", {"query": "SELECT $1", "params": {"a": 1}, "to": "objects://t/out.csv"}, "must be a list")
            self.assertEqual((project.query("SELECT id FROM job"), project.get("objects://t/out.csv")), ([(1,)], None))

    def test_dump_that_does_not_end(self):
        endless = {"query": "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n", "to": "objects://t/out.csv"}
        with Project() as project:
            attempt = project.start("csv.dump", endless)
            project.read_until("started")
            project.send(type="cancel", attempt=attempt)
            self.assertEqual(project.read_until("finished")["status"], "cancelled")
            project.start("csv.dump", endless)
            project.read_until("started")
            os.kill(project.pid, signal.SIGKILL)
            project.wait()
            self.assertIsNone(project.get("objects://t/out.csv"))


class Reports(Case):
    def test_render(self):
        with Project() as project:
            for table, text in (("department", "id,department\n1,Product\n"), ("job", "id,job\n1,Cook\n"),
                                ("user", "name,datetime,department_id,job_id\nAnn,2021-02-01,1,1\nBob,2021-08-01,1,1\n")):
                load = {"from": project.put(table + ".csv", text), "table": table}
                self.assertEqual(project.beside("csv.load", load)["inserted"], text.count("\n") - 1)
            outputs = project.outputs("report.render", {"report": "quarterly_hires", "params": {"year": 2021}, "to": "objects://t/q.csv"})
            lines = project.get("objects://t/q.csv").decode().split("\r\n")
            self.assertEqual(outputs["rows"], 1)
            self.assertEqual(lines[1], "Product,Cook,1,0,1,0")
            self.assert_fails(project, "report.render", {"report": "nope", "to": "objects://t/x.csv"}, "nope")
            self.assert_fails(project, "report.render", {"report": "quarterly_hires", "params": {"yaer": 1}, "to": "objects://t/x.csv"}, "yaer")


class Described(unittest.TestCase):
    def test_every_operator_says_what_it_does(self):
        done = subprocess.run(RUNNER + ["--describe"] + sorted(glob.glob(PLUGINS + "/*.so")),
                              capture_output=True, check=True)
        entries = json.loads(done.stdout)
        names = {entry["plugin"] + "." + op["name"] for entry in entries for op in entry["operators"]}
        self.assertGreaterEqual(len(names), 15)
        for entry in entries:
            self.assertNotIn("error", entry)
            for op in entry["operators"]:
                self.assertEqual(op["flags"], ["warm"])
                for thing in [entry, op] + op["params"] + op["outputs"]:
                    self.assertTrue(thing["help"], thing)


if __name__ == "__main__":
    sys.exit(unittest.main())

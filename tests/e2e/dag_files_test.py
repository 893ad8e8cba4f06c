"""DAG files with faults: each is shown with line, column and caret, all at once; a server keeps what was good."""

import json
import os
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from project import Project  # noqa: E402

GOOD = """\
params:
  text: {type: string, default: hello}
tasks:
  a: {use: shell.run, with: {argv: [echo, "${{ params.text }}"]}}
  b: {use: flow.noop, needs: [a]}
"""

# One fault each: the file, where ^ marks the place, and what is said. The mark is taken out.
FAULTS = (
    ("^descripton: x\ntasks: {a: {use: flow.noop}}\n", "unknown key 'descripton', did you mean"),
    ("tasks:\n  a: {use: flow.noop, ^ned: [b]}\n", "unknown key 'ned', did you mean 'needs'?"),
    ("tasks:\n  a: {use: flow.noop, needs: [^b]}\n", "unknown task 'b'"),
    ("tasks:\n  a: {use: flow.noop, needs: [^a]}\n", "'a' needs 'a'"),
    ("tasks:\n  a: {use: flow.noop, needs: [^c]}\n  b: {use: flow.noop, needs: [a]}\n"
     "  c: {use: flow.noop, needs: [b]}\n", "'a' needs 'c', 'c' needs 'b', 'b' needs 'a'"),
    ("tasks:\n  a: {use: ^flow.nop}\n", "unknown operator 'flow.nop', did you mean 'flow.noop'?"),
    ("tasks:\n  a: {use: ^flwo.noop}\n", "unknown operator 'flwo.noop', did you mean 'flow.noop'?"),
    ("tasks:\n  a: {use: flow.fail, with: {^reson: x}}\n",
     "operator 'flow.fail' has no parameter 'reson', did you mean 'reason'?"),
    ("tasks:\n  a:\n    use: csv.load\n    with: ^{from: objects://a/b}\n",
     "operator 'csv.load' needs parameter 'table'"),
    ("tasks:\n  a: {use: csv.load, with: {from: x, table: y, dry_run: ^many}}\n",
     "parameter 'dry_run' must be true or false, not text"),
    ("max_active_runs: ^many\ntasks: {a: {use: flow.noop}}\n", "expected a whole number, not text"),
    ("tasks: {a: {use: flow.noop, retries: ^-1}}\n", "must be from 0"),
    ("tasks: {a: {use: flow.noop, timeout: ^soon}}\n", "soon"),
    ("tasks: {a: {use: flow.noop, trigger_rule: ^all_sucess}}\n", "did you mean 'all_success'?"),
    ("tasks: {a: {use: flow.noop, when: \"${{ ^paramz.x }}\"}}\n", "did you mean 'params'?"),
    ("tasks: {a: {use: flow.noop, when: \"${{ params.^x }}\"}}\n", "unknown parameter 'x'"),
    ("tasks: {a: {use: flow.noop, when: \"${{ 1 ^+ }}\"}}\n",
     "expected an operator or the end"),
    ("tasks: {a: {use: flow.fail, with: {reason: \"${{ ^lowr('x') }}\"}}}\n",
     "unknown function 'lowr', did you mean 'lower'?"),
    ("tasks: {a: {use: flow.fail, with: {reason: \"${{ tasks.^b.state }}\"}}}\n", "'b'"),
    ("^{}\n", "tasks"),
    ("tasks: ^[]\n", "expected"),
    ("tasks: {^a b: {use: flow.noop}}\n", "a task's name is up to 128 letters"),
    ("params: {x: {type: ^strin}}\ntasks: {a: {use: flow.noop}}\n", "did you mean 'string'?"),
    ("params: {x: {type: integer, default: ^many}}\ntasks: {a: {use: flow.noop}}\n", "integer"),
    ("schedule: '0 ^25 * * *'\ntasks: {a: {use: flow.noop}}\n", "'25' is no hour"),
    ("schedule: {^evry: 5m}\ntasks: {a: {use: flow.noop}}\n", "did you mean 'every'?"),
    ("schedule: {after: 'b and^'}\ntasks: {a: {use: flow.noop}}\n", "the name of a DAG"),
    ("on_failure: [{webhook: 'http://x/', ^secrt: a}]\ntasks: {a: {use: flow.noop}}\n",
     "did you mean 'secret'?"),
    ("tasks: {a: {use: flow.noop, on_success: [{command: ^[]}]}}\n", "a command is a program"),
    ("tasks: {a: {use: flow.noop, on_success: [{webhook: '^ftp://x/'}]}}\n", "http:// or https://"),
)


def unmark(text):
    """Without its mark, and line and column of it."""
    before = text.index("^")
    return (text[:before] + text[before + 1:], text.count("\n", 0, before) + 1,
            before - text.rfind("\n", 0, before))


class Validate(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.project = Project()
        cls.addClassCleanup(cls.project.__exit__)
        cls.project.init()

    def validate(self, *names, status):
        done = self.project.run("dags", "validate", *names)
        self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        return done.stdout

    def test_each_fault_is_told_with_its_place(self):
        """All files at once: one process describes the plugins once."""
        names = []
        for number, (marked, _) in enumerate(FAULTS):
            names.append(f"faults/f{number}.yaml")
            self.project.write(names[-1], unmark(marked)[0])
        done = self.project.run("dags", "validate", "--json", *names)
        self.assertEqual(done.returncode, 3, done.stderr)
        found = {}
        for fault in json.loads(done.stdout):
            self.assertEqual(set(fault), {"file", "line", "column", "text"})
            found.setdefault(fault["file"], []).append(fault)
        shown = self.validate(*names, status=3)
        for name, (marked, text) in zip(names, FAULTS):
            with self.subTest(marked):
                clean, line, column = unmark(marked)
                (fault,) = found[name]
                self.assertIn(text, fault["text"])
                self.assertEqual((fault["line"], fault["column"]), (line, column), fault["text"])
                source = clean.splitlines()[line - 1]
                before = f"{line:6} | "
                self.assertIn(f"{name}:{line}:{column}: {fault['text']}\n{before}{source}\n"
                              f"{'|':>8} {' ' * (column - 1)}^", shown)

    def test_faults_of_several_files_are_all_shown(self):
        texts = {f"dags/f{number}.yaml": unmark(marked) for number, (marked, _) in
                 enumerate(FAULTS[:6])}
        for name, (text, _, _) in texts.items():
            self.project.write(name, text)
        done = self.project.run("dags", "validate")
        self.assertEqual(done.returncode, 3)
        self.assertRegex(done.stderr, r"\d files, 6 errors")
        for name, (_, line, column) in texts.items():
            self.assertIn(f"{name}:{line}:{column}: ", done.stdout)
            os.remove(self.project.path(name))

    def test_yaml_that_is_none(self):
        for text in ("tasks: [", "a: b: c", "\ttasks: {}", "tasks: {a: *b}", "a: 1\na: 2\n"):
            name = self.project.write("faults/none.yaml", text)
            self.assertRegex(self.validate(name, status=3), r"none\.yaml:\d+:\d+: ")

    def test_a_file_that_is_not_text(self):
        name = self.project.write("faults/binary.yaml", b"\xff\xfe\0\1")
        self.assertIn("binary.yaml", self.validate(name, status=3))

    def test_a_bad_file_is_not_run(self):
        name = self.project.write("faults/f.yaml", "tasks: {a: {use: shell.run, with: {argv: "
                                  "[touch, ran], agv: 1}}}\n")
        done = self.project.run("dags", "test", name)
        self.assertEqual(done.returncode, 3)
        self.assertIn("has no parameter 'agv', did you mean 'argv'?", done.stderr)
        self.assertFalse(os.path.exists(self.project.path("ran")))

    def test_all_faults_of_a_file_are_told_by_test_too(self):
        name = self.project.write("faults/two.yaml", "scedule: null\ntasks: {a: {use: flow.nop}}\n")
        done = self.project.run("dags", "test", name)
        self.assertIn("1:1: unknown key 'scedule'", done.stderr)
        self.assertIn("2:18: unknown operator 'flow.nop'", done.stderr)


class Server(unittest.TestCase):
    def setUp(self):
        self.project = self.enterContext(Project())
        self.project.dag("work", GOOD)
        self.project.start()
        self.project.wait_for_dag("work")

    def dag(self, name):
        """As the list shows it, or None."""
        dags = {dag["dag"]: dag for dag in self.project.get("/v1/dags").json()}
        return dags.get(name)

    def wait_for_errors(self, name, count):
        return self.project.wait(
            lambda: (dag := self.dag(name)) and len(dag["errors"]) == count and dag,
            f"DAG {name} has {count} errors")

    def test_the_last_good_version_stays(self):
        good = self.dag("work")
        self.assertEqual(good["errors"], [])
        path = self.project.dag("work", GOOD + "  c: {use: flow.nop}\nscedule: 1\n")
        bad = self.wait_for_errors("work", 2)
        self.assertEqual(bad["dag_version"], good["dag_version"])
        self.assertEqual([(e["file"], e["line"], e["column"]) for e in bad["errors"]],
                         [(path, 6, 12), (path, 7, 1)])
        self.assertIn("did you mean 'flow.noop'?", bad["errors"][0]["text"])
        one = self.project.get("/v1/dags/work").json()
        self.assertEqual([task["task"] for task in one["tasks"]], ["a", "b"])
        self.assertEqual(one["errors"], bad["errors"])
        run, tasks = self.project.run_dag("work")
        self.assertEqual((run["state"], set(tasks)), ("success", {"a", "b"}))
        done = self.project.run("dags", "list", check=True)
        self.assertIn(f"{path}:6:12: unknown operator 'flow.nop'", done.stderr)
        self.project.dag("work", GOOD + "  c: {use: flow.noop}\n")
        mended = self.wait_for_errors("work", 0)
        self.assertNotEqual(mended["dag_version"], good["dag_version"])
        _, tasks = self.project.run_dag("work")
        self.assertEqual(set(tasks), {"a", "b", "c"})

    def test_a_file_that_was_never_good_is_listed(self):
        path = self.project.dag("never", "tasks: {a: {use: flow.nop}}\n")
        bad = self.wait_for_errors("never", 1)
        self.assertEqual((bad["file"], bad["dag_version"]), (path, None))
        answer = self.project.post("/v1/dags/never/runs", {})
        self.assertEqual(answer.status, 409, answer.body)
        self.assertIn("has faults", answer.json()["detail"])
        self.project.dag("never", "tasks: {a: {use: flow.noop}}\n")
        self.wait_for_errors("never", 0)
        self.assertEqual(self.project.run_dag("never")[0]["state"], "success")

    def test_a_bad_file_after_a_restart_keeps_its_last_good_version(self):
        good = self.dag("work")
        self.assertEqual(self.project.stop(), 0)
        self.project.dag("work", "tasks: {a: {use: flow.nop}}\n")
        self.project.start()
        bad = self.wait_for_errors("work", 1)
        self.assertEqual(bad["dag_version"], good["dag_version"])
        run, tasks = self.project.run_dag("work")
        self.assertEqual((run["state"], set(tasks)), ("success", {"a", "b"}))

    def test_a_file_that_goes_takes_its_dag_along(self):
        self.assertEqual(self.project.run_dag("work", run_id="one")[0]["state"], "success")
        os.remove(self.project.path("dags/work.yaml"))
        self.project.wait(lambda: self.dag("work") is None, "the DAG left the list")
        self.assertEqual(self.project.get("/v1/dags/work").status, 404)
        self.assertEqual(self.project.post("/v1/dags/work/runs", {}).status, 404)
        self.assertEqual(self.project.run_of("work", "one")["state"], "success")

    def test_a_dag_may_be_renamed(self):
        self.project.dag("work", "dag: other\n" + GOOD)
        self.project.wait(lambda: self.dag("other") and not self.dag("work"), "the DAG was renamed")
        self.assertEqual(self.project.run_dag("other")[0]["state"], "success")

    def test_two_files_cannot_be_one_dag(self):
        path = self.project.dag("second", "dag: work\ntasks: {a: {use: flow.noop}}\n")
        bad = self.wait_for_errors("second", 1)
        self.assertEqual(bad["file"], path)
        self.assertIn("work.yaml' already", bad["errors"][0]["text"])
        self.assertEqual(self.dag("work")["errors"], [])
        _, tasks = self.project.run_dag("work")
        self.assertEqual(set(tasks), {"a", "b"})
        # the name is free again
        os.remove(self.project.path("dags/work.yaml"))
        self.project.wait(lambda: self.dag("work")["file"] == path, "the other file has it")
        self.assertEqual(self.project.run_dag("work")[0]["state"], "success")
        self.assertIsNone(self.dag("second"))

    def test_a_bad_file_named_as_a_dag_of_another_leaves_it_alone(self):
        self.project.dag("second", "dag: third\n" + GOOD)
        self.project.wait_for_dag("third")
        self.project.dag("third", "tasks: {a: {use: flow.nop}}\n")
        self.project.dag("last", GOOD)
        self.project.wait_for_dag("last")
        self.assertEqual(self.project.run_dag("third")[0]["state"], "success")
        self.assertIsNotNone(self.dag("third")["dag_version"])


if __name__ == "__main__":
    unittest.main()

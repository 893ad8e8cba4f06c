"""Bad input of the scheduler: DAG files, triggers, expressions. Each is refused in words, and the server lives."""

import os
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from project import ProjectTest  # noqa: E402

GOOD = """\
params:
  n: {type: integer, minimum: 1, default: 1}
  names: {type: array, items: {type: string}, default: []}
tasks: {a: {use: flow.noop}}
"""
TEXT = """\
params: {text: {type: string, default: ""}}
tasks:
  a: {use: object.put, with: {to: objects://out/x, text: "%s"}}
"""
ALIASES = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{b}: &{b} [{', '.join(['*' + a] * 9)}]\n" for a, b in zip("abcdefgh", "bcdefghi"))


class BadDags(ProjectTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.project.dag("good", GOOD)
        cls.project.start()
        cls.project.wait_for_dag("good")

    def tearDown(self):
        self.assertEqual(self.project.get("/readyz").status, 200)

    def test_files_that_are_no_dags(self):
        deep = "tasks: {a: {use: flow.noop, with: {x: " + "[" * 5000 + "]" * 5000 + "}}}\n"
        for name, text, fault in (
            ("huge", "# " + "x" * 10 * 1000 * 1000 + "\n" + GOOD, "1048576 bytes"),
            ("aliases", ALIASES + GOOD, "anchors and aliases are not supported, write the value out"),
            ("deep", deep, "32"),
            ("binary", b"\x00\x01\xff\xfe" * 1000, ""),
            ("expression", TEXT % ("${{ " + "(" * 5000 + "1" + ")" * 5000 + " }}"), "4096 bytes"),
            ("nested", TEXT % ("${{ " + "not " * 500 + "1 }}"), "nested deeper than 32 levels"),
            ("name", "dag: a/b\ntasks: {a: {use: flow.noop}}\n", "a name is up to 128 letters"),
            ("map", "tasks: {a: {use: flow.noop, map: 3}}\n", "expected a list"),
        ):
            with self.subTest(name):
                self.project.dag(name, text)
                done = self.run_it("dags", "validate", self.project.path("dags", f"{name}.yaml"), status=3)
                self.assertIn(fault, done.stdout + done.stderr)
                listed = self.project.wait(lambda n=name: [d for d in self.project.json("dags", "list")
                                                           if d["file"].endswith(f"/{n}.yaml") and d["errors"]],
                                           f"{name} is listed with its errors")
                self.assertIn(fault, listed[0]["errors"][0]["text"])
                os.remove(self.project.path("dags", f"{name}.yaml"))

    def test_triggers(self):
        for body, status, pointer in (
            ({"params": {"n": "1"}}, 422, "/params/n"),
            ({"params": {"n": 0}}, 422, "/params/n"),
            ({"params": {"n": 1.5}}, 422, "/params/n"),
            ({"params": {"names": ["x", 1]}}, 422, "/params/names"),
            ({"params": {"m": 1}}, 422, "/params/m"),
            ({"params": [1]}, 422, "/params"),
            ({"run_id": "a/b"}, 422, "/run_id"),
            ({"run_id": ""}, 422, "/run_id"),
            ({"run_id": "x" * 129}, 422, "/run_id"),
            ({"run_id": "\u00e4"}, 422, "/run_id"),
            ({"run_id": 3}, 422, "/run_id"),
            ({"logical_date": "2026-02-30T00:00:00Z"}, 422, "/logical_date"),
            ({"logical_date": "2026-13-01"}, 422, "/logical_date"),
            ({"logical_date": "2026-01-01T24:30:00Z"}, 422, "/logical_date"),
            ({"logical_date": "0000-00-00"}, 422, "/logical_date"),
            ({"logical_date": 20260101}, 422, "/logical_date"),
            ({"note": "x" * 5000}, 422, "/note"),
            ({"parms": {}}, 422, "/parms"),
        ):
            with self.subTest(body=str(body)[:60]):
                answer = self.project.post("/v1/dags/good/runs", body)
                self.assertEqual(answer.status, status, answer.body)
                self.assertEqual([fault["pointer"] for fault in answer.json()["errors"]], [pointer])
        self.assertEqual(self.project.get("/v1/dags/good/runs").json(), [])
        for path in ("/v1/dags/good/runs/a%2Fb", "/v1/dags/good/runs/..", "/v1/dags/..%2F..%2Fetc/runs"):
            self.assertIn(self.project.get(path).status, (400, 404), path)

    def test_expressions_that_grow(self):
        grow = "replace(" * 20 + "'aaaaaaaa'" + ", 'a', 'aaaaaaaa')" * 20
        split = ", ".join(["split(params.text, ',')"] * 100)
        lists = "tasks:\n  a:\n    use: object.put\n    with:\n      to: objects://out/x\n      text:\n" + \
            "        - ${{ split(params.text, ',') }}\n" * 500
        for name, text, fault in (
            ("replace", TEXT % f"${{{{ {grow} }}}}", "the text an expression makes is longer than 1048576 bytes"),
            ("join", TEXT % "${{ join(split(params.text, ','), params.text) }}",
             "the text an expression makes is longer than 1048576 bytes"),
            ("lists", TEXT % f"${{{{ length([{split}]) }}}}", "a list is longer than 16777216 bytes"),
            ("many", 'params: {text: {type: string, default: ""}}\n' + lists, "it is longer than 16777216 bytes"),
            ("json", TEXT % "${{ from_json(params.text) }}", "from_json(): "),
        ):
            with self.subTest(name):
                self.project.dag(name, text)
                self.project.wait_for_dag(name)
                _, tasks = self.project.run_dag(name, text="," * 500000)
                self.assertEqual((tasks["a"]["state"], tasks["a"]["attempt"]), ("failed", 1))
                self.assertIn(fault, tasks["a"]["reason"])


if __name__ == "__main__":
    unittest.main()

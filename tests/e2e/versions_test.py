"""Versions of a DAG: each run keeps its own, and what changed between them is shown as it was written."""

import os
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from project import ProjectTest  # noqa: E402

FIRST = "# the first of all\ntasks:\n  a: {use: flow.noop}\n"
SECOND = "# the first of all\ntasks:\n  a: {use: flow.noop}\n  b: {use: flow.noop, needs: [a]}\n"


class Versions(ProjectTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.project.dag("grows", FIRST)
        cls.project.dag("twin", FIRST)
        cls.project.start()
        cls.project.wait_for_dag("twin")

    def version_of(self, dag):
        return self.project.get(f"/v1/dags/{dag}").json()["dag_version"]

    def test_runs_keep_the_version_they_started_with(self):
        run, _ = self.project.run_dag("grows", "before")
        first = run["dag_version"]
        self.project.dag("grows", SECOND)
        self.project.wait(lambda: self.version_of("grows") != first, "the change is live")
        run, tasks = self.project.run_dag("grows", "after")
        second = run["dag_version"]
        self.assertEqual(set(tasks), {"a", "b"})
        self.assertEqual(self.project.run_of("grows", "before")["dag_version"], first)
        self.assertEqual(set(self.project.tasks_of("grows", "before")), {"a"})

        versions = self.project.json("dags", "versions", "grows")
        self.assertEqual([(v["dag_version"], v["runs"], v["is_current"]) for v in versions],
                         [(second, 1, True), (first, 1, False)])
        self.assertEqual({v["dag"] for v in versions}, {"grows"})
        self.assertIn(f"{second}\t", self.run_it("dags", "versions", "grows").stdout)

        shown = self.project.get(f"/v1/dags/grows/versions/{first[:8]}").json()
        self.assertEqual((shown["dag_version"], shown["text"]), (first, FIRST))
        self.assertEqual(self.project.get("/v1/dags/grows/versions/current").json()["text"], SECOND)

        diff = self.run_it("dags", "diff", "grows").stdout
        self.assertRegex(diff, rf"^--- grows {first[:12]} .*\n\+\+\+ grows {second[:12]} .*\n@@ ")
        self.assertIn("\n   a: {use: flow.noop}\n+  b: {use: flow.noop, needs: [a]}\n", diff)
        self.assertEqual(self.run_it("dags", "diff", "grows", first, second).stdout, diff)
        self.assertIn("\n-  b:", self.run_it("dags", "diff", "grows", second, first[:10]).stdout)
        self.assertEqual(self.run_it("dags", "diff", "grows", second).stdout, "")
        as_json = self.project.json("dags", "diff", "grows")
        self.assertEqual((as_json["dag"], as_json["from"], as_json["to"], as_json["diff"]),
                         ("grows", first, second, diff))

        self.project.dag("grows", FIRST)
        self.project.wait(lambda: self.version_of("grows") == first, "the old text is live again")
        versions = self.project.json("dags", "versions", "grows")
        self.assertEqual([v["dag_version"] for v in versions if v["is_current"]], [first])
        self.assertEqual(len(versions), 2)

    def test_two_dags_of_the_same_text_have_each_their_own(self):
        versions = self.project.json("dags", "versions", "twin")
        self.assertEqual([(v["dag"], v["is_current"]) for v in versions], [("twin", True)])
        done = self.run_it("dags", "diff", "twin")
        self.assertEqual(done.stdout, "")
        self.assertIn("has had one version only", done.stderr)

    def test_what_is_not_there(self):
        self.run_it("dags", "versions", "nope", status=5)
        self.run_it("dags", "diff", "nope", status=5)
        self.run_it("dags", "diff", "twin", "0000ffff0000", status=5)
        self.run_it("dags", "diff", "twin", "zz", status=5)
        self.assertEqual(self.project.get("/v1/dags/twin/versions/..%2f").status, 404)


if __name__ == "__main__":
    unittest.main()

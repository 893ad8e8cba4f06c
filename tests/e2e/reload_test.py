"""DAG files change under a running server: what is good is live, what is bad keeps what was good, what is
gone keeps its history, whatever an editor or a deployment does in between."""

import os
import shutil
import signal
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from project import ProjectTest  # noqa: E402

ONE = "tasks:\n  a: {use: flow.noop}\n"
TWO = "tasks:\n  a: {use: flow.noop}\n  b: {use: flow.noop, needs: [a]}\n"
BROKEN = "tasks:\n  a: {use: flow.nop}\n"


class Reload(ProjectTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.project.start()

    def add(self, name, text=ONE):
        path = self.project.dag(name, text)
        self.project.wait_for_dag(name)
        return path

    def tasks(self, dag):
        return [task["task"] for task in self.project.get(f"/v1/dags/{dag}").json()["tasks"]]

    def wait_for_tasks(self, dag, *names):
        self.project.wait(lambda: self.is_known(dag) and self.tasks(dag) == list(names),
                          f"{dag} has the tasks {names}")

    def is_known(self, dag):
        return self.project.get(f"/v1/dags/{dag}").status == 200

    def errors(self, dag):
        return self.project.get(f"/v1/dags/{dag}").json()["errors"]

    def runs_with(self, dag, *names):
        run, tasks = self.project.run_dag(dag)
        self.assertEqual(run["state"], "success")
        self.assertEqual(set(tasks), set(names))

    def test_a_change_is_live(self):
        self.add("changes")
        self.runs_with("changes", "a")
        self.project.dag("changes", TWO)
        self.wait_for_tasks("changes", "a", "b")
        self.runs_with("changes", "a", "b")

    def test_every_one_of_many_quick_changes_of_the_same_size_is_seen(self):
        """Size and time of a file may be the same after a change."""
        path = self.add("quick", "description: n00\n" + ONE)
        for number in range(1, 60):
            with open(path, "r+", encoding="utf-8") as file:
                file.write(f"description: n{number:02}\n")
        self.project.wait(lambda: self.project.get("/v1/dags/quick").json()["description"] == "n59",
                          "the last change is live")

    def test_a_file_that_is_half_written_keeps_what_was_good(self):
        path = self.add("half", ONE)
        with open(path, "w", encoding="utf-8") as file:
            file.write(TWO[:40])
            file.flush()
            self.project.wait(lambda: self.errors("half"), "the half is seen")
            self.assertEqual(self.tasks("half"), ["a"])
            self.runs_with("half", "a")
            file.write(TWO[40:])
        self.wait_for_tasks("half", "a", "b")
        self.assertEqual(self.errors("half"), [])
        self.runs_with("half", "a", "b")

    def test_a_broken_file_shows_its_fault_and_goes_on_as_it_was(self):
        path = self.add("breaks")
        self.project.dag("breaks", BROKEN)
        self.project.wait(lambda: self.errors("breaks"), "the fault is shown")
        (fault,) = self.errors("breaks")
        self.assertEqual((fault["file"], fault["line"]), (path, 2))
        self.assertIn("did you mean 'flow.noop'?", fault["text"])
        self.assertIn("did you mean 'flow.noop'?", self.run_it("dags", "list").stderr)
        self.runs_with("breaks", "a")
        self.project.wait(lambda: f"'{path}' has 1 fault" in self.project.log(), "it is logged")
        self.project.dag("breaks", TWO)
        self.wait_for_tasks("breaks", "a", "b")
        self.project.wait(lambda: f"'{path}' has no faults any more" in self.project.log(),
                          "that is logged too")
        self.assertEqual(self.project.log().count(f"'{path}' has 1 fault"), 1)

    def test_an_editor_that_moves_away_and_writes_anew(self):
        path = self.add("edited")
        os.rename(path, path + "~")
        self.project.wait(lambda: not self.is_known("edited"), "it is gone for a moment")
        self.project.write("dags/edited.yaml", BROKEN)
        self.project.wait(lambda: self.is_known("edited"), "it is back")
        self.assertTrue(self.errors("edited"))
        self.runs_with("edited", "a")
        self.project.write("dags/edited.yaml", TWO)
        self.wait_for_tasks("edited", "a", "b")

    def test_a_file_that_is_gone_keeps_its_history(self):
        path = self.add("leaves")
        run, _ = self.project.run_dag("leaves", "only")
        os.remove(path)
        self.project.wait(lambda: not self.is_known("leaves"), "it is gone")
        self.assertNotIn("leaves", [dag["dag"] for dag in self.project.json("dags", "list")])
        self.assertEqual(self.project.post("/v1/dags/leaves/runs", {}).status, 404)
        self.assertEqual([r["run_id"] for r in self.project.json("runs", "list", "leaves")], ["only"])
        self.assertEqual(self.project.json("runs", "show", "leaves/only")["state"], "success")
        self.assertEqual(self.project.json("runs", "show", "only")["dag"], "leaves")
        self.assertEqual(self.project.json("dags", "versions", "leaves")[0]["dag_version"],
                         run["dag_version"])
        self.project.kill()
        self.project.start()
        self.assertFalse(self.is_known("leaves"))
        self.assertEqual(self.project.run_of("leaves", "only")["state"], "success")
        self.add("leaves", TWO)
        self.assertEqual(len(self.project.json("runs", "list", "leaves")), 1)
        self.runs_with("leaves", "a", "b")

    def test_another_file_may_take_the_dag_of_one_that_is_gone(self):
        path = self.project.dag("first", "dag: shared\n" + ONE)
        self.project.wait_for_dag("shared")
        os.rename(path, self.project.path("dags", "second.yaml"))
        self.project.wait(lambda: self.is_known("shared") and self.project.get(
            "/v1/dags/shared").json()["file"].endswith("second.yaml"), "it has moved")
        self.project.dag("first", "dag: shared\n" + TWO)
        self.project.wait(lambda: self.is_known("first.yaml") or self.is_known("first"),
                          "the other one is a fault")
        self.assertEqual(self.tasks("shared"), ["a"])

    def test_the_folder_goes_and_comes_back(self):
        self.add("inside")
        folder, aside = self.project.path("dags"), self.project.path("aside")
        os.rename(folder, aside)
        self.project.wait(lambda: not self.is_known("inside"), "its DAGs are gone")
        shutil.copytree(aside, folder)
        self.project.wait(lambda: self.is_known("inside"), "they are back")
        self.project.dag("inside", TWO)
        self.wait_for_tasks("inside", "a", "b")
        shutil.rmtree(folder)
        self.project.wait(lambda: not self.is_known("inside"), "they are gone again")
        os.rename(aside, folder)
        self.wait_for_tasks("inside", "a")
        self.project.dag("inside", TWO)
        self.wait_for_tasks("inside", "a", "b")

    def test_a_folder_that_is_replaced_is_watched(self):
        self.add("replaced")
        folder, new = self.project.path("dags"), self.project.path("new")
        shutil.copytree(folder, new)
        os.rename(folder, self.project.path("old"))
        os.rename(new, folder)
        self.project.dag("replaced", TWO)
        self.wait_for_tasks("replaced", "a", "b")
        shutil.rmtree(self.project.path("old"))

    def test_sighup_reads_everything_again(self):
        self.add("told")
        self.project.dag("told", TWO)
        self.project.server.send_signal(signal.SIGHUP)
        self.wait_for_tasks("told", "a", "b")


if __name__ == "__main__":
    unittest.main()

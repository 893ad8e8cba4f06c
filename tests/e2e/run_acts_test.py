"""What people do to runs and DAGs: cancel, clear, mark, note, pause, explain; by REST."""

import os
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from project import ProjectTest  # noqa: E402

CHAIN = """\
tasks:
  a: {use: shell.run, with: {argv: [sh, -c, "echo ran >> a.txt"], cwd: FOLDER}}
  b: {use: shell.run, needs: [a], with: {argv: [sh, -c, "echo ran >> b.txt; test -e good"], cwd: FOLDER}}
  c: {use: flow.noop, needs: [b]}
  d: {use: flow.noop}
"""
SLOW = """\
tasks:
  long: {use: shell.run, with: {argv: [sleep, "600"]}}
  other: {use: shell.run, with: {argv: [sleep, "600"]}}
  after: {use: flow.noop, needs: [long], trigger_rule: all_done}
"""
MAPPED = """\
tasks:
  each: {use: shell.run, map: [0, 1, 2], max_active: 2, with: {argv: [sleep, "600"]}}
  last: {use: flow.noop, needs: [each], trigger_rule: all_done}
"""
POOL = """\
tasks:
  one: {use: shell.run, pool: small, with: {argv: [sleep, "600"]}}
  two: {use: flow.noop, pool: small}
  three: {use: flow.noop, needs: [two]}
"""


class Acts(ProjectTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        with open(cls.project.path("millrace.yaml"), "a", encoding="utf-8") as file:
            file.write("\npools: {small: 1}\n")
        for name, text in (("chain", CHAIN), ("slow", SLOW), ("pool", POOL), ("free", SLOW), ("mapped", MAPPED),
                           ("mixed", CHAIN), ("bad", "tasks: {a: {use: no.such}}\n"),
                           ("line", "max_active_runs: 1\n" + SLOW)):
            cls.project.dag(name, text.replace("FOLDER", cls.project.folder))
        cls.project.start()
        cls.project.wait_for_dag("line")

    def setUp(self):
        for name in ("a.txt", "b.txt", "good"):
            if os.path.exists(self.project.path(name)):
                os.remove(self.project.path(name))

    def ask(self, method, path, body=None, status=200):
        answer = self.project.request(method, "/v1/dags/" + path, body)
        self.assertEqual(answer.status, status, answer.body)
        return answer.json()

    def states(self, dag, run):
        return {name: task["state"] for name, task in self.project.tasks_of(dag, run).items()}

    def wait_state(self, dag, run, task, state):
        self.project.wait(lambda: self.states(dag, run)[task] == state, f"{task} is {state}")

    def refuse(self, method, path, body, status, code, text=""):
        problem = self.ask(method, path, body, status)
        self.assertEqual(problem["code"], code)
        self.assertIn(text, str(problem))

    # --- cancel ---

    def test_a_run_is_cancelled(self):
        run = self.project.trigger("slow")
        self.wait_state("slow", run, "long", "running")
        self.ask("PATCH", f"slow/runs/{run}", {"state": "cancelled", "note": "enough"})
        ended = self.project.wait_run("slow", run)
        self.assertEqual((ended["state"], ended["reason"], ended["note"]),
                         ("cancelled", "cancelled", "enough"))
        self.assertEqual(self.states("slow", run),
                         {"long": "cancelled", "other": "cancelled", "after": "cancelled"})
        self.refuse("PATCH", f"slow/runs/{run}", {"state": "cancelled"}, 409, "state_conflict",
                    "has ended, it is cancelled")

    def test_one_task_is_cancelled(self):
        run = self.project.trigger("slow")
        self.wait_state("slow", run, "long", "running")
        self.ask("PATCH", f"slow/runs/{run}/tasks/long", {"state": "cancelled"})
        self.wait_state("slow", run, "after", "success")
        self.assertEqual(self.states("slow", run)["long"], "cancelled")
        self.assertEqual(self.project.run_of("slow", run)["state"], "running")
        self.refuse("PATCH", f"slow/runs/{run}/tasks/long", {"state": "cancelled"}, 409,
                    "state_conflict", "the task 'long' is cancelled")
        self.refuse("PATCH", f"slow/runs/{run}/tasks/long?map_index=3", {"state": "cancelled"}, 404,
                    "not_found", "has no item 3")
        self.ask("PATCH", f"slow/runs/{run}/tasks/other", {"state": "cancelled"})
        self.assertEqual(self.project.wait_run("slow", run)["state"], "cancelled")

    def test_what_does_not_fit_is_refused(self):
        run = self.project.trigger("slow")
        path = f"slow/runs/{run}"
        for body, pointer in (({"stat": 1}, "/stat"), ({"state": "queued"}, "/state"),
                              ({"note": 5}, "/note"), ({"note": "x" * 4097}, "/note")):
            self.refuse("PATCH", path, body, 422, "validation", pointer)
        self.refuse("PATCH", path, {}, 422, "validation", "no state")
        self.refuse("PATCH", path + "/tasks/long", {}, 422, "validation", "no state")
        self.refuse("PATCH", path + "/tasks/long", {"note": ""}, 422, "validation", "/note")
        for body, pointer in (({"tasks": "a"}, "/tasks"), ({"only_failed": 1}, "/only_failed"),
                              ({"version": "old"}, "/version"), ({"all": True}, "/all"),
                              ({"tasks": ["long", "nope"]}, "/tasks/1")):
            self.refuse("POST", path + "/clear", body, 422, "validation", pointer)
        self.refuse("PATCH", path + "/tasks/nope", {"state": "failed"}, 404, "not_found")
        self.refuse("PATCH", path, {"state": "success"}, 409, "state_conflict", "has not ended")
        self.refuse("PATCH", path + "/tasks/long", {"state": "success"}, 409, "state_conflict",
                    "cannot be marked as success")
        self.refuse("POST", path + "/clear", {"version": "latest"}, 409, "state_conflict",
                    "keeps its version")
        for method, rest in (("PATCH", ""), ("PATCH", "/tasks/long"), ("POST", "/clear"),
                             ("GET", "/explain")):
            self.refuse(method, "slow/runs/nope" + rest, {"state": "failed"} if method == "PATCH" else
                        {} if method == "POST" else None, 404, "not_found")
        self.refuse("PATCH", "nope", {"is_paused": True}, 404, "not_found")
        self.refuse("PATCH", "slow", {"is_paused": 1}, 422, "validation", "/is_paused")
        self.refuse("PATCH", "slow", {}, 422, "validation", "no is_paused")
        self.refuse("GET", "nope/explain", None, 404, "not_found")
        self.ask("PATCH", path, {"state": "cancelled"})
        self.project.wait_run("slow", run)

    def items(self, run):
        tasks = self.ask("GET", f"mapped/runs/{run}/tasks")
        return [task["state"] for task in tasks if task["task"] == "each"]

    def test_items_of_a_mapped_task(self):
        run = self.project.trigger("mapped")
        path = f"mapped/runs/{run}/tasks/each"
        self.project.wait(lambda: self.items(run) == ["running", "running", "none"], "two run")
        reasons = [task["reason"] for task in self.ask("GET", f"mapped/runs/{run}/tasks")]
        self.assertEqual(reasons, [None, "waiting for each", None, "max_active 2/2"])
        one = self.ask("PATCH", path + "?map_index=1", {"state": "cancelled"})
        self.assertEqual(one["map_index"], 1)
        self.project.wait(lambda: self.items(run) == ["running", "cancelled", "running"], "the next")
        rest = self.ask("PATCH", path, {"state": "cancelled"})
        self.assertEqual([task["map_index"] for task in rest], [0, 1, 2])
        self.assertEqual(self.project.wait_run("mapped", run)["state"], "success")
        self.ask("PATCH", path + "?map_index=2", {"state": "success"})
        self.assertEqual(self.items(run), ["cancelled", "cancelled", "success"])
        self.ask("PATCH", path, {"state": "skipped"})
        self.assertEqual(self.items(run), ["skipped"] * 3)
        cleared = self.ask("POST", f"mapped/runs/{run}/clear", {"tasks": ["each"]})
        self.assertEqual([(task["map_index"], task["was"]) for task in cleared],
                         [(0, "skipped"), (1, "skipped"), (2, "skipped")])
        self.project.wait(lambda: self.items(run) == ["running", "running", "none"], "two run again")
        self.ask("PATCH", f"mapped/runs/{run}", {"state": "cancelled"})
        self.project.wait_run("mapped", run)

    # --- clear ---

    def test_what_failed_runs_again(self):
        run, tasks = self.project.run_dag("chain")
        name = run["run_id"]
        self.assertEqual({t: tasks[t]["state"] for t in tasks},
                         {"a": "success", "b": "failed", "c": "upstream_failed", "d": "success"})
        planned = self.ask("POST", f"chain/runs/{name}/clear", {"only_failed": True, "dry_run": True})
        self.assertEqual([(task["task"], task["was"]) for task in planned],
                         [("b", "failed"), ("c", "upstream_failed")])
        self.assertEqual(self.project.run_of("chain", name)["state"], "failed")
        self.project.write("good", "")
        cleared = self.ask("POST", f"chain/runs/{name}/clear", {"only_failed": True})
        self.assertEqual(cleared, planned)
        self.project.wait(lambda: self.project.run_of("chain", name)["state"] == "success", "success")
        again = self.project.run_of("chain", name)
        self.assertEqual(again["counts"], {"success": 4})
        self.assertGreater(again["started_at"], run["ended_at"])
        self.assertEqual(again["queued_at"], run["queued_at"])
        attempts = self.ask("GET", f"chain/runs/{name}/tasks/b")["attempts"]
        self.assertEqual([(one["number"], one["state"]) for one in attempts],
                         [(1, "failed"), (2, "succeeded")])
        self.assertLess(attempts[0]["fence"], attempts[1]["fence"])
        with open(self.project.path("a.txt"), encoding="utf-8") as file:
            self.assertEqual(file.read(), "ran\n")

    def test_from_a_task_on(self):
        self.project.write("good", "")
        run, _ = self.project.run_dag("chain")
        path = f"chain/runs/{run['run_id']}/clear"
        one = self.ask("POST", path, {"tasks": ["b"], "dry_run": True})
        self.assertEqual([task["task"] for task in one], ["b"])
        several = self.ask("POST", path, {"tasks": ["b"], "downstream": True})
        self.assertEqual([task["task"] for task in several], ["b", "c"])
        self.project.wait_run("chain", run["run_id"])
        self.assertEqual(len(self.ask("POST", path, {})), 4)
        self.project.wait_run("chain", run["run_id"])
        self.assertEqual(self.ask("POST", path, {"only_failed": True}), [])
        with open(self.project.path("b.txt"), encoding="utf-8") as file:
            self.assertEqual(file.read(), "ran\n" * 3)

    def test_a_running_task_is_ended_first(self):
        run = self.project.trigger("free")
        self.wait_state("free", run, "long", "running")
        before = self.ask("GET", f"free/runs/{run}/tasks/long")["attempts"][0]
        self.ask("POST", f"free/runs/{run}/clear", {"tasks": ["long"]})
        self.project.wait(lambda: self.ask("GET", f"free/runs/{run}/tasks/long")["attempt"] == 2 and
                          self.states("free", run)["long"] == "running", "the second attempt runs")
        attempts = self.ask("GET", f"free/runs/{run}/tasks/long")["attempts"]
        self.assertEqual([one["state"] for one in attempts], ["cancelled", "started"])
        self.assertGreater(attempts[1]["fence"], before["fence"] + 1)
        self.ask("PATCH", f"free/runs/{run}", {"state": "cancelled"})
        self.project.wait_run("free", run)

    def test_with_the_latest_version(self):
        dag = "tasks: {a: {use: flow.noop}, old: {use: flow.fail}}\n"
        new = "tasks: {a: {use: flow.noop}, new: {use: flow.noop, needs: [a]}}\n"
        self.project.dag("versions", dag)
        self.project.wait_for_dag("versions")
        run, _ = self.project.run_dag("versions")
        name = run["run_id"]
        self.project.dag("versions", new)
        self.project.wait(lambda: self.ask("GET", "versions")["dag_version"] != run["dag_version"],
                          "the new version is known")
        same = self.ask("POST", f"versions/runs/{name}/clear", {"dry_run": True})
        self.assertEqual([task["task"] for task in same], ["a", "old"])
        plan = {"only_failed": True, "version": "latest", "dry_run": True}
        cleared = self.ask("POST", f"versions/runs/{name}/clear", plan)
        self.assertEqual([(task["task"], task["was"]) for task in cleared], [("new", "none")])
        self.assertEqual(sorted(self.states("versions", name)), ["a", "old"])
        self.ask("POST", f"versions/runs/{name}/clear", {**plan, "dry_run": False})
        ended = self.project.wait_run("versions", name)
        self.assertEqual(ended["state"], "success")
        self.assertNotEqual(ended["dag_version"], run["dag_version"])
        self.assertEqual(self.states("versions", name),
                         {"a": "success", "old": "removed", "new": "success"})

    # --- mark ---

    def test_runs_and_tasks_are_marked(self):
        run, _ = self.project.run_dag("mixed")
        path = f"mixed/runs/{run['run_id']}"
        marked = self.ask("PATCH", path, {"state": "success", "note": "by hand"})
        self.assertEqual((marked["state"], marked["reason"], marked["note"], marked["ended_at"]),
                         ("success", "marked as success", "by hand", run["ended_at"]))
        self.refuse("PATCH", path, {"state": "success"}, 409, "state_conflict", "already")
        self.ask("PATCH", path, {"state": "failed"})
        task = self.ask("PATCH", path + "/tasks/b", {"state": "success"})
        self.assertEqual((task["state"], task["reason"]), ("success", "marked as success"))
        self.refuse("PATCH", path + "/tasks/b", {"state": "success"}, 409, "state_conflict")
        self.ask("PATCH", path + "/tasks/c", {"state": "skipped"})
        self.assertEqual(self.project.run_of("mixed", run["run_id"])["counts"],
                         {"skipped": 1, "success": 3})
        self.assertEqual(self.project.run_of("mixed", run["run_id"])["state"], "failed")

    def test_a_marked_task_changes_how_its_run_ended(self):
        run, _ = self.project.run_dag("mixed")
        path = f"mixed/runs/{run['run_id']}"
        self.ask("PATCH", path + "/tasks/c", {"state": "success"})
        self.assertEqual(self.project.run_of("mixed", run["run_id"])["state"], "success")

    def test_a_note_is_set_and_removed(self):
        run, _ = self.project.run_dag("mixed")
        path = f"mixed/runs/{run['run_id']}"
        self.assertEqual(self.ask("PATCH", path, {"note": "look here"})["note"], "look here")
        self.assertIsNone(self.ask("PATCH", path, {"note": None})["note"])

    # --- pause, explain ---

    def test_a_paused_dag_starts_nothing(self):
        self.assertIs(self.ask("PATCH", "pool", {"is_paused": True})["is_paused"], True)
        run = self.project.trigger("pool")
        shown = self.ask("GET", f"pool/runs/{run}/explain")
        self.assertEqual((shown["state"], shown["reason"]), ("queued", "paused"))
        self.assertEqual({task["reason"] for task in shown["tasks"]}, {"paused"})
        dag = self.ask("GET", "pool/explain")
        self.assertEqual(dag["reason"], "paused: its runs stay queued")
        self.assertEqual(dag["runs"], [{"run_id": run, "state": "queued", "reason": "paused"}])
        self.ask("PATCH", "pool", {"is_paused": False})
        self.wait_state("pool", run, "one", "running")
        tasks = {task["task"]: task["reason"]
                 for task in self.ask("GET", f"pool/runs/{run}/explain")["tasks"]}
        self.assertEqual(tasks, {"two": "pool small 1/1 held by pool.one", "three": "waiting for two"})
        tasks = self.project.tasks_of("pool", run)
        self.assertEqual({name: tasks[name]["reason"] for name in tasks},
                         {"one": None, "two": "pool small 1/1 held by pool.one",
                          "three": "waiting for two"})
        self.ask("PATCH", f"pool/runs/{run}", {"state": "cancelled"})
        self.project.wait_run("pool", run)
        tasks = self.ask("GET", f"pool/runs/{run}/explain")["tasks"]
        self.assertEqual({task["reason"] for task in tasks}, {"cancelled"})

    def test_a_run_in_line_says_who_is_before_it(self):
        first = self.project.trigger("line")
        second = self.project.trigger("line")
        shown = self.project.run_of("line", second)
        self.assertEqual((shown["state"], shown["reason"]),
                         ("queued", f"max_active_runs 1/1, {first} is running"))
        for run in (first, second):
            self.ask("PATCH", f"line/runs/{run}", {"state": "cancelled"})
            self.project.wait_run("line", run)

    def test_a_dag_says_why_it_does_not_run(self):
        self.assertIn("no.such", self.ask("GET", "bad/explain")["reason"])
        self.assertIn("no schedule", self.ask("GET", "chain/explain")["reason"])


if __name__ == "__main__":
    unittest.main()

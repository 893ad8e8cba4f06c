"""Mapped tasks: an instance for each item of a list, its outputs as lists, and what becomes of them."""

import json
import os
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from project import ProjectTest  # noqa: E402

ECHO = """\
params: {names: {type: array, default: [ann, bob, eve]}}
tasks:
  say:
    use: shell.run
    map: ${{ params.names }}
    with: {argv: [echo, "${{ index }} is ${{ item }}"]}
  gather:
    use: object.put
    needs: [say]
    trigger_rule: all_done
    with:
      to: objects://out/${{ run.id }}
      text: ${{ tasks.say.state }} ${{ to_json(tasks.say.outputs.stdout) }}
"""
MIXED = """\
tasks:
  odd:
    use: shell.run
    map: [1, 2, 3]
    retries: 0
    with: {script: "test $N != 2 || exit 64; echo $N", env: {N: "${{ item }}"}}
  few:
    use: shell.run
    map: [{n: 1}, {n: 0}, {n: 1}]
    when: item.n == 1
    with: {argv: [echo, "${{ item.n }}"]}
  last:
    use: object.put
    needs: [odd, few]
    trigger_rule: all_done
    with:
      to: objects://out/mixed
      text: ${{ to_json([tasks.odd.state, tasks.odd.outputs.exit, tasks.few.state, tasks.few.outputs.exit]) }}
"""
CHAIN = """\
tasks:
  list: {use: object.put, with: {to: objects://out/list, text: x}}
  first:
    use: shell.run
    needs: [list]
    map: ${{ split('a,b,c,d,e,f', ',') }}
    max_active: 2
    with: {argv: [echo, "${{ item }}"]}
  second:
    use: shell.run
    needs: [first]
    map: ${{ tasks.first.outputs.stdout }}
    with: {argv: [echo, "${{ index }}${{ item }}${{ tasks.first.outputs.stdout[index] }}"]}
"""
HOLD = """\
params: {list: {type: array, default: [1, 2]}}
tasks:
  hold:
    use: shell.run
    map: ${{ params.list }}
    with: {script: 'echo $N; test $N = 1 || while ! test -e "$GO"; do sleep 0.02; done', env: {N: "${{ item }}", GO: "${{ vars.go }}"}}
"""
FROM_OBJECT = """\
tasks:
  read: {use: object.get, with: {from: objects://in/list}}
  each:
    use: shell.run
    needs: [read]
    map: ${{ split(tasks.read.outputs.text, ',') }}
    with: {argv: [echo, "${{ item }}"]}
  last:
    use: object.put
    needs: [each]
    with: {to: objects://out/cleared, text: "${{ to_json(tasks.each.outputs.stdout) }}"}
"""
BAD = """\
params: {text: {type: string, default: ""}}
tasks:
  bad: {use: flow.noop, map: "${{ params.text }}", when: "item == 1", retries: 3}
"""
LONG = """\
params: {text: {type: string}}
tasks:
  long: {use: flow.noop, map: "${{ split(params.text, ',') }}"}
"""


class Mapped(ProjectTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        go = cls.project.path("go")
        with open(cls.project.path("millrace.yaml"), "a", encoding="utf-8") as file:
            file.write(f"vars: {{go: {go}}}\n")
        cls.go = go
        for name, text in (("echo", ECHO), ("mixed", MIXED), ("chain", CHAIN), ("hold", HOLD),
                           ("bad", BAD), ("cleared", FROM_OBJECT), ("long", LONG)):
            cls.project.dag(name, text)
        cls.project.start()
        cls.project.wait_for_dag("mixed")

    def object(self, name):
        return self.project.run("objects", "cat", f"objects://out/{name}", check=True).stdout

    def instances(self, dag, run_id):
        """By task and map index."""
        answer = self.project.get(f"/v1/dags/{dag}/runs/{run_id}/tasks")
        return {(task["task"], task["map_index"]): task for task in answer.json()}

    def test_each_item_has_an_instance_and_outputs_are_lists(self):
        self.project.run_dag("echo", "three")
        tasks = self.instances("echo", "three")
        self.assertEqual(set(tasks), {("say", 0), ("say", 1), ("say", 2), ("gather", -1)})
        self.assertEqual(tasks["say", 1]["outputs"]["stdout"], "1 is bob\n")
        self.assertEqual(self.object("three"),
                         'success ["0 is ann\\n","1 is bob\\n","2 is eve\\n"]')

    def test_one_instance_is_asked_for_by_its_index(self):
        self.project.run_dag("echo", "asked", names=["x", "y"])
        path = "/v1/dags/echo/runs/asked/tasks/say"
        self.assertEqual(self.project.get(f"{path}?map_index=1").json()["map_index"], 1)
        self.assertEqual(self.project.get(f"{path}?map_index=1").json()["attempts"][0]["number"], 1)
        self.assertEqual(self.project.get(path).status, 404)
        self.assertEqual(self.project.get(f"{path}?map_index=2").status, 404)
        self.assertEqual(self.project.get(f"{path}?map_index=y").status, 400)
        self.assertIn("1 is y", self.project.get(f"{path}/logs/1?map_index=1").body)
        self.assertIn("1 is y", self.run_it("runs", "logs", "echo/asked", "say", "--map-index", "1").stdout)
        self.assertTrue(os.path.exists(self.project.path(
            "state/logs/dag=echo/run=asked/task=say/map=1/attempt=1.log")))
        shown = self.run_it("runs", "show", "echo/asked").stdout
        self.assertRegex(shown, r"say\[0\]\tsuccess")
        self.assertRegex(shown, r"say\[1\]\tsuccess")

    def test_an_empty_list_is_one_skipped_instance(self):
        run, _ = self.project.run_dag("echo", "none", names=[])
        tasks = self.instances("echo", "none")
        self.assertEqual(tasks["say", -1]["state"], "skipped")
        self.assertEqual(self.object("none"), "skipped null")
        self.assertEqual(run["counts"], {"skipped": 1, "success": 1})

    def test_what_failed_or_was_skipped_is_null_in_its_place(self):
        run, _ = self.project.run_dag("mixed", "mixed")
        tasks = self.instances("mixed", "mixed")
        self.assertEqual([tasks["odd", i]["state"] for i in range(3)], ["success", "failed", "success"])
        self.assertEqual([tasks["few", i]["state"] for i in range(3)], ["success", "skipped", "success"])
        self.assertEqual(json.loads(self.object("mixed")),
                         ["failed", [0, None, 0], "success", [0, None, 0]])
        self.assertEqual(run["state"], "success")

    def test_a_map_over_the_outputs_of_a_map(self):
        run, _ = self.project.run_dag("chain", "chain")
        self.assertEqual(run["state"], "success")
        tasks = self.instances("chain", "chain")
        self.assertEqual([tasks["second", i]["outputs"]["stdout"] for i in (0, 5)],
                         ["0a\na\n\n", "5f\nf\n\n"])

    def put_list(self, text):
        self.project.run("objects", "cp", self.project.write("list", text), "objects://in/list", check=True)

    def test_a_clear_makes_the_list_anew(self):
        self.put_list("a,b,c")
        self.project.run_dag("cleared", "cleared")
        self.assertEqual(self.object("cleared"), '["a\\n","b\\n","c\\n"]')
        for text, states in (("x,y", ["success", "success", "removed"]),
                             ("p,q,r,s", ["success"] * 4),
                             ("z", ["success", "removed", "removed", "removed"])):
            self.put_list(text)
            answer = self.project.post("/v1/dags/cleared/runs/cleared/clear",
                                       {"tasks": ["read"], "downstream": True})
            self.assertEqual(answer.status, 200, answer.body)
            self.assertEqual(self.project.wait_run("cleared", "cleared")["state"], "success")
            tasks = self.instances("cleared", "cleared")
            self.assertEqual([tasks["each", i]["state"] for i in range(len(states))], states)
            self.assertEqual(self.object("cleared"),
                             json.dumps([word + "\n" for word in text.split(",")], separators=(",", ":")))

    def test_a_clear_of_what_failed_runs_those_items_again(self):
        self.project.run_dag("mixed", "again")
        answer = self.project.post("/v1/dags/mixed/runs/again/clear", {"tasks": ["odd"], "only_failed": True})
        self.assertEqual(answer.status, 200, answer.body)
        self.project.wait_run("mixed", "again")
        tasks = self.instances("mixed", "again")
        self.assertEqual([tasks["odd", i]["attempt"] for i in range(3)], [1, 2, 1])

    def test_what_is_no_list_fails_with_the_reason(self):
        _, tasks = self.project.run_dag("bad")
        self.assertEqual((tasks["bad"]["state"], tasks["bad"]["reason"], tasks["bad"]["map_index"]),
                         ("failed", "map: needs a list, not text", -1))

    def test_more_than_a_million_items_are_refused(self):
        _, tasks = self.project.run_dag("long", "long", text="," * 1000000)
        self.assertEqual((tasks["long"]["state"], tasks["long"]["reason"]),
                         ("failed", "map: the list has 1000001 items, a task is mapped over 1000000 at most"))

    def test_a_restart_finds_every_item_again(self):
        run_id = self.project.trigger("hold", list=[1, 2, 1, 2])

        def running():
            tasks = self.instances("hold", run_id)
            return [tasks["hold", i]["state"] for i in range(4) if ("hold", i) in tasks] == \
                ["success", "running", "success", "running"]
        self.project.wait(running, "two items are done and two run")
        self.project.kill()
        self.project.write("go", "")
        self.addCleanup(os.remove, self.go)
        self.project.start()
        run = self.project.wait_run("hold", run_id)
        self.assertEqual(run["state"], "success")
        tasks = self.instances("hold", run_id)
        self.assertEqual([tasks["hold", i]["outputs"]["stdout"] for i in range(4)],
                         ["1\n", "2\n", "1\n", "2\n"])
        self.assertEqual([tasks["hold", i]["attempt"] for i in (0, 2)], [1, 1])


class Target(ProjectTest):
    """The object of `target` says that a task is done."""

    def test_what_exists_is_not_made_again(self):
        self.project.dag("made", """\
params: {name: {type: [string, "null"], default: a}}
tasks:
  make:
    use: object.put
    target: ${{ params.name }}
    with: {to: "${{ default(params.name, 'objects://out/none') }}", text: "${{ run.id }}"}
""")
        self.project.start()
        for run_id, name, reason in (("first", "objects://out/x", None),
                                     ("second", "objects://out/x", "target 'objects://out/x' exists already"),
                                     ("third", None, None), ("fourth", None, None)):
            run, tasks = self.project.run_dag("made", run_id, name=name)
            self.assertEqual((run["state"], tasks["make"]["reason"]), ("success", reason), run_id)
        self.assertEqual(self.project.run("objects", "cat", "objects://out/x").stdout, "first")
        self.assertEqual(self.project.run("objects", "cat", "objects://out/none").stdout, "fourth")
        _, tasks = self.project.run_dag("made", name="no URI")
        self.assertEqual(tasks["make"]["state"], "failed")
        self.assertIn("target: ", tasks["make"]["reason"])


class Large(ProjectTest):
    def test_ten_thousand_items_are_listed_quickly(self):
        self.project.dag("wide", "params: {text: {type: string}}\ntasks:\n"
                         "  each: {use: flow.noop, map: \"${{ split(params.text, ',') }}\"}\n"
                         "  after: {use: flow.noop, needs: [each]}\n")
        self.project.start()
        run, _ = self.project.run_dag("wide", "wide", text="," * 9999)
        self.assertEqual(run["counts"], {"success": 10001})
        tasks = self.project.get("/v1/dags/wide/runs/wide/tasks").json()
        self.assertEqual([task["map_index"] for task in tasks if task["task"] == "each"],
                         list(range(10000)))


if __name__ == "__main__":
    unittest.main()

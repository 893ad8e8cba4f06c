"""What a task's keys do, seen from outside: when, retries, timeouts, pools, priorities, processes."""

import os
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from project import ProjectTest  # noqa: E402

WHEN = """\
params: {go: {type: boolean, default: false}}
tasks:
  no: {use: flow.noop, when: params.go}
  bad: {use: flow.noop, when: "from_json('{') == 1", retries: 3}
  late: {use: flow.noop, needs: [no], trigger_rule: all_skipped, when: "tasks.no.state == 'skipped'"}
"""
RETRIES = """\
tasks:
  thrice:
    use: shell.run
    retries: 3
    retry_delay: 1ms
    retry_max_delay: 5ms
    with: {script: 'echo >> "$F"; test $(wc -l < "$F") = 3', env: {F: "${{ vars.scratch }}/${{ run.id }}"}}
  never: {use: shell.run, retries: 2, retry_delay: 1ms, with: {argv: ["false"]}}
  useless: {use: flow.fail, retries: 5}
"""
TIMEOUT = """\
tasks:
  long: {use: shell.run, timeout: 50ms, retries: 1, retry_delay: 1ms, with: {argv: [sleep, "600"]}}
  after: {use: flow.noop, needs: [long]}
"""
RUN_TIMEOUT = """\
timeout: 100ms
tasks:
  long: {use: shell.run, retries: 5, with: {argv: [sleep, "600"]}}
  after: {use: flow.noop, needs: [long]}
  tidy: {use: flow.noop, needs: [long], trigger_rule: all_done}
"""
POOLS = """\
tasks:
  wide: {use: flow.noop, pool: two, pool_slots: 3}
  nowhere: {use: flow.noop, pool: none}
"""
PRIORITY = """\
tasks:
  hold: {use: object.wait, pool: one, with: {uri: "objects://go/x", poll: 1s}}
  low: {use: shell.run, pool: one, priority: -1, with: {script: 'echo low >> "$F"', env: {F: "${{ vars.scratch }}/order"}}}
  plain: {use: shell.run, pool: one, with: {script: 'echo plain >> "$F"', env: {F: "${{ vars.scratch }}/order"}}}
  high: {use: shell.run, pool: one, priority: 5, with: {script: 'echo high >> "$F"', env: {F: "${{ vars.scratch }}/order"}}}
"""
PROCESS = """\
tasks:
  a: {use: sql.run, with: {sql: "SELECT 1"}, fresh_process: true}
  b: {use: sql.run, needs: [a], with: {sql: "SELECT 1"}, fresh_process: true}
  c: {use: sql.run, needs: [b], with: {sql: "SELECT 1"}}
  d: {use: sql.run, needs: [c], with: {sql: "SELECT 1"}}
"""
PATHS = """\
params: {p: {type: object, default: {a: [1, {b: deep}]}}}
tasks:
  first: {use: shell.run, with: {argv: [echo, out]}}
  fails: {use: shell.run, with: {script: "echo lost; exit 64"}}
  show:
    use: object.put
    needs: [first, fails]
    trigger_rule: all_done
    with:
      to: objects://out/paths
      text: >-
        ${{ to_json([run.id, run.dag, run.type, run.logical_date, run.interval_start, run.interval_end, run.object,
        tasks.first.state, tasks.first.outputs.exit, tasks.first.outputs.none,
        tasks.fails.state, tasks.fails.outputs, tasks.fails.outputs.exit,
        vars.scratch == vars['scratch'], vars.nothing, params.p.a[1].b, params.p['a'][0], params.p.a[9]]) }}
"""


class TaskKeys(ProjectTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.scratch = cls.project.path("scratch")
        os.mkdir(cls.scratch)
        with open(cls.project.path("millrace.yaml"), "a", encoding="utf-8") as file:
            file.write(f"vars: {{scratch: {cls.scratch}}}\npools: {{one: 1, two: 2}}\n")
        for name, text in (("when", WHEN), ("retries", RETRIES), ("timeout", TIMEOUT),
                           ("run_timeout", RUN_TIMEOUT), ("pools", POOLS), ("priority", PRIORITY),
                           ("process", PROCESS), ("paths", PATHS)):
            cls.project.dag(name, text)
        cls.project.start()
        cls.project.wait_for_dag("when")

    def attempts(self, dag, run_id, task):
        return self.project.get(f"/v1/dags/{dag}/runs/{run_id}/tasks/{task}").json()["attempts"]

    def test_when(self):
        _, tasks = self.project.run_dag("when")
        self.assertEqual((tasks["no"]["state"], tasks["no"]["reason"]), ("skipped", "`when` was false"))
        self.assertEqual(tasks["late"]["state"], "success")
        for task in tasks.values():
            self.assertTrue(task["ended_at"], task)
            self.assertEqual(bool(task["queued_at"]), task["state"] != "skipped", task)
        self.assertEqual((tasks["bad"]["state"], tasks["bad"]["attempt"]), ("failed", 1))
        self.assertRegex(tasks["bad"]["reason"], r"^when: from_json\(\): line 1")

    def test_retries(self):
        _, tasks = self.project.run_dag("retries", "retries")
        self.assertEqual((tasks["thrice"]["state"], tasks["thrice"]["attempt"]), ("success", 3))
        self.assertEqual([a["state"] for a in self.attempts("retries", "retries", "thrice")],
                         ["failed", "failed", "succeeded"])
        self.assertEqual((tasks["never"]["state"], tasks["never"]["attempt"]), ("failed", 3))
        self.assertEqual((tasks["useless"]["state"], tasks["useless"]["attempt"]), ("failed", 1))

    def test_the_timeout_of_an_attempt_is_a_try(self):
        run, tasks = self.project.run_dag("timeout", "timeout")
        self.assertEqual(run["state"], "failed")
        self.assertEqual((tasks["long"]["state"], tasks["long"]["attempt"]), ("failed", 2))
        self.assertEqual(tasks["long"]["reason"], "timed out after 50 ms")
        self.assertEqual(tasks["after"]["state"], "upstream_failed")

    def test_the_timeout_of_a_run_ends_all_of_it(self):
        run, tasks = self.project.run_dag("run_timeout")
        self.assertEqual(run["state"], "failed")
        self.assertEqual(run["reason"], "timed out after 100 ms")
        self.assertEqual({task["state"] for task in tasks.values()}, {"cancelled"})
        self.assertEqual(tasks["long"]["attempt"], 1)

    def test_what_can_never_get_its_slots_says_so(self):
        run_id = self.project.trigger("pools")
        done = self.project.wait(
            lambda: (lambda said: said if "needs 3 slots" in said and "does not exist" in said else None)(
                self.project.run("runs", "explain", f"pools/{run_id}").stdout), "both are explained")
        self.assertIn("wide needs 3 slots, pool two has 2", done)
        self.assertIn("pool none does not exist", done)
        self.run_it("runs", "cancel", f"pools/{run_id}")

    def test_priorities(self):
        """All three wait for the one slot; what waits in between gives it back."""
        self.project.run("objects", "cp", self.project.write("word", "x"), "objects://go/x", check=True)
        run, _ = self.project.run_dag("priority")
        self.assertEqual(run["state"], "success")
        with open(os.path.join(self.scratch, "order"), encoding="utf-8") as file:
            self.assertEqual(file.read().split(), ["high", "plain", "low"])

    def test_a_fresh_process_is_one_of_its_own(self):
        self.project.run_dag("process", "process")
        pids = [self.attempts("process", "process", task)[0]["pid"] for task in "abcd"]
        self.assertEqual(len(set(pids[:3])), 3, pids)
        self.assertEqual(pids[2], pids[3])

    def test_every_path_of_an_expression(self):
        self.project.run_dag("paths", "paths")
        shown = self.project.run("objects", "cat", "objects://out/paths", check=True).stdout
        self.assertEqual(shown, '["paths","paths","manual",null,null,null,null,"success",0,null,'
                                '"failed",{},null,true,null,"deep",1,null]')


if __name__ == "__main__":
    unittest.main()

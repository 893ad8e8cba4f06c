"""Backfills: planned, made in order, paused, cancelled, gone on with after a kill; runs that exist as asked."""

import os
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from project import Project  # noqa: E402

DAILY = 'schedule: "30 5 * * *"\ncatchup: none\nmax_active_runs: 8\n'
NOOP = DAILY + "tasks:\n  a: {use: flow.noop}\n"
SAY = DAILY + ('tasks:\n  a: {use: shell.run, with: {argv: [echo, "${{ run.logical_date }} '
               '${{ run.interval_start }} ${{ run.type }}"]}}\n')
GATE = DAILY + ("tasks:\n  a: {use: shell.run, with: {argv: [sh, -c, 'until [ -e @GATE@ ]; do sleep "
                "0.02; done']}}\n  b: {use: flow.noop, needs: [a]}\n")
FAIL = DAILY + ('tasks:\n  a: {use: flow.fail, when: "${{ run.logical_date in [\'2026-01-02T05:30:00Z\', '
                '\'2026-01-04T05:30:00Z\'] }}", with: {reason: bad day}}\n  b: {use: flow.noop}\n')
SPAN = {"from": "2026-01-01", "to": "2026-01-05T12:00:00Z"}


def days(*numbers):
    return [f"2026-01-{number:02}T05:30:00Z" for number in numbers]


class Backfill(unittest.TestCase):
    def setUp(self):
        self.project = self.enterContext(Project())

    def start(self, **dags):
        for name, text in dags.items():
            self.write_dag(name, text)
        self.project.start()
        for name in dags:
            self.project.wait_for_dag(name)

    def write_dag(self, name, text):
        self.project.dag(name, text.replace("@GATE@", self.project.path("gate")))

    def open_gate(self):
        self.project.write("gate", "")

    def create(self, dag, status=201, **words):
        answer = self.project.post(f"/v1/dags/{dag}/backfills", {**SPAN, **words})
        self.assertEqual(answer.status, status, answer.body)
        return answer.json()

    def get(self, backfill_id):
        return self.project.get(f"/v1/backfills/{backfill_id}").json()

    def set_state(self, backfill_id, state, status=200):
        answer = self.project.request("PATCH", f"/v1/backfills/{backfill_id}", {"state": state})
        self.assertEqual(answer.status, status, answer.body)
        return answer.json()

    def wait_for(self, backfill_id, state="success"):
        def ended():
            backfill = self.get(backfill_id)
            return backfill if backfill["state"] == state else None
        return self.project.wait(ended, f"the backfill is {state}")

    def run_it(self, *arguments, status=0):
        done = self.project.run(*arguments)
        self.assertEqual(done.returncode, status, f"{arguments}: {done.stdout}{done.stderr}")
        return done

    def runs_of(self, dag):
        """In the order in which they were made."""
        return self.project.get(f"/v1/dags/{dag}/runs?limit=1000").json()[::-1]

    def test_a_backfill_makes_the_runs_of_its_schedule(self):
        self.start(say=SAY)
        made = self.create("say")
        self.assertEqual((made["dag"], made["state"], made["order"], made["max_active"],
                          made["existing"], made["from"], made["to"]),
                         ("say", "running", "asc", 1, "skip", "2026-01-01T00:00:00Z",
                          "2026-01-05T12:00:00Z"))
        backfill = self.wait_for(made["backfill_id"])
        self.assertEqual(backfill["counts"], {"total": 5, "remaining": 0, "skipped": 0, "success": 5})
        self.assertIsNotNone(backfill["ended_at"])
        self.assertEqual([run["logical_date"] for run in backfill["runs"]], days(1, 2, 3, 4, 5))
        runs = self.runs_of("say")
        self.assertEqual([run["logical_date"] for run in runs], days(1, 2, 3, 4, 5))
        self.assertEqual({run["type"] for run in runs}, {"backfill"})
        self.assertEqual(runs[0]["run_id"], "backfill__2026-01-01T05:30:00.000000Z")
        self.assertEqual(runs[1]["triggered_by"], f"backfill {made['backfill_id']}")
        self.assertEqual((runs[1]["interval_start"], runs[1]["interval_end"]), tuple(days(1, 2)))
        self.assertIn("2026-01-02T05:30:00Z 2026-01-01T05:30:00Z backfill", self.project.get(
            f"/v1/dags/say/runs/{runs[1]['run_id']}/tasks/a/logs/1").body)
        # one at a time: each begins when the one before has ended
        for before, after in zip(runs, runs[1:]):
            self.assertLessEqual(before["ended_at"], after["started_at"])

    def test_the_plan_makes_nothing(self):
        self.start(noop=NOOP)
        self.project.post("/v1/dags/noop/runs", {"logical_date": days(2)[0], "run_id": "mine"})
        self.project.wait_run("noop", "mine")
        plan = self.create("noop", 200, plan=True, order="desc", existing="all")
        self.assertEqual((plan["backfill_id"], plan["state"]), (None, "planned"))
        self.assertEqual(plan["counts"], {"total": 5, "create": 4, "rerun": 1, "skip": 0})
        self.assertEqual([run["logical_date"] for run in plan["runs"]], days(5, 4, 3, 2, 1))
        self.assertEqual(plan["runs"][3], {"logical_date": days(2)[0], "run_id": "mine",
                                           "state": "success", "action": "rerun"})
        plan = self.project.json("dags", "backfill", "noop", "--from", "2026-01-01", "--to",
                                 "2026-01-03", "--dry-run")
        self.assertEqual([run["action"] for run in plan["runs"]], ["create", "skip"])
        shown = self.run_it("dags", "backfill", "noop", "--from", "2026-01-01", "--to", "2026-01-03",
                            "--plan").stdout
        self.assertIn(f"{days(2)[0]}\tskip\tmine\tsuccess", shown)
        self.assertEqual(len(self.runs_of("noop")), 1)
        self.assertEqual(self.project.json("dags", "backfill", "list"), [])

    def test_no_more_than_max_active_runs_at_a_time_in_the_order_asked_for(self):
        self.start(gate=GATE)
        made = self.create("gate", max_active=2, order="desc")
        self.project.wait(lambda: self.get(made["backfill_id"])["counts"].get("running") == 2, "two run")
        self.assertEqual([run["logical_date"] for run in self.runs_of("gate")], days(5, 4))
        self.assertEqual(self.get(made["backfill_id"])["counts"]["remaining"], 3)
        self.open_gate()
        self.wait_for(made["backfill_id"])
        self.assertEqual([run["logical_date"] for run in self.runs_of("gate")], days(5, 4, 3, 2, 1))

    def test_what_exists_is_skipped_or_run_again(self):
        self.start(fail=FAIL)
        first = self.wait_for(self.create("fail", max_active=5)["backfill_id"], "failed")
        self.assertEqual(first["counts"], {"total": 5, "remaining": 0, "skipped": 0, "failed": 2,
                                           "success": 3})
        again = self.wait_for(self.create("fail")["backfill_id"])
        self.assertEqual(again["counts"], {"total": 5, "remaining": 0, "skipped": 5})
        # mended: what failed runs again, with the new version, and nothing else does
        old = self.project.get("/v1/dags/fail").json()["dag_version"]
        self.project.dag("fail", NOOP + "  b: {use: flow.noop}\n")
        self.project.wait(lambda: self.project.get("/v1/dags/fail").json()["dag_version"] != old, "live")
        mended = self.wait_for(self.create("fail", existing="failed", max_active=3)["backfill_id"])
        self.assertEqual(mended["counts"], {"total": 5, "remaining": 0, "skipped": 3, "success": 2})
        self.assertEqual([run["logical_date"] for run in mended["runs"]], days(2, 4))
        for run in self.runs_of("fail"):
            tasks = self.project.tasks_of("fail", run["run_id"])
            is_mended = run["logical_date"] in days(2, 4)
            self.assertEqual((run["state"], tasks["a"]["attempt"], tasks["b"]["attempt"]),
                             ("success", 2 if is_mended else 0, 1), run)
            self.assertEqual(run["dag_version"] != old, is_mended)
        everything = self.wait_for(self.create("fail", existing="all")["backfill_id"])
        self.assertEqual(everything["counts"], {"total": 5, "remaining": 0, "skipped": 0, "success": 5})
        self.assertEqual(len(self.runs_of("fail")), 5)

    def test_pause_resume_and_cancel(self):
        self.start(gate=GATE)
        made = self.create("gate")["backfill_id"]
        self.project.wait(lambda: self.get(made)["counts"].get("running") == 1, "one runs")
        self.assertEqual(self.project.json("dags", "backfill", "pause", made)["state"], "paused")
        self.open_gate()
        self.project.wait(lambda: self.get(made)["counts"].get("success") == 1, "that one ends")
        self.assertEqual((self.get(made)["state"], len(self.runs_of("gate"))), ("paused", 1))
        os.remove(self.project.path("gate"))
        self.assertEqual(self.project.json("dags", "backfill", "resume", made)["state"], "running")
        self.project.wait(lambda: self.get(made)["counts"].get("running") == 1, "the next one runs")
        done = self.run_it("dags", "backfill", "cancel", made)
        self.assertIn("cancelled", done.stdout)
        self.project.wait(lambda: self.get(made)["counts"].get("cancelled") == 1, "it is cancelled")
        backfill = self.get(made)
        self.assertEqual(backfill["counts"], {"total": 5, "remaining": 3, "skipped": 0,
                                              "cancelled": 1, "success": 1})
        self.assertIsNotNone(backfill["ended_at"])
        self.run_it("dags", "backfill", "resume", made, status=6)
        self.run_it("dags", "backfill", "pause", "nope", status=5)
        self.assertEqual([b["backfill_id"] for b in self.project.json("dags", "backfill", "list", "gate")],
                         [made])
        self.assertEqual(self.project.json("dags", "backfill", "show", made)["state"], "cancelled")

    def test_it_goes_on_after_a_kill(self):
        self.start(gate=GATE)
        running = self.create("gate", max_active=2)["backfill_id"]
        paused = self.create("gate", max_active=2, **{"from": "2025-12-20", "to": "2025-12-25"})
        self.set_state(paused["backfill_id"], "paused")
        self.project.wait(lambda: self.get(running)["counts"].get("running") == 2, "two run")
        before = self.get(paused["backfill_id"])["counts"]
        self.project.kill()
        # the schedule it was made with counts, not the one of now
        self.write_dag("gate", GATE.replace("30 5", "0 9"))
        self.project.start()
        self.project.wait(lambda: self.get(running)["counts"].get("running") == 2, "they go on")
        self.open_gate()
        self.wait_for(running)
        self.assertEqual([run["logical_date"] for run in self.get(running)["runs"]], days(1, 2, 3, 4, 5))
        paused = self.get(paused["backfill_id"])
        self.assertEqual((paused["state"], paused["counts"]["remaining"]), ("paused", before["remaining"]))
        self.set_state(paused["backfill_id"], "running")
        self.assertEqual(self.wait_for(paused["backfill_id"])["counts"]["success"], 5)

    def test_a_dag_that_goes_away_pauses_it_with_the_reason(self):
        self.start(gate=GATE)
        made = self.create("gate")["backfill_id"]
        self.project.wait(lambda: self.get(made)["counts"].get("running") == 1, "one runs")
        os.remove(self.project.path("dags", "gate.yaml"))
        self.project.wait(lambda: self.project.get("/v1/dags/gate").status == 404, "it is gone")
        self.open_gate()
        self.assertIn("gone", self.wait_for(made, "paused")["reason"])
        self.write_dag("gate", GATE)
        self.project.wait_for_dag("gate")
        self.assertIsNone(self.set_state(made, "running")["reason"])
        self.wait_for(made)

    def test_following_shows_counts_and_how_it_ended(self):
        self.start(noop=NOOP, fail=FAIL)
        done = self.run_it("dags", "backfill", "noop", "--from", "2026-01-01", "--to", "2026-02-01",
                           "--max-active", "4", "--follow")
        self.assertIn("31 success of 31", done.stderr)
        self.assertIn("success", done.stdout)
        done = self.run_it("dags", "backfill", "fail", "--from", "2026-01-01", "--to", "2026-01-03",
                           "-f", "-o", "json", status=3)
        self.assertIn('"failed"', done.stdout)

    def test_bad_input(self):
        self.start(noop=NOOP, hand="tasks: {a: {use: flow.noop}}\n",
                   busy=NOOP.replace("30 5 * * *", "* * * * *"))
        for words, status in (
                ({"from": "2026-01-05", "to": "2026-01-01"}, 422), ({"from": "soon"}, 422),
                ({"to": "2999-01-01"}, 422), ({"order": "up"}, 422), ({"existing": "none"}, 422),
                ({"max_active": 0}, 422), ({"max_active": "2"}, 422), ({"plan": 1}, 422),
                ({"colour": "red"}, 422)):
            self.create("noop", status, **words)
        self.assertEqual(self.project.post("/v1/dags/noop/backfills", {"from": "2026-01-01"}).status, 422)
        self.assertIn("no schedule of times", self.create("hand", 422)["detail"])
        self.assertIn("more than 10000", self.create("busy", 400, to="2026-02-01")["detail"])
        self.create("nope", 404)
        self.assertEqual(self.project.get("/v1/dags/nope/backfills").status, 404)
        self.assertEqual(self.project.get("/v1/backfills/nope").status, 404)
        self.run_it("dags", "backfill", "noop", "--from", "2026-01-01", status=2)
        self.run_it("dags", "backfill", "noop", "--from", "x", "--to", "y", status=2)
        self.run_it("dags", "backfill", "noop", "--from", "2026-01-01", "--to", "2026-01-02",
                    "--max-active", "many", status=2)
        # nothing to do is a backfill that is done
        empty = self.create("noop", to="2026-01-01T01:00:00Z")
        self.assertEqual(self.wait_for(empty["backfill_id"])["counts"]["total"], 0)

    def test_a_long_one_over_runs_that_exist(self):
        """Many logical dates in one go, most of them there already."""
        self.start(busy=NOOP.replace("30 5 * * *", "*/5 * * * *"))
        made = self.create("busy", to="2026-01-02", max_active=50)
        self.assertEqual(self.wait_for(made["backfill_id"])["counts"]["success"], 289)
        again = self.create("busy", to="2026-01-02T01:00:00Z", max_active=50)
        self.assertEqual(self.wait_for(again["backfill_id"])["counts"],
                         {"total": 301, "remaining": 0, "skipped": 289, "success": 12})
        self.assertEqual(len(self.runs_of("busy")), 301)


if __name__ == "__main__":
    unittest.main()

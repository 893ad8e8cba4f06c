"""Schedules with a server: fires by times, after other DAGs and for objects, through restarts, pauses
and clocks that are set."""

import datetime
import os
import sys
import time
import unittest

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from project import Project  # noqa: E402

NOOP = "tasks: {a: {use: flow.noop}}\n"
HOUR = 3600


def iso(seconds):
    moment = datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc)
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def seconds(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


class ScheduleTest(unittest.TestCase):
    def setUp(self):
        self.project = self.enterContext(Project())
        self.clock = self.project.path("clock")
        self.project.environment["MILLRACE_CLOCK"] = self.clock
        self.project.environment["MILLRACE_OBJECTS_POLL"] = "50ms"

    def set_clock(self, offset):
        self.project.write("clock.new", str(int(offset)))
        os.replace(self.project.path("clock.new"), self.clock)

    def start(self, **dags):
        for name, text in dags.items():
            self.project.dag(name, text + NOOP)
        self.project.start()
        for name in os.listdir(self.project.path("dags")):
            self.project.wait_for_dag(name.removesuffix(".yaml"))

    def runs(self, dag):
        """Oldest first."""
        answer = self.project.get(f"/v1/dags/{dag}/runs?limit=1000")
        self.assertEqual(answer.status, 200, answer.body)
        return answer.json()[::-1]

    def wait_runs(self, dag, count):
        """At least so many, all of them ended."""
        def ended():
            runs = self.runs(dag)
            return runs if len(runs) >= count and all(run["ended_at"] for run in runs) else None
        return self.project.wait(ended, f"{count} runs of {dag}")

    def logical(self, dag):
        return [run["logical_date"] for run in self.runs(dag)]

    def assert_each_once(self, dates, step):
        """Every multiple of the step between the first and the last, each once."""
        got = [int(seconds(date)) for date in dates]
        self.assertEqual(got, list(range(got[0], got[-1] + step, step)))


class Times(ScheduleTest):
    def test_every_second_fires_once_through_kills(self):
        self.start(tick="schedule: '@every 1s'\ncatchup: all\n")
        for _ in range(2):
            self.wait_runs("tick", len(self.runs("tick")) + 2)
            self.project.kill()
            self.project.start()
        runs = self.wait_runs("tick", len(self.runs("tick")) + 2)
        self.assert_each_once([run["logical_date"] for run in runs], 1)
        run = runs[-1]
        self.assertEqual(run["type"], "scheduled")
        self.assertEqual(run["triggered_by"], "schedule")
        self.assertEqual(run["run_id"], "scheduled__" + run["logical_date"][:-1] + ".000000Z")
        self.assertEqual(run["interval_end"], run["logical_date"])
        self.assertEqual(seconds(run["interval_end"]) - seconds(run["interval_start"]), 1)

    def policies(self, more=""):
        """A DAG of hourly fires for each way to catch up, and one that shows that time goes on."""
        return {"mark": "schedule: {every: 1s}\n",
                **{name: f"schedule: '@hourly'\ncatchup: {name}\n{more}"
                   for name in ("none", "latest", "all")}}

    def test_catch_up_since_the_start_date(self):
        now = time.time()
        hour = now - now % HOUR
        self.start(**self.policies(f"start_date: {iso(hour - 5 * HOUR)}\n"))
        self.wait_runs("mark", 1)
        # the hour may turn meanwhile
        self.assertTrue(all(seconds(date) > now - 1 for date in self.logical("none")))
        self.assertIn(self.logical("latest")[0], (iso(hour), iso(hour + HOUR)))
        dates = self.logical("all")
        self.assertGreaterEqual(len(dates), 6)
        self.assertEqual(dates[0], iso(hour - 5 * HOUR))
        self.assert_each_once(dates, HOUR)

    def test_catch_up_after_downtime(self):
        self.set_clock(0)
        self.start(**self.policies())
        self.wait_runs("mark", 1)
        before = {name: len(self.runs(name)) for name in ("none", "latest", "all")}
        self.project.kill()
        self.set_clock(5 * HOUR)
        self.project.start()
        self.wait_runs("mark", len(self.runs("mark")) + 1)
        for name, low in (("none", 0), ("latest", 1), ("all", 5)):
            with self.subTest(policy=name):
                dates = self.logical(name)[before[name]:]
                self.assertIn(len(dates), (low, low + 1))
                if len(dates) > 1:
                    self.assert_each_once(dates, HOUR)

    def test_a_clock_that_is_set_loses_and_doubles_nothing(self):
        self.set_clock(0)
        self.start(hourly="schedule: '@hourly'\n", tick="schedule: '@every 1s'\n")
        self.wait_runs("tick", 2)
        self.set_clock(6 * HOUR)
        dates = [run["logical_date"] for run in self.wait_runs("hourly", 6)]
        self.assert_each_once(dates, HOUR)
        known = len(dates)
        self.set_clock(-3 * HOUR)
        self.project.trigger("tick")
        self.project.kill()
        self.project.start()
        self.set_clock(6 * HOUR)
        self.project.wait(lambda: self.project.get("/readyz").status == 200, "ready")
        self.set_clock(9 * HOUR)
        dates = [run["logical_date"] for run in self.wait_runs("hourly", known + 3)]
        self.assert_each_once(dates, HOUR)

    def test_a_paused_dag_fires_nothing_and_catches_up(self):
        self.set_clock(0)
        self.start(hourly="schedule: '@hourly'\n", tick="schedule: '@every 1s'\n")
        self.wait_runs("tick", 1)
        before = len(self.runs("hourly"))
        self.assertIsNotNone(self.project.get("/v1/dags/hourly").json()["next_fire"])
        self.pause("hourly", True)
        self.assertIsNone(self.project.get("/v1/dags/hourly").json()["next_fire"])
        # else it would make a run of each second of these hours
        self.pause("tick", True)
        self.set_clock(5 * HOUR)
        self.pause("tick", False)
        self.wait_runs("tick", len(self.runs("tick")) + 2)
        self.assertEqual(len(self.runs("hourly")), before)
        self.project.kill()
        self.project.start()
        self.assertEqual(len(self.runs("hourly")), before)
        self.pause("hourly", False)
        now = time.time() + 5 * HOUR
        runs = self.wait_runs("hourly", before + 1)
        self.assertEqual(runs[before]["logical_date"], iso(now - now % HOUR))
        self.assertEqual(len(runs), before + 1)

    def pause(self, dag, is_paused):
        answer = self.project.request("PATCH", f"/v1/dags/{dag}", {"is_paused": is_paused})
        self.assertEqual(answer.status, 200, answer.body)

    def test_next_fire_follows_the_file(self):
        self.start(x="schedule: '0 0 1 1 *'\n")
        year = datetime.datetime.now(datetime.timezone.utc).year + 1
        self.assertEqual(self.project.json("dags", "show", "x")["next_fire"],
                         f"{year}-01-01T00:00:00Z")
        self.project.dag("x", "schedule: '0 0 1 1 *'\ntimezone: Asia/Tokyo\n" + NOOP)
        self.wait_next("x", f"{year - 1}-12-31T15:00:00Z")
        self.project.dag("x", NOOP)
        self.wait_next("x", None)
        self.project.dag("x", "schedule: '@yearly'\nend_date: 2020-01-01\n" + NOOP)
        self.project.wait(lambda: self.project.get("/v1/dags/x").json()["schedule"], "the file")
        self.assertIsNone(self.project.get("/v1/dags/x").json()["next_fire"])

    def wait_next(self, dag, expected):
        self.project.wait(lambda: self.project.get(f"/v1/dags/{dag}").json()["next_fire"]
                          == expected, f"next fire of {dag} is {expected}")

    def test_runs_wait_for_a_place(self):
        start = iso(time.time() - 5)
        self.project.dag("slow", f"schedule: '@every 1s'\ncatchup: all\nstart_date: {start}\n"
                         "max_active_runs: 1\n"
                         "tasks: {a: {use: shell.run, with: {argv: [sleep, '600']}}}\n")
        self.start()
        self.project.wait(lambda: len(self.runs("slow")) >= 5, "runs")
        states = [run["state"] for run in self.runs("slow")]
        self.assertEqual(states.count("running"), 1)
        self.assertEqual(states[0], "running")
        self.assertGreaterEqual(states.count("queued"), 4)


    def test_why_it_does_not_fire(self):
        self.start(later="schedule: {after: [gone, tick]}\n", tick="schedule: {every: 1d}\n",
                   over="schedule: '@daily'\nend_date: 2020-01-01\n",
                   early="schedule: {object: 'objects://in/'}\nstart_date: 2999-01-01\n")
        for dag, text in (("tick", "fires next at "),
                          ("later", "waits for a success of gone (there is no such DAG), tick"),
                          ("over", "no fire is left before its end_date 2020-01-01T00:00:00Z"),
                          ("early", "does not fire before its start_date 2999-01-01T00:00:00Z")):
            with self.subTest(dag=dag):
                self.assertIn(text, self.explanation(dag))
        self.pause("tick", True)
        self.assertIn("paused", self.explanation("tick"))

    def explanation(self, dag):
        return self.project.json("dags", "explain", dag)["reason"]


class After(ScheduleTest):
    def test_conditions(self):
        self.start(a="", b="", c="",
                   both="schedule: {after: [a, b]}\n",
                   mixed="schedule: {after: 'a and (b or c)'}\n",
                   chained="schedule: {after: both}\n")
        self.project.run_dag("a")
        self.project.run_dag("a")
        self.project.run_dag("c")
        runs = self.wait_runs("mixed", 1)
        self.assertEqual(runs[0]["type"], "triggered")
        self.assertEqual(runs[0]["triggered_by"], "after a, c")
        self.assertRegex(runs[0]["run_id"], "^triggered__")
        self.assertEqual(self.runs("both"), [])
        self.project.run_dag("b")
        self.wait_runs("both", 1)
        self.wait_runs("chained", 1)
        # what counted once does not count again, also after a restart
        self.project.kill()
        self.project.start()
        self.project.run_dag("b")
        self.assertEqual([len(self.runs(dag)) for dag in ("both", "mixed", "chained")], [1, 1, 1])
        self.project.run_dag("a")
        self.wait_runs("both", 2)
        self.wait_runs("chained", 2)

    def test_what_failed_does_not_count(self):
        self.project.dag("bad", "tasks: {a: {use: flow.fail, with: {reason: no}}}\n")
        self.start(a="", later="schedule: {after: 'a or bad'}\n")
        self.project.run_dag("bad")
        self.assertEqual(self.runs("later"), [])
        self.project.run_dag("a")
        self.wait_runs("later", 1)

    def test_a_clock_that_is_set_back_changes_nothing(self):
        self.set_clock(0)
        self.start(a="", later="schedule: {after: a}\n")
        self.project.run_dag("a")
        self.wait_runs("later", 1)
        self.set_clock(-5 * HOUR)
        self.project.run_dag("a")
        self.wait_runs("later", 2)


class Objects(ScheduleTest):
    SAY = ("params: {x: {type: integer, default: 7}}\n"
           "tasks: {a: {use: shell.run, with: {argv: [echo, '${{ run.object }}']}}}\n")

    def put(self, name, text):
        self.project.write("file.csv", text)
        self.project.run("objects", "cp", "file.csv", f"objects://in/drop/{name}", check=True)

    def fired(self, count):
        """The objects of the runs, from their logs."""
        return sorted(self.project.get(
            f"/v1/dags/load/runs/{run['run_id']}/tasks/a/logs/1").body.strip()
            for run in self.wait_runs("load", count))

    def load(self, more=""):
        self.project.dag("load", "schedule: {object: 'objects://in/drop/'}\n" + more + self.SAY)

    def test_each_object_fires_once(self):
        self.load()
        self.start()
        self.put("a.csv", "1")
        self.put("b.csv", "1")
        self.assertEqual(self.fired(2), ["objects://in/drop/a.csv", "objects://in/drop/b.csv"])
        run = self.runs("load")[0]
        self.assertEqual((run["type"], run["params"]), ("triggered", {"x": 7}))
        self.project.kill()
        self.put("c.csv", "1")
        self.put("d.csv", "1")
        self.project.start()
        self.assertEqual(len(self.fired(4)), 4)
        self.put("a.csv", "22")
        self.assertEqual(self.fired(5).count("objects://in/drop/a.csv"), 2)
        self.assertEqual(len(self.runs("load")), 5)

    def test_what_was_there_before_follows_catch_up(self):
        counts = {"none": 0, "latest": 1, "all": 3}
        for name in ("a.csv", "b.csv", "c.csv"):
            self.put(name, "1")
        self.start(**{name: f"schedule: {{object: 'objects://in/drop/'}}\ncatchup: {name}\n"
                      for name in counts})
        for name in counts:
            self.project.wait(lambda name=name: self.is_looked_at(name), "the first look")
        self.put("d.csv", "1")
        for name, count in counts.items():
            self.assertEqual(len(self.wait_runs(name, count + 1)), count + 1, name)

    def test_another_prefix_is_another_beginning(self):
        for name in ("a.csv", "b.csv"):
            self.put(name, "1")
        self.start(load="schedule: {object: 'objects://in/other/'}\n")
        self.project.wait(lambda: "'objects://in/other/'" in self.reason("load"), "the first look")
        self.project.dag("load", "schedule: {object: 'objects://in/drop/'}\ncatchup: none\n" + NOOP)
        self.project.wait(lambda: self.is_looked_at("load"), "the look at the other")
        self.assertEqual(self.runs("load"), [])
        path = self.project.path("dags", "load.yaml")
        for _ in range(5):
            os.rename(path, path + ".gone")
            os.rename(path + ".gone", path)
        self.put("c.csv", "1")
        self.assertEqual(len(self.wait_runs("load", 1)), 1)

    def reason(self, dag):
        return self.project.json("dags", "explain", dag)["reason"]

    def is_looked_at(self, dag):
        return "waits for a new object below 'objects://in/drop/'" in self.reason(dag)


if __name__ == "__main__":
    unittest.main()

"""sql.transform: nothing twice, nothing left out, whatever kills it."""
import os
import signal
import sys
import unittest

from runner_client import NO_TIME, Ended, Runner
from runner_project import CATALOG, Case, Project

DAY_US = 86400 * 1000000
FEBRUARY_US = 18659 * DAY_US  # 2021-02-01


class Transform(Case):
    def setUp(self):
        self.project = self.enterContext(Project())
        self.project.outputs("sql.run", {"sql": """
            CREATE TABLE source (seq INTEGER PRIMARY KEY, name TEXT, moment TEXT);
            CREATE TABLE sink (seq INTEGER, name TEXT, moment TEXT)"""})

    def sql(self, sql):
        return self.project.outputs("sql.run", {"sql": sql})

    def rows(self, sql):
        return [tuple(row.values()) for row in self.sql(sql)["rows"]]

    def transform(self, **params):
        return self.project.outputs("sql.transform", params)

    def assert_refused(self, params, reason):
        self.assert_fails(self.project, "sql.transform", params, reason)


class Incremental(Transform):
    TASK = {"into": "sink", "sql": "SELECT seq, name FROM source -- all", "watermark": "seq"}

    def test_only_what_is_new(self):
        self.assertEqual(self.transform(**self.TASK), {"inserted": 0, "deleted": 0, "watermark": None})
        self.sql("INSERT INTO source VALUES (1, 'a', ''), (5, 'b', '')")
        self.assertEqual(self.transform(**self.TASK), {"inserted": 2, "deleted": 0, "watermark": 5})
        self.assertEqual(self.transform(**self.TASK), {"inserted": 0, "deleted": 0, "watermark": 5})
        self.sql("INSERT INTO source VALUES (6, 'c', '')")
        self.assertEqual(self.transform(**self.TASK)["inserted"], 1)
        self.assertEqual(self.rows("SELECT seq, name FROM sink ORDER BY seq"), [(1, "a"), (5, "b"), (6, "c")])

    def test_watermarks_of_other_types(self):
        for name, values in (("text", ("a", "b'", "ü")), ("number", (0.1, 1e300, 1.7e300)),
                             ("large", (1, 2**62, 2**62 + 1)), ("moment", ("2021-02-01T00:00:00.000000Z", "2021-02-01T00:00:00.000001Z", "2022-01-01T00:00:00.000000Z"))):
            self.sql(["CREATE TABLE s_%s (w)" % name, "CREATE TABLE t_%s (w)" % name])
            task = {"into": "t_" + name, "sql": "SELECT w FROM s_%s;" % name, "watermark": "w"}
            for value in values:
                self.project.outputs("sql.run", {"sql": "INSERT INTO s_%s VALUES ($1)" % name, "params": [value]})
                self.assertEqual(self.transform(**task), {"inserted": 1, "deleted": 0, "watermark": value})

    def test_each_task_has_its_own(self):
        self.sql("INSERT INTO source VALUES (1, 'a', '')")
        self.assertEqual(self.transform(**self.TASK)["inserted"], 1)
        frame = self.project.run("sql.transform", self.TASK, task="another")
        self.assertEqual(frame["outputs"]["inserted"], 1)

    def test_rows_and_watermark_are_stored_together(self):
        self.sql(["INSERT INTO source VALUES (1, 'a', ''), (2, NULL, '')", "CREATE TABLE strict (seq INTEGER, name TEXT NOT NULL)"])
        task = {**self.TASK, "into": "strict"}
        self.assert_refused(task, "the rows cannot be inserted: ")
        self.sql("UPDATE source SET name = 'b' WHERE seq = 2")
        self.assertEqual(self.transform(**task)["inserted"], 2)

    def test_a_row_without_watermark_is_not_left_out_silently(self):
        self.sql(["CREATE TABLE loose (seq INTEGER, name TEXT)", "INSERT INTO loose VALUES (1, 'a'), (NULL, 'b')"])
        self.assert_refused({**self.TASK, "sql": "SELECT * FROM loose"}, "1 rows have no 'seq'")
        self.assertEqual(self.rows("SELECT count(*) AS n FROM sink"), [(0,)])

    def test_a_table_of_the_catalog(self):
        self.sql("INSERT INTO source VALUES (7, 'Sales', '')")
        task = {"into": "department", "sql": "SELECT seq AS id, name AS department FROM source", "watermark": "id"}
        self.assertEqual(self.transform(**task)["inserted"], 1)
        row, = self.rows("SELECT id, department, created_at = updated_at AS same, length(created_at) AS size, deleted_at, version FROM department")
        self.assertEqual(row, (7, "Sales", 1, 27, None, 1))
        self.sql("INSERT INTO source VALUES (8, 'Sales', '')")
        self.assert_refused(task, "the rows cannot be inserted: ")

    def test_many_rows(self):
        self.sql("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 200000) INSERT INTO source SELECT i, 'row ' || i, '' FROM n")
        self.assertEqual(self.transform(**self.TASK), {"inserted": 200000, "deleted": 0, "watermark": 200000})

    def test_names_are_quoted(self):
        self.sql('CREATE TABLE "x""; DROP TABLE sink" ("a""b" INTEGER)')
        self.assertEqual(self.transform(into='x"; DROP TABLE sink', sql='SELECT 1 AS "a""b"', watermark='a"b')["inserted"], 1)
        self.assertEqual(self.rows("SELECT count(*) AS n FROM sink"), [(0,)])

    def test_killed_at_the_commit(self):
        self.sql("INSERT INTO source VALUES (1, 'a', ''), (2, 'b', '')")
        for fault, stored in (("sql-before-commit", 0), ("sql-after-commit", 2)):
            os.environ["MILLRACE_FAULT"] = fault
            try:
                runner = Runner(catalog_dir=CATALOG, database_url="sqlite:" + self.project.state("data.db"))
            finally:
                del os.environ["MILLRACE_FAULT"]
            with runner:
                runner.start("sql.transform", self.TASK)
                with self.assertRaises(Ended):
                    runner.read_until("finished")
                self.assertEqual(os.WTERMSIG(runner.wait()), signal.SIGKILL)
            self.assertEqual(self.rows("SELECT count(*) AS n FROM sink"), [(stored,)])
        self.assertEqual(self.transform(**self.TASK), {"inserted": 0, "deleted": 0, "watermark": 2})

    def test_a_given_up_attempt_commits_nothing(self):
        self.sql("INSERT INTO source VALUES (1, 'a', '')")
        start = {"load_id": "d/r/t/-1"}
        self.project.attempts = 10
        self.assertEqual(self.project.run("sql.transform", self.TASK, **start)["status"], "ok")
        self.sql("INSERT INTO source VALUES (2, 'b', '')")
        self.project.attempts = 4
        frame = self.project.run("sql.transform", self.TASK, **start)
        self.assertEqual(frame["status"], "fail", frame)
        self.assertIn("was taken over by another attempt", frame["reason"])
        self.assertEqual(self.rows("SELECT count(*) AS n FROM sink"), [(1,)])

    def test_cancel(self):
        endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i AS seq FROM n"
        attempt = self.project.start("sql.transform", {**self.TASK, "sql": endless})
        self.project.read_until("started")
        self.project.send(type="cancel", attempt=attempt)
        self.assertEqual(self.project.read_until("finished")["status"], "cancelled")
        self.assertEqual(self.transform(**self.TASK)["watermark"], None)

    def test_what_cannot_be(self):
        for more, reason in (({"watermark": None}, "mode 'incremental' needs 'watermark'"), ({"watermark": "nope"}, "the query gives no column 'nope'"),
                             ({"window": "seq"}, "'window' goes with mode 'rerun'"), ({"mode": "both"}, "'mode' must be 'incremental' or 'rerun', not 'both'"),
                             ({"sql": "SELECT seq FROM nope"}, "the query: "), ({"sql": "SELECT 1 AS seq; DELETE FROM source"}, "the query: "),
                             ({"sql": ""}, "the query: "), ({"sql": "DELETE FROM source"}, "the query: "), ({"into": "nope", "sql": "SELECT 1 AS seq"}, "nope"),
                             ({"sql": "SELECT x'00' AS seq"}, "'seq' cannot be a watermark")):
            with self.subTest(more=more):
                self.assert_refused({**self.TASK, **more}, reason)


class Rerun(Transform):
    TASK = {"into": "sink", "sql": "SELECT seq, name, moment FROM source", "mode": "rerun"}

    def setUp(self):
        super().setUp()
        self.sql("INSERT INTO source SELECT value, 'n' || value, '2021-02-0' || value || 'T00:00:00.000000Z' FROM json_each('[1,2,3,4,5]')")

    def test_a_window_is_replaced(self):
        window = {"column": "seq", "from": 2, "to": 4}
        self.assertEqual(self.transform(**self.TASK, window=window), {"inserted": 2, "deleted": 0})
        self.sql(["UPDATE source SET name = 'new' WHERE seq = 3", "DELETE FROM source WHERE seq = 2"])
        self.assertEqual(self.transform(**self.TASK, window=window), {"inserted": 1, "deleted": 2})
        self.assertEqual(self.transform(**self.TASK, window=window), {"inserted": 1, "deleted": 1})
        self.assertEqual(self.rows("SELECT seq, name FROM sink"), [(3, "new")])

    def test_the_interval_of_the_run(self):
        run = {"interval_start_us": FEBRUARY_US + DAY_US, "interval_end_us": FEBRUARY_US + 3 * DAY_US}
        for deleted in (0, 2):
            frame = self.project.run("sql.transform", {**self.TASK, "window": "moment"}, **run)
            self.assertEqual(frame["outputs"], {"inserted": 2, "deleted": deleted})
        self.assertEqual(self.rows("SELECT seq FROM sink ORDER BY seq"), [(2,), (3,)])
        self.assert_refused({**self.TASK, "window": "moment"}, "the run has no data interval")

    def test_moments_of_a_table_of_the_catalog(self):
        self.sql(["INSERT INTO department (id, department, created_at, updated_at, version) VALUES (1, 'a', '', '', 1)",
                  "INSERT INTO job (id, job, created_at, updated_at, version) VALUES (1, 'a', '', '', 1)"])
        task = {"into": "user", "mode": "rerun", "sql": "SELECT name, moment AS datetime, 1 AS department_id, 1 AS job_id FROM source"}
        window = {"column": "datetime", "from": "2021-02-02T02:00:00+02:00", "to": "2021-02-04"}
        for deleted in (0, 2):
            self.assertEqual(self.transform(**task, window=window), {"inserted": 2, "deleted": deleted})
        self.assertEqual(self.rows('SELECT name FROM "user" ORDER BY name'), [("n2",), ("n3",)])
        for wrong in ("2021-02-30", "2021-02-01T25:00", "tomorrow", 5, True):
            self.assert_refused({**task, "window": {**window, "from": wrong}}, "'from' of the window does not fit column 'datetime'")

    def test_an_error_leaves_the_window_as_it_was(self):
        window = {"column": "seq", "from": 1, "to": 9}
        self.transform(**self.TASK, window=window)
        self.sql("CREATE UNIQUE INDEX u ON sink (name)")
        self.sql("INSERT INTO source VALUES (8, 'n1', '')")
        self.assert_refused({**self.TASK, "window": window}, "the rows cannot be inserted: ")
        self.assertEqual(self.rows("SELECT count(*) AS n FROM sink"), [(5,)])

    def test_what_cannot_be(self):
        for more, reason in (({}, "mode 'rerun' needs 'window'"), ({"window": "seq", "watermark": "seq"}, "'watermark' goes with mode 'incremental'"),
                             ({"window": {"column": "seq", "from": 4, "to": 4}}, "the window is empty"), ({"window": {"column": "seq", "from": 1, "to": "x"}}, "the window is empty"),
                             ({"window": ["seq"]}, "'window' must be a column, or an object"), ({"window": {"from": 1, "to": 2}}, "'window' must be a column, or an object"),
                             ({"window": {"column": "nope", "from": 1, "to": 2}}, "the query gives no column 'nope'"),
                             ({"window": {"column": "seq", "from": 1}}, "the run has no data interval")):
            with self.subTest(more=more):
                self.assert_refused({**self.TASK, **more}, reason)

    def test_a_run_without_interval_end(self):
        frame = self.project.run("sql.transform", {**self.TASK, "window": "moment"}, interval_start_us=FEBRUARY_US, interval_end_us=NO_TIME)
        self.assertIn("the run has no data interval", frame["reason"])


if __name__ == "__main__":
    sys.exit(unittest.main())

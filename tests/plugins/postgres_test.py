"""Operators that write SQL of their own, on PostgreSQL: what the other tests say of SQLite, in short."""
import csv
import glob
import io
import os
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from postgres import Postgres  # noqa: E402
from runner_client import Runner  # noqa: E402
from runner_project import PREPARE  # noqa: E402

EVENT = """
table: event
columns:
  - {name: moment, type: timestamp}
  - {name: text, type: text}
  - {name: price, type: decimal, precision: 10, scale: 2}
  - {name: rate, type: float}
  - {name: flag, type: bool}
  - {name: day, type: date}
  - {name: doc, type: json}
  - {name: raw, type: bytes}
  - {name: code, type: uuid}
retention: {column: moment, keep: 90d}
"""
OLD = "2020-01-01T00:00:00.000001Z"
INSERT = ("INSERT INTO event (moment, text, price, rate, flag, day, doc, raw, code, created_at, updated_at, version) VALUES "
          "('%s', 'a,\"b\"', -0.05, 0.1, true, '2020-02-29', '{\"a\": [1]}', '\\x00ff10', '2ea4b3f8-3c5a-4a4e-9d0c-0f6f3f0e7a55', now(), now(), 1), "
          "('%s', '', 1234.56, 1e300, false, NULL, NULL, '', NULL, now(), now(), 1), "
          "('2999-01-01', 'new', NULL, NULL, NULL, NULL, NULL, NULL, NULL, now(), now(), 1)" % (OLD, OLD))
SELECT = "SELECT id, moment, text, price, rate, flag, day, doc, encode(raw, 'hex') AS raw, code FROM event ORDER BY id"


class OnPostgres(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = cls.enterClassContext(Postgres())

    def setUp(self):
        self.folder = self.enterContext(tempfile.TemporaryDirectory(prefix="millrace-test-"))
        os.mkdir(os.path.join(self.folder, "catalog"))
        with open(os.path.join(self.folder, "catalog", "event.yaml"), "w", encoding="utf-8") as file:
            file.write(EVENT)
        self.attempts = 0
        self.sql("DROP SCHEMA IF EXISTS public, millrace_data CASCADE; CREATE SCHEMA public")
        subprocess.run([PREPARE, self.server.url(), os.path.join(self.folder, "catalog")], check=True)

    def attempt(self, operator, params, **start):
        """A finished frame; each attempt in a runner of its own."""
        self.attempts += 1
        with Runner(database_url=self.server.url(), catalog_dir=os.path.join(self.folder, "catalog"),
                    object_stores={"objects": "dir:" + os.path.join(self.folder, "objects")}) as runner:
            runner.attempts = start.pop("attempts", self.attempts)
            return runner.run(operator, params, **start)

    def outputs(self, operator, **params):
        frame = self.attempt(operator, params)
        self.assertEqual(frame["status"], "ok", frame)
        return frame["outputs"]

    def sql(self, sql):
        return self.outputs("sql.run", sql=sql)

    def rows(self, sql):
        return [tuple(row.values()) for row in self.sql(sql)["rows"]]

    def copies(self):
        lines = []
        for path in glob.glob(os.path.join(self.folder, "objects", "**", "*.csv"), recursive=True):
            with open(path, encoding="utf-8", newline="") as file:
                lines += csv.DictReader(io.StringIO(file.read()))
        return lines

    def test_summary_of_a_table(self):
        self.sql(INSERT)
        columns = {column["column"]: column for column in self.outputs("stats.summary", table="event")["columns"]}
        self.assertEqual((columns["price"]["min"], columns["price"]["max"], columns["price"]["count"]), (-0.05, 1234.56, 2))
        self.assertEqual((columns["flag"]["mean"], columns["moment"]["type"], columns["moment"]["max"]), (0.5, "timestamp", "2999-01-01T00:00:00Z"))
        self.assertEqual((columns["day"]["type"], columns["text"]["type"]), ("date", "text"))

    def test_only_what_is_new(self):
        self.sql("CREATE TABLE source (seq bigint, moment timestamptz, day date, name text); CREATE TABLE sink (LIKE source)")
        for watermark, values in (("seq", ("1", "2")), ("moment", ("'2021-02-01T00:00:00.000001Z'", "'2021-02-02'")),
                                  ("day", ("'2021-02-01'", "'2021-02-02'")), ("name", ("'a'", "'b'"))):
            self.sql("TRUNCATE source, sink")
            for value in values:
                self.sql(f"INSERT INTO source ({watermark}) VALUES ({value})")
                for inserted in (1, 0):
                    self.assertEqual(self.outputs("sql.transform", into="sink", sql="SELECT * FROM source;", watermark=watermark)["inserted"], inserted)
            self.assertEqual(self.rows("SELECT count(*) AS n FROM sink"), [(2,)])

    def test_a_window_of_a_table_of_the_catalog(self):
        task = {"into": "event", "mode": "rerun", "sql": "SELECT '2021-02-02'::timestamptz AS moment, 'x'::text AS text",
                "window": {"column": "moment", "from": "2021-02-02", "to": "2021-02-03"}}
        for deleted in (0, 1):
            self.assertEqual(self.outputs("sql.transform", **task), {"inserted": 1, "deleted": deleted})
        self.assertEqual(self.rows("SELECT text, version, created_at = updated_at AS same FROM event"), [("x", 1, True)])

    def test_a_given_up_attempt_commits_nothing(self):
        self.sql("CREATE TABLE t (a bigint)")
        statement = {"sql": "INSERT INTO t VALUES (1)"}
        self.assertEqual(self.attempt("sql.run", statement, attempts=10, load_id="d/r/t/-1")["status"], "ok")
        self.assertIn("was taken over by another attempt", self.attempt("sql.run", statement, attempts=4, load_id="d/r/t/-1")["reason"])
        self.assertEqual(self.rows("SELECT count(*) AS n FROM t"), [(1,)])

    def test_rows_move_into_an_object_and_back(self):
        self.sql(INSERT)
        before = self.rows(SELECT)
        outputs = self.outputs("table.retention", table="event", backup_to="objects://old/")
        self.assertEqual((outputs["copied"], outputs["deleted"], outputs["changed"]), (2, 2, 0))
        self.assertEqual(sorted(line["price"] for line in self.copies()), ["-0.05", "1234.56"])
        self.assertEqual(len(self.rows(SELECT)), 1)
        leave_out = {name: "-" for name in ("created_at", "updated_at", "deleted_at", "version")}
        loaded = self.outputs("csv.load", **{"from": outputs["backup"], "table": "event", "map": leave_out})
        self.assertEqual(loaded["inserted"], 2)
        self.assertEqual(self.rows(SELECT), before)

    def test_rows_move_into_a_table(self):
        self.sql(INSERT)
        old = self.rows(SELECT)[:2]
        self.assertEqual(self.outputs("table.retention", table="event", backup_to="event_old")["deleted"], 2)
        self.assertEqual(self.rows(SELECT.replace("FROM event", "FROM event_old")), old)
        self.assertEqual(self.outputs("table.retention", table="event", backup_to="event_old")["deleted"], 0)


if __name__ == "__main__":
    sys.exit(unittest.main())

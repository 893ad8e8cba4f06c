"""table.retention: no row goes without a verified copy, none is copied twice, whatever kills it."""
import csv
import glob
import io
import os
import signal
import sys
import tempfile
import unittest

from runner_client import Ended, Runner
from runner_project import Case, Project

OLD = "2020-01-01T00:00:00.000000Z"
NEW = "2999-01-01T00:00:00.000000Z"
COUNT = 1300  # old rows: three batches

TABLES = {
    "event": """
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
  - {name: plain, type: int}
soft_delete: true
retention: {column: moment, keep: 90d}
""",
    "note": """
table: note
columns:
  - {name: day, type: date}
  - {name: event_id, references: event}
""",
    "lasting": """
table: lasting
columns: [{name: moment, type: timestamp}]
retention: {column: moment, keep: forever}
""",
}
INSERT = "INSERT INTO event (moment, text, created_at, updated_at, version) "
FAULTS = ["sql-before-commit", "sql-after-commit", "object-before-commit", "object-after-commit"]


class Retention(Case):
    def setUp(self):
        self.catalog = self.enterContext(tempfile.TemporaryDirectory(prefix="millrace-test-"))
        for name, text in TABLES.items():
            with open(os.path.join(self.catalog, name + ".yaml"), "w", encoding="utf-8") as file:
                file.write(text)
        self.project = self.enterContext(Project(self.catalog))

    def sql(self, sql):
        return self.project.beside("sql.run", {"sql": sql})

    def rows(self, sql):
        return self.project.query(sql)

    def fill(self, count=COUNT):
        self.sql("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d) " % count + INSERT +
                 "SELECT '%s', 'old \"' || i || '\",\n', '%s', '%s', 1 FROM n" % (OLD, OLD, OLD))
        self.sql(INSERT + "VALUES ('%s', 'new', '', '', 1), (NULL, 'timeless', '', '', 1)" % NEW)

    def retain(self, to, **params):
        return self.project.outputs("table.retention", {"table": "event", "backup_to": to, **params})

    def copies(self):
        """Lines of all objects, each as a dictionary."""
        lines = []
        for path in sorted(glob.glob(self.project.state("objects", "**", "*.csv"), recursive=True)):
            with open(path, encoding="utf-8", newline="") as file:
                lines += csv.DictReader(io.StringIO(file.read()))
        return lines

    def ids(self, table="event"):
        ids = self.rows("SELECT group_concat(id) AS ids FROM %s" % table)[0][0]
        return {int(i) for i in ids.split(",")} if ids else set()

    def killed(self, fault, to, attempt=1):
        """Runs an attempt that dies at a fault; 0 when it was never met."""
        os.environ["MILLRACE_FAULT"] = fault
        try:
            runner = Runner(catalog_dir=self.catalog, database_url="sqlite:" + self.project.state("data.db"),
                            object_stores={"objects": "dir:" + self.project.state("objects")})
        finally:
            del os.environ["MILLRACE_FAULT"]
        with runner:
            runner.attempts = attempt
            runner.start("table.retention", {"table": "event", "backup_to": to}, load_id="d/r/t/-1")
            try:
                self.assertEqual(runner.read_until("finished")["status"], "ok")
                return 0
            except Ended:
                self.assertEqual(os.WTERMSIG(runner.wait()), signal.SIGKILL)
                return 1


class Archive(Retention):
    TO = "objects://old/event.csv"

    def test_rows_move_into_an_object(self):
        self.fill(3)
        self.sql("UPDATE event SET deleted_at = '%s' WHERE id = 2" % OLD)
        outputs = self.retain(self.TO)
        self.assertEqual((outputs["copied"], outputs["deleted"], outputs["changed"]), (3, 3, 0))
        self.assertRegex(outputs["backup"], r"^objects://old/event-\d{8}T\d{6}Z-[0-9a-f]{6}\.csv$")
        self.assertEqual([(line["id"], line["text"], line["deleted_at"]) for line in self.copies()],
                         [("1", 'old "1",\n', ""), ("2", 'old "2",\n', OLD), ("3", 'old "3",\n', "")])
        self.assertEqual(self.rows("SELECT text FROM event ORDER BY id"), [("new",), ("timeless",)])
        self.assertEqual(self.retain(self.TO), {"copied": 0, "deleted": 0, "changed": 0, "backup": None})
        self.assertEqual(len(self.copies()), 3)

    def test_what_is_copied_can_be_loaded(self):
        self.sql("INSERT INTO event (moment, text, price, rate, flag, day, doc, raw, plain, created_at, updated_at, version) VALUES "
                 "('%s', '', -5, 0.1, 1, '2020-02-29', '{\"a\":[1,\"ü\"]}', x'00ff10', -9223372036854775808, '%s', '%s', 3), "
                 "('%s', 'a\r\nb', 123456, 1e300, 0, NULL, NULL, x'', NULL, '', '', 1)" % (OLD, OLD, OLD, OLD))
        select = "SELECT id, moment, text, price, rate, flag, day, doc, hex(raw) AS raw, plain FROM event ORDER BY id"
        before = self.rows(select)
        backup = self.retain(self.TO)["backup"]
        self.assertEqual([line["price"] for line in self.copies()], ["-0.05", "1234.56"])
        self.assertEqual(self.rows(select), [])
        leave_out = {name: "-" for name in ("created_at", "updated_at", "deleted_at", "version")}
        loaded = self.project.beside("csv.load", {"from": backup, "table": "event", "map": leave_out})
        self.assertEqual((loaded["inserted"], loaded["rejects"] and self.project.get(loaded["rejects"])), (2, None))
        self.assertEqual(self.rows(select), before)

    def test_parameters_win_over_the_catalog(self):
        self.sql(INSERT + "SELECT strftime('%Y-%m-%dT%H:%M:%f000Z', 'now', '-' || value || ' days'), '', '', '', 1 FROM json_each('[1, 20, 200]')")
        self.assertEqual(self.retain("objects://old/")["deleted"], 1)
        self.assertEqual(self.retain("objects://old/", keep=10)["deleted"], 1)
        self.assertEqual(self.retain("objects://old/", keep="36h")["deleted"], 0)
        outputs = self.retain("objects://old/", keep="12h")
        self.assertRegex(outputs["backup"], r"^objects://old/event-\d{8}T\d{6}Z-[0-9a-f]{6}\.csv$")
        self.assertEqual((outputs["deleted"], len(self.copies())), (1, 3))

    def test_a_date_column(self):
        self.sql("INSERT INTO note (day, created_at, updated_at, version) VALUES ('2020-01-01', '', '', 1), ('2999-01-01', '', '', 1), (NULL, '', '', 1)")
        outputs = self.retain("objects://old/", table="note", column="day", keep=1)
        self.assertEqual((outputs["deleted"], self.copies()[0]["day"]), (1, "2020-01-01"))

    def test_for_ever(self):
        self.sql("INSERT INTO lasting (moment, created_at, updated_at, version) VALUES ('%s', '', '', 1)" % OLD)
        self.assertEqual(self.retain(self.TO, table="lasting")["deleted"], 0)
        self.fill(1)
        self.assertEqual(self.retain(self.TO, keep="forever")["deleted"], 0)
        self.assertEqual(self.retain(self.TO, table="lasting", keep=1)["deleted"], 1)

    def test_killed_anywhere(self):
        self.fill()
        everything = self.ids()
        attempt = 1
        for fault in FAULTS:
            passed = 1
            while self.killed("%s:%d" % (fault, passed), self.TO, attempt):
                kept = {int(line["id"]) for line in self.copies()}
                self.assertEqual(kept | self.ids(), everything)
                passed, attempt = passed + 1, attempt + 1
            self.assertEqual(sorted(int(line["id"]) for line in self.copies()), list(range(1, COUNT + 1)), fault)
            self.assertEqual(len(self.ids()), 2)
            attempt += 1
            self.sql(["DELETE FROM event", "DELETE FROM sqlite_sequence"])
            for path in glob.glob(self.project.state("objects", "**", "*.csv"), recursive=True):
                os.unlink(path)
            self.fill()
        self.assertGreater(attempt, 10)

    def kill_half_way(self):
        """Dead after the first batch was deleted; the object."""
        self.fill()
        self.assertTrue(self.killed("sql-after-commit:4", self.TO))
        self.assertEqual(len(self.ids()), COUNT + 2 - 500)
        path, = glob.glob(self.project.state("objects", "old", "*.csv"))
        return path

    def test_a_row_that_changed_since_stays(self):
        self.kill_half_way()
        self.sql("UPDATE event SET text = 'changed' WHERE id = 900")
        self.sql("UPDATE event SET moment = '%s' WHERE id = 901" % NEW)
        outputs = self.retain(self.TO)
        self.assertEqual((outputs["changed"], outputs["deleted"]), (2, COUNT - 500 - 2 + 1))
        texts = [line["text"] for line in self.copies() if line["id"] == "900"]
        self.assertEqual(set(texts), {'old "900",\n', "changed"})
        self.assertEqual(self.rows("SELECT id FROM event WHERE id < 1001"), [(901,)])

    def test_a_damaged_copy_deletes_nothing(self):
        path = self.kill_half_way()
        with open(path, "r+b") as file:
            file.seek(20000)
            file.write(b"?")
        before = self.ids()
        self.assert_fails(self.project, "table.retention", {"table": "event", "backup_to": self.TO}, "is gone or damaged")
        self.assertEqual(self.ids(), before)
        self.assertEqual(self.retain(self.TO)["deleted"], COUNT - 500)

    def test_a_lost_copy_deletes_nothing(self):
        os.unlink(self.kill_half_way())
        self.assert_fails(self.project, "table.retention", {"table": "event", "backup_to": self.TO}, "is gone or damaged")
        self.assertEqual(len(self.ids()), COUNT + 2 - 500)

    def test_a_given_up_attempt_deletes_nothing(self):
        self.fill(3)
        self.project.attempts = 10
        start = {"table": "event", "backup_to": self.TO}
        self.assertEqual(self.project.run("table.retention", start, load_id="d/r/t/-1")["outputs"]["deleted"], 3)
        self.fill(3)
        self.project.attempts = 4
        frame = self.project.run("table.retention", start, load_id="d/r/t/-1")
        self.assertIn("was taken over by another attempt", frame["reason"])
        self.assertEqual((len(self.ids()), len(self.copies())), (7, 3))

    def test_rows_that_others_refer_to(self):
        self.fill(3)
        self.sql("INSERT INTO note (event_id, created_at, updated_at, version) VALUES (2, '', '', 1)")
        self.assert_fails(self.project, "table.retention", {"table": "event", "backup_to": self.TO}, "the rows cannot be deleted: ")
        self.assertEqual((len(self.ids()), len(self.copies())), (5, 3))
        self.sql("DELETE FROM note")
        self.assertEqual(self.retain(self.TO)["deleted"], 3)
        self.assertEqual(len(self.copies()), 3)

    def test_cancel(self):
        self.fill(100000)
        attempt = self.project.start("table.retention", {"table": "event", "backup_to": self.TO})
        self.project.read_until("progress")
        self.project.send(type="cancel", attempt=attempt)
        self.assertEqual(self.project.read_until("finished")["status"], "cancelled")
        self.retain(self.TO)
        self.assertEqual(len(self.ids()), 2)
        self.assertEqual(sorted(int(line["id"]) for line in self.copies()), list(range(1, 100001)))

    def test_what_cannot_be(self):
        for more, reason in (({"table": "nope"}, "there is no table 'nope'"), ({"table": "note"}, "table 'note' declares no retention: give 'column' and 'keep'"),
                             ({"table": "note", "column": "day"}, "declares no retention: give 'keep'"), ({"column": "nope"}, "table 'event' has no column 'nope'"),
                             ({"column": "text"}, "column 'text' is no date and no timestamp"), ({"keep": 0}, "'keep' must be"), ({"keep": -1}, "'keep' must be"),
                             ({"keep": "0d"}, "'keep' must be"), ({"keep": "soon"}, "'keep' must be"), ({"keep": 1e300}, "'keep' must be"), ({"keep": [1]}, "'keep' must be"),
                             ({"backup_to": ""}, "'backup_to' is no name"), ({"backup_to": "EVENT"}, "cannot be the backup table"),
                             ({"backup_to": "millrace_load"}, "cannot be the backup table"), ({"backup_to": "nowhere://x/y"}, "nowhere")):
            with self.subTest(more=more):
                self.fill(1)
                self.assert_fails(self.project, "table.retention", {"table": "event", "backup_to": self.TO, **more}, reason)
        self.assertEqual(self.copies(), [])


class Mirror(Retention):
    def test_rows_move_into_a_table(self):
        self.fill(3)
        for _ in range(2):
            outputs = self.retain('event "old"')
        self.assertEqual(outputs, {"copied": 0, "deleted": 0, "changed": 0, "backup": None})
        self.assertEqual(self.rows('SELECT id, text, moment, version FROM "event ""old""" ORDER BY id'),
                         [(i, 'old "%d",\n' % i, OLD, 1) for i in (1, 2, 3)])
        self.assertEqual(self.rows("SELECT text FROM event ORDER BY id"), [("new",), ("timeless",)])
        self.sql(INSERT + "VALUES ('%s', 'more', '', '', 1)" % OLD)
        self.assertEqual(self.retain('event "old"'), {"copied": 1, "deleted": 1, "changed": 0, "backup": 'event "old"'})

    def test_a_row_that_is_there_already_is_not_doubled(self):
        self.fill(3)
        self.sql("CREATE TABLE event_old AS SELECT * FROM event WHERE id = 2")
        self.assertEqual(self.retain("event_old")["deleted"], 3)
        self.assertEqual(self.rows("SELECT id FROM event_old ORDER BY id"), [(1,), (2,), (3,)])

    def test_a_table_that_does_not_keep_what_it_gets(self):
        self.fill(3)
        self.sql(["CREATE TABLE event_old AS SELECT * FROM event WHERE 1 = 0",
                  "CREATE TRIGGER t AFTER INSERT ON event_old BEGIN UPDATE event_old SET text = 'x' WHERE id = 2; END"])
        self.assert_fails(self.project, "table.retention", {"table": "event", "backup_to": "event_old"}, "is not what was copied (2 of 3 rows)")
        self.assertEqual((len(self.ids()), self.rows("SELECT count(*) AS n FROM event_old")), (5, [(0,)]))
        self.sql(["DROP TABLE event_old", "CREATE TABLE event_old (id INTEGER)"])
        self.assert_fails(self.project, "table.retention", {"table": "event", "backup_to": "event_old"}, "the rows cannot be copied: ")

    def test_killed_anywhere(self):
        self.fill()
        attempt = 1
        for fault in FAULTS[:2]:
            passed = 1
            while self.killed("%s:%d" % (fault, passed), "event_old", attempt):
                attempt, passed = attempt + 1, passed + 1
                there = self.rows("SELECT count(*) AS n FROM sqlite_schema WHERE name = 'event_old'") == [(1,)]
                kept = self.ids("event_old") if there else set()
                self.assertFalse(kept & self.ids())
                self.assertEqual(len(kept | self.ids()), COUNT + 2)
            attempt += 1
            self.assertEqual(self.rows("SELECT count(*) AS n, count(DISTINCT id) AS d FROM event_old"), [(COUNT, COUNT)])
            self.assertEqual(len(self.ids()), 2)
            self.sql(["DROP TABLE event_old", "DELETE FROM event", "DELETE FROM sqlite_sequence"])
            self.fill()
        self.assertGreater(attempt, 7)

    def test_many_rows(self):
        self.fill(20000)
        self.assertEqual(self.retain("event_old")["deleted"], 20000)
        self.assertEqual(self.rows("SELECT count(DISTINCT id) AS n FROM event_old"), [(20000,)])


if __name__ == "__main__":
    sys.exit(unittest.main())

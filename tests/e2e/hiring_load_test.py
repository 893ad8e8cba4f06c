"""The hiring files by `millrace load`: every row, every reject, both reports; again, and all or nothing."""

import csv
import io
import os
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from hiring import COLUMNS, FILES, MISSING, Hiring  # noqa: E402
from project import Project  # noqa: E402

ROWS = {"department": 12, "job": 183, "user": 1929}
YEAR = 2021


def parse(text):
    return list(csv.reader(io.StringIO(text, newline="")))


class HiringLoad(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.project = Project()
        cls.addClassCleanup(cls.project.__exit__)
        cls.project.init()
        cls.hiring = Hiring(cls.project.path("data"))
        cls.first = {table: cls.load(table) for table in FILES}

    @classmethod
    def load(cls, table, *options):
        return cls.project.json("load", cls.hiring.path(table), "--into", table, "--columns",
                                ",".join(COLUMNS[table]), *options)

    def rows(self, table):
        return self.project.json("tables", "head", table, "-n", "5000")

    def test_every_row_is_stored_or_rejected(self):
        for table, count in ROWS.items():
            result = self.first[table]
            records = len(self.hiring.records[table])
            self.assertEqual((result["inserted"], result["received"]), (count, records), table)
            self.assertEqual(result["rejected"], records - count)
            self.assertEqual((result["updated"], result["skipped"]), (0, 0))
            self.assertTrue(result["committed"])
            self.assertEqual(result["bytes"], os.path.getsize(self.hiring.path(table)))
        self.assertEqual(self.first["user"]["reasons"], {"required": 70})
        self.assertIsNone(self.first["job"]["rejects"])
        self.assertEqual(self.hiring.missing(), MISSING)

    def test_what_is_stored_is_what_the_files_say(self):
        for table in ("department", "job"):
            stored = {row["id"]: row[table] for row in self.rows(table)}
            self.assertEqual(stored, self.hiring.names(table))
        stored = [[row[name] for name in COLUMNS["user"]] for row in self.rows("user")]
        self.assertEqual(stored, sorted(self.hiring.hires))

    def test_each_reject_has_its_line_column_and_reason(self):
        path = self.first["user"]["rejects"].removeprefix("file://")
        with open(path, encoding="utf-8", newline="") as file:
            text = file.read()
        header, *lines = parse(text)
        self.assertEqual(text.count("\r\n"), len(lines) + 1)
        self.assertEqual(header, ["line", "column", "code", "reason", *COLUMNS["user"]])
        self.assertEqual(lines, [
            [str(line), column, "required", "a value is required", *fields]
            for line, column, fields in self.hiring.rejects])

    def test_reports_have_the_right_numbers(self):
        reports = {
            "department_hires": self.hiring.department_hires(YEAR),
            "quarterly_hires": self.hiring.quarterly_hires(YEAR),
        }
        texts = {name: self.project.run("report", name, "-p", f"year={YEAR}", check=True).stdout
                 for name in reports}
        for name, lines in reports.items():
            self.assertEqual(parse(texts[name])[1:], lines)
        self.project.start()
        for name, text in texts.items():
            answer = self.project.get(f"/v1/report/{name}?year={YEAR}")
            self.assertEqual(parse(answer.body), parse(text))
        self.assertEqual(self.project.stop(), 0)
        if self.hiring.is_real:
            self.check_real_numbers(*reports.values())

    def check_real_numbers(self, departments, quarters):
        """As the publishers of the files give them."""
        self.assertEqual(len(departments), 7)
        self.assertEqual(departments[0], ["8", "Support", "216"])
        self.assertEqual(departments[-1], ["9", "Marketing", "142"])
        self.assertEqual(len(quarters), 933)
        self.assertEqual([sum(int(line[at]) for line in quarters) for at in range(2, 6)],
                         [249, 454, 453, 487])

    def test_loading_again_with_skip_changes_nothing(self):
        before = {table: self.rows(table) for table in FILES}
        for table, count in ROWS.items():
            result = self.load(table, "--on-conflict", "skip")
            self.assertEqual((result["inserted"], result["skipped"], result["updated"]),
                             (0, count, 0))
            self.assertEqual(result["rejected"], self.first[table]["rejected"])
        self.assertEqual({table: self.rows(table) for table in FILES}, before)

    def test_loading_again_rejects_every_row_as_duplicate(self):
        before = self.rows("user")
        result = self.load("user")
        self.assertEqual(result["reasons"], {"required": 70, "duplicate": 1929})
        self.assertEqual(self.rows("user"), before)


class AllOrNothing(unittest.TestCase):
    def setUp(self):
        self.project = self.enterContext(Project())
        self.hiring = Hiring(self.project.path("data"))
        for table in ("department", "job"):
            self.load(table)

    def load(self, table, *options, status=0):
        done = self.project.run("load", self.hiring.path(table), "--into", table, "--columns",
                                ",".join(COLUMNS[table]), *options)
        self.assertEqual(done.returncode, status, done.stderr)
        return done

    def test_stop_stores_nothing(self):
        line, column, _ = self.hiring.rejects[0]
        done = self.load("user", "--on-error", "stop", status=3)
        self.assertIn(f"nothing was stored: line {line}, column '{column}': a value is required",
                      done.stderr)
        self.assertEqual(self.project.json("tables", "head", "user"), [])

    def test_too_many_rejects_store_nothing(self):
        done = self.load("user", "--max-rejects", "69", "--json", status=3)
        self.assertIn('"rejected":70', done.stdout)
        self.assertIn("more than 69 bad rows, the last one in line "
                      f"{self.hiring.rejects[69][0]}", done.stderr)
        self.assertEqual(self.project.json("tables", "head", "user"), [])
        self.load("user", "--max-rejects", "70")
        self.assertEqual(len(self.project.json("tables", "head", "user", "-n", "5000")), 1929)

    def test_a_dry_run_stores_nothing_and_tells_all(self):
        done = self.load("user", "--dry-run", "--json")
        self.assertIn('"inserted":1929', done.stdout)
        self.assertIn('"committed":false', done.stdout)
        self.assertEqual(self.project.json("tables", "head", "user"), [])

    def test_corrected_rejects_load_as_they_are(self):
        self.load("user", "-q")
        path = self.hiring.path("user") + ".rejects.csv"
        with open(path, encoding="utf-8", newline="") as file:
            header, *lines = parse(file.read())
        default = {"name": "Ann", "datetime": "2021-01-01", "department_id": "1", "job_id": "1"}
        for line in lines:
            line[header.index(line[1])] = default[line[1]]
            line[header.index("name")] += " II"
        with open(path, "w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([header, *lines])
        result = self.project.json("load", path, "--into", "user")
        self.assertEqual((result["inserted"], result["rejected"]), (70, 0))


if __name__ == "__main__":
    unittest.main()

"""stats.summary against what Python's statistics say of the same values."""
import json
import os
import random
import statistics
import sys
import unittest

from runner_project import Case, Project

COUNT = 40000  # values of a column: more than stay in memory


class Stats(Case):
    def setUp(self):
        self.project = self.enterContext(Project())

    def columns(self, text, **params):
        """Column summaries by name."""
        uri = self.project.put("in.csv", text)
        outputs = self.project.outputs("stats.summary", {"from": uri, **params})
        return {column["column"]: column for column in outputs["columns"]}, outputs

    def assert_numbers(self, column, values):
        ordered = sorted(values)
        self.assertEqual((column["type"], column["count"]), ("number", len(values)))
        self.assertAlmostEqual(column["mean"], statistics.fmean(values), places=6)
        self.assertAlmostEqual(column["std"], statistics.stdev(values), places=6)
        self.assertEqual((column["min"], column["max"]), (ordered[0], ordered[-1]))
        quartiles = statistics.quantiles(values, n=4, method="inclusive")
        for name, quartile in zip(("q1", "median", "q3"), quartiles):
            self.assertAlmostEqual(column[name], quartile, places=9)

    def test_numbers_dates_and_text(self):
        columns, outputs = self.columns(
            'n,f,d,t,s\r\n1,1.5,2021-02-01,2021-02-01T10:00:00Z,"Hello, World!"\r\n'
            '2,-2e3,2021-02-03,2021-02-01 12:00+02:00,\r\n3,0,2021-02-02,,""\r\n')
        self.assertEqual((outputs["rows"], outputs["uneven_rows"]), (3, 0))
        self.assertEqual(columns["n"], {"column": "n", "type": "number", "count": 3, "nulls": 0, "mean": 2.0, "std": 1.0,
                                        "min": 1, "q1": 1.5, "median": 2, "q3": 2.5, "max": 3})
        self.assert_numbers(columns["f"], [1.5, -2000.0, 0.0])
        self.assertEqual(columns["d"], {"column": "d", "type": "date", "count": 3, "nulls": 0, "mean": "2021-02-02",
                                        "min": "2021-02-01", "q1": "2021-02-01T12:00:00Z", "median": "2021-02-02",
                                        "q3": "2021-02-02T12:00:00Z", "max": "2021-02-03"})
        self.assertEqual((columns["t"]["type"], columns["t"]["nulls"], columns["t"]["min"], columns["t"]["max"]),
                         ("timestamp", 1, "2021-02-01T10:00:00Z", "2021-02-01T10:00:00Z"))
        self.assertEqual(columns["s"], {"column": "s", "type": "text", "count": 2, "nulls": 1, "mean_length": 6.5, "min_length": 0,
                                        "max_length": 13, "mean_words": 1.0, "mean_capitals": 1.0, "mean_symbols": 1.0})

    def test_what_makes_a_column_text(self):
        columns, _ = self.columns("a,b,c,d,e,f\n1,2021-02-29,nan,1e999,0x10,1 2\nx,2021-01-01,1,1,1,1\n")
        self.assertEqual({column["type"] for column in columns.values()}, {"text"})
        self.assertEqual(columns["a"]["mean_length"], 1.0)

    def test_blanks_around_numbers(self):
        columns, _ = self.columns("a,b\n 1 , x\n+2.0,\"  \"\n")
        self.assertEqual((columns["a"]["type"], columns["a"]["max"], columns["b"]["mean_length"]), ("number", 2, 2.0))

    def test_characters_not_bytes(self):
        columns, _ = self.columns("a\nÄÖ ü€\n\U0001f600b\n")
        self.assertEqual((columns["a"]["max_length"], columns["a"]["mean_capitals"], columns["a"]["mean_symbols"], columns["a"]["mean_words"]),
                         (5, 1.0, 1.0, 1.5))
        columns, _ = self.columns(b"a\ngr\xfcn\xc3\n")
        self.assertEqual(columns["a"]["max_length"], 5)

    def test_what_is_empty(self):
        _, outputs = self.columns("")
        self.assertEqual(outputs, {"rows": 0, "uneven_rows": 0, "columns": []})
        columns, outputs = self.columns("a,b\n")
        self.assertEqual((outputs["rows"], columns["a"]), (0, {"column": "a", "type": "empty", "count": 0, "nulls": 0}))
        columns, _ = self.columns("\ufeffa,b\n,1\n,2\n")
        self.assertEqual(columns["a"], {"column": "a", "type": "empty", "count": 0, "nulls": 2})
        columns, _ = self.columns("a\n5\n")
        self.assertEqual((columns["a"]["std"], columns["a"]["q1"], columns["a"]["q3"]), (None, 5, 5))

    def test_rows_of_another_length(self):
        columns, outputs = self.columns("a,b\n1\n1,2,3\n1,2\n")
        self.assertEqual((outputs["rows"], outputs["uneven_rows"], columns["b"]["nulls"]), (3, 2, 1))

    def test_what_cannot_be_read(self):
        for text, reason in (("a\n\"x", "cannot be read"), ('a\n"x"y\n', "row 1 cannot be read"), (b"\x1f\x8b\x08\x00", "is gzip, not plain CSV"),
                             (b"\xff\xfea\x00", "is UTF-16"), (b"gr\xfcn\n1\n", "column 1 is not UTF-8"),
                             (",".join("c%d" % i for i in range(1001)), "more than 1000 columns"),
                             ("a\n\"" + "x" * (17 << 20), "over 16777216 bytes")):
            self.assert_fails(self.project, "stats.summary", {"from": self.project.put("bad.csv", text)}, reason)
        self.assert_fails(self.project, "stats.summary", {}, "give one of 'from' and 'table'")
        self.assert_fails(self.project, "stats.summary", {"from": "objects://t/none"}, "objects://t/none")
        self.assert_fails(self.project, "stats.summary", {"table": "nope"}, "there is no table 'nope'")

    def test_quartiles_are_exact_where_values_do_not_stay_in_memory(self):
        rng = random.Random(7)
        kinds = {
            "normal": [rng.gauss(0, 1e6) for _ in range(COUNT)],
            "same": [4] * COUNT,
            "few": [rng.choice((-1, 0, 1, 2)) for _ in range(COUNT)],
            "wide": [rng.choice((-1, 1)) * 10.0 ** rng.randint(-300, 300) for _ in range(COUNT)],
            "ordered": list(range(-COUNT // 2, COUNT // 2)),
        }
        names = list(kinds)
        lines = [",".join(names)] + [",".join(repr(kinds[name][i]) for name in names) for i in range(COUNT)]
        columns, _ = self.columns("\n".join(lines) + "\n")
        for name in ("normal", "few", "ordered"):
            self.assert_numbers(columns[name], kinds[name])
        self.assertEqual((columns["same"]["q1"], columns["same"]["q3"], columns["same"]["std"]), (4, 4, 0.0))
        quartiles = statistics.quantiles(kinds["wide"], n=4, method="inclusive")
        for name, quartile in zip(("q1", "median", "q3"), quartiles):
            self.assertTrue(abs(columns["wide"][name] - quartile) <= abs(quartile) * 1e-12, name)

    def test_a_column_that_turns_into_text_late(self):
        columns, _ = self.columns("a\n" + "1\n" * COUNT + "x\n")
        self.assertEqual((columns["a"]["type"], columns["a"]["count"], columns["a"]["mean_length"]), ("text", COUNT + 1, 1.0))

    def test_an_object(self):
        _, outputs = self.columns("a\n1\n2\n", to="objects://t/summary.json")
        summary = json.loads(self.project.get(outputs["uri"]))
        self.assertEqual((summary["rows"], summary["columns"]), (2, outputs["columns"]))
        names = ["a column of the name %d" % i for i in range(1000)]
        text = ",".join(names) + "\n" + ",".join("1" for _ in names) + "\n"
        self.assert_fails(self.project, "stats.summary", {"from": self.project.put("in.csv", text)}, "give 'to'")
        outputs = self.project.outputs("stats.summary", {"from": "objects://t/in.csv", "to": "objects://t/wide.json"})
        self.assertNotIn("columns", outputs)
        self.assertEqual(len(json.loads(self.project.get(outputs["uri"]))["columns"]), 1000)

    def test_a_table(self):
        count = 10000
        text = "id,department\n" + "".join("%d,Department %d\n" % (i, i) for i in range(1, count + 1))
        self.project.beside("csv.load", {"from": self.project.put("d.csv", text), "table": "department"})
        self.project.beside("sql.run", {"sql": "UPDATE department SET deleted_at = created_at WHERE id > 9000"})
        outputs = self.project.outputs("stats.summary", {"table": "department"})
        self.assertEqual([column["column"] for column in outputs["columns"]], ["id", "department"])
        self.assertEqual(outputs["rows"], 9000)
        self.assert_numbers(outputs["columns"][0], range(1, 9001))
        self.assertEqual(outputs["columns"][1]["type"], "text")
        self.assertEqual(self.project.outputs("stats.summary", {"table": "job"})["columns"][0]["type"], "empty")

    def test_cancel(self):
        attempt = self.project.start("stats.summary", {"from": self.project.put("in.csv", "a\n" + "12345\n" * 3000000)})
        self.project.read_until("progress")
        self.project.send(type="cancel", attempt=attempt)
        self.assertEqual(self.project.read_until("finished")["status"], "cancelled")
        self.assertEqual(os.listdir(self.project.state("tmp")), [])


if __name__ == "__main__":
    sys.exit(unittest.main())

"""The hiring files through the DAG bulk_insert, plain and in every form a CSV file may have."""

import bz2
import csv
import ctypes
import ctypes.util
import gzip
import io
import json
import lzma
import os
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from hiring import COLUMNS, FILES, Hiring  # noqa: E402
from project import Project  # noqa: E402

ROWS = {"department": 12, "job": 183, "user": 1929}
# bulk_insert cannot empty a table first
FORM = """\
params: {object: {type: string}, delimiter: {type: string, default: ","}}
tasks:
  load:
    use: csv.load
    with:
      from: ${{ params.object }}
      table: user
      delimiter: ${{ params.delimiter }}
      truncate: true
"""
# the file calls things its own way and has a column nobody wants
MAPPED = """\
tasks:
  load:
    use: csv.load
    with:
      from: objects://forms/mapped.csv
      table: user
      columns: [id, name, "-", datetime, department_id, job_id]
      header: true
      truncate: true
"""


def zstd(data):
    """Python 3.11 has none; the library is there, the program needs it itself."""
    library = ctypes.CDLL(ctypes.util.find_library("zstd"))
    library.ZSTD_compressBound.restype = library.ZSTD_compress.restype = ctypes.c_size_t
    size = library.ZSTD_compressBound(ctypes.c_size_t(len(data)))
    packed = ctypes.create_string_buffer(size)
    size = library.ZSTD_compress(packed, ctypes.c_size_t(size), data, ctypes.c_size_t(len(data)), 3)
    return packed.raw[:size]


class BulkInsert(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.project = Project()
        cls.addClassCleanup(cls.project.__exit__)
        cls.project.init()
        cls.project.dag("form", FORM)
        cls.project.dag("mapped", MAPPED)
        cls.hiring = Hiring(cls.project.path("data"))
        for table, name in FILES.items():
            cls.project.run("objects", "cp", cls.hiring.path(table), f"objects://prd-data/raw/{name}",
                            check=True)
        cls.project.start()
        for name in ("bulk_insert", "form", "mapped"):
            cls.project.wait_for_dag(name)

    def setUp(self):
        """The three tables as the files have them."""
        for table in FILES:
            self.bulk_insert(table, on_conflict="update")

    def bulk_insert(self, table, **params):
        return self.project.run_dag("bulk_insert", object=f"objects://prd-data/raw/{FILES[table]}",
                                    table=table, columns=list(COLUMNS[table]), **params)

    def rows(self, table):
        return self.project.json("tables", "head", table, "-n", "5000")

    def stored_hires(self):
        return [[row[name] for name in COLUMNS["user"]] for row in self.rows("user")]

    def object(self, uri):
        return self.project.run("objects", "cat", uri, check=True).stdout

    def test_the_three_files(self):
        for table in reversed(FILES):
            self.empty(table)
        for table, count in ROWS.items():
            run, tasks = self.bulk_insert(table)
            outputs = tasks["load"]["outputs"]
            self.assertEqual((run["state"], tasks["report"]["state"]), ("success", "success"))
            self.assertEqual((outputs["received"], outputs["inserted"]),
                             (len(self.hiring.records[table]), count))
            report = self.object(f"objects://prd-data/logs/bulk_insert/{run['run_id']}.json")
            self.assertEqual(json.loads(report), outputs)
        self.assertEqual(self.stored_hires(), sorted(self.hiring.hires))
        self.assertEqual(outputs["reasons"], {"required": 70})
        self.assertEqual(outputs["rejects"],
                         f"objects://prd-data/rejects/bulk_insert/{run['run_id']}.csv")
        lines = list(csv.reader(io.StringIO(self.object(outputs["rejects"]), newline="")))
        self.assertEqual([[int(line[0]), line[1]] for line in lines[1:]],
                         [reject[:2] for reject in self.hiring.rejects])

    def empty(self, table):
        """All rows go; those who refer to them went before."""
        done = self.project.run("load", "-", "--into", table, "--columns", ",".join(COLUMNS[table]),
                                "--truncate")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(self.rows(table), [])

    def test_again_with_skip_changes_nothing(self):
        before = {table: self.rows(table) for table in FILES}
        for table, count in ROWS.items():
            _, tasks = self.bulk_insert(table, on_conflict="skip")
            outputs = tasks["load"]["outputs"]
            self.assertEqual((outputs["inserted"], outputs["updated"], outputs["skipped"]),
                             (0, 0, count))
        self.assertEqual({table: self.rows(table) for table in FILES}, before)

    def test_stop_stores_nothing(self):
        self.empty("user")
        _, tasks = self.bulk_insert("user", on_error="stop")
        line, column, _ = self.hiring.rejects[0]
        self.assertEqual((tasks["load"]["state"], tasks["load"]["attempt"]), ("failed", 1))
        self.assertIn(f"nothing was stored: line {line}, column '{column}': a value is required",
                      tasks["load"]["reason"])
        self.assertEqual(tasks["load"]["outputs"], {})
        self.assertEqual(self.rows("user"), [])

    # --- forms ---

    def load_form(self, name, data, dag="form", **params):
        """Loads these bytes in the place of all hires: the outputs."""
        self.project.write(f"state/objects/forms/{name}", data)
        if dag == "form":
            params["object"] = f"objects://forms/{name}"
        run, tasks = self.project.run_dag(dag, **params)
        self.assertEqual(run["state"], "success", tasks["load"]["reason"])
        return tasks["load"]["outputs"]

    def plain(self, order=COLUMNS["user"], delimiter=",", line_end="\r\n", quoting=csv.QUOTE_MINIMAL):
        """All records of the hires with a header line, as text."""
        out = io.StringIO(newline="")
        writer = csv.writer(out, delimiter=delimiter, lineterminator=line_end, quoting=quoting)
        at = [COLUMNS["user"].index(name) for name in order]
        writer.writerow(order)
        writer.writerows([record[i] for i in at] for record in self.hiring.records["user"])
        return out.getvalue()

    def assert_all_there(self, outputs, name):
        self.assertEqual((outputs["received"], outputs["inserted"], outputs["reasons"]),
                         (1999, 1929, {"required": 70}), name)
        self.assertEqual(self.stored_hires(), sorted(self.hiring.hires), name)
        header, *lines = csv.reader(io.StringIO(self.object(outputs["rejects"]), newline=""))
        self.assertEqual(header[:4], ["line", "column", "code", "reason"])
        # the header line counts
        self.assertEqual([[int(line[0]), line[1]] for line in lines],
                         [[line + 1, column] for line, column, _ in self.hiring.rejects], name)

    def test_forms_of_text(self):
        shuffled = ("job_id", "datetime", "id", "department_id", "name")
        for name, text in (
            ("header.csv", self.plain()),
            ("order.csv", self.plain(order=shuffled)),
            ("lf.csv", self.plain(line_end="\n")),
            ("bom.csv", "\ufeff" + self.plain()),
            ("no_last_end.csv", self.plain().removesuffix("\r\n")),
            ("empty_lines.csv", self.plain() + "\r\n\r\n"),
        ):
            self.assert_all_there(self.load_form(name, text), name)
        text = self.plain(delimiter=";", order=shuffled)
        self.assert_all_there(self.load_form("semicolon.csv", text, delimiter=";"), "semicolon.csv")
        text = self.plain(delimiter="\t")
        self.assert_all_there(self.load_form("tab.csv", text, delimiter="\\t"), "tab.csv")

    def test_packed_forms(self):
        data = self.plain().encode()
        for name, pack in (("x.gz", gzip.compress), ("x.zst", zstd), ("x.bz2", bz2.compress),
                           ("x.xz", lzma.compress), ("gzip_without_a_name", gzip.compress),
                           ("two.gz", lambda d: gzip.compress(d[:9999]) + gzip.compress(d[9999:]))):
            self.assert_all_there(self.load_form(name, pack(data)), name)

    def test_columns_by_position_skip_a_field(self):
        records = [[*record[:2], "not wanted", *record[2:]] for record in self.hiring.records["user"]]
        out = io.StringIO(newline="")
        csv.writer(out).writerows([["Nummer", "Name", "?", "Tag", "Abteilung", "Stelle"], *records])
        self.assert_all_there(self.load_form("mapped.csv", out.getvalue(), dag="mapped"), "mapped")

    def test_quotes_and_newlines_in_quotes(self):
        """Every name gets quotes, a delimiter and line ends; lines are physical ones."""
        def strange(name):
            return f'{name},\r\n"the ""boss"""\n.'

        lines, wanted, rejects, number = ["id,name,datetime,department_id,job_id"], [], [], 2
        for fields in self.hiring.records["user"]:
            lacking = [c for c, text in zip(COLUMNS["user"], fields) if not text]
            fields = [fields[0], strange(fields[1]) if fields[1] else "", *fields[2:]]
            quoted = ['"' + text.replace('"', '""') + '"' if text else "" for text in fields]
            lines.append(",".join(quoted))
            if lacking:
                rejects.append([number, lacking[0]])
            else:
                wanted.append([int(fields[0]), fields[1], fields[2], int(fields[3]), int(fields[4])])
            number += 1 + lines[-1].count("\n")
        outputs = self.load_form("quotes.csv", "\r\n".join(lines) + "\r\n")
        self.assertEqual((outputs["inserted"], outputs["reasons"]), (1929, {"required": 70}))
        self.assertEqual(self.stored_hires(), sorted(wanted))
        path = self.project.path("state/objects", outputs["rejects"].removeprefix("objects://"))
        with open(path, encoding="utf-8", newline="") as file:
            _, *found = csv.reader(file)
        self.assertEqual([[int(line[0]), line[1]] for line in found], rejects)
        names = {int(fields[0]): fields[1] for fields in self.hiring.records["user"]}
        self.assertTrue(all(line[5] == (strange(names[int(line[4])]) if names[int(line[4])] else "")
                            for line in found))


if __name__ == "__main__":
    unittest.main()

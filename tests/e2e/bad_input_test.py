"""Input that cannot be loaded: a clear text with its place, the right exit status, nothing half-stored.

Everything is tried twice: by `millrace load`, and through a DAG of a server that must live on.
"""

import gzip
import os
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from project import Project  # noqa: E402

HEAD = b"id,department\n"
GOOD = HEAD + b"".join(b"%d,number %d\n" % (i, i) for i in range(1, 2001))

# What stops a load, whatever on_error says, and what is said of it.
UNUSABLE = {
    "empty": (b"", "line 1: the input is empty, a header is due"),
    "only_bom": (b"\xef\xbb\xbf", "line 1: the input is empty, a header is due"),
    "other_header": (b"id,name\n1,a\n",
                     "line 1: the header names 'name', which table 'department' does not have"),
    "twice": (b"id,department,id\n1,a,1\n", "line 1: the header names column 'id' twice"),
    "latin_1_header": ("id,département\n1,a\n".encode("latin-1"), "line 1: the header cannot be read"),
    "lacking": (b"id\n1\n", "line 1: the header lacks column 'department'"),
    "no_header": (b"1,Sales\n2,Legal\n",
                  "line 1: the header names '1', which table 'department' does not have"),
    "unterminated": (GOOD + b'5000,"abc\n5001,never\n', "line 2002: a quote is never closed"),
    "utf16": ("id,department\n1,a\n".encode("utf-16"), "line 1: the input is UTF-16, UTF-8 is due"),
    "ends_early": (gzip.compress(GOOD)[:2000],
                   "the input is packed with gzip and ends early or is damaged at byte 2000"),
    "no_trailer": (gzip.compress(GOOD)[:-4],
                   "the input is packed with gzip and ends early or is damaged"),
    "changed": (gzip.compress(GOOD)[:-8] + b"123!" + gzip.compress(GOOD)[-4:],
                "the input is packed with gzip and is damaged: its checksum differs"),
    "damaged": (gzip.compress(GOOD)[:1000] + b"damage" + gzip.compress(GOOD)[1006:],
                "the input is packed with gzip and ends early or is damaged"),
    "binary": (b"\x7fELF\x02\x01\x01" + bytes(5000), "line 1: "),
}

# What costs its record only: the code, the line and the column of its reject.
BAD_RECORDS = {
    "latin_1": (HEAD + "7,Café\n8,ok\n".encode("latin-1"), "2,,encoding,"),
    "nul": (HEAD + b"7,a\0b\n8,ok\n", "2,,nul,"),
    "lone_cr": (HEAD + b"7,a\rb\n8,ok\n", "2,,line_end,"),
    "after_a_quote": (HEAD + b'7,"a"b\n8,ok\n', "2,,quote,"),
    "bare_quote": (HEAD + b'7,a"b\n8,ok\n', "2,,quote,"),
    "few": (HEAD + b"7\n8,ok\n", "2,,field_count,"),
    "many": (HEAD + b"7,a,b\n8,ok\n", "2,,field_count,"),
    "no_number": (HEAD + b"seven,a\n8,ok\n", "2,id,invalid_integer,"),
    "too_long": (HEAD + b"7," + b"x" * 300 + b"\n8,ok\n", "2,department,too_long,"),
}

MISSING_PARENT = b"id,name,datetime,department_id,job_id\n1,Ann,2021-01-01,99,99\n"


class BadInput(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.project = Project()
        cls.addClassCleanup(cls.project.__exit__)
        cls.project.init()
        cls.project.start()
        cls.project.wait_for_dag("bulk_insert")

    def setUp(self):
        self.forget()

    def tearDown(self):
        """Whatever was tried, the server lives."""
        self.assertEqual(self.project.get("/readyz").status, 200)

    def rows(self):
        return [row["id"] for row in self.project.json("tables", "head", "department", "-n", "9999")]

    def forget(self):
        self.project.run("load", "-", "--into", "department", "--columns", "id,department",
                         "--truncate", check=True)

    def load(self, source, *options, status):
        done = self.project.run("load", source, "--into", "department", *options)
        self.assertEqual(done.returncode, status, f"{source}: {done.stdout}{done.stderr}")
        self.assertNotIn("locked", done.stderr)
        return done.stderr

    def load_by_dag(self, source, **params):
        """The task instance after it has ended; it is not tried a second time."""
        _, tasks = self.project.run_dag("bulk_insert", object=source, **params)
        self.assertEqual(tasks["load"]["attempt"], 1, tasks["load"]["reason"])
        return tasks["load"]

    def place(self, name, data):
        """The same bytes as a local file and as an object."""
        self.project.write(f"state/objects/in/{name}.csv", data)
        return self.project.write(f"in/{name}.csv", data), f"objects://in/{name}.csv"

    def assert_refused(self, path, uri, text, status=3):
        error = self.load(path, status=status)
        self.assertIn(text, error)
        task = self.load_by_dag(uri)
        self.assertEqual((task["state"], task["outputs"]), ("failed", {}))
        self.assertIn(text, task["reason"])
        self.assertEqual(self.rows(), [])
        return error, task["reason"]

    def test_unusable_input_stops_the_load(self):
        for name, (data, text) in UNUSABLE.items():
            with self.subTest(name):
                path, uri = self.place(name, data)
                error, reason = self.assert_refused(path, uri, text)
                self.assertIn(path, error)
                self.assertIn(uri, reason)

    def test_a_bad_record_costs_only_itself(self):
        for name, (data, reject) in BAD_RECORDS.items():
            with self.subTest(name):
                self.forget()
                path, uri = self.place(name, data)
                self.assertIn("1 row rejected, see file://", self.load(path, status=0))
                with open(path + ".rejects.csv", "rb") as file:
                    line = file.read().splitlines()[1].decode(errors="replace")
                self.assertTrue(line.startswith(reject), line)
                self.assertEqual(self.rows(), [8])
                self.forget()
                task = self.load_by_dag(uri)
                self.assertEqual((task["state"], task["outputs"]["rejected"]), ("success", 1))
                self.assertEqual(task["outputs"]["reasons"], {reject.split(",")[2]: 1})
                self.assertEqual(self.rows(), [8])

    def test_a_bad_record_stops_a_load_that_is_to_stop(self):
        for name, (data, reject) in BAD_RECORDS.items():
            with self.subTest(name):
                path, uri = self.place(name, GOOD + data.removeprefix(HEAD))
                error = self.load(path, "--on-error", "stop", status=3)
                self.assertIn("nothing was stored: line 2002", error)
                self.assertEqual(self.rows(), [])
                self.assertIn(f"({reject.split(',')[2]})", error)
                task = self.load_by_dag(uri, on_error="stop")
                self.assertEqual(task["state"], "failed")
                self.assertIn("nothing was stored: line 2002", task["reason"])
                self.assertEqual(self.rows(), [])

    def test_a_line_of_100_mb(self):
        """A file that is mostly a hole; what was read before it is not stored either."""
        path, uri = self.place("long", GOOD + b"5000,")
        for name in (path, self.project.path("state/objects/in/long.csv")):
            with open(name, "r+b") as file:
                file.truncate(100 * 1000 * 1000)
        self.assert_refused(path, uri, "line 2002: the record is longer than 16 MiB")

    def test_a_line_of_just_under_16_mib_is_a_record(self):
        path, _ = self.place("wide", HEAD + b"7," + b"x" * (16 * 1024 * 1024 - 100) + b"\n")
        self.load(path, status=0)
        with open(path + ".rejects.csv", "rb") as file:
            self.assertTrue(file.read().splitlines()[1].startswith(b"2,department,too_long,"))

    def test_an_empty_file_is_fine_where_no_header_is_due(self):
        path, uri = self.place("nothing", b"")
        self.load(path, "--columns", "id,department", status=0)
        task = self.load_by_dag(uri, columns=["id", "department"])
        self.assertEqual((task["state"], task["outputs"]["received"]), ("success", 0))

    def test_a_folder(self):
        self.assertIn("is a folder", self.load(self.project.path("dags"), status=3))
        os.makedirs(self.project.path("state/objects/in/folder"), exist_ok=True)
        self.assertIn("does not exist", self.load_by_dag("objects://in/folder")["reason"])

    def test_what_is_not_there(self):
        self.assertIn("nowhere.csv' does not exist", self.load("nowhere.csv", status=5))
        uri = "objects://in/nowhere.csv"
        self.assertIn(f"'{uri}' does not exist", self.load(uri, status=5))
        task = self.load_by_dag(uri)
        self.assertEqual(task["state"], "failed")
        self.assertIn(f"'{uri}' does not exist", task["reason"])

    def test_a_table_that_is_not_there(self):
        path, uri = self.place("good", GOOD)
        done = self.project.run("load", path, "--into", "departmnt")
        self.assertEqual(done.returncode, 5)
        self.assertIn("there is no table 'departmnt', did you mean 'department'?", done.stderr)
        task = self.load_by_dag(uri, table="departmnt")
        self.assertEqual(task["state"], "failed")
        self.assertIn("there is no table 'departmnt', did you mean 'department'?", task["reason"])

    def test_keys_that_climb_out(self):
        for uri in ("objects://in/../../millrace.yaml", "objects://../x", "objects://in//etc/passwd",
                    "file:///etc/passwd"):
            task = self.load_by_dag(uri)
            self.assertEqual(task["state"], "failed", uri)
            self.assertNotIn("root:", task["reason"])

    def test_parents_that_are_not_there(self):
        path, _ = self.place("hires", MISSING_PARENT)
        done = self.project.run("load", path, "--into", "user", check=True)
        self.assertIn("1 row rejected", done.stderr)
        with open(path + ".rejects.csv", encoding="utf-8") as file:
            line = file.read().splitlines()[1]
        self.assertTrue(line.startswith("2,department_id,foreign_key,"), line)
        self.assertIn("department 99 does not exist", line)


if __name__ == "__main__":
    unittest.main()

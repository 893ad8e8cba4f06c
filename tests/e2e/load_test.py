"""`millrace load` from a user's side: the three files, hostile input, and a load that is killed."""

import csv
import gzip
import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from project import SOURCE, Project, binary, count_of  # noqa: E402

FILES = {"department": ("departments.csv", "id,department"),
         "job": ("jobs.csv", "id,job"),
         "user": ("hired_employees.csv", "id,name,datetime,department_id,job_id")}
SHARED = os.environ.get("MILLRACE_SHARED_DATA", os.path.join(SOURCE, "..", "shared", "data"))
BIG = 100 * 1024 * 1024


class Loads(unittest.TestCase):
    def setUp(self):
        self.project = Project()
        self.project.init()
        self.addCleanup(self.project.__exit__)

    def load(self, name, table, *options, status=0, **more):
        done = self.project.run("load", name, "--into", table, "--json", *options, **more)
        self.assertEqual(done.returncode, status, done.stderr)
        self.said = done.stderr
        return json.loads(done.stdout) if done.stdout else {}

    def rows(self, query):
        path = self.project.path("state", "data.db")
        with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as db:
            return db.execute(query).fetchall()


class RealFiles(Loads):
    """The files of a hiring data set, where they are at hand; their README tells the numbers."""

    def load_file(self, table, *options, **more):
        name, columns = FILES[table]
        return self.load(os.path.join(SHARED, name), table, "--columns", columns,
                         "--rejects", "objects://rejects/real.csv", *options, **more)

    def test_they_are_stored_and_stored_again(self):
        self.assertEqual(self.load_file("department")["inserted"], 12)
        self.assertEqual(self.load_file("job")["inserted"], 183)
        self.load_file("user", "--on-error", "stop", status=3)
        self.assertIn("nothing was stored", self.said)
        self.assertEqual(self.rows("SELECT count(*) FROM user"), [(0,)])
        first = self.load_file("user")
        self.assertEqual((first["inserted"], first["rejected"], first["reasons"]),
                         (1929, 70, {"required": 70}))
        rejects = list(csv.DictReader(
            self.project.run("objects", "cat", first["rejects"], check=True).stdout.splitlines()))
        by_column = {c: sum(r["column"] == c for r in rejects) for c in rejects[0]}
        self.assertEqual([by_column[c] for c in ("name", "datetime", "department_id", "job_id")],
                         [19, 14, 21, 16])
        again = self.load_file("user", "--on-conflict", "skip")
        self.assertEqual((again["inserted"], again["skipped"], again["rejected"]), (0, 1929, 70))
        hires = self.project.run("report", "department_hires", "-p", "year=2021").stdout.splitlines()
        self.assertEqual((len(hires), hires[1], hires[-1]),
                         (8, "8,Support,216", "9,Marketing,142"))
        quarters = list(csv.reader(self.project.run(
            "report", "quarterly_hires", "-p", "year=2021").stdout.splitlines()))[1:]
        self.assertEqual(len(quarters), 933)
        self.assertEqual([sum(int(row[i]) for row in quarters) for i in range(-4, 0)],
                         [249, 454, 453, 487])


class HostileInput(Loads):
    """Each ends with a clear text and its exit status; nothing of it is stored."""

    CASES = (
        (b"", 3, "the input is empty"),
        (b"id,dept\n1,x\n", 3, "the header names 'dept'"),
        (b"id,d\xe9partement\n", 3, "the header cannot be read"),
        (b'id,department\n1,"abc\n2,x\n', 3, "line 2: a quote is never closed"),
        ("id,department\n1,x\n".encode("utf-16"), 3, "UTF-16"),
        (gzip.compress(b"id,department\n1,x\n" * 99)[:-9], 3, "ends early or is damaged"),
    )

    def test_it_stops_the_load(self):
        for content, status, text in self.CASES:
            with self.subTest(text):
                self.project.write("bad.csv", content)
                self.load("bad.csv", "department", status=status)
                self.assertIn(text, self.said)
                self.assertEqual(self.rows("SELECT count(*) FROM department"), [(0,)])

    def test_a_line_without_end_costs_no_memory(self):
        with open(self.project.path("long.csv"), "wb") as file:
            file.write(b"id,department\n1,")
            file.truncate(BIG)
        self.load("long.csv", "department", status=3)
        self.assertIn("line 2: the record is longer than 16 MiB", self.said)

    def test_bytes_that_are_no_text_cost_their_row_only(self):
        self.project.write("odd.csv", b"id,department\n1,M\xfcller\n2,a\0b\n3,fine\n")
        result = self.load("odd.csv", "department")
        self.assertEqual((result["inserted"], result["reasons"]), (1, {"encoding": 1, "nul": 1}))

    def test_what_is_not_there_is_said(self):
        for name, status in ((".", 3), ("none.csv", 5), ("objects://none/x.csv", 5)):
            self.load(name, "department", status=status)


class KilledLoads(Loads):
    """kill -9 of a load in chunks, again and again; what follows goes on behind the last chunk."""

    ROWS = 200_000

    def start(self, *options):
        return subprocess.Popen(
            [binary(), "load", "rows.csv", "--into", "job", "--chunk-rows", "500", *options],
            cwd=self.project.folder, env=self.project.environment, stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)

    def stored_line(self):
        try:
            return max(self.rows("SELECT line FROM millrace_load"), default=(0,))[0]
        except sqlite3.OperationalError:
            return 0  # not migrated yet

    def kill_behind(self, load, line):
        """SIGKILL once a chunk behind this line is stored. False when it was done before."""
        self.project.wait(lambda: self.stored_line() > line or load.poll() is not None, "a chunk")
        load.send_signal(signal.SIGKILL)
        said = load.communicate()[1]
        self.load_id = self.load_id or re.search(r"load (\w{26})", said).group(1)
        return load.returncode == -signal.SIGKILL

    def test_nothing_is_lost_or_doubled(self):
        self.load_id = None
        self.project.write("rows.csv", "job\n" + "".join(
            f"Job {i if i % 1000 else i - 1}\n" for i in range(1, self.ROWS + 1)))
        self.project.run("tables", "migrate", check=True)
        for _ in range(count_of(4, 40)):
            line = self.stored_line()
            if not self.kill_behind(
                    self.start(*(("--resume", self.load_id) if self.load_id else ())), line):
                break
        result = self.load("rows.csv", "job", "--chunk-rows", "500", "--resume", self.load_id)
        good, bad = self.ROWS - self.ROWS // 1000, self.ROWS // 1000
        self.assertEqual((result["received"], result["inserted"], result["reasons"]),
                         (self.ROWS, good, {"duplicate_in_input": bad}))
        self.assertEqual(self.rows("SELECT count(*), count(DISTINCT job) FROM job"), [(good, good)])
        rejects = self.project.run("objects", "cat", result["rejects"], check=True).stdout
        self.assertEqual(len(rejects.splitlines()), bad + 1)
        self.assertEqual(os.listdir(self.project.path("state", "tmp")), [])


class MadeFiles(Loads):
    """The project's own sample, packed and not, with and without a header."""

    def test_packed_and_plain_say_the_same(self):
        text = "id,department\r\n" + "".join(f'{i},"Dept ""{i}"",\nx"\r\n' for i in range(1, 13))
        self.project.write("plain.csv", b"\xef\xbb\xbf" + text.encode())
        self.project.write("packed", gzip.compress(text.encode()))
        subprocess.run(["zstd", "-q", self.project.path("plain.csv")], check=True)
        self.assertEqual(self.load("plain.csv", "department")["inserted"], 12)
        for name in ("packed", "plain.csv.zst"):
            result = self.load(name, "department", "--on-conflict", "skip")
            self.assertEqual((result["inserted"], result["skipped"]), (0, 12))
        self.assertEqual(self.rows("SELECT department FROM department WHERE id = 3"),
                         [('Dept "3",\nx',)])


if not os.path.exists(os.path.join(SHARED, FILES["user"][0])):
    del RealFiles  # the same shape, made up, is loaded by tests/drivers/load_large_test.c

if __name__ == "__main__":
    unittest.main()

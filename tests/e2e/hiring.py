"""The hiring data set as data teams receive it, and what is in it.

The real files are used where they are found: in the folder MILLRACE_SHARED_DATA, else in ../shared/data
beside the sources. Else files of the same shape are made. What a load must give is computed here from
the bytes of the files, with nothing of Millrace.
"""

import collections
import csv
import datetime
import os
import shutil

from project import SOURCE
from sample import DEPARTMENTS, JOBS, Numbers, good_row, stamp

FILES = {"department": "departments.csv", "job": "jobs.csv", "user": "hired_employees.csv"}
COLUMNS = {
    "department": ("id", "department"),
    "job": ("id", "job"),
    "user": ("id", "name", "datetime", "department_id", "job_id"),
}
HIRES = 1999
MISSING = {"name": 19, "datetime": 14, "department_id": 21, "job_id": 16}


def shared_folder():
    """Where the real files are, or None."""
    for folder in (os.environ.get("MILLRACE_SHARED_DATA"),
                   os.path.join(os.path.dirname(SOURCE), "shared", "data")):
        if folder and os.path.exists(os.path.join(folder, FILES["user"])):
            return folder
    return None


def write_lines(path, records):
    with open(path, "w", encoding="utf-8", newline="") as file:
        for record in records:
            file.write(",".join(map(str, record)) + "\r\n")


def make_files(folder):
    """The same shape: no header, CRLF, each bad row without exactly one field."""
    write_lines(os.path.join(folder, FILES["department"]), enumerate(DEPARTMENTS, 1))
    write_lines(os.path.join(folder, FILES["job"]), enumerate(JOBS, 1))
    numbers, hires = Numbers(), []
    for number in range(HIRES):
        row = good_row(number, numbers)
        hires.append([row.id, row.name, stamp(row.moment), row.department, row.job])
    lacking = [column for column, count in MISSING.items() for _ in range(count)]
    for which, column in enumerate(lacking):
        hires[which * (HIRES // len(lacking)) + which % 7][COLUMNS["user"].index(column)] = ""
    write_lines(os.path.join(folder, FILES["user"]), hires)


class Hiring:
    """The three files in a folder, and what they hold."""

    def __init__(self, folder):
        self.folder = folder
        self.is_real = shared_folder() is not None
        os.makedirs(folder, exist_ok=True)
        if self.is_real:
            for name in FILES.values():
                shutil.copy(os.path.join(shared_folder(), name), folder)
        else:
            make_files(folder)
        self.records = {table: self.read(table) for table in FILES}
        self.rejects = []  # [line, column, the fields as they came]
        self.hires = []  # the complete ones, typed
        for line, fields in enumerate(self.records["user"], 1):
            lacking = [name for name, text in zip(COLUMNS["user"], fields) if not text]
            if lacking:
                self.rejects.append([line, lacking[0], fields])
            else:
                self.hires.append([int(fields[0]), fields[1], fields[2], int(fields[3]),
                                   int(fields[4])])

    def path(self, table):
        return os.path.join(self.folder, FILES[table])

    def read(self, table):
        with open(self.path(table), encoding="utf-8", newline="") as file:
            return list(csv.reader(file, strict=True))

    def missing(self):
        """How many rows lack what."""
        return dict(collections.Counter(column for _, column, _ in self.rejects))

    def names(self, table):
        return {int(number): name for number, name in self.records[table]}

    def hires_of(self, year):
        for _, _, moment, department, job in self.hires:
            when = datetime.datetime.strptime(moment, "%Y-%m-%dT%H:%M:%SZ")
            if when.year == year:
                yield when, department, job

    def department_hires(self, year):
        """The lines of the report behind its header."""
        names = self.names("department")
        counts = collections.Counter(department for _, department, _ in self.hires_of(year))
        mean = sum(counts.values()) / len(names)
        above = sorted((-n, department) for department, n in counts.items() if n > mean)
        return [[str(department), names[department], str(-n)] for n, department in above]

    def quarterly_hires(self, year):
        departments, jobs = self.names("department"), self.names("job")
        counts = collections.defaultdict(lambda: [0] * 4)
        for when, department, job in self.hires_of(year):
            counts[departments[department], jobs[job]][(when.month - 1) // 3] += 1
        return [[*place, *map(str, quarters)] for place, quarters in sorted(counts.items())]

"""CSV into SQLite, beside sqlite3's own .import; and small API writes while a load runs.

Both fill the same empty table, made by the same DDL: primary key, two foreign keys with their
indexes, a text UNIQUE. Ours validates every field, checks the foreign keys against active parents,
lists rejects and syncs its commit. The peer checks no foreign keys (its default) and is given the
finished text of all columns, because it knows no defaults; its file is larger for that. Left out:
input with rejects, tables that have rows already.
"""

import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "..", "tests")]
import report  # noqa: E402
from project import Project  # noqa: E402

ROWS = 1_000_000
DEPARTMENTS, JOBS = 12, 183
STAMP = "2021-01-01T00:00:00.000000Z"
HIRE = """\
table: hire
columns:
  - {name: name, type: string, max_length: 255, required: true}
  - {name: datetime, type: timestamp, required: true}
  - {name: department_id, references: department, required: true}
  - {name: job_id, references: job, required: true}
"""


def write_sample(folder):
    """The file of a user, and the same rows as .import needs them."""
    chance = random.Random(7)
    with open(os.path.join(folder, "rows.csv"), "w", encoding="ascii") as ours, \
            open(os.path.join(folder, "peer.csv"), "w", encoding="ascii") as peer:
        ours.write("id,name,datetime,department_id,job_id\n")
        for i in range(1, ROWS + 1):
            name = f"Person {chance.randrange(10**9)} {i}"
            moment = (f"20{chance.randrange(22):02}-{chance.randrange(1, 13):02}-"
                      f"{chance.randrange(1, 29):02}T{chance.randrange(24):02}:00:00")
            keys = f"{chance.randrange(1, DEPARTMENTS + 1)},{chance.randrange(1, JOBS + 1)}"
            ours.write(f"{i},{name},{moment}Z,{keys}\n")
            peer.write(f"{i},{name},{moment}.000000Z,{keys},{STAMP},{STAMP},,1\n")
    for name, count in (("department", DEPARTMENTS), ("job", JOBS)):
        with open(os.path.join(folder, f"{name}.csv"), "w", encoding="ascii") as file:
            file.write(f"id,{name}\n" + "".join(f"{i},{name} {i}\n" for i in range(1, count + 1)))


class Databases:
    """A project whose data database can be put back to one with parents and nothing else."""

    def __init__(self, project, folder):
        self.project, self.folder = project, folder
        self.state = project.path("state")
        project.write("catalog/hire.yaml", HIRE)
        for name in ("department", "job"):
            project.run("load", self.file(f"{name}.csv"), "--into", name, check=True)
        self.kept = os.path.join(folder, "kept")
        shutil.copytree(self.state, self.kept)

    def file(self, name):
        return os.path.join(self.folder, name)

    def fresh(self):
        shutil.rmtree(self.state)
        shutil.copytree(self.kept, self.state)

    def load(self, table, *options):
        """Seconds of a whole `millrace load`."""
        started = time.monotonic()
        self.project.run("load", self.file("rows.csv"), "--into", table, "-q", *options,
                         check=True)
        return time.monotonic() - started

    def load_fresh(self, table, *options):
        self.fresh()
        return self.load(table, *options)

    def import_fresh(self, table):
        self.fresh()
        started = time.monotonic()
        subprocess.run(["sqlite3", os.path.join(self.state, "data.db"), ".mode csv",
                        f".import {self.file('peer.csv')} {table}"], check=True)
        return time.monotonic() - started


def csv_load(databases):
    for table, what in (("user", "PK, 2 FKs, text UNIQUE"), ("hire", "PK, 2 FKs")):
        peer = ROWS / report.median(lambda t=table: databases.import_fresh(t))
        ours = ROWS / report.median(lambda t=table: databases.load_fresh(t))
        report.more_is_better(f"csv load of {ROWS:,} rows: {what}", ours, peer, "sqlite3 .import",
                              1.3, "rows/s")


class Writers:
    """Small writes, one after the other, until told to stop; how long each took."""

    def __init__(self, project):
        self.project, self.waits, self.stopping = project, [], threading.Event()
        self.thread = threading.Thread(target=self.run)

    def run(self):
        while not self.stopping.is_set():
            body = json.dumps({"department": f"written {len(self.waits)}"}).encode()
            request = urllib.request.Request(self.project.url + "/v1/department", body,
                                             {"Content-Type": "application/json"})
            started = time.monotonic()
            urllib.request.urlopen(request, timeout=60).close()
            self.waits.append(time.monotonic() - started)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.stopping.set()
        self.thread.join()


class LogSize:
    """The largest that the write-ahead log became, looked at now and then."""

    def __init__(self, path):
        self.path, self.most, self.stopping = path, 0, threading.Event()
        self.thread = threading.Thread(target=self.run)

    def run(self):
        while not self.stopping.wait(0.05):
            if os.path.exists(self.path):
                self.most = max(self.most, os.path.getsize(self.path))

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.stopping.set()
        self.thread.join()


def p99(values):
    return sorted(values)[int(len(values) * 0.99)]


def writes_during_load(databases):
    project = databases.project
    databases.fresh()
    alone = databases.load("hire", "--chunk-rows", "auto")
    databases.fresh()
    project.start()
    with LogSize(os.path.join(databases.state, "data.db-wal")) as log, Writers(project) as writers:
        together = databases.load("hire", "--chunk-rows", "auto")
    project.stop()
    report.absolute(f"p99 of {len(writers.waits):,} API writes during a load, PK, 2 FKs",
                    p99(writers.waits) * 1000, "ms", 100)
    report.fewer_is_better("  that load", together, alone, "alone", 1.2)
    report.row("  write-ahead log at most", f"{log.most / 2**20:.0f} MB", "", "", "bounded", None)


def main():
    folder = tempfile.mkdtemp(prefix="millrace-bench-")
    try:
        write_sample(folder)
        report.heading()
        with Project() as project:
            databases = Databases(project, folder)
            csv_load(databases)
            writes_during_load(databases)
    finally:
        shutil.rmtree(folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())

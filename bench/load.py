"""CSV into SQLite and out of it, beside the program sqlite3; small API writes while a load runs; memory.

Both fill the same empty table, made by the same DDL: primary key, two foreign keys with their
indexes, a text UNIQUE. Ours validates every field, checks the foreign keys against active parents,
lists rejects and syncs its commit. The peer checks no foreign keys (its default) and is given the
finished text of all columns, because it knows no defaults; its file is larger for that. The peer of a
report is the same query written to a file. Left out: input with rejects, tables that have rows already.
"""

import itertools
import json
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "..", "tests")]
import report  # noqa: E402
from project import Project, binary  # noqa: E402

ROWS = 1_000_000
SIZES = (10_000, 100_000, ROWS)
MANY = 5_000_000  # memory is measured up to here
PAIRS = 3
FLAT_MB = 16  # more than a million rows took, for five times as many
DEPARTMENTS, JOBS = 12, 183
STAMP = "2021-01-01T00:00:00.000000Z"
REPORT_SQL = "SELECT id, name, datetime, department_id, job_id FROM \"user\""
REPORT = f"""\
report: hires
columns:
  - {{name: id, type: int}}
  - {{name: name, type: text}}
  - {{name: datetime, type: timestamp}}
  - {{name: department_id, type: int}}
  - {{name: job_id, type: int}}
sql: {REPORT_SQL}
"""
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
        for i in range(1, MANY + 1):
            name = f"Person {chance.randrange(10**9)} {i}"
            moment = (f"20{chance.randrange(22):02}-{chance.randrange(1, 13):02}-"
                      f"{chance.randrange(1, 29):02}T{chance.randrange(24):02}:00:00")
            keys = f"{chance.randrange(1, DEPARTMENTS + 1)},{chance.randrange(1, JOBS + 1)}"
            ours.write(f"{i},{name},{moment}Z,{keys}\n")
            if i <= ROWS:
                peer.write(f"{i},{name},{moment}.000000Z,{keys},{STAMP},{STAMP},,1\n")
    for size in SIZES:
        with open(os.path.join(folder, "rows.csv"), encoding="ascii") as rows, \
                open(os.path.join(folder, f"rows-{size}.csv"), "w", encoding="ascii") as part:
            part.writelines(itertools.islice(rows, size + 1))
    os.rename(os.path.join(folder, "rows.csv"), os.path.join(folder, f"rows-{MANY}.csv"))
    for name, count in (("department", DEPARTMENTS), ("job", JOBS)):
        with open(os.path.join(folder, f"{name}.csv"), "w", encoding="ascii") as file:
            file.write(f"id,{name}\n" + "".join(f"{i},{name} {i}\n" for i in range(1, count + 1)))


class Databases:
    """A project whose data database can be put back to one with parents and nothing else."""

    def __init__(self, project, folder):
        self.project, self.folder = project, folder
        self.state = project.path("state")
        project.write("catalog/hire.yaml", HIRE)
        project.write("catalog/reports/hires.yaml", REPORT)
        for name in ("department", "job"):
            project.run("load", self.file(f"{name}.csv"), "--into", name, check=True)
        self.kept = os.path.join(folder, "kept")
        shutil.copytree(self.state, self.kept)

    def file(self, name):
        return os.path.join(self.folder, name)

    def fresh(self):
        shutil.rmtree(self.state)
        shutil.copytree(self.kept, self.state)

    def load(self, table, *options, rows=ROWS):
        """Seconds of a whole `millrace load`."""
        started = time.monotonic()
        self.project.run("load", self.file(f"rows-{rows}.csv"), "--into", table, "-q", *options,
                         check=True)
        return time.monotonic() - started

    def load_fresh(self, table, *options, rows=ROWS):
        self.fresh()
        return self.load(table, *options, rows=rows)

    def import_fresh(self, table):
        self.fresh()
        started = time.monotonic()
        subprocess.run(["sqlite3", os.path.join(self.state, "data.db"), ".mode csv",
                        f".import {self.file('peer.csv')} {table}"], check=True)
        return time.monotonic() - started


def csv_load(databases):
    for table, what in (("user", "PK, 2 FKs, text UNIQUE"), ("hire", "PK, 2 FKs")):
        # in turns: both see the same moods of the machine
        pairs = [(databases.import_fresh(table), databases.load_fresh(table))
                 for _ in range(PAIRS)]
        peer, ours = (statistics.median(times) for times in zip(*pairs))
        report.more_is_better(f"csv load of {ROWS:,} rows: {what}", ROWS / ours, ROWS / peer,
                              "sqlite3 .import", 1.3, "rows/s")
        times = {size: report.median(lambda t=table, n=size: databases.load_fresh(t, rows=n))
                 for size in SIZES[:-1]}
        report.linear(f"  a row, of {SIZES[0]:,}, {SIZES[1]:,}, {ROWS:,}", {**times, ROWS: ours})


def chunked_load(databases):
    times = {size: databases.load_fresh("hire", "--chunk-rows", "auto", rows=size)
             for size in SIZES}
    report.linear("csv load in chunks: a row, of as many", times)


def anonymous_bytes(pid):
    """RssAnon of a process; 0 when it is gone."""
    try:
        with open(f"/proc/{pid}/status", encoding="ascii") as file:
            for line in file:
                if line.startswith("RssAnon:"):
                    return int(line.split()[1]) * 1024
    except OSError:
        pass
    return 0


class Sampled:
    """The largest that read() gives, looked at now and then from a thread."""

    def __init__(self, read, pause=0.01):
        self.read, self.pause, self.most, self.stopping = read, pause, 0, threading.Event()
        self.thread = threading.Thread(target=self.run)

    def run(self):
        while not self.stopping.wait(self.pause):
            self.most = max(self.most, self.read())

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.stopping.set()
        self.thread.join()


def print_memory(what, most):
    small, million, many = (bytes_ / 2**20 for bytes_ in most)
    report.row(f"{what}, {MANY:,} rows", f"{many:.1f} MB",
               f"100k {small:.1f} MB, 1M {million:.1f} MB", f"{many / million:.2f}",
               "below 64 MB, flat", many < 64 and many - million < FLAT_MB)


def load_measured(databases, rows):
    """The most memory that a load into the table `user` had."""
    databases.fresh()
    command = [binary(), "load", databases.file(f"rows-{rows}.csv"), "--into", "user", "-q"]
    with subprocess.Popen(command, cwd=databases.project.folder, stdout=subprocess.DEVNULL,
                          env=databases.project.environment) as load:
        with Sampled(lambda: anonymous_bytes(load.pid)) as memory:
            assert load.wait() == 0
    return memory.most


def fetch(project):
    """Seconds until all of the report is here."""
    started = time.monotonic()
    with urllib.request.urlopen(project.url + "/v1/report/hires", timeout=300) as answer:
        while answer.read(1 << 20):
            pass
    return time.monotonic() - started


def query_to_file(databases):
    started = time.monotonic()
    with open(databases.file("report.csv"), "wb") as out:
        subprocess.run(["sqlite3", "-csv", "-header", os.path.join(databases.state, "data.db"),
                        REPORT_SQL], check=True, stdout=out)
    return time.monotonic() - started


def memory_and_reports(databases):
    """Rows go in, and out again as a report; how much memory either takes."""
    project, times, loads, servers = databases.project, {}, [], []
    for rows in (*SIZES[1:], MANY):
        loads.append(load_measured(databases, rows))
        project.start()
        with Sampled(lambda: anonymous_bytes(project.server.pid)) as memory:
            times[rows] = report.median(lambda: fetch(project), PAIRS if rows < MANY else 1)
        servers.append(memory.most)
        project.stop()
        if rows == ROWS:
            peer = report.median(lambda: query_to_file(databases))
    report.more_is_better(f"report CSV of {ROWS:,} rows over HTTP", ROWS / times[ROWS],
                          ROWS / peer, "sqlite3 -csv > file", 0.9, "rows/s")
    report.linear(f"  a row, of {SIZES[1]:,}, {ROWS:,}, {MANY:,}", times)
    print_memory("csv load: most RssAnon", loads)
    print_memory("report, the server: most RssAnon", servers)


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


class Syncs:
    """Beside it all: how long the disk takes for a bare write of one page, ten times a second."""

    def __init__(self, path):
        self.path, self.waits, self.stopping = path, [], threading.Event()
        self.thread = threading.Thread(target=self.run)

    def run(self):
        with open(self.path, "wb") as file:
            while not self.stopping.wait(0.1):
                file.write(bytes(4096))
                file.flush()
                started = time.monotonic()
                os.fdatasync(file.fileno())
                self.waits.append(time.monotonic() - started)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.stopping.set()
        self.thread.join()


def size_of(path):
    try:
        return os.path.getsize(path)
    except OSError:
        return 0


def p99(values):
    return sorted(values)[int(len(values) * 0.99)]


def writes_during_load(databases):
    project = databases.project
    databases.fresh()
    alone = databases.load("hire", "--chunk-rows", "auto")
    databases.fresh()
    project.start()
    log_path = os.path.join(databases.state, "data.db-wal")
    with Sampled(lambda: size_of(log_path), 0.05) as log, Writers(project) as writers, \
            Syncs(databases.file("sync")) as syncs:
        together = databases.load("hire", "--chunk-rows", "auto")
    project.stop()
    ours = p99(writers.waits) * 1000
    report.row(f"p99 of {len(writers.waits):,} API writes during a load, PK, 2 FKs",
               f"{ours:.1f} ms", f"bare fdatasync {p99(syncs.waits) * 1000:.1f} ms", "",
               "below 100 ms", ours < 100)
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
            chunked_load(databases)
            memory_and_reports(databases)
            writes_during_load(databases)
    finally:
        shutil.rmtree(folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())

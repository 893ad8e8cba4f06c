"""CSV into PostgreSQL beside `psql \\copy`, on a private server that syncs its commits.

Both fill the same table, made by the same DDL: primary key, two foreign keys, a text UNIQUE, no further
index. Ours validates every field, checks foreign keys against active parents and lists rejects; one
row in a hundred is bad. The peer gets the clean file with the finished text of all columns, because it
knows no defaults; its file is larger for that. `--rows N` for less than a million.
"""

import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "..", "tests")]
import report  # noqa: E402
from postgres import Postgres  # noqa: E402
from project import Project  # noqa: E402

PAIRS = 3
DEPARTMENTS, JOBS = 12, 183
STAMP = "2021-01-01T00:00:00Z"
KEYED = """\
table: keyed
columns:
  - {name: name, type: string, max_length: 255, required: true, unique: true}
  - {name: datetime, type: timestamp, required: true}
  - {name: department_id, references: department, required: true}
  - {name: job_id, references: job, required: true}
"""
FREE = """\
table: free
columns:
  - {name: name, type: string, max_length: 255, required: true}
  - {name: datetime, type: timestamp, required: true}
  - {name: department_id, type: int, required: true}
  - {name: job_id, type: int, required: true}
"""
COLUMNS = "name, datetime, department_id, job_id, created_at, updated_at, version"
BAD = (",{when},1,1", "Bad {i},{when},99,1", "Bad {i},{when},1,x", "Person 7 1,{when},1,1")


def write_sample(folder, rows):
    """With bad rows, the clean ones, and these as the peer needs them."""
    chance = random.Random(7)
    with open(os.path.join(folder, "bad.csv"), "w", encoding="ascii") as bad, \
            open(os.path.join(folder, "clean.csv"), "w", encoding="ascii") as clean, \
            open(os.path.join(folder, "peer.csv"), "w", encoding="ascii") as peer:
        for file in (bad, clean):
            file.write("name,datetime,department_id,job_id\n")
        for i in range(1, rows + 1):
            name = f"Person {7 if i == 1 else chance.randrange(10**9)} {i}"
            when = (f"20{chance.randrange(22):02}-{chance.randrange(1, 13):02}-"
                    f"{chance.randrange(1, 29):02}T{chance.randrange(24):02}:00:00Z")
            keys = f"{chance.randrange(1, DEPARTMENTS + 1)},{chance.randrange(1, JOBS + 1)}"
            clean.write(f"{name},{when},{keys}\n")
            peer.write(f"{name},{when},{keys},{STAMP},{STAMP},1\n")
            bad.write(BAD[i // 100 % len(BAD)].format(i=i, when=when) + "\n" if i % 100 == 99
                      else f"{name},{when},{keys}\n")
    for name, count in (("department", DEPARTMENTS), ("job", JOBS)):
        with open(os.path.join(folder, f"{name}.csv"), "w", encoding="ascii") as file:
            file.write(f"id,{name}\n" + "".join(f"{i},{name} {i}\n" for i in range(1, count + 1)))


class Tables:
    """A project on a server of its own, and the tables that both fill."""

    def __init__(self, project, folder, rows):
        self.project, self.folder, self.rows = project, folder, rows
        project.write("catalog/keyed.yaml", KEYED)
        project.write("catalog/free.yaml", FREE)
        project.run("tables", "migrate", check=True)
        for name in ("department", "job"):
            project.run("load", self.file(f"{name}.csv"), "--into", name, check=True)
        indexes = self.sql("SELECT string_agg(format('DROP INDEX %I', indexname), ';') FROM"
                           " pg_indexes WHERE tablename = 'keyed' AND indexname LIKE '%_idx'")
        self.sql(f"{indexes}; ANALYZE")
        self.sql("CREATE ROLE modest LOGIN; GRANT ALL ON ALL TABLES IN SCHEMA public TO modest;"
                 " GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO modest;"
                 " GRANT ALL ON SCHEMA millrace_data TO modest;"
                 " GRANT ALL ON ALL TABLES IN SCHEMA millrace_data TO modest")

    def file(self, name):
        return os.path.join(self.folder, name)

    def sql(self, text):
        done = subprocess.run(["psql", "-qAtX", "-v", "ON_ERROR_STOP=1", "-c", text,
                               self.project.on_server], check=True, stdout=subprocess.PIPE)
        return done.stdout.decode().strip()

    def empty(self, table):
        self.sql(f'TRUNCATE "{table}"')
        self.sql("CHECKPOINT")

    def load(self, table, *options, file="bad.csv", **environment):
        """Seconds of a whole `millrace load`, and the way it took."""
        self.empty(table)
        started = time.monotonic()
        done = self.project.json("load", self.file(file), "--into", table, *options,
                                 **environment)
        return time.monotonic() - started, done["strategy"]

    def copy(self, table):
        self.empty(table)
        started = time.monotonic()
        self.sql(f"\\copy {table} ({COLUMNS}) from '{self.file('peer.csv')}' csv")
        return time.monotonic() - started

    def compare(self, what, least, table, *options, **more):
        # in turns: both see the same moods of the machine
        pairs = [(self.copy(table), *self.load(table, *options, **more)) for _ in range(PAIRS)]
        peer, ours = (statistics.median(times) for times in list(zip(*pairs))[:2])
        report.more_is_better(f"{what} ({pairs[0][2]})", self.rows / ours, self.rows / peer,
                              "\\copy", least, "rows/s")


def main():
    rows = int(sys.argv[sys.argv.index("--rows") + 1]) if "--rows" in sys.argv else 1_000_000
    folder = tempfile.mkdtemp(prefix="millrace-bench-")
    os.chmod(folder, 0o755)
    try:
        write_sample(folder, rows)
        with Postgres(fsync="on", full_page_writes="on", synchronous_commit="on",
                      shared_buffers="128MB") as server:
            os.environ.update(server.environment())
            with Project() as project:
                tables = Tables(project, folder, rows)
                url = f"postgresql:///{project.on_server}?user=modest"
                report.heading()
                tables.compare(f"{rows:,} rows: PK, 2 FKs, UNIQUE", 2, "keyed")
                tables.compare("  without the right", 1.5, "keyed", MILLRACE_DATABASE_URL=url)
                tables.compare("  empty, exclusive", 5, "keyed", "--exclusive")
                tables.compare("  no constraints", 1, "free", file="clean.csv")
    finally:
        shutil.rmtree(folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())

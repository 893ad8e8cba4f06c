"""Tasks per second, chains, shells, latency; start, idle memory and wakeups.

Peers: ninja, SQLite, Dagu where it is installed.

Both sides create, order and run the same graph from nothing. Ninja keeps no durable history (its log
is not synced) and runs in the foreground; we store every state with SQLite FULL and are asked over
a socket. The floor of the chain is the same number of bare SQLite FULL commits in one process, each of
the rows that one link stores: the lease's batch, the end of one attempt, the claim of the next with its
index, the states of two task instances. Beside it stands, without a bar, a commit of one row of 200 bytes.
Left out: tasks that do work, and graphs spread over many files.
"""

import datetime
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "..", "tests")]
import report  # noqa: E402
from project import Project, binary  # noqa: E402

WIDE_COUNTS = CHAIN_COUNTS = (100, 1000, 10000)
DAG_FILES = 1000
SHELLS = 1000
SINGLES = 200


def dag(name, count, use, chained=False):
    lines = [f"dag: {name}", "tasks:"]
    for i in range(count):
        needs = f", needs: [t{i - 1}]" if chained and i else ""
        lines.append(f"  t{i}: {{use: {use}{needs}}}")
    return "\n".join(lines) + "\n"


def shell_dag(name, count, chained=False):
    return dag(name, count, "shell.run, with: {argv: ['true']}", chained)


def dagu(count, chained=False):
    """Seconds of Dagu for as many commands `true`, two at a time; None where it is not installed."""
    if not shutil.which("dagu"):
        return None
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "bench.yaml")
        with open(path, "w", encoding="utf-8") as file:
            file.write("type: graph\nmaxActiveSteps: 2\nsteps:\n" + "".join(
                f"  - {{name: t{i}, command: 'true'"
                f"{f', depends: [t{i - 1}]' if chained and i else ''}}}\n" for i in range(count)))
        started = time.monotonic()
        subprocess.run(["dagu", "start", path], check=True, stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL,
                       env={**os.environ, "HOME": folder, "DAGU_HOME": folder})
        return time.monotonic() - started


def ninja(count, chained=False):
    """Seconds of ninja for as many commands `true`."""
    folder = tempfile.mkdtemp()
    try:
        with open(os.path.join(folder, "build.ninja"), "w", encoding="utf-8") as file:
            file.write("rule r\n  command = true\n" + "".join(
                f"build t{i}: r{f' t{i - 1}' if chained and i else ''}\n" for i in range(count)))
        started = time.monotonic()
        subprocess.run(["ninja", "-j2"], cwd=folder, check=True, stdout=subprocess.DEVNULL)
        return time.monotonic() - started
    finally:
        shutil.rmtree(folder)


def fresh_database(path, schema):
    for suffix in ("", "-wal", "-shm"):
        if os.path.exists(path + suffix):
            os.remove(path + suffix)
    db = sqlite3.connect(path, isolation_level=None)
    db.execute("PRAGMA journal_mode=WAL")
    db.execute("PRAGMA synchronous=FULL")
    db.executescript(schema)
    return db


def seconds_of(db, count, store):
    """Of so many commits of what store(i) writes."""
    started = time.monotonic()
    for i in range(count):
        db.execute("BEGIN IMMEDIATE")
        store(i)
        db.execute("COMMIT")
    seconds = time.monotonic() - started
    db.close()
    return seconds


def small_commits(path, count):
    db = fresh_database(path, "CREATE TABLE t (id INTEGER PRIMARY KEY, text TEXT)")
    return seconds_of(db, count,
                      lambda _: db.execute("INSERT INTO t (text) VALUES (?)", ("x" * 200,)))


LINK_SCHEMA = """
CREATE TABLE lease (lease TEXT PRIMARY KEY, epoch BIGINT, batch BIGINT);
CREATE TABLE task_instance (id INTEGER PRIMARY KEY, run BIGINT, task TEXT, state TEXT,
  attempt BIGINT, number BIGINT, fence BIGINT, queued_at BIGINT, started_at BIGINT, ended_at BIGINT);
CREATE TABLE attempt (id INTEGER PRIMARY KEY, task_instance BIGINT, number BIGINT, fence BIGINT,
  state TEXT, worker TEXT, pid BIGINT, boot_id TEXT, claimed_at BIGINT, started_at BIGINT,
  ended_at BIGINT);
CREATE INDEX attempt_task_instance ON attempt (task_instance, id);
INSERT INTO lease VALUES ('leader', 1, 0);
"""


def link_commits(path, count):
    db = fresh_database(path, LINK_SCHEMA)
    now, boot = 1795278786795180, "0" * 36
    db.execute("BEGIN")
    db.executemany("INSERT INTO task_instance (id, run, task, state) VALUES (?, 1, ?, 'none')",
                   ((i, f"t{i}") for i in range(count + 1)))
    db.execute("COMMIT")

    def store(i):
        db.execute("UPDATE lease SET batch = ? WHERE lease = 'leader' AND epoch = 1 AND batch = ?",
                   (i + 1, i))
        db.execute("UPDATE attempt SET state = 'succeeded', pid = 12345, boot_id = ?,"
                   " started_at = ?, ended_at = ? WHERE id = ? AND fence = 1", (boot, now, now, i))
        db.execute("INSERT INTO attempt (id, task_instance, number, fence, state, worker, claimed_at)"
                   " VALUES (?, ?, 1, 1, 'claimed', 'local-12345', ?)", (i + 1, i + 1, now))
        db.execute("UPDATE task_instance SET state = 'success', started_at = ?, ended_at = ?"
                   " WHERE id = ?", (now, now, i))
        db.execute("UPDATE task_instance SET state = 'queued', attempt = ?, number = 1, fence = 1,"
                   " queued_at = ? WHERE id = ?", (i + 1, now, i + 1))
    return seconds_of(db, count, store)


def bare_syncs(path, count):
    waits = []
    with open(path, "wb") as file:
        for _ in range(count):
            file.write(b"x" * 200)
            file.flush()
            started = time.monotonic()
            os.fdatasync(file.fileno())
            waits.append(time.monotonic() - started)
    return waits


def percentile(values, percent):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))]


def moment(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


class Runs:
    """Runs on a server that is up; each measure is a whole `dags trigger --wait`."""

    def __init__(self, project):
        self.project = project
        self.number = 0

    def seconds(self, name):
        self.number += 1
        started = time.monotonic()
        self.project.run("dags", "trigger", name, "--run-id", f"b{self.number}", "--wait", "-q",
                         check=True)
        return time.monotonic() - started

    def wide(self):
        times = {}
        for count in WIDE_COUNTS:
            times[count] = report.median(lambda n=count: self.seconds(f"wide{n}"))
            ours = count / times[count]
            peer = count / report.median(lambda n=count: ninja(n), 1)
            report.more_is_better(f"{count} no-op plugin tasks, wide, durable", ours, peer,
                                  "ninja", 4, "tasks/s")
        report.row("  of these, tasks per second", f"{ours:,.0f}", "", "", "at least 10,000",
                   ours >= 10000)
        report.linear(f"  a task, of {WIDE_COUNTS[0]}, {WIDE_COUNTS[1]}, {WIDE_COUNTS[2]}", times)

    def chains(self):
        times = {}
        for count in CHAIN_COUNTS:
            ours = times[count] = report.median(lambda n=count: self.seconds(f"chain{n}"))
            path = self.project.path("floor.db")
            floor = report.median(lambda n=count: link_commits(path, n))
            report.fewer_is_better(f"chain of {count} no-op tasks, durable", ours, floor,
                                   "FULL commits", 1.5)
            small = report.median(lambda n=count: small_commits(path, n))
            report.row("  the same against commits of one row of 200 bytes", f"{ours:.3f} s",
                       f"FULL commits {small:.3f} s", f"{ours / small:.2f}", "", None)
        report.linear(f"  a task, of {CHAIN_COUNTS[0]}, {CHAIN_COUNTS[1]}, {CHAIN_COUNTS[2]}", times)

    def shells(self):
        ours = report.median(lambda: self.seconds("shells"))
        report.fewer_is_better(f"{SHELLS} x shell.run true", ours,
                               report.median(lambda: ninja(SHELLS)), "ninja -j2", 1.3)
        self.beside_dagu(ours, False)
        ours = report.median(lambda: self.seconds("shellchain"))
        peer = report.median(lambda: ninja(SHELLS, True))
        report.row(f"chain of {SHELLS} x shell.run true, durable", f"{ours:.3f} s",
                   f"ninja {peer:.3f} s", f"{ours / peer:.2f}", "", None)
        self.beside_dagu(ours, True)

    @staticmethod
    def beside_dagu(ours, chained):
        peer = dagu(SHELLS, chained)
        report.row("  the same against Dagu", f"{ours:.3f} s",
                   "dagu: absent" if peer is None else f"dagu {peer:.3f} s",
                   "" if peer is None else f"{ours / peer:.2f}", "", None)

    def latency(self):
        waits = []
        for _ in range(SINGLES):
            run, tasks = self.project.run_dag("single")
            waits.append(moment(tasks["t0"]["started_at"]) - moment(run["queued_at"]))
        floor = percentile(bare_syncs(self.project.path("sync"), SINGLES), 99) * 1000
        ours, bound = percentile(waits, 99) * 1000, 3 + 2 * floor
        report.row("trigger accepted to first task running, p99", f"{ours:.1f} ms",
                   f"fdatasync p99 {floor:.1f} ms", "", f"at most {bound:.1f} ms", ours <= bound)
        report.row("  the same, p50", f"{percentile(waits, 50) * 1000:.1f} ms", "", "", "", None)


def is_up(project):
    try:
        return project.get("/readyz").status == 200
    except OSError:
        return False


def start_to_ready():
    """From exec to the first answered /readyz, on a project that has run before."""
    with Project() as project:
        project.start()
        project.stop()

        def measure():
            started = time.monotonic()
            project.server = subprocess.Popen(
                [binary(), "serve", "--listen", f"127.0.0.1:{project.port}"], cwd=project.folder,
                env=project.environment, stderr=subprocess.DEVNULL)
            while not is_up(project):
                time.sleep(0.0005)
            seconds = time.monotonic() - started
            project.stop()
            return seconds
        report.absolute("start to ready on the socket", report.median(measure, 9) * 1000, "ms", 50)


def field(path, name):
    with open(path, encoding="ascii") as file:
        for line in file:
            if line.startswith(name + ":"):
                return int(line.split()[1])
    return 0


def tree_of(pid):
    with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
        children = [int(child) for child in file.read().split()]
    return [pid] + [each for child in children for each in tree_of(child)]


def switches(pid):
    return sum(field(f"/proc/{process}/task/{task}/status", "voluntary_ctxt_switches")
               for process in tree_of(pid) for task in os.listdir(f"/proc/{process}/task"))


def idle():
    """Memory and wakeups of the whole tree with one warm runner and no connection open, while a
    schedule and a task that waits have their timers."""
    with Project() as project:
        project.dag("single", dag("single", 1, "flow.noop"))
        project.dag("daily", "schedule: '0 0 * * *'\n" + dag("daily", 1, "flow.noop"))
        project.dag("long", "dag: long\ntasks:\n  t0: {use: time.wait, with: {for: 1h}}\n")
        project.start()
        project.wait_for_dag("long")
        project.trigger("long")
        project.wait_for_dag("single")
        project.run_dag("single")
        pid = project.server.pid
        time.sleep(8)
        before, started = switches(pid), time.monotonic()
        time.sleep(20)
        wakeups = (switches(pid) - before) / (time.monotonic() - started)
        pss = sum(field(f"/proc/{each}/smaps_rollup", "Pss") for each in tree_of(pid)) / 1024
        report.absolute("idle: anonymous memory of the server",
                        field(f"/proc/{pid}/status", "RssAnon") / 1024, "MB", 10)
        report.absolute("idle: PSS of the whole tree, one warm runner", pss, "MB", 25)
        report.absolute("idle: wakeups per second, whole tree", wakeups, "/s", 2)


def quick_answers():
    for flag in ("--version", "--help"):
        def measure(flag=flag):
            started = time.monotonic()
            subprocess.run([binary(), flag], check=True, stdout=subprocess.DEVNULL)
            return time.monotonic() - started
        report.absolute(f"millrace {flag}", report.median(measure, 21) * 1000, "ms", 10)


def dag_files():
    """Many files: all read by a start that has never seen them, and one of them changed under a server."""
    with Project() as project:
        for number in range(DAG_FILES):
            project.dag(f"file{number}", "params: {x: {type: string, default: y}}\n" +
                        dag(f"file{number}", 3, "flow.noop", chained=True))
        started = time.monotonic()
        project.start()
        project.wait_for_dag(f"file{DAG_FILES - 1}")
        report.absolute(f"{DAG_FILES} DAG files, cold, start included",
                        (time.monotonic() - started) * 1000, "ms", 400)

        def again():
            project.stop()
            started = time.monotonic()
            project.start()
            return time.monotonic() - started
        report.row("  a start when none has changed", f"{report.median(again) * 1000:.1f} ms", "", "",
                   "", None)

        def change():
            change.number += 1
            version = project.get("/v1/dags/changes").json()["dag_version"]
            project.dag("changes", f"description: v{change.number}\n" + dag("changes", 1, "flow.noop"))
            started = time.monotonic()
            while project.get("/v1/dags/changes").json()["dag_version"] == version:
                pass
            return time.monotonic() - started
        change.number = 0
        project.dag("changes", dag("changes", 1, "flow.noop"))
        project.wait_for_dag("changes")
        report.absolute(f"  one changes, {DAG_FILES} do not, until it is live",
                        report.median(change, 9) * 1000, "ms", 100)


def main():
    report.heading()
    quick_answers()
    start_to_ready()
    idle()
    dag_files()
    with Project() as project:
        for count in WIDE_COUNTS:
            project.dag(f"wide{count}", dag(f"wide{count}", count, "flow.noop"))
        for count in CHAIN_COUNTS:
            project.dag(f"chain{count}", dag(f"chain{count}", count, "flow.noop", chained=True))
        project.dag("shells", shell_dag("shells", SHELLS))
        project.dag("shellchain", shell_dag("shellchain", SHELLS, chained=True))
        project.dag("single", dag("single", 1, "flow.noop"))
        project.start()
        project.wait_for_dag("single")
        runs = Runs(project)
        runs.seconds("single")
        runs.wide()
        runs.chains()
        runs.shells()
        runs.latency()
    return 0


if __name__ == "__main__":
    sys.exit(main())

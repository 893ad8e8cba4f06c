"""Much of everything: unfinished task instances, runs that have ended, and what they cost.

The floor of a page is the same page when the history has a hundred runs. The history is written into
the metadata by SQL, as the server writes it: one task and one attempt for each run. The instances that
are restarted are a third each of independent tasks, of a chain and of items of a mapped task.
Left out: histories of many DAGs, and outputs of the tasks that have ended.
"""

import os
import sqlite3
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "..", "tests")]
import report  # noqa: E402
import scheduler  # noqa: E402
from project import Project, binary  # noqa: E402

LIVE = 9999
FEW, MANY = 100, 100_000
TRIGGERS = 100
MEMORY = (10_000, 100_000)
PLAIN_TASKS = 10_000  # of one run
WAIT = "use: time.wait, with: {for: 10h}"
SINGLE = scheduler.dag("single", 1, "flow.noop")
PAGES = (("first", ""), ("of a DAG", "&dag=single"), ("by state", "&state=failed"),
         ("by type, none", "&type=backfill"), ("of a DAG by state", "&dag=single&state=failed"))


def server_memory(project):
    return scheduler.field(f"/proc/{project.server.pid}/status", "RssAnon") * 1024


# --- a restart with work to go on with ---

def live_dag(started):
    task = f'use: shell.run, with: {{script: "echo x >> {started}; exec sleep 600"}}'
    lines = ["dag: live", "params: {items: {type: string}}", "tasks:",
             f"  m: {{map: \"${{{{ split(params.items, ',') }}}}\", {task}}}"]
    for i in range(LIVE // 3):
        lines.append(f"  w{i}: {{{task}}}")
        lines.append(f"  c{i}: {{{f'needs: [c{i - 1}], ' if i else ''}{task}}}")
    return "\n".join(lines) + "\n"


def size_of(path):
    return os.path.getsize(path) if os.path.exists(path) else 0


def wait_for_more(path, size):
    while size_of(path) <= size:
        time.sleep(0.001)


def restart():
    with Project() as project:
        started = project.path("started")
        project.dag("live", live_dag(started))
        project.start()
        project.wait_for_dag("live")
        project.trigger("live", items=",".join("x" * (LIVE // 3)))
        wait_for_more(started, 0)
        project.wait(lambda: waiting(project) >= LIVE - 100, "the rows are stored")
        ready, going = [], []
        for _ in range(5):
            project.kill()
            size = size_of(started)
            begun = time.monotonic()
            project.server = subprocess.Popen(
                [binary(), "serve", "--listen", f"127.0.0.1:{project.port}"], cwd=project.folder,
                env=project.environment, stderr=subprocess.DEVNULL)
            while not scheduler.is_up(project):
                time.sleep(0.001)
            ready.append(time.monotonic() - begun)
            wait_for_more(started, size)
            going.append(time.monotonic() - begun)
        what = f"restart with {LIVE:,} unfinished instances"
        report.absolute(f"{what}: ready", sorted(ready)[2], "s", 1)
        report.absolute("  first task goes on", sorted(going)[2], "s", 1)
        project.kill()


def waiting(project):
    with sqlite3.connect(f"file:{metadata(project)}?mode=ro", uri=True) as db:
        return db.execute("SELECT count(*) FROM task_instance WHERE ended_at IS NULL").fetchone()[0]


# --- memory of instances ---

def metadata(project):
    return project.path("state", "millrace.db")


def memory(kind, text, trigger):
    """trigger(project, count) makes runs of so many instances in all, beside those that there are."""
    with Project() as project:
        project.dag(kind, text)
        project.start()
        project.wait_for_dag(kind)
        used, count = [server_memory(project)], 0
        for size in MEMORY:
            trigger(project, size - count)
            count = size
            project.wait(lambda least=size: waiting(project) >= least - 100, "the rows are stored")
            time.sleep(1)
            used.append(server_memory(project))
        each = (used[2] - used[1]) / (MEMORY[1] - MEMORY[0])
        report.row(f"memory of an unfinished instance, {kind}", f"{each:.0f} bytes",
                   " ".join(f"{bytes / 2**20:.1f}" for bytes in used) + " MB", "", "", None)
        project.kill()
        project.start()
        report.row(f"  of {MEMORY[1]:,} after a restart", f"{server_memory(project) / 2**20:.1f} MB",
                   "", "", "", None)
        project.kill()


def memories():
    plain = ["dag: plain", "max_active_runs: 100", "tasks:", f"  gate: {{{WAIT}}}"]
    plain += [f"  t{i}: {{use: flow.noop, needs: [gate]}}" for i in range(PLAIN_TASKS - 1)]
    memory("plain", "\n".join(plain) + "\n", lambda project, count: [
        project.trigger("plain") for _ in range(count // PLAIN_TASKS)])
    memory("mapped", "dag: mapped\nparams: {items: {type: string}}\ntasks:\n"
           f"  m: {{map: \"${{{{ split(params.items, ',') }}}}\", max_active: 1, {WAIT}}}\n",
           lambda project, count: project.trigger("mapped", items=",".join("x" * count)))


# --- a long history ---

HISTORY = (
    "WITH RECURSIVE n (n) AS (SELECT ?1 UNION ALL SELECT n + 1 FROM n WHERE n < ?2)"
    " INSERT INTO run (id, dag, run_id, state, type, dag_version, params, counts, queued_at,"
    " started_at, ended_at) SELECT n, 'single', 'old-' || n,"
    " CASE WHEN n % 1000 THEN 'success' ELSE 'failed' END, 'manual', ?3, '{}', '{\"success\":1}',"
    " ?4 + n * 1000, ?4 + n * 1000 + 100, ?4 + n * 1000 + 200 FROM n",
    "INSERT INTO task_instance (id, run, task, map_index, state, operator, priority, attempt, number,"
    " fence, queued_at, started_at, ended_at) SELECT id, id, 't0', -1, 'success', 'flow.noop', 0, id,"
    " 1, 1, queued_at, started_at, ended_at FROM run WHERE id BETWEEN ?1 AND ?2",
    "INSERT INTO attempt (id, task_instance, number, fence, state, worker, claimed_at, started_at,"
    " ended_at) SELECT id, id, 1, 1, 'succeeded', 'local', queued_at, started_at, ended_at FROM run"
    " WHERE id BETWEEN ?1 AND ?2")


def write_history(project, first, last):
    """Three days old; the project's server does not run."""
    db = sqlite3.connect(metadata(project))
    version = db.execute("SELECT hash FROM dag WHERE dag = 'single'").fetchone()[0]
    first_at = int((time.time() - 3 * 86400) * 1e6)
    for i, statement in enumerate(HISTORY):
        db.execute(statement, (first, last, version, first_at) if i == 0 else (first, last))
    db.commit()
    db.close()


def page(project, query):
    def measure():
        started = time.monotonic()
        assert project.get(f"/v1/runs?limit=50{query}").status == 200
        return time.monotonic() - started
    return report.median(measure, 9) * 1000


def wait_p99(project):
    waits = []
    for _ in range(TRIGGERS):
        run, tasks = project.run_dag("single")
        waits.append(scheduler.moment(tasks["t0"]["started_at"]) -
                     scheduler.moment(run["queued_at"]))
    return scheduler.percentile(waits, 50) * 1000, scheduler.percentile(waits, 99) * 1000


def history_figures(project):
    """What is measured with few and with many, in the order it is printed in."""
    project.start()
    project.run_dag("single")
    figures = {f"page of runs: {name}": page(project, query) for name, query in PAGES}
    started = time.monotonic()
    project.run("runs", "list", check=True)
    figures["`runs list`"] = (time.monotonic() - started) * 1000
    started = time.monotonic()
    project.run("runs", "show", "old-50", check=True)
    figures["`runs show` of an old one"] = (time.monotonic() - started) * 1000
    figures["first task running, p50"], figures["first task running, p99"] = wait_p99(project)
    project.stop()
    return figures


def history():
    with Project() as project:
        project.dag("single", SINGLE)
        project.start()
        project.wait_for_dag("single")
        project.stop()
        write_history(project, 1, FEW)
        few = history_figures(project)
        last = highest(project)
        write_history(project, last + 1, last + MANY)
        many = history_figures(project)
        for what, ours in many.items():
            is_page = what.startswith("page")
            report.row(f"{MANY:,} ended runs, {what}", f"{ours:.1f} ms",
                       f"{FEW} runs {few[what]:.1f} ms", f"{ours / few[what]:.2f}",
                       "below 20 ms" if is_page else "", ours < 20 if is_page else None)
        started = time.monotonic()
        project.start(MILLRACE_RETENTION_RUNS="1d")
        report.row("  start to ready", f"{(time.monotonic() - started) * 1000:.0f} ms", "", "", "",
                   None)
        before = waiting_to_go(project)
        project.wait(lambda: waiting_to_go(project) < before, "old runs go")
        p50, p99 = wait_p99(project)
        gone = before - waiting_to_go(project)
        report.row("  first task running while old runs go, p50", f"{p50:.1f} ms",
                   f"{many['first task running, p50']:.1f} ms", "", f"{gone:,} went meanwhile", None)
        report.row("  the same, p99", f"{p99:.1f} ms",
                   f"{many['first task running, p99']:.1f} ms", "", "", None)


def highest(project):
    db = sqlite3.connect(metadata(project))
    found = max(db.execute(f"SELECT max(id) FROM {table}").fetchone()[0]
                for table in ("run", "task_instance", "attempt"))
    db.close()
    return found


def waiting_to_go(project):
    db = sqlite3.connect(f"file:{metadata(project)}?mode=ro", uri=True)
    count = db.execute("SELECT count(*) FROM run WHERE run_id >= 'old-' AND run_id < 'old.'"
                       ).fetchone()[0]
    db.close()
    return count


PARTS = {"restart": restart, "memories": memories, "history": history}


def main():
    """Names of parts leave out the others."""
    report.heading()
    for name in sys.argv[1:] or PARTS:
        PARTS[name]()
    return 0


if __name__ == "__main__":
    sys.exit(main())

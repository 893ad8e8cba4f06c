"""make demo: sample files, a server, three loads through a DAG, two reports, and a second load.

Usage: demo.py BUILD [--folder FOLDER]

Everything lands in FOLDER (./demo), which is made anew. The exit status is 0 only when every count
is the one that the sample is known to give.
"""

import argparse
import csv
import io
import json
import os
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request

from sample import DEPARTMENTS, JOBS, Sample

LOADS = (("departments", "department"), ("jobs", "job"), ("hires", "user"))
BUCKET = "objects://prd-data/raw"
READY_WITHIN_S = 30
PAGE = 1000


class DemoError(Exception):
    pass


def expect(what, found, wanted):
    if found != wanted:
        raise DemoError(f"{what}: {found!r}, but {wanted!r} was expected")
    print(f"  ok  {what}: {found}" if not isinstance(found, (list, dict)) else f"  ok  {what}")


def title(text):
    print(f"\n== {text}", flush=True)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Project:
    """A Millrace project in a folder of its own, and the server that runs on it."""

    def __init__(self, binary, folder):
        self.binary, self.folder = os.path.abspath(binary), os.path.abspath(folder)
        self.url = f"http://127.0.0.1:{free_port()}"
        self.server = None
        kept = ("MILLRACE_", "APIKEY", "DB_", "AWS_", "MINIO_")
        self.environment = {k: v for k, v in os.environ.items() if not k.startswith(kept)}

    def run(self, *arguments, show=True, capture=False, cwd=None):
        """Runs a command of millrace in the project; its output is shown or given back."""
        if show:
            print(f"$ millrace {shlex.join(arguments)}", flush=True)
        done = subprocess.run([self.binary, *arguments], cwd=cwd or self.folder, check=False,
                              env=self.environment, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE if capture else None)
        if done.returncode != 0:
            raise DemoError(f"millrace {arguments[0]} ended with status {done.returncode}")
        # a rejected record is listed with its own bytes, whatever they are
        return done.stdout.decode(errors="replace") if capture else None

    def get(self, path):
        with urllib.request.urlopen(self.url + path, timeout=30) as answer:
            return answer.read().decode()

    def rows(self, table):
        """All rows of a table, page by page."""
        rows = []
        while len(page := json.loads(
                self.get(f"/v1/{table}?limit={PAGE}&offset={len(rows)}"))) == PAGE:
            rows += page
        return rows + page

    def start(self):
        address = self.url.removeprefix("http://")
        print(f"$ millrace serve --listen {address} &", flush=True)
        with open(os.path.join(self.folder, "serve.log"), "wb") as log:
            self.server = subprocess.Popen(
                [self.binary, "serve", "--listen", address], cwd=self.folder, stdout=log,
                stderr=log, stdin=subprocess.DEVNULL, env=self.environment)
        started = time.monotonic()
        while not self.is_ready():
            if self.server.poll() is not None:
                raise DemoError(f"the server ended with status {self.server.returncode}")
            if time.monotonic() > started + READY_WITHIN_S:
                raise DemoError(f"the server was not ready within {READY_WITHIN_S} s")
            time.sleep(0.005)
        return time.monotonic() - started

    def is_ready(self):
        try:
            self.get("/readyz")
        except (urllib.error.URLError, ConnectionError):
            return False
        return True

    def stop(self):
        """Ends the server; its exit status, or None when it did not run."""
        if self.server is None:
            return None
        self.server.send_signal(signal.SIGTERM)
        try:
            status = self.server.wait(60)
        except subprocess.TimeoutExpired:
            self.server.kill()
            status = self.server.wait()
        self.server = None
        return status

    def load(self, name, table, *options):
        """Triggers bulk_insert for a file, follows it, and gives the outputs of its load."""
        self.run("dags", "trigger", "bulk_insert", "-p", f"object={BUCKET}/{name}.csv",
                 "-p", f"table={table}", *options, "--follow")
        runs = json.loads(self.get("/v1/dags/bulk_insert/runs"))
        latest = max(runs, key=lambda run: run["queued_at"])
        text = self.run("runs", "show", f"bulk_insert/{latest['run_id']}", "--json", show=False,
                        capture=True)
        tasks = json.loads(text)["tasks"]
        return next(task["outputs"] for task in tasks if task["task"] == "load")


def print_head(text, count):
    lines = text.splitlines()
    for line in lines[:count]:
        print(f"  {line}")
    if len(lines) > count:
        print(f"  … {len(lines) - count} more")


def load_all(project, sample):
    title("Three files go through the DAG bulk_insert, its task csv.load is a plugin")
    for name, _ in LOADS:
        project.run("objects", "cp", f"sample/{name}.csv", f"{BUCKET}/{name}.csv")
    for name, table in LOADS:
        outputs = project.load(name, table)
    wanted = {"department": len(DEPARTMENTS), "job": len(JOBS), "user": sample.inserted}
    for table, count in wanted.items():
        expect(f"rows of {table}", len(project.rows(table)), count)
    return outputs


def show_rejects(project, sample, outputs):
    title("Every bad row is named: line, column, code, reason")
    text = project.run("objects", "cp", outputs["rejects"], "-", capture=True)
    first = {}
    for row in csv.DictReader(io.StringIO(text, newline="")):
        first.setdefault(row["code"], row)
    for code, count in sorted(outputs["reasons"].items(), key=lambda item: (-item[1], item[0])):
        row = first[code]
        where = f"line {row['line']}" + (f", column '{row['column']}'" if row["column"] else "")
        print(f"  {count:>3} {code:<18} such as {where}: {row['reason'].split('; ')[0]}")
    expect("received", outputs["received"], sample.received)
    expect("rejected", outputs["rejected"], sample.rejected)
    for code, count in sorted(sample.reasons.items()):
        expect(code, outputs["reasons"].get(code), count)
    expect("no other reasons", sum(outputs["reasons"].values()), sample.rejected)


def ask_api(project):
    title("The table is a REST resource")
    print(f"$ curl {project.url}/v1/department/3")
    text = project.get("/v1/department/3")
    print(f"  {text.strip()}")
    expect("department 3", json.loads(text)["department"], DEPARTMENTS[2])


def show_reports(project, sample):
    title("A report is a file in catalog/reports")
    text = project.run("report", "department_hires", "-p", "year=2021", capture=True)
    print_head(text, 5)
    expect("department_hires", text.splitlines()[1:], sample.department_hires(2021))
    print(f"$ curl '{project.url}/v1/report/quarterly_hires?year=2021'")
    text = project.get("/v1/report/quarterly_hires?year=2021")
    print_head(text, 5)
    expect("quarterly_hires", text.splitlines()[1:], sample.quarterly_hires(2021))


def load_again(project, sample):
    title("The same file again, skipping what is there: nothing changes")
    before = project.rows("user")
    outputs = project.load("hires", "user", "-p", "on_conflict=skip")
    for key, wanted in (("inserted", 0), ("updated", 0), ("skipped", sample.skipped_again),
                        ("rejected", sample.rejected_again)):
        expect(key, outputs[key], wanted)
    expect("the table is as it was", project.rows("user") == before, True)


def demonstrate(project):
    title("A project: configuration, DAGs, catalog, and sample files")
    project.run("init", project.folder, cwd=os.path.dirname(project.folder))
    sample = Sample()
    sample.write(os.path.join(project.folder, "sample"))
    print(f"  {len(DEPARTMENTS)} departments, {len(JOBS)} jobs, {sample.received} hires, "
          f"of which {sample.rejected} are broken on purpose")

    title("A server: one process, SQLite and a folder, nothing else")
    print(f"  ready after {project.start() * 1000:.0f} ms")
    outputs = load_all(project, sample)
    show_rejects(project, sample, outputs)
    ask_api(project)
    show_reports(project, sample)
    load_again(project, sample)
    expect("exit status of the server", project.stop(), 0)
    return sample


def say_goodbye(project, sample, seconds):
    folder = os.path.relpath(project.folder)
    binary = os.path.relpath(project.binary, project.folder)
    total = len(DEPARTMENTS) + len(JOBS) + 2 * sample.received
    title(f"Done in {seconds:.1f} s: 4 runs, {total} rows read, every count is right")
    print(f"""
  The project is in {folder}/: dags/ and catalog/ are yours to change, sample/ has the files,
  state/ the databases, objects and logs, serve.log what the server said. `make clean` removes it.

  Go on:
    cd {folder}
    {binary} serve &                                  # http://127.0.0.1:8000
    {binary} dags list
    {binary} runs list
    {binary} dags graph bulk_insert
    curl 'http://127.0.0.1:8000/v1/user?limit=3'
    {binary} --help
""")


def find_binary(build):
    for place in ("millrace", "cli/millrace"):
        path = os.path.join(build, place)
        if os.path.exists(path):
            return path
    raise DemoError(f"no millrace in '{build}': build first")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("build")
    parser.add_argument("--folder", default="demo")
    options = parser.parse_args()

    started = time.monotonic()
    project = None
    try:
        project = Project(find_binary(options.build), options.folder)
        shutil.rmtree(project.folder, ignore_errors=True)
        os.makedirs(project.folder)
        sample = demonstrate(project)
    except (DemoError, OSError, KeyError, ValueError) as error:
        print(f"\ndemo: failed: {error}", file=sys.stderr)
        if project and os.path.exists(os.path.join(project.folder, "serve.log")):
            print(f"demo: see '{os.path.join(project.folder, 'serve.log')}'", file=sys.stderr)
        return 1
    finally:
        if project:
            project.stop()
    say_goodbye(project, sample, time.monotonic() - started)
    return 0


if __name__ == "__main__":
    sys.exit(main())

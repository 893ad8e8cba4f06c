"""make demo: sample files, a server, three loads through a DAG, two reports, and a second load.

Usage: demo.py BUILD [--folder FOLDER]

Everything lands in FOLDER (./demo), which is made anew; under tests/postgres.py the tables live in
the PostgreSQL that it started. The exit status is 0 only when every count
is the one that the sample is known to give.
"""

import argparse
import csv
import io
import json
import os
import shlex
import shutil
import subprocess
import sys
import time

from project import Project, binary
from sample import DEPARTMENTS, JOBS, Sample

LOADS = (("departments", "department"), ("jobs", "job"), ("hires", "user"))
BUCKET = "objects://prd-data/raw"
PAGE = 1000


def expect(what, found, wanted):
    if found != wanted:
        raise AssertionError(f"{what}: {found!r}, but {wanted!r} was expected")
    print(f"  ok  {what}: {found}" if not isinstance(found, (list, dict)) else f"  ok  {what}")


def title(text):
    print(f"\n== {text}", flush=True)


class Demo(Project):
    """A project whose commands are shown as a reader would type them."""

    def show(self, *arguments, capture=False):
        """Runs a command of millrace; its output is shown, or given back."""
        print(f"$ millrace {shlex.join(arguments)}", flush=True)
        if capture:
            return self.run(*arguments, check=True).stdout
        subprocess.run([binary(), *arguments], cwd=self.folder, check=True, env=self.environment,
                       stdin=subprocess.DEVNULL)
        return None

    def text(self, path):
        answer = self.get(path)
        if answer.status != 200:
            raise AssertionError(f"{path} is answered with {answer.status}: {answer.body}")
        return answer.body

    def rows(self, table):
        """All rows of a table, page by page."""
        rows = []
        while len(page := json.loads(
                self.text(f"/v1/{table}?limit={PAGE}&offset={len(rows)}"))) == PAGE:
            rows += page
        return rows + page

    def start_shown(self):
        """Seconds until the server is ready."""
        print(f"$ millrace serve --listen 127.0.0.1:{self.port} &", flush=True)
        started = time.monotonic()
        self.start()
        return time.monotonic() - started

    def load(self, name, table, *options):
        """Triggers bulk_insert for a file, follows it, and gives the outputs of its load."""
        self.show("dags", "trigger", "bulk_insert", "-p", f"object={BUCKET}/{name}.csv",
                  "-p", f"table={table}", *options, "--follow")
        runs = json.loads(self.text("/v1/dags/bulk_insert/runs"))
        latest = max(runs, key=lambda run: run["queued_at"])
        tasks = self.json("runs", "show", f"bulk_insert/{latest['run_id']}")["tasks"]
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
        project.show("objects", "cp", f"sample/{name}.csv", f"{BUCKET}/{name}.csv")
    for name, table in LOADS:
        outputs = project.load(name, table)
    wanted = {"department": len(DEPARTMENTS), "job": len(JOBS), "user": sample.inserted}
    for table, count in wanted.items():
        expect(f"rows of {table}", len(project.rows(table)), count)
    return outputs


def show_rejects(project, sample, outputs):
    title("Every bad row is named: line, column, code, reason")
    text = project.show("objects", "cp", outputs["rejects"], "-", capture=True)
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
    text = project.text("/v1/department/3")
    print(f"  {text.strip()}")
    expect("department 3", json.loads(text)["department"], DEPARTMENTS[2])


def show_reports(project, sample):
    title("A report is a file in catalog/reports")
    text = project.show("report", "department_hires", "-p", "year=2021", capture=True)
    print_head(text, 5)
    expect("department_hires", text.splitlines()[1:], sample.department_hires(2021))
    print(f"$ curl '{project.url}/v1/report/quarterly_hires?year=2021'")
    text = project.text("/v1/report/quarterly_hires?year=2021")
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
    project.show("init", project.folder)
    if project.on_server:
        project.show("tables", "migrate")
    sample = Sample()
    sample.write(os.path.join(project.folder, "sample"))
    print(f"  {len(DEPARTMENTS)} departments, {len(JOBS)} jobs, {sample.received} hires, "
          f"of which {sample.rejected} are broken on purpose")

    title(f"A server: one process on {project.environment['MILLRACE_DATABASE_URL']} and a folder"
          if project.on_server else "A server: one process, SQLite and a folder, nothing else")
    print(f"  ready after {project.start_shown() * 1000:.0f} ms")
    outputs = load_all(project, sample)
    show_rejects(project, sample, outputs)
    ask_api(project)
    show_reports(project, sample)
    load_again(project, sample)
    expect("exit status of the server", project.stop(), 0)
    return sample


def say_goodbye(project, sample, seconds):
    folder = os.path.relpath(project.folder)
    program = os.path.relpath(binary(), project.folder)
    total = len(DEPARTMENTS) + len(JOBS) + 2 * sample.received
    title(f"Done in {seconds:.1f} s: 4 runs, {total} rows read, every count is right")
    if project.on_server:
        print("""
  The PostgreSQL of this demo has ended and is gone. With one of yours, two lines of millrace.yaml do
  the same, docs/databases.md tells more:

    database:
      url: postgresql://user@host/database
""")
        return
    print(f"""
  The project is in {folder}/: dags/ and catalog/ are yours to change, sample/ has the files,
  state/ the databases, objects and logs, serve.log what the server said. `make clean` removes it.

  Go on:
    cd {folder}
    {program} serve &                                  # http://127.0.0.1:8000
    {program} dags list
    {program} runs list
    {program} dags graph bulk_insert
    curl 'http://127.0.0.1:8000/v1/user?limit=3'
    {program} --help
""")


def find_binary(build):
    for place in ("millrace", "cli/millrace"):
        path = os.path.join(build, place)
        if os.path.exists(path):
            return path
    raise FileNotFoundError(f"no millrace in '{build}': build first")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("build")
    parser.add_argument("--folder", default="demo")
    options = parser.parse_args()

    started = time.monotonic()
    project = None
    try:
        os.environ["MILLRACE_BIN"] = find_binary(options.build)
        project = Demo(os.path.abspath(options.folder))
        shutil.rmtree(project.folder, ignore_errors=True)
        os.makedirs(project.folder)
        sample = demonstrate(project)
    except (AssertionError, subprocess.SubprocessError, OSError, KeyError, ValueError) as error:
        print(f"\ndemo: failed: {error}", file=sys.stderr)
        if project and os.path.exists(os.path.join(project.folder, "serve.log")):
            print(f"demo: see '{os.path.join(project.folder, 'serve.log')}'", file=sys.stderr)
        return 1
    finally:
        if project:
            project.kill()
    say_goodbye(project, sample, time.monotonic() - started)
    return 0


if __name__ == "__main__":
    sys.exit(main())

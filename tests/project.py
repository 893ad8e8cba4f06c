"""A Millrace project in a temporary folder, its server, and ways to talk to both; for tests."""

import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import unittest
import urllib.error
import urllib.request

SOURCE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
READY_WITHIN_S = 60
FOREIGN = ("MILLRACE_", "APIKEY", "DB_", "AWS_", "MINIO_")
KEPT = ("MILLRACE_BIN", "MILLRACE_SHARED_DATA")


def binary():
    """The program under test; meson sets MILLRACE_BIN."""
    return os.path.abspath(os.environ.get("MILLRACE_BIN", os.path.join(SOURCE, "build/millrace")))


def count_of(everyday, torture):
    """How often a long loop goes round: tests/count.h says when."""
    return torture if os.environ.get("TORTURE") == "1" else everyday


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def clean_environment(**more):
    kept = {k: v for k, v in os.environ.items() if k in KEPT or not k.startswith(FOREIGN)}
    return {**kept, **more}


class Answer:
    """Status, headers and body of a reply, whatever its status."""

    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    def json(self):
        return json.loads(self.body)


class Project:
    """Use as a context manager: everything it started is gone afterwards."""

    def __init__(self, folder=None, **environment):
        self.is_own = folder is None
        self.folder = folder or tempfile.mkdtemp(prefix="millrace-test-")
        self.environment = {**clean_environment(), **self.database(), **environment}
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.server = None

    def database(self):
        """Settings for one of its own in the server of tests/postgres.py; none on SQLite."""
        self.on_server = None
        if os.environ.get("MILLRACE_TEST_DATABASE") != "postgresql":
            return {}
        self.on_server = "p" + os.path.basename(self.folder).replace("-", "_").lower()
        subprocess.run(["createdb", "--strategy=wal_log", self.on_server], check=True)
        return {"MILLRACE_DATABASE_URL": f"postgresql:///{self.on_server}",
                "MILLRACE_DATABASE_AUTO_MIGRATE": "true"}

    def __enter__(self):
        self.init()
        return self

    def __exit__(self, *_):
        self.kill()
        if self.on_server:
            subprocess.run(["dropdb", "--force", self.on_server], check=True)
        if self.is_own:
            shutil.rmtree(self.folder, ignore_errors=True)

    def init(self):
        self.run("init", self.folder, check=True, cwd="/")
        if self.on_server:
            self.run("tables", "migrate", check=True)

    def path(self, *parts):
        return os.path.join(self.folder, *parts)

    def write(self, name, text):
        path = self.path(name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb" if isinstance(text, bytes) else "w", **(
                {} if isinstance(text, bytes) else {"newline": "", "encoding": "utf-8"})) as file:
            file.write(text)
        return path

    def dag(self, name, text):
        """Writes a DAG file; a running server reads it by itself, `wait_for_dag` waits for that."""
        made = self.write(f"dags/.{name}.new", text)
        path = self.path("dags", f"{name}.yaml")
        os.replace(made, path)
        return path

    # --- the program ---

    def run(self, *arguments, check=False, cwd=None, stdin=None, timeout=300, **environment):
        """Runs a command in the project; gives the CompletedProcess with texts."""
        done = subprocess.run([binary(), *arguments], cwd=cwd or self.folder, timeout=timeout,
                              env={**self.environment, **environment}, check=False,
                              input=stdin if stdin is not None else b"",
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        done.stdout, done.stderr = done.stdout.decode(errors="replace"), done.stderr.decode(
            errors="replace")
        if check and done.returncode != 0:
            raise AssertionError(f"millrace {' '.join(arguments)} ended with {done.returncode}:\n"
                                 f"{done.stdout}{done.stderr}")
        return done

    def json(self, *arguments, **options):
        """What a command prints with --json."""
        return json.loads(self.run(*arguments, "--json", check=True, **options).stdout)

    # --- the server ---

    def start(self, *arguments, **environment):
        """Starts `serve` and waits until it is ready."""
        with open(self.path("serve.log"), "ab") as log:
            self.server = subprocess.Popen(
                [binary(), "serve", "--listen", f"127.0.0.1:{self.port}", *arguments],
                cwd=self.folder, env={**self.environment, **environment},
                stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        self.wait(self.is_ready, "the server is ready", READY_WITHIN_S)

    def is_ready(self):
        if self.server.poll() is not None:
            raise AssertionError(f"the server ended with status {self.server.returncode}:\n"
                                 f"{self.log()[-2000:]}")
        try:
            return self.get("/readyz").status == 200
        except (urllib.error.URLError, ConnectionError):
            return False

    def log(self):
        with open(self.path("serve.log"), encoding="utf-8", errors="replace") as file:
            return file.read()

    def stop(self, timeout=60):
        """SIGTERM; its exit status."""
        self.server.send_signal(signal.SIGTERM)
        status = self.server.wait(timeout)
        self.server = None
        return status

    def kill(self):
        """SIGKILL; fine when it does not run."""
        if self.server is None:
            return
        self.server.kill()
        self.server.wait()
        self.server = None

    def request(self, method, path, body=None, headers=None):
        data = None if body is None else body if isinstance(body, bytes) else json.dumps(
            body).encode()
        request = urllib.request.Request(self.url + path, data=data, method=method)
        request.add_header("Content-Type", "application/json")
        for name, value in (headers or {}).items():
            request.add_header(name, value)
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return Answer(answer.status, answer.headers, answer.read().decode())
        except urllib.error.HTTPError as error:
            with error:
                return Answer(error.code, error.headers, error.read().decode())

    def get(self, path):
        return self.request("GET", path)

    def post(self, path, body, **headers):
        return self.request("POST", path, body, headers)

    # --- runs ---

    def wait(self, condition, what, timeout=60):
        """Until condition() gives something true, which is given back."""
        end = time.monotonic() + timeout
        while True:
            value = condition()
            if value:
                return value
            if time.monotonic() > end:
                raise AssertionError(f"not within {timeout} s: {what}")
            time.sleep(0.01)

    def wait_for_dag(self, name):
        self.wait(lambda: self.get(f"/v1/dags/{name}").status == 200, f"DAG {name} is known")

    def trigger(self, dag, run_id=None, **params):
        body = {"params": params, **({"run_id": run_id} if run_id else {})}
        answer = self.post(f"/v1/dags/{dag}/runs", body)
        assert answer.status == 201, (answer.status, answer.body)
        return answer.json()["run_id"]

    def run_of(self, dag, run_id):
        answer = self.get(f"/v1/dags/{dag}/runs/{run_id}")
        assert answer.status == 200, (answer.status, answer.body)
        return answer.json()

    def tasks_of(self, dag, run_id):
        """Task instances by name."""
        answer = self.get(f"/v1/dags/{dag}/runs/{run_id}/tasks")
        assert answer.status == 200, (answer.status, answer.body)
        return {task["task"]: task for task in answer.json()}

    def wait_run(self, dag, run_id, timeout=120):
        """The run once it has ended."""
        def ended():
            run = self.run_of(dag, run_id)
            return run if run["ended_at"] else None
        return self.wait(ended, f"run {dag}/{run_id} has ended", timeout)

    def run_dag(self, dag, run_id=None, timeout=120, **params):
        """Triggers and waits: the run and its tasks by name."""
        name = self.trigger(dag, run_id, **params)
        return self.wait_run(dag, name, timeout), self.tasks_of(dag, name)


class ProjectTest(unittest.TestCase):
    """The tests of a class share one project."""

    @classmethod
    def setUpClass(cls):
        cls.project = cls.enterClassContext(Project())

    def run_it(self, *arguments, status=0, **options):
        done = self.project.run(*arguments, **options)
        self.assertEqual(done.returncode, status, f"{arguments}: {done.stdout}{done.stderr}")
        return done

"""PostgreSQL that is away, refuses, hangs or restarts: clear texts, no exit, no hang, recovery by itself."""

import os
import signal
import socket
import subprocess
import sys
import threading
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from postgres import Postgres  # noqa: E402
from project import Project  # noqa: E402

PASSWORD = "open-sesame-4711"
TABLE = "table: city\ncolumns: [{name: name, type: text, required: true}]\nunique: [[name]]\n"
CHAIN = "tasks:\n" + "".join(
    f"  t{i}: {{use: shell.run, {f'needs: [t{i - 1}], ' if i else ''}"
    f"with: {{script: 'echo t{i} >> LEDGER; sleep 0.1'}}}}\n" for i in range(20))


class Server(Postgres):
    def sql(self, text, database="postgres"):
        done = subprocess.run(["psql", "-X", "-At", "-d", self.url(database), "-c", text],
                              env=self.environment(), check=True, stdout=subprocess.PIPE)
        return done.stdout.decode()

    def tree(self):
        """The server's process and those of its connections."""
        found = subprocess.run(["pgrep", "-P", str(self.process.pid)], stdout=subprocess.PIPE,
                               check=False).stdout.split()
        return [self.process.pid] + [int(pid) for pid in found]

    def freeze(self, number):
        for pid in self.tree():
            try:
                os.kill(pid, number)
            except ProcessLookupError:
                pass


class Case(unittest.TestCase):
    def setUp(self):
        self.server = self.enterContext(Server(synchronous_commit="on"))
        environment = dict(os.environ)
        os.environ.pop("MILLRACE_TEST_DATABASE", None)
        self.addCleanup(os.environ.update, environment)
        self.project = self.enterContext(Project(
            MILLRACE_DATABASE_URL=self.server.url(), MILLRACE_DATABASE_AUTO_MIGRATE="true"))
        self.project.write("catalog/city.yaml", TABLE)
        self.project.run("tables", "migrate", check=True)


class Refused(Case):
    """Each trouble has its text and exit status, the same for a command and for the server."""

    def refused(self, status, text, url=None):
        for command in (("tables", "migrate"), ("serve", "--listen", "127.0.0.1:0")):
            environment = {"MILLRACE_DATABASE_URL": url} if url else {}
            done = self.project.run(*command, timeout=30, **environment)
            self.assertEqual(done.returncode, status, (command, done.stderr))
            self.assertIn(text, done.stderr)
            self.assertNotIn(PASSWORD, done.stdout + done.stderr)

    def test_each_has_its_text(self):
        server = self.server
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.refused(7, "could not connect",
                         f"postgresql://x:{PASSWORD}@127.0.0.1:{probe.getsockname()[1]}/a")
        self.refused(5, 'database "missing" does not exist', server.url("missing"))
        self.refused(4, 'role "nobody" does not exist',
                     f"postgresql:///postgres?host={server.folder}&user=nobody")
        server.sql("CREATE ROLE somebody LOGIN PASSWORD 'another'")
        with open(os.path.join(server.data, "pg_hba.conf"), "r+", encoding="ascii") as file:
            rest = file.read()
            file.seek(0)
            file.write("local all somebody scram-sha-256\n" + rest)
        server.sql("SELECT pg_reload_conf()")
        self.refused(4, "password authentication failed",
                     f"postgresql://somebody:{PASSWORD}@/postgres?host={server.folder}")
        shown = self.project.run(
            "config", "show", check=True,
            MILLRACE_DATABASE_URL=f"postgresql://somebody:{PASSWORD}@/postgres?host={server.folder}")
        self.assertNotIn(PASSWORD, shown.stdout + shown.stderr)
        server.sql("CREATE ROLE plain LOGIN")
        server.sql("ALTER ROLE plain CONNECTION LIMIT 0")
        self.refused(7, "too many connections",
                     f"postgresql:///postgres?host={server.folder}&user=plain")
        server.stop()
        with open(os.path.join(server.data, "standby.signal"), "w", encoding="ascii"):
            pass
        server.start()
        self.project.write("catalog/new.yaml", TABLE.replace("city", "new"))
        self.refused(7, "the database takes no writes, it is a standby")

    def test_a_server_that_hangs_up_or_says_nothing(self):
        with socket.create_server(("127.0.0.1", 0)) as silent:
            url = f"postgresql://x@127.0.0.1:{silent.getsockname()[1]}/a?connect_timeout=1"
            self.refused(7, "could not connect: the database does not answer", url)
        with socket.create_server(("127.0.0.1", 0)) as rude:
            url = f"postgresql://x@127.0.0.1:{rude.getsockname()[1]}/a"
            threading.Thread(target=self.hang_up, args=(rude,), daemon=True).start()
            self.refused(7, "could not connect", url)

    @staticmethod
    def hang_up(listener):
        """Reads what a client says first, and closes."""
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            with client:
                client.recv(1)

    def test_the_next_host_is_taken(self):
        url = f"postgresql:///postgres?host=/nowhere,{self.server.folder}&user={self.server.user}"
        done = self.project.run("tables", "migrate", check=True, MILLRACE_DATABASE_URL=url)
        self.assertNotIn("nowhere", done.stderr)


class Under(Case):
    """A server at work while its database goes and comes."""

    def setUp(self):
        super().setUp()
        self.ledger = self.project.path("ledger")
        self.project.dag("chain", CHAIN.replace("LEDGER", self.ledger))
        self.project.start()
        self.project.wait_for_dag("chain")
        self.statuses, self.is_over = [], threading.Event()

    def load(self, number):
        """Reads and writes; what was answered with 201 is there at the end."""
        count = 0
        while not self.is_over.is_set():
            count += 1
            name = f"city {number}-{count}"
            answer = self.project.post("/v1/city", {"name": name})
            self.statuses.append((answer.status, name, answer.headers.get("Retry-After")))
            answer = self.project.get("/v1/city?limit=1")
            self.statuses.append((answer.status, None, answer.headers.get("Retry-After")))

    def bear(self, trouble):
        """The run goes on under load while trouble() happens."""
        project = self.project
        workers = [threading.Thread(target=self.load, args=(i,)) for i in range(2)]
        project.trigger("chain", "one")
        for worker in workers:
            worker.start()
        try:
            project.wait(lambda: len(self.statuses) > 20, "there is load")
            trouble()
            project.wait(project.is_ready, "it is ready again")
            begun = len(self.statuses)
            project.wait(lambda: 201 in [one[0] for one in self.statuses[begun:]],
                         "rows are written again")
        finally:
            self.is_over.set()
            for worker in workers:
                worker.join(60)
        self.assertFalse([one for one in self.statuses if one[0] not in (200, 201, 503)])
        self.assertFalse([one for one in self.statuses if one[0] == 503 and not one[2]])
        self.assertIn(503, [one[0] for one in self.statuses])
        self.assertEqual(project.wait_run("chain", "one")["state"], "success")
        with open(self.ledger, encoding="ascii") as file:
            self.assertEqual(file.read().split(), [f"t{i}" for i in range(20)])
        there = set(self.server.sql("SELECT name FROM city").splitlines())
        self.assertFalse({name for status, name, _ in self.statuses if status == 201} - there)
        self.assertEqual(project.stop(), 0)

    def red(self):
        self.project.wait(lambda: self.project.get("/readyz").status == 503, "/readyz is red")

    def test_the_database_restarts(self):
        def trouble():
            self.server.stop()
            self.red()
            self.server.start()
        self.bear(trouble)

    def test_the_database_crashes(self):
        def trouble():
            self.server.stop(signal.SIGQUIT)
            self.red()
            self.server.start()
        self.bear(trouble)

    def test_the_database_hangs(self):
        def trouble():
            self.server.freeze(signal.SIGSTOP)
            try:
                self.red()
            finally:
                self.server.freeze(signal.SIGCONT)
        self.bear(trouble)


if __name__ == "__main__":
    unittest.main()

#!/usr/bin/env python3
"""A PostgreSQL of a test's own: Debian's packages, a temporary cluster, a Unix socket.

As a program: `postgres.py COMMAND...` runs the command with libpq's variables set to the server and
ends with its exit status.
"""

import glob
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile

SETTINGS = {
    "listen_addresses": "", "fsync": "off", "full_page_writes": "off", "max_connections": "100",
    "synchronous_commit": "off", "shared_buffers": "32MB", "max_wal_size": "2GB",
    "logging_collector": "off", "log_min_messages": "fatal", "autovacuum": "on",
}


def programs():
    """The folder with initdb and postgres of the newest version there is."""
    found = sorted(glob.glob("/usr/lib/postgresql/*/bin"),
                   key=lambda path: int(path.split("/")[-2]))
    if not found:
        sys.exit("no PostgreSQL here: install the packages of packaging/debian-packages.txt")
    return found[-1]


def account():
    """PostgreSQL refuses to run as root: then it runs as the user its package makes."""
    return {"user": "postgres", "group": "postgres", "extra_groups": []} if os.geteuid() == 0 else {}


class Postgres:
    def __init__(self, **settings):
        self.folder = tempfile.mkdtemp(prefix="millrace-pg-", dir="/tmp")
        self.data = os.path.join(self.folder, "data")
        self.settings = {**SETTINGS, **settings}
        self.user = "postgres" if os.geteuid() == 0 else pwd.getpwuid(os.geteuid()).pw_name
        self.process = None
        if account():
            shutil.chown(self.folder, "postgres", "postgres")
        self.tool("initdb", "--no-sync", "--encoding=UTF8", "--locale=C", "--auth=trust",
                  "--username", self.user, "-D", self.data)
        self.start()

    def tool(self, name, *arguments, **options):
        return subprocess.run([os.path.join(programs(), name), *arguments], check=True,
                              cwd=self.folder, stdout=subprocess.DEVNULL, **account(), **options)

    def start(self):
        arguments = [word for name, value in self.settings.items()
                     for word in ("-c", f"{name}={value}")]
        self.process = subprocess.Popen(
            [os.path.join(programs(), "postgres"), "-D", self.data, "-k", self.folder, *arguments],
            cwd=self.folder, stderr=subprocess.DEVNULL, **account())
        self.wait()

    def wait(self):
        """Until it takes connections."""
        while self.process.poll() is None:
            ready = subprocess.run(
                [os.path.join(programs(), "pg_isready"), "--quiet", "--host", self.folder],
                check=False)
            if ready.returncode == 0:
                return
        sys.exit("PostgreSQL ended at once")

    def url(self, database="postgres"):
        return f"postgresql:///{database}?host={self.folder}&user={self.user}"

    def environment(self):
        """What makes libpq and its tools find the server."""
        return {**os.environ, "PGHOST": self.folder, "PGUSER": self.user,
                "MILLRACE_TEST_DATABASE": "postgresql",
                "PATH": programs() + os.pathsep + os.environ["PATH"]}

    def stop(self, how=signal.SIGINT):
        """SIGINT: now, but properly; SIGQUIT: as if the machine had crashed."""
        self.process.send_signal(how)
        self.process.wait()

    def close(self):
        if self.process.poll() is None:
            self.stop(signal.SIGQUIT)
        shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def main():
    with Postgres() as server:
        return subprocess.run(sys.argv[1:], env=server.environment(), check=False).returncode


if __name__ == "__main__":
    sys.exit(main())

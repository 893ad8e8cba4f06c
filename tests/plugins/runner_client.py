"""The service's side of the wire, for tests of the runner.

RUNNER (the program and its arguments), PLUGINS and BAD_PLUGINS (folders) come from the environment.
Frames: scheduler/wire/wire.h.
"""
import json
import os
import shlex
import shutil
import signal
import socket
import struct
import tempfile

RUNNER = shlex.split(os.environ["RUNNER"])
PLUGINS = os.environ["PLUGINS"]
BAD_PLUGINS = os.environ.get("BAD_PLUGINS", "")
PATIENCE_S = 60
NO_TIME = -(2**63)


class Ended(Exception):
    """The runner closed the wire."""


class Runner:
    """One runner process; `with` ends it."""

    def __init__(self, **config):
        self.folder = tempfile.mkdtemp(prefix="millrace-test-")
        self.stream, theirs = socket.socketpair()
        self.stream.settimeout(PATIENCE_S)
        self.log_read, log_write = os.pipe()
        self.bytes = b""
        self.attempts = 0
        self.wait_status = None
        actions = [(os.POSIX_SPAWN_DUP2, fd, to) for fd, to in (
            (log_write, 101), (self.log_read, 102), (theirs.fileno(), 103),
            (101, 1), (101, 2), (103, 3), (102, 4))]
        actions += [(os.POSIX_SPAWN_CLOSE, fd) for fd in (101, 102, 103)]
        self.pid = os.posix_spawnp(RUNNER[0], RUNNER, os.environ, file_actions=actions, setpgroup=0)
        theirs.close()
        os.close(log_write)
        self.send(type="hello", grace_ms=config.pop("grace_ms", 5000),
                  alive_ms=config.pop("alive_ms", 0), config=self.config(config))

    def config(self, more):
        state = os.path.join(self.folder, "state")
        os.makedirs(state)
        return {
            "state_dir": state,
            "database_url": "sqlite:" + os.path.join(state, "data.db"),
            "object_stores": {"objects": "dir:" + os.path.join(state, "objects")},
            "files_roots": [self.folder],
            **more,
        }

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stream.close()
        if self.wait_status is None:
            try:
                os.killpg(self.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
            self.wait()
        os.close(self.log_read)
        shutil.rmtree(self.folder)

    def send(self, **frame):
        data = json.dumps(frame).encode()
        self.stream.sendall(struct.pack(">I", len(data)) + data)

    def start(self, operator, params=None, plugin=None, **more):
        """Sends a start frame; its attempt's number."""
        self.attempts += 1
        name = operator.split(".")[0]
        own = os.path.join(PLUGINS, name + ".so")
        self.send(**{
            "type": "start", "attempt": self.attempts, "fence": 7, "operator": operator,
            "plugin": plugin or (own if os.path.exists(own) else bad_plugin(name)),
            "params": params or {}, "log": self.log_path(self.attempts), "log_cap": 0,
            "timeout_ms": 0, "dag": "d", "run_id": "r", "task": "t", "map_index": -1, "number": 1,
            "logical_us": NO_TIME, "interval_start_us": NO_TIME, "interval_end_us": NO_TIME, **more,
        })
        return self.attempts

    def log_path(self, attempt):
        return os.path.join(self.folder, "logs", "attempt=%d.log" % attempt)

    def log(self, attempt):
        """What the log file of an attempt has, None when there is none."""
        try:
            with open(self.log_path(attempt), "rb") as file:
                return file.read().decode(errors="replace")
        except FileNotFoundError:
            return None

    def pipe_rest(self):
        """What a dead runner left in its log pipe; the service would append it to the log."""
        rest = b""
        os.set_blocking(self.log_read, False)
        try:
            while data := os.read(self.log_read, 65536):
                rest += data
        except BlockingIOError:
            pass
        return rest.decode(errors="replace")

    def read(self):
        """The next frame."""
        while len(self.bytes) < 4 or len(self.bytes) < 4 + struct.unpack(">I", self.bytes[:4])[0]:
            try:
                data = self.stream.recv(65536)
            except ConnectionResetError:
                data = b""
            if not data:
                raise Ended()
            self.bytes += data
        size = struct.unpack(">I", self.bytes[:4])[0]
        frame = json.loads(self.bytes[4:4 + size])
        self.bytes = self.bytes[4 + size:]
        return frame

    def read_until(self, kind):
        """The next frame of a kind; what comes before it is dropped."""
        while True:
            frame = self.read()
            if frame["type"] == kind:
                return frame

    def run(self, operator, params=None, **more):
        """Runs one attempt to its end; its finished frame."""
        attempt = self.start(operator, params, **more)
        frame = self.read_until("finished")
        assert frame["attempt"] == attempt and frame["fence"] == 7, frame
        return frame

    def rest(self):
        """The types of all frames up to the end of the wire."""
        types = []
        try:
            while True:
                types.append(self.read()["type"])
        except Ended:
            return types

    def wait(self):
        """The wait status once the process has ended."""
        if self.wait_status is None:
            self.wait_status = os.waitpid(self.pid, 0)[1]
        return self.wait_status


def bad_plugin(name):
    return os.path.join(BAD_PLUGINS, name + ".so")

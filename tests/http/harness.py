"""A server of its own for each test class, and a client that sends exactly what it is told."""

import json
import os
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import unittest


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    @property
    def json(self):
        return json.loads(self.body)

    def __repr__(self):
        return f"<{self.status} {self.body[:300]!r}>"


class Client:
    """One connection, over TCP or the Unix socket."""

    def __init__(self, server, over_unix=False, timeout=20):
        if over_unix:
            self.socket = socket.socket(socket.AF_UNIX)
            self.socket.connect(server.socket_path)
        else:
            self.socket = socket.create_connection(("127.0.0.1", server.port))
        self.socket.settimeout(timeout)
        self.held = b""

    def close(self):
        self.socket.close()

    def reset(self):
        """Ends the connection as a killed machine does."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def send(self, data):
        self.socket.sendall(data.encode("latin-1") if isinstance(data, str) else data)

    def more(self):
        try:
            data = self.socket.recv(65536)
        except ConnectionResetError:
            data = b""
        self.held += data
        return bool(data)

    def line(self):
        while b"\r\n" not in self.held:
            if not self.more():
                raise EOFError(f"connection ended in {self.held!r}")
        line, self.held = self.held.split(b"\r\n", 1)
        return line.decode("latin-1")

    def take(self, size):
        while len(self.held) < size:
            if not self.more():
                raise EOFError("connection ended in a body")
        data, self.held = self.held[:size], self.held[size:]
        return data

    def chunk(self):
        size = int(self.line(), 16)
        data = self.take(size)
        if self.line() != "":
            raise ValueError("a chunk does not end where it says")
        return data

    def head(self):
        status = self.line()
        headers = {}
        while line := self.line():
            name, value = line.split(":", 1)
            headers[name.lower()] = value.strip()
        return int(status.split(" ")[1]), headers

    def answer(self, to_head=False):
        status, headers = self.head()
        if status == 100:
            return self.answer(to_head)
        body = b""
        if to_head or status == 204:
            pass
        elif headers.get("transfer-encoding") == "chunked":
            while data := self.chunk():
                body += data
        else:
            body = self.take(int(headers["content-length"]))
        return Answer(status, headers, body)

    def ended(self):
        """Whether the server has closed, with nothing more to read."""
        return not self.more() and not self.held

    def ask(self, method, path, body=None, headers=()):
        lines = [f"{method} {path} HTTP/1.1", "Host: x", *headers]
        data = b""
        if body is not None:
            data = body if isinstance(body, bytes) else json.dumps(body).encode()
            lines += [f"Content-Length: {len(data)}", "Content-Type: application/json"]
        self.send("\r\n".join(lines).encode() + b"\r\n\r\n" + data)
        return self.answer(method == "HEAD")


class Server:
    def __init__(self, key=None, ready=True, patience_ms=20_000, reports=()):
        self.folder = tempfile.mkdtemp(prefix="http")
        self.socket_path = os.path.join(self.folder, "api.sock")
        catalog = os.path.join(self.folder, "catalog")
        shutil.copytree(os.environ["CATALOG_DIR"], catalog)
        for name, text in reports:
            with open(os.path.join(catalog, "reports", name + ".yaml"), "w") as file:
                file.write(text)
        command = [os.environ["HTTP_SERVER"], self.folder, catalog, str(patience_ms)]
        self.log = tempfile.TemporaryFile("w+")
        self.process = subprocess.Popen(command + ([key] if key else []), text=True,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=self.log)
        self.port = int(self.read().split()[1])
        if ready:
            self.tell("ready")

    def read(self):
        return self.process.stdout.readline().strip()

    def tell(self, order):
        print(order, file=self.process.stdin, flush=True)
        line = self.read()
        while line not in ("done", ""):
            line = self.read()

    def stop(self):
        self.process.stdin.close()
        self.process.stdout.read()
        self.process.stdout.close()
        status = self.process.wait(60)
        if status != 0:
            self.log.seek(0)
            print(self.log.read(), file=sys.stderr)
        self.log.close()
        shutil.rmtree(self.folder)
        return status


class ServerTest(unittest.TestCase):
    """The tests of a class share one server, which must end well."""

    options = {}

    @classmethod
    def setUpClass(cls):
        cls.server = Server(**cls.options)

    @classmethod
    def tearDownClass(cls):
        status = cls.server.stop()
        if status != 0:
            raise AssertionError(f"the server ended with {status}")

    def client(self, **options):
        client = Client(self.server, **options)
        self.addCleanup(client.close)
        return client

    def ask(self, *arguments, **options):
        with Client(self.server) as client:
            return client.ask(*arguments, **options)

    def problem(self, answer, status, code):
        self.assertEqual(answer.status, status, answer)
        self.assertEqual(answer.headers["content-type"], "application/problem+json")
        problem = answer.json
        self.assertEqual(problem["code"], code, problem)
        self.assertEqual(problem["status"], status)
        self.assertEqual(problem["type"], "/problems/" + code)
        self.assertEqual(problem["message"], problem["detail"])
        self.assertEqual(problem["request_id"], answer.headers["x-request-id"])
        self.assertTrue(problem["title"])
        return problem

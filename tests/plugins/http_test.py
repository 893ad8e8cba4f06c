"""http.request against a server of its own on loopback."""
import http.server
import json
import os
import signal
import socket
import ssl
import subprocess
import sys
import threading
import unittest

from runner_client import PATIENCE_S
from runner_project import Case, Project


class Handler(http.server.BaseHTTPRequestHandler):
    """Answers by the path; keeps what it was asked."""

    protocol_version = "HTTP/1.1"

    def answer(self, status, body=b"", **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def handle_one(self):
        size = int(self.headers.get("Content-Length") or 0)
        self.server.asked.append((self.command, self.path, dict(self.headers), self.rfile.read(size)))
        path = self.path.split("?")[0]
        if path.startswith("/status/"):
            self.answer(int(path[8:]), b"as you wish")
        elif path.startswith("/big/"):
            self.answer(200, b"x" * int(path[5:]))
        elif path == "/latin":
            self.answer(200, b"gr\xfcn")
        elif path == "/loop":
            self.answer(302, Location="/loop")
        elif path == "/moved":
            self.answer(301, Location="/here")
        elif path == "/away":
            self.answer(307, Location=self.server.away)
        elif path == "/file":
            self.answer(302, Location="file:///etc/passwd")
        elif path == "/cut":
            self.send_response(200)
            self.send_header("Content-Length", "1000")
            self.end_headers()
            self.wfile.write(b"half")
            self.close_connection = True
        elif path == "/slow":
            self.server.reached.set()
            self.server.go_on.wait(PATIENCE_S)
            self.answer(200, b"at last")
        else:
            self.answer(200, "grün".encode())

    do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = handle_one

    def log_message(self, *_):
        pass


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, context=None):
        super().__init__(("127.0.0.1", 0), Handler)
        self.asked, self.away = [], ""
        self.reached, self.go_on = threading.Event(), threading.Event()
        if context:
            self.socket = context.wrap_socket(self.socket, server_side=True)
        self.url = "http%s://127.0.0.1:%d" % ("s" if context else "", self.server_port)
        threading.Thread(target=self.serve_forever, args=(0.01,), daemon=True).start()

    def handle_error(self, *_):
        pass  # a client that went away

    def __exit__(self, *_):
        self.go_on.set()
        self.shutdown()
        self.server_close()


class Requests(Case):
    def setUp(self):
        self.server = self.enterContext(Server())
        self.project = self.enterContext(Project())

    def ask(self, path, **params):
        return self.project.outputs("http.request", {"url": self.server.url + path, **params})

    def assert_answer(self, path, status, reason, **params):
        self.assert_fails(self.project, "http.request", {"url": self.server.url + path, **params}, reason, status)

    def test_get(self):
        self.assertEqual(self.ask("/x?a=b"), {"status": 200, "body": "grün", "bytes": 5})
        self.assertEqual(self.server.asked[0][:2], ("GET", "/x?a=b"))
        self.assertEqual(self.ask("/x", method="HEAD"), {"status": 200, "body": "", "bytes": 0})

    def test_bodies_and_headers(self):
        self.ask("/x", method="POST", body={"a": [1, "ü"]}, headers={"X-One": "1", "X-Empty": ""})
        method, _, headers, body = self.server.asked[-1]
        self.assertEqual((method, json.loads(body)), ("POST", {"a": [1, "ü"]}))
        self.assertEqual((headers["Content-Type"], headers["X-One"], headers["X-Empty"]), ("application/json", "1", ""))
        self.ask("/x", method="PUT", body="plain")
        self.assertEqual((self.server.asked[-1][3], self.server.asked[-1][2]["Content-Type"]), (b"plain", "text/plain; charset=utf-8"))
        self.ask("/x", method="POST", body="a,b", headers={"content-type": "text/csv"})
        self.assertEqual(self.server.asked[-1][2]["content-type"], "text/csv")
        self.ask("/x", method="POST")
        self.assertEqual(self.server.asked[-1][3], b"")
        self.ask("/x", method="DELETE")
        self.assertEqual(self.server.asked[-1][0], "DELETE")

    def test_what_a_status_means(self):
        for status, expected in ((404, "fail"), (400, "fail"), (401, "fail"), (408, "retry"), (429, "retry"),
                                 (500, "retry"), (503, "retry"), (304, "fail")):
            self.assert_answer("/status/%d" % status, expected, "status %d is not what was expected" % status)
        self.assertEqual(self.ask("/status/404", expect=404)["status"], 404)
        self.assertEqual(self.ask("/status/201")["status"], 201)
        self.assertEqual(self.ask("/status/503", expect=[200, 503])["body"], "as you wish")
        self.assert_answer("/status/200", "fail", "status 200 is not what was expected", expect=[201])
        for wrong in (99, 600, "200", [], [200, "x"]):
            self.assert_answer("/x", "fail", "'expect' must be a status", expect=wrong)

    def test_an_object(self):
        size = 3 * 1024 * 1024
        got = self.ask("/big/%d" % size, to="objects://t/big")
        self.assertEqual(got, {"status": 200, "uri": "objects://t/big", "bytes": size})
        self.assertEqual(self.project.get("objects://t/big"), b"x" * size)
        self.assertEqual(self.ask("/big/0", to="objects://t/empty")["bytes"], 0)
        self.assertEqual(self.project.get("objects://t/empty"), b"")
        self.assertEqual(self.ask("/latin", to="objects://t/latin")["bytes"], 4)
        self.assert_answer("/status/500", "retry", "status 500", to="objects://t/none")
        self.assert_answer("/cut", "retry", "", to="objects://t/none")
        self.assertIsNone(self.project.get("objects://t/none"))

    def test_what_is_no_output(self):
        self.assertEqual(self.ask("/big/32768")["bytes"], 32768)
        self.assert_answer("/big/32769", "fail", "the answer is over 32768 bytes: give 'to'")
        self.assert_answer("/latin", "fail", "the answer is not UTF-8: give 'to'")

    def test_connections_that_fail_may_be_retried(self):
        with socket.socket() as nobody:
            nobody.bind(("127.0.0.1", 0))
            self.assert_fails(self.project, "http.request", {"url": "http://127.0.0.1:%d/" % nobody.getsockname()[1]}, "onnect", "retry")
        self.assert_answer("/cut", "retry", "GET %s/cut: " % self.server.url)

    def test_redirects(self):
        self.assertEqual(self.ask("/moved")["body"], "grün")
        self.assert_answer("/loop", "fail", "it redirects again and again")
        self.assertEqual(len(self.server.asked), 2 + 6)
        self.assert_answer("/moved", "fail", "status 301", method="POST", body="x")
        self.assertEqual(self.ask("/moved", expect=301)["status"], 301)
        self.assert_answer("/file", "fail", "")

    def test_another_origin_gets_no_headers(self):
        with Server() as other:
            self.server.away = other.url + "/there"
            self.ask("/away", headers={"X-Api-Key": "hidden", "Authorization": "Bearer hidden"})
            self.assertNotIn("hidden", str(other.asked[0][2]))
            self.assertIn("hidden", str(self.server.asked[0][2]))

    def test_secrets_stay_out_of_the_log(self):
        url = self.server.url.replace("//", "//user:word-a@") + "/status/500?token=word-b"
        frame = self.project.run("http.request", {"url": url, "method": "POST", "body": "word-c",
                                                  "headers": {"X-Key": "word-d"}})
        self.assertEqual(frame["status"], "retry")
        self.assertIn("POST %s/status/500: status 500" % self.server.url, frame["reason"])
        self.assertIn("status 500", self.project.log(1))
        for word in ("word-a", "word-b", "word-c", "word-d"):
            self.assertNotIn(word, frame["reason"] + self.project.log(1))
        self.assertIn("word-b", self.server.asked[0][1])

    def test_what_cannot_be_sent(self):
        for params, reason in (
                ({"url": "file:///etc/passwd"}, "rotocol"), ({"url": "ftp://x/"}, "rotocol"),
                ({"url": "http://x/ y"}, "has blanks"), ({"url": "http://x/\r\nX: y"}, "has blanks"),
                ({"method": "GET /x"}, "is no method"), ({"method": "CONNECT"}, "is no method"),
                ({"headers": {"X": "a\r\nY: b"}}, "has a control character"),
                ({"headers": {"X: a\r\nY": "b"}}, "is no name of a header"),
                ({"headers": {"Content-Length": "9"}}, "is no name of a header"),
                ({"headers": {"X": 1}}, "must be text"), ({"headers": ["X"]}, "'headers' must be an object"),
                ({"url": ""}, ""), ({"url": "http://" + "x" * 9000}, "over 8192 bytes")):
            with self.subTest(params=params):
                self.assert_fails(self.project, "http.request", {"url": self.server.url, **params}, reason)
        self.assertEqual(self.server.asked, [])

    def test_cancel(self):
        attempt = self.project.start("http.request", {"url": self.server.url + "/slow", "to": "objects://t/slow"})
        self.assertTrue(self.server.reached.wait(PATIENCE_S))
        self.project.send(type="cancel", attempt=attempt)
        self.assertEqual(self.project.read_until("finished")["status"], "cancelled")
        self.assertIsNone(self.project.get("objects://t/slow"))

    def test_killed_in_the_middle(self):
        self.project.start("http.request", {"url": self.server.url + "/slow", "to": "objects://t/slow"})
        self.assertTrue(self.server.reached.wait(PATIENCE_S))
        os.kill(self.project.pid, signal.SIGKILL)
        self.project.wait()
        self.server.go_on.set()
        self.assertIsNone(self.project.get("objects://t/slow"))


class Tls(Case):
    def test_a_certificate_nobody_vouches_for_is_refused(self):
        with Project() as project:
            key, certificate = project.state("key.pem"), project.state("certificate.pem")
            subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", certificate,
                            "-subj", "/CN=127.0.0.1", "-days", "1"], check=True, capture_output=True)
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate, key)
            with Server(context) as server:
                self.assert_fails(project, "http.request", {"url": server.url + "/x"}, "certificate")
                self.assertEqual(server.asked, [])


if __name__ == "__main__":
    sys.exit(unittest.main())

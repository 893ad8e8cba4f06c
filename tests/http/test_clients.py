"""Clients that are slow, that leave, or that are there when the server goes."""

import os
import socket
import stat
import time
import unittest

from harness import Client, Server, ServerTest

GET = "GET /livez HTTP/1.1\r\nHost: x\r\n\r\n"
POST = "POST /v1/department HTTP/1.1\r\nHost: x\r\n"
LOG = "/v1/dags/load/runs/first/tasks/rows/logs/1"


def sockets(server):
    folder = f"/proc/{server.process.pid}/fd"
    count = 0
    for name in os.listdir(folder):
        try:
            count += os.readlink(os.path.join(folder, name)).startswith("socket:")
        except FileNotFoundError:
            pass
    return count


def settles(check, seconds=20):
    end = time.monotonic() + seconds
    while not check():
        if time.monotonic() > end:
            return False
        time.sleep(0.01)
    return True


class Slow(ServerTest):
    options = {"patience_ms": 400}

    def test_an_idle_connection_ends(self):
        with self.client() as client:
            client.send(GET)
            self.assertEqual(client.answer().status, 200)
            self.assertTrue(client.ended())

    def test_a_head_that_does_not_end_is_refused(self):
        with self.client() as client:
            client.send("GET /livez HTTP/1.1\r\nHost:")
            self.problem(client.answer(), 408, "request_timeout")
            self.assertTrue(client.ended())

    def test_a_chunked_body_that_does_not_end_is_refused(self):
        with self.client() as client:
            client.send(POST + "Transfer-Encoding: chunked\r\n\r\n5\r\nab")
            self.problem(client.answer(), 408, "request_timeout")
            self.assertTrue(client.ended())

    def test_a_body_that_does_not_come_ends_the_connection(self):
        with self.client() as client:
            client.send(POST + "Content-Length: 50\r\n\r\nabc")
            self.assertTrue(client.ended())

    def test_a_reader_that_stalls_is_let_go_and_others_are_not_disturbed(self):
        with self.client() as client:
            for i in range(60):
                client.ask("POST", "/v1/job", {"job": f"{i} " + "x" * 200})
        before = sockets(self.server)
        with self.client() as stalled:
            stalled.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            stalled.send("GET /v1/job HTTP/1.1\r\nHost: x\r\n\r\n" * 400)
            self.assertEqual(self.ask("GET", "/livez").status, 200)
            self.assertTrue(settles(lambda: sockets(self.server) <= before))

    def test_a_refused_client_is_not_listened_to_forever(self):
        before = sockets(self.server)
        with self.client() as client:
            client.send(POST + "Content-Length: 9999999\r\n\r\n")
            self.assertEqual(client.answer().status, 413)
            self.assertTrue(settles(lambda: sockets(self.server) <= before))


class Leaving(ServerTest):
    def test_a_half_closed_client_gets_its_answer(self):
        with self.client() as client:
            client.send(POST + 'Content-Length: 23\r\n\r\n{"department": "halved"}'[:-1] + "}")
            client.socket.shutdown(socket.SHUT_WR)
            self.assertIn(client.answer().status, (201, 422))

    def test_clients_that_vanish_at_every_point_leave_nothing_behind(self):
        body = '{"department": "gone"}'
        request = POST + f"Content-Length: {len(body)}\r\n\r\n" + body
        self.ask("GET", "/v1/department")
        before = sockets(self.server)
        for size in range(0, len(request) + 1, 3):
            for leave in (Client.reset, Client.close):
                client = Client(self.server)
                client.send(request[:size])
                leave(client)
        for path in ("/v1/report/quarterly_hires", "/v1/dags/load/runs/first/tasks",
                     LOG + "?follow=1"):
            for leave in (Client.reset, Client.close):
                client = Client(self.server)
                client.send(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n")
                leave(client)
        for leave in (Client.reset, Client.close):
            client = Client(self.server)
            client.send("POST /v1/dags/load/runs HTTP/1.1\r\nHost: x\r\n\r\n")
            leave(client)
        self.assertTrue(settles(lambda: sockets(self.server) <= before))
        self.assertEqual(self.ask("GET", "/livez").status, 200)

    def test_many_idle_connections_come_and_go(self):
        before = sockets(self.server)
        clients = [Client(self.server) for _ in range(300)]
        self.assertEqual(self.ask("GET", "/livez").status, 200)
        for client in clients:
            client.close()
        self.assertTrue(settles(lambda: sockets(self.server) <= before))


class Following(unittest.TestCase):
    def test_a_log_is_followed_until_its_attempt_ends(self):
        server = Server()
        with Client(server) as client:
            client.send(f"GET {LOG}?follow=1 HTTP/1.1\r\nHost: x\r\n\r\n")
            server.tell("log one")
            status, headers = client.head()
            self.assertEqual((status, headers["transfer-encoding"]), (200, "chunked"))
            self.assertEqual(client.chunk(), b"one")
            server.tell("log two")
            self.assertEqual(client.chunk(), b"two")
            server.tell("end")
            self.assertEqual(client.chunk(), b"")
            self.assertEqual(client.ask("GET", LOG).body, b"onetwo")
        self.assertEqual(server.stop(), 0)


class Ending(unittest.TestCase):
    def test_everything_accepted_is_answered_when_the_server_drains(self):
        server = Server()
        idle = [Client(server) for _ in range(10)]
        for client in idle:
            client.send(GET)
            self.assertEqual(client.answer().status, 200)
        uploads = []
        for i in range(10):
            client = Client(server)
            body = '{"department": "drained %d"}' % i
            client.send(POST + f"Content-Length: {len(body)}\r\n\r\n" + body[:5])
            uploads.append((client, body[5:]))
        # what came before has been read by every thread of the server once all of these were answered
        for _ in range(16):
            with Client(server) as probe:
                self.assertEqual(probe.ask("GET", "/readyz").status, 200)
        server.tell("drain")
        for client in idle:
            self.assertTrue(client.ended())
            client.close()
        for client, rest in uploads:
            client.send(rest)
            answer = client.answer()
            self.assertEqual(answer.status, 201, answer)
            self.assertEqual(answer.headers["connection"], "close")
            self.assertTrue(client.ended())
            client.close()
        self.assertEqual(server.read(), "drained")
        with self.assertRaises(ConnectionError):
            Client(server)
        self.assertEqual(server.stop(), 0)

    def test_a_server_that_is_stopped_cuts_what_is_left(self):
        server = Server()
        clients = [Client(server) for _ in range(5)]
        clients[0].send("GET /livez HT")
        clients[1].send(POST + "Content-Length: 5\r\n\r\n")
        clients[2].send(f"GET {LOG}?follow=1 HTTP/1.1\r\nHost: x\r\n\r\n")
        server.tell("log begun")
        clients[2].head()
        clients[3].send("POST /v1/dags/load/runs HTTP/1.1\r\nHost: x\r\n\r\n")
        self.assertEqual(server.stop(), 0)
        for client in clients:
            client.close()

    def test_the_unix_socket_is_private_and_removed(self):
        server = Server()
        mode = os.stat(server.socket_path).st_mode
        self.assertEqual(stat.S_IMODE(mode), 0o600)
        server.tell("stop")
        server.process.wait()
        self.assertFalse(os.path.exists(server.socket_path))
        self.assertEqual(server.stop(), 0)


if __name__ == "__main__":
    unittest.main()

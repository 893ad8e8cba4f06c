"""What must not get through: requests that hide others, lie about their length or are too large."""

import unittest

from harness import ServerTest

HOST = "Host: x\r\n"
GET = "GET /livez HTTP/1.1\r\n"
POST = "POST /v1/department HTTP/1.1\r\n" + HOST
NEXT = "GET /readyz HTTP/1.1\r\nHost: smuggled\r\n\r\n"
CHUNKED = POST + "Transfer-Encoding: chunked\r\n\r\n"
BODY = '{"department": "x"}'

# The head or body of a request, and the status and code it must be refused with.
HOSTILE = [
    # request line
    (" /livez HTTP/1.1\r\n" + HOST, 400, "bad_request"),
    ("G(T /livez HTTP/1.1\r\n" + HOST, 400, "bad_request"),
    ("GET  /livez HTTP/1.1\r\n" + HOST, 400, "bad_request"),
    ("GET /livez  HTTP/1.1\r\n" + HOST, 400, "bad_request"),
    ("GET /livez HTTP/1.1 \r\n" + HOST, 400, "bad_request"),
    ("GET\t/livez HTTP/1.1\r\n" + HOST, 400, "bad_request"),
    ("GET /livez\r\n" + HOST, 400, "bad_request"),
    ("GET livez HTTP/1.1\r\n" + HOST, 400, "bad_request"),
    ("GET  HTTP/1.1\r\n" + HOST, 400, "bad_request"),
    ("GET * HTTP/1.1\r\n" + HOST, 400, "bad_request"),
    ("GET /li\x00vez HTTP/1.1\r\n" + HOST, 400, "bad_request"),
    ("GET /livez#x HTTP/1.1\r\n" + HOST, 400, "bad_request"),
    ("GET /\xe4 HTTP/1.1\r\n" + HOST, 400, "bad_request"),
    ("GET ftp://x/livez HTTP/1.1\r\n" + HOST, 400, "bad_request"),
    ("GET http://u@x/livez HTTP/1.1\r\n" + HOST, 400, "bad_request"),
    ("CONNECT x:80 HTTP/1.1\r\n" + HOST, 400, "bad_request"),
    ("GET /livez HTTP/2.0\r\n" + HOST, 505, "http_version"),
    ("PRI * HTTP/2.0\r\n", 505, "http_version"),
    ("GET /livez HTTP/0.9\r\n" + HOST, 505, "http_version"),
    ("GET /livez http/1.1\r\n" + HOST, 400, "bad_request"),
    ("GET /livez HTTP/1.10\r\n" + HOST, 400, "bad_request"),
    # lines
    ("GET /livez HTTP/1.1\n" + HOST, 400, "bad_request"),
    (GET + "Host: x\n", 400, "bad_request"),
    (GET + "Host: x\rX: y\r\n", 400, "bad_request"),
    (GET + HOST + "X: y\r\n Content-Length: 5\r\n", 400, "bad_request"),
    (GET + HOST + "X: y\r\n\tContent-Length: 5\r\n", 400, "bad_request"),
    (GET + " " + HOST, 400, "bad_request"),
    (GET + HOST + "X : y\r\n", 400, "bad_request"),
    (GET + HOST + ": y\r\n", 400, "bad_request"),
    (GET + HOST + "X\r\n", 400, "bad_request"),
    (GET + HOST + "X(: y\r\n", 400, "bad_request"),
    (GET + HOST + "X: \x00\r\n", 400, "bad_request"),
    (GET + HOST + "X: \x7f\r\n", 400, "bad_request"),
    # Host
    (GET, 400, "bad_request"),
    (GET + HOST + HOST, 400, "bad_request"),
    (GET + "Host: a, b\r\n", 400, "bad_request"),
    (GET + "Host: a b\r\n", 400, "bad_request"),
    (GET + "Host: a/b\r\n", 400, "bad_request"),
    (GET + "Host: u@a\r\n", 400, "bad_request"),
    (GET + "Host: a:b\r\n", 400, "bad_request"),
    (GET + "Host: a:70000\r\n", 400, "bad_request"),
    (GET + "Host: [::1\r\n", 400, "bad_request"),
    # lengths
    (POST + "Content-Length: 3\r\nContent-Length: 3\r\n", 400, "bad_request"),
    (POST + "Content-Length: 3\r\nContent-Length: 4\r\n", 400, "bad_request"),
    (POST + "Content-Length: +3\r\n", 400, "bad_request"),
    (POST + "Content-Length: -1\r\n", 400, "bad_request"),
    (POST + "Content-Length: 0x3\r\n", 400, "bad_request"),
    (POST + "Content-Length: 3,3\r\n", 400, "bad_request"),
    (POST + "Content-Length:\r\n", 400, "bad_request"),
    (POST + "Content-Length: 99999999999999999999\r\n", 413, "payload_too_large"),
    (POST + "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n", 400, "bad_request"),
    (POST + "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n", 400, "bad_request"),
    (POST + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", 400, "bad_request"),
    (POST + "Transfer-Encoding: gzip, chunked\r\n", 501, "not_implemented"),
    (POST + "Transfer-Encoding: identity\r\n", 501, "not_implemented"),
    (POST + "Transfer-Encoding:\r\n", 400, "bad_request"),
    (POST + "Transfer-Encoding : chunked\r\n", 400, "bad_request"),
    ("POST /v1/department HTTP/1.0\r\nTransfer-Encoding: chunked\r\n", 400, "bad_request"),
    (POST + "Expect: tea\r\nContent-Length: 3\r\n", 417, "expectation_failed"),
]

HOSTILE_CHUNKS = [
    ("0x3\r\nabc\r\n0\r\n\r\n", 400),
    ("3x\r\nabc\r\n0\r\n\r\n", 400),
    ("3 5\r\nabc\r\n0\r\n\r\n", 400),
    (" 3\r\nabc\r\n0\r\n\r\n", 400),
    ("-3\r\nabc\r\n0\r\n\r\n", 400),
    ("\r\nabc\r\n0\r\n\r\n", 400),
    ("3\nabc\r\n0\r\n\r\n", 400),
    ("3;x\nabc\r\n0\r\n\r\n", 400),
    ("3\r\nabcd\r\n0\r\n\r\n", 400),
    ("3\r\nabc\n0\r\n\r\n", 400),
    ("3\r\nabc\r\r\n0\r\n\r\n", 400),
    ("3\r\nabc0\r\n\r\n", 400),
    ("0\r\nX\r\n\r\n", 400),
    ("0\r\nX : y\r\n\r\n", 400),
    ("0\r\nX: y\n\r\n", 400),
    ("ffffffffffffffff\r\n", 400),
    ("100001\r\n", 413),
    ("3;" + "x" * 300 + "\r\nabc\r\n0\r\n\r\n", 400),
    ("0\r\n" + "X: y\r\n" * 3000 + "\r\n", 431),
]

GOOD = [
    GET + HOST + "\r\n",
    "\r\n\r\n" + GET + HOST + "\r\n",
    "GET http://other:80/livez HTTP/1.1\r\n" + HOST + "\r\n",
    "GET /livez HTTP/1.1\r\nHost: [::1]:80\r\n\r\n",
    "GET /livez/ HTTP/1.1\r\n" + HOST + "X: \xe4\t y \r\n\r\n",
    "GET /livez HTTP/1.1\r\n" + HOST + "Upgrade: h2c\r\nHTTP2-Settings: x\r\n\r\n",
    "GET /livez HTTP/1.1\r\n" + HOST + "Content-Length: 0\r\n\r\n",
]


class Framing(ServerTest):
    def test_hostile_heads_are_refused_and_nothing_behind_them_runs(self):
        for head, status, code in HOSTILE:
            with self.subTest(head), self.client() as client:
                client.send(head + "\r\n" + NEXT)
                self.problem(client.answer(), status, code)
                self.assertTrue(client.ended())

    def test_hostile_heads_are_refused_behind_a_good_request(self):
        for head, status, code in HOSTILE:
            with self.subTest(head), self.client() as client:
                client.send(GET + HOST + "\r\n" + head + "\r\n" + NEXT)
                self.assertEqual(client.answer().status, 200)
                self.problem(client.answer(), status, code)
                self.assertTrue(client.ended())

    def test_hostile_chunks_are_refused_and_nothing_behind_them_runs(self):
        for body, status in HOSTILE_CHUNKS:
            with self.subTest(body), self.client() as client:
                client.send(CHUNKED + body + NEXT)
                self.assertEqual(client.answer().status, status)
                self.assertTrue(client.ended())

    def test_good_requests_are_answered_and_the_connection_is_kept(self):
        for request in GOOD:
            with self.subTest(request), self.client() as client:
                for _ in range(3):
                    client.send(request)
                    answer = client.answer()
                    self.assertEqual(answer.status, 200)
                    self.assertEqual(answer.headers["connection"], "keep-alive")

    def test_a_request_byte_by_byte_and_many_at_once_are_the_same(self):
        with self.client() as client:
            for byte in GET + HOST + "\r\n":
                client.send(byte)
            self.assertEqual(client.answer().status, 200)
            client.send((GET + HOST + "\r\n") * 50)
            for _ in range(50):
                self.assertEqual(client.answer().status, 200)

    def test_chunked_bodies_arrive_whole(self):
        with self.client() as client:
            for name in ("one", "two"):
                body = '{"department": "%s"}' % name
                client.send(CHUNKED)
                for byte in body:
                    client.send("001;x=y\r\n" + byte + "\r\n")
                client.send("0\r\nTrailer: x\r\n\r\n")
                answer = client.answer()
                self.assertEqual(answer.status, 201, answer)
                self.assertEqual(answer.json["department"], name)

    def test_a_body_is_not_mistaken_for_a_request(self):
        with self.client() as client:
            client.send(POST + f"Content-Length: {len(NEXT)}\r\n\r\n" + NEXT + GET + HOST + "\r\n")
            self.problem(client.answer(), 422, "validation")
            self.assertEqual(client.answer().json, {"status": "ok"})

    def test_close_in_any_connection_header_closes(self):
        for lines in ("Connection: close\r\n", "Connection: keep-alive, Close\r\n",
                      "Connection: close\r\nConnection: keep-alive\r\n"):
            with self.subTest(lines), self.client() as client:
                client.send(GET + HOST + lines + "\r\n" + NEXT)
                self.assertEqual(client.answer().headers["connection"], "close")
                self.assertTrue(client.ended())

    def test_http_1_0_closes_unless_asked_not_to(self):
        with self.client() as client:
            client.send("GET /livez HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
            self.assertEqual(client.answer().status, 200)
            client.send("GET /livez HTTP/1.0\r\n\r\n")
            self.assertEqual(client.answer().status, 200)
            self.assertTrue(client.ended())

    def test_head_gets_no_body(self):
        with self.client() as client:
            for path, status in (("/livez", 200), ("/v1/none", 404), ("/v1/department", 200)):
                client.send(f"HEAD {path} HTTP/1.1\r\n" + HOST + "\r\n")
                answer = client.answer(to_head=True)
                self.assertEqual(answer.status, status)
                self.assertGreater(int(answer.headers["content-length"]), 0)
            self.assertEqual(client.ask("GET", "/livez").status, 200)


class Limits(ServerTest):
    def test_the_target(self):
        for size, status in ((8192, 404), (8193, 414), (100_000, 414)):
            with self.subTest(size), self.client() as client:
                client.send("GET /" + "a" * (size - 1) + " HTTP/1.1\r\n" + HOST + "\r\n")
                self.assertEqual(client.answer().status, status)

    def test_a_target_without_end_is_refused_before_it_ends(self):
        with self.client() as client:
            client.send("GET /" + "a" * 10_000)
            self.problem(client.answer(), 414, "uri_too_long")

    def test_the_number_of_fields(self):
        for count, status in ((64, 200), (65, 431)):
            with self.subTest(count), self.client() as client:
                client.send(GET + HOST + "X: y\r\n" * (count - 1) + "\r\n")
                self.assertEqual(client.answer().status, status)

    def test_the_size_of_the_fields(self):
        for size, status in ((32 * 1024, 200), (32 * 1024 + 1, 431)):
            with self.subTest(size), self.client() as client:
                rest = size - len(HOST) - len("X: \r\n\r\n")
                client.send(GET + HOST + "X: " + "a" * rest + "\r\n\r\n")
                self.assertEqual(client.answer().status, status)

    def test_the_body(self):
        for size, status in ((1024 * 1024, 422), (1024 * 1024 + 1, 413)):
            for chunked in (False, True):
                with self.subTest(size=size, chunked=chunked), self.client() as client:
                    if chunked:
                        client.send(CHUNKED + f"{size:x}\r\n")
                    else:
                        client.send(POST + f"Content-Length: {size}\r\n\r\n")
                    client.send(b"x" * size)
                    if chunked:
                        client.send("\r\n0\r\n\r\n")
                    self.assertEqual(client.answer().status, status)

    def test_a_refusal_reaches_a_client_that_writes_all_of_its_body_first(self):
        with self.client() as client:
            client.send(POST + f"Content-Length: {20 << 20}\r\n\r\n")
            client.send(b"x" * (20 << 20))
            self.problem(client.answer(), 413, "payload_too_large")

    def test_query_parameters(self):
        path = "/v1/department?" + "&".join(f"limit={i}" for i in range(2))
        self.problem(self.ask("GET", path), 400, "bad_request")


class Expectations(ServerTest):
    def test_continue_is_sent_before_the_body_comes(self):
        with self.client() as client:
            client.send(POST + f"Content-Length: {len(BODY)}\r\nExpect: 100-continue\r\n\r\n")
            self.assertEqual(client.head()[0], 100)
            client.send(BODY)
            self.assertEqual(client.answer().status, 201)
            self.assertEqual(client.ask("GET", "/livez").status, 200)

    def test_who_does_not_wait_gets_no_continue(self):
        with self.client() as client:
            client.send(POST + f"Content-Length: {len(BODY)}\r\nExpect: 100-continue\r\n\r\n" + BODY)
            self.assertEqual(client.answer().status, 201)

    def test_what_will_be_refused_is_not_asked_for(self):
        for line, path, status in (
                ("Content-Length: 9999999\r\n", "/v1/department", 413),
                ("Content-Length: 3\r\n", "/v1/none", 404),
                ("Content-Length: 3\r\n", "/v1/report/x", 405),
                ("Content-Length: 3\r\nContent-Type: text/csv\r\n", "/v1/department", 415)):
            with self.subTest(path), self.client() as client:
                client.send(f"POST {path} HTTP/1.1\r\n" + HOST + line +
                            "Expect: 100-continue\r\n\r\n")
                self.assertEqual(client.head()[0], status)


if __name__ == "__main__":
    unittest.main()

"""Reads that take long: they stream, wait for their client, and stand in nobody's way."""

import os
import sqlite3
import unittest

from harness import Client, Server, ServerTest

# Counts to `rows`; the row `fault` cannot be computed.
COUNT = """
report: count
params:
  - {name: rows, type: int, required: true}
  - {name: fault, type: int, default: 0}
columns:
  - {name: n, type: int}
  - {name: text, type: text}
sql: |
  WITH RECURSIVE c (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < :rows)
  SELECT CASE WHEN n = :fault THEN abs(-9223372036854775807 - 1) ELSE n END AS n, 'row of text'
    FROM c
"""


# Never gives a row.
SILENT = """
report: silent
columns: [{name: n, type: int}]
sql: |
  WITH RECURSIVE c (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c)
  SELECT n FROM c WHERE n < 0
"""


def expected(rows):
    return "n,text\r\n" + "".join(f"{n},row of text\r\n" for n in range(1, rows + 1))


def memory(server):
    with open(f"/proc/{server.process.pid}/status") as file:
        for line in file:
            if line.startswith("RssAnon:"):
                return int(line.split()[1]) * 1024
    raise EOFError("no RssAnon")


class Long(ServerTest):
    options = {"reports": [("count", COUNT)]}

    def count(self, rows, fault=0):
        return f"/v1/report/count?rows={rows}&fault={fault}"

    def test_a_small_report_comes_in_one_piece(self):
        answer = self.ask("GET", self.count(10))
        self.assertEqual(answer.body.decode(), expected(10))
        self.assertEqual(int(answer.headers["content-length"]), len(answer.body))

    def test_a_long_report_streams_and_arrives_whole(self):
        with self.client() as client:
            answer = client.ask("GET", self.count(200_000))
            self.assertEqual(answer.headers["transfer-encoding"], "chunked")
            self.assertEqual(answer.body.decode(), expected(200_000))
            self.assertEqual(client.ask("GET", "/livez").status, 200)

    def test_head_of_a_long_report_has_no_body(self):
        with self.client() as client:
            client.send(f"HEAD {self.count(200_000)} HTTP/1.1\r\nHost: x\r\n\r\n")
            self.assertEqual(client.head()[0], 200)
            self.assertEqual(client.ask("GET", "/livez").body, b'{"status":"ok"}')

    def test_readers_that_do_not_read_cost_no_memory_and_nobody_else_waits(self):
        self.ask("GET", self.count(200_000))
        before = memory(self.server)
        slow = [self.client() for _ in range(2)]
        for client in slow:
            client.send(f"GET {self.count(20_000_000)} HTTP/1.1\r\nHost: x\r\n\r\n")
        for client in slow:
            self.assertEqual(client.head()[0], 200)
        for _ in range(20):
            self.assertEqual(self.ask("GET", "/v1/department").status, 200)
        self.assertLess(memory(self.server) - before, 16 << 20)
        for client in slow:
            client.close()
        # both threads of the pool are free again
        self.assertEqual(self.ask("GET", self.count(1)).body.decode(), expected(1))

    def test_a_report_that_fails_early_is_a_problem(self):
        problem = self.problem(self.ask("GET", self.count(10, 5)), 500, "internal")
        self.assertNotIn("overflow", problem["detail"])

    def test_a_report_that_fails_late_breaks_off(self):
        with self.client() as client:
            client.send(f"GET {self.count(200_000, 150_000)} HTTP/1.1\r\nHost: x\r\n\r\n")
            self.assertEqual(client.head()[0], 200)
            with self.assertRaises((ValueError, EOFError)):
                while client.chunk():
                    pass

    def test_a_parameter_that_must_be_given(self):
        problem = self.problem(self.ask("GET", "/v1/report/count"), 422, "validation")
        self.assertEqual(problem["errors"][0]["code"], "required")

    def test_a_large_page_is_read_elsewhere_and_complete(self):
        rows = [(i, f"job {i}") for i in range(1, 3001)]
        stamp = "2021-02-01T12:28:13.000000Z"
        database = sqlite3.connect(os.path.join(self.server.folder, "data.db"))
        with database:
            database.executemany(
                "INSERT INTO job (id, job, created_at, updated_at, version)"
                f" VALUES (?, ?, '{stamp}', '{stamp}', 1)", rows)
        database.close()
        with Client(self.server) as client:
            page = client.ask("GET", "/v1/job?limit=1000&offset=1500")
            self.assertEqual([row["id"] for row in page.json], list(range(1501, 2501)))
            self.assertEqual(client.ask("GET", "/v1/job/2999").json["job"], "job 2999")


class Silent(unittest.TestCase):
    def test_work_ends_with_its_client_and_with_the_server(self):
        server = Server(patience_ms=400, reports=[("silent", SILENT), ("count", COUNT)])
        request = "GET /v1/report/silent HTTP/1.1\r\nHost: x\r\n\r\n"
        # more than the pool has threads
        for leave in (Client.reset, Client.close) * 2:
            client = Client(server)
            client.send(request)
            leave(client)
        with Client(server) as client:
            self.assertEqual(client.ask("GET", "/v1/report/count?rows=1").body.decode(),
                             expected(1))
        with Client(server) as client:
            client.send(request)
            self.assertEqual(server.stop(), 0)


if __name__ == "__main__":
    unittest.main()

"""What the routes answer: rows, reports, DAGs, runs, logs, keys and errors."""

import unittest

from harness import Client, Server, ServerTest

HIRED = "2021-02-01T12:28:13Z"


class Rows(ServerTest):
    def create(self, table, **row):
        answer = self.ask("POST", f"/v1/{table}", row)
        self.assertEqual(answer.status, 201, answer)
        return answer.json

    def test_a_created_row_is_shown_and_listed(self):
        row = self.create("department", department="Legal & Ä")
        self.assertEqual(row["department"], "Legal & Ä")
        self.assertEqual(row["version"], 1)
        self.assertIs(row["is_active"], True)
        self.assertIsNone(row["deleted_at"])
        self.assertRegex(row["created_at"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$")
        self.assertEqual(list(row), ["id", "department", "created_at", "updated_at", "deleted_at",
                                     "version", "is_active"])
        self.assertEqual(self.ask("GET", f"/v1/department/{row['id']}").json, row)
        self.assertIn(row, self.ask("GET", "/v1/department?limit=1000").json)

    def test_the_place_of_a_new_row_is_told(self):
        answer = self.ask("POST", "/v1/job", {"job": "Placed"})
        self.assertEqual(answer.headers["location"], f"/v1/job/{answer.json['id']}")

    def test_the_same_content_again_is_the_same_row(self):
        first = self.create("department", department="Twice")
        self.assertEqual(self.create("department", department="Twice"), first)

    def test_a_slash_at_the_end_changes_nothing(self):
        row = self.ask("POST", "/v1/department/", {"department": "Slash"})
        self.assertEqual(row.status, 201)
        self.assertEqual(self.ask("GET", f"/v1/department/{row.json['id']}/").json, row.json)
        self.assertEqual(self.ask("GET", "/v1/department/?limit=1000").body,
                         self.ask("GET", "/v1/department?limit=1000").body)

    def test_an_id_may_be_given_and_is_then_taken(self):
        self.assertEqual(self.create("job", id=5000, job="Given")["id"], 5000)
        answer = self.ask("POST", "/v1/job", {"id": 5000, "job": "Other"})
        problem = self.problem(answer, 409, "duplicate")
        self.assertEqual(problem["errors"][0]["column"], "id")
        self.assertGreater(self.create("job", job="Next")["id"], 5000)

    def test_a_user_carries_job_and_department(self):
        job = self.create("job", job="Clerk")
        department = self.create("department", department="Sales")
        user = self.create("user", name="Ann", datetime="2021-02-01T13:28:13+01:00",
                           job_id=job["id"], department_id=department["id"])
        self.assertEqual(user["datetime"], HIRED)
        self.assertEqual(user["job_id"], job["id"])
        self.assertEqual(user["job"], job)
        self.assertEqual(user["department"], department)
        self.assertEqual(self.ask("GET", f"/v1/user/{user['id']}").json, user)

    def test_an_unknown_parent_is_named(self):
        answer = self.ask("POST", "/v1/user", {"name": "Bob", "datetime": HIRED, "job_id": 77,
                                               "department_id": 78})
        problem = self.problem(answer, 400, "foreign_key")
        self.assertIn(problem["errors"][0]["column"], ("job_id", "department_id"))
        self.assertEqual(problem["errors"][0]["code"], "foreign_key")

    def test_every_bad_member_is_named(self):
        answer = self.ask("POST", "/v1/user", {"name": "", "datetime": "yesterday", "job_id": "x",
                                               "colour": "red", "version": 3})
        problem = self.problem(answer, 422, "validation")
        found = {error["pointer"]: error["code"] for error in problem["errors"]}
        self.assertEqual(found, {"/name": "too_short", "/datetime": "invalid_timestamp",
                                 "/job_id": "invalid_integer", "/department_id": "required",
                                 "/colour": "unknown_column", "/version": "unknown_column"})
        self.assertTrue(all(error["detail"] for error in problem["errors"]))

    def test_bodies_that_are_no_rows(self):
        for body in (b"", b"{", b"[]", b"7", b"null", b'{"department": "a"} x', b"\xff",
                     b'{"department": "a", "department": "b"}', b'{"department": "a\\u0000b"}',
                     b"[" * 40 + b"]" * 40, b'{"department": ' + b"[" * 40 + b"]" * 40 + b"}"):
            with self.subTest(body):
                self.problem(self.ask("POST", "/v1/department", body), 422, "validation")

    def test_ids_that_are_not_there(self):
        for number in ("999999", "0", "-1", "x", "1.0", "9007199254740992",
                       "99999999999999999999", "%31x"):
            with self.subTest(number):
                self.problem(self.ask("GET", "/v1/department/" + number), 404, "not_found")

    def test_pages_are_cut_in_id_order(self):
        for i in range(25):
            self.create("job", job=f"Page {i}")
        whole = self.ask("GET", "/v1/job?limit=1000").json
        ids = [row["id"] for row in whole]
        self.assertEqual(ids, sorted(ids))
        self.assertEqual(self.ask("GET", "/v1/job?limit=3&offset=4").json, whole[4:7])
        answer = self.ask("GET", "/v1/job?limit=10")
        self.assertEqual(answer.headers["content-range"], "items 0-9/*")
        walked = answer.json
        while "link" in answer.headers:
            path, relation = answer.headers["link"].split(">; ")
            self.assertEqual(relation, 'rel="next"')
            answer = self.ask("GET", path[1:])
            walked += answer.json
        self.assertEqual(walked, whole)

    def test_bad_pages_and_parameters(self):
        for query in ("limit=0", "limit=1001", "limit=-1", "limit=x", "limit=", "offset=-1",
                      "offset=10001", "limit=1&limit=2", "limit=%zz", "limit=%00"):
            with self.subTest(query):
                self.problem(self.ask("GET", "/v1/job?" + query), 400, "bad_request")
        problem = self.problem(self.ask("GET", "/v1/job?colour=red"), 400, "unknown_parameter")
        self.assertIn("'colour'", problem["detail"])
        for cursor in ("x", "n", "nxyz", "n0", "n" + "f" * 40):
            with self.subTest(cursor):
                self.problem(self.ask("GET", "/v1/job?cursor=" + cursor), 400, "cursor_invalid")

    def test_many_clients_make_one_row(self):
        clients = [self.client() for _ in range(16)]
        body = b'{"department": "Raced"}'
        for client in clients:
            client.send(b"POST /v1/department HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n"
                        % len(body) + body)
        answers = [client.answer() for client in clients]
        self.assertEqual({answer.status for answer in answers}, {201})
        self.assertEqual(len({answer.body for answer in answers}), 1)

    def test_the_unix_socket_answers_the_same(self):
        row = self.create("department", department="Local")
        client = self.client(over_unix=True)
        self.assertEqual(client.ask("GET", f"/v1/department/{row['id']}").json, row)
        self.assertEqual(client.ask("POST", "/v1/job", {"job": "Local"}).status, 201)


class Reports(ServerTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        with Client(cls.server) as client:
            for name in ("Ops", 'Odd "one", quoted', "Empty"):
                client.ask("POST", "/v1/department", {"department": name})
            client.ask("POST", "/v1/job", {"job": "Clerk"})
            hires = [("a", 1, "01"), ("b", 1, "05"), ("c", 1, "12"), ("d", 2, "07")]
            for name, department, month in hires:
                client.ask("POST", "/v1/user", {
                    "name": name, "datetime": f"2021-{month}-01T00:00:00Z", "job_id": 1,
                    "department_id": department})

    def test_quarterly_hires(self):
        answer = self.ask("GET", "/v1/report/quarterly_hires?year=2021")
        self.assertEqual(answer.status, 200)
        self.assertTrue(answer.headers["content-type"].startswith("text/csv"))
        self.assertEqual(answer.headers["content-disposition"],
                         'attachment; filename="quarterly_hires_2021.csv"')
        self.assertEqual(answer.body.decode(),
                         "department,job,Q1,Q2,Q3,Q4\r\n"
                         '"Odd ""one"", quoted",Clerk,0,0,1,0\r\n'
                         "Ops,Clerk,1,1,0,1\r\n")

    def test_department_hires(self):
        answer = self.ask("GET", "/v1/report/department_hires?year=2021")
        self.assertEqual(answer.body.decode(), "id,department,hired\r\n1,Ops,3\r\n")

    def test_the_year_is_this_one_when_not_given(self):
        answer = self.ask("GET", "/v1/report/department_hires")
        self.assertEqual(answer.status, 200)
        self.assertRegex(answer.headers["content-disposition"], r"department_hires_\d{4}\.csv")
        self.assertEqual(answer.body.decode(), "id,department,hired\r\n")

    def test_years_that_are_none(self):
        for year in ("0", "10000", "x", "", "2021.5"):
            with self.subTest(year):
                answer = self.ask("GET", "/v1/report/quarterly_hires?year=" + year)
                problem = self.problem(answer, 422, "validation")
                self.assertEqual(problem["errors"][0]["column"], "year")

    def test_what_is_no_report_and_no_parameter(self):
        self.problem(self.ask("GET", "/v1/report/none"), 404, "not_found")
        answer = self.ask("GET", "/v1/report/quarterly_hires?month=2")
        self.problem(answer, 400, "unknown_parameter")
        answer = self.ask("GET", "/v1/report/quarterly_hires", headers=["Accept: image/png"])
        self.problem(answer, 406, "not_acceptable")

    def test_a_report_needs_http_1_1(self):
        client = self.client()
        client.send("GET /v1/report/quarterly_hires HTTP/1.0\r\n\r\n")
        self.problem(client.answer(), 505, "http_version")


class Runs(ServerTest):
    base = "/v1/dags/load/runs/first"

    def test_dags_are_listed_with_their_faults(self):
        broken, load = self.ask("GET", "/v1/dags").json
        self.assertEqual(load["dag"], "load")
        self.assertEqual(load["description"], "loads")
        self.assertEqual(load["tags"], ["a"])
        self.assertEqual(load["file"], "dags/load.yaml")
        self.assertEqual(load["dag_version"], "abc")
        self.assertIsNone(load["schedule"])
        self.assertIs(load["is_paused"], False)
        self.assertEqual(load["errors"], [])
        self.assertIn("last_run", load)
        self.assertEqual(broken["dag"], "broken")
        self.assertEqual(broken["errors"][0]["line"], 3)
        self.assertIsNone(broken["dag_version"])
        self.assertEqual(self.ask("GET", "/v1/dags/broken").json["tasks"], [])

    def test_one_dag_has_parameters_and_tasks(self):
        dag = self.ask("GET", "/v1/dags/load").json
        self.assertEqual(dag["params"], {"file": {"type": "string"}})
        self.assertEqual(dag["tasks"], [
            {"task": "fetch", "operator": "object.get", "needs": [],
             "trigger_rule": "all_success"},
            {"task": "rows", "operator": "csv.load", "needs": ["fetch"],
             "trigger_rule": "all_success"}])
        self.problem(self.ask("GET", "/v1/dags/none"), 404, "not_found")
        self.problem(self.ask("GET", "/v1/dags/gone"), 404, "not_found")

    def test_a_run_is_shown(self):
        run = self.ask("GET", self.base).json
        self.assertEqual(run["run_id"], "first")
        self.assertEqual(run["state"], "running")
        self.assertEqual(run["params"], {"file": "x"})
        self.assertEqual(run["queued_at"], "2026-09-21T14:13:20Z")
        self.assertIsNone(run["logical_date"])
        self.assertIsNone(run["duration_s"])
        self.assertEqual(run["counts"], {"success": 1, "running": 1})
        self.assertNotIn("tasks", run)
        self.assertEqual(self.ask("GET", self.base + "?counts=false").json, {**run, "counts": {}})
        self.assertEqual(self.ask("GET", self.base + "?tasks=true").json["tasks"],
                         self.ask("GET", self.base + "/tasks").json)

    def test_tasks_have_outputs_and_progress(self):
        fetch, rows = self.ask("GET", self.base + "/tasks").json
        self.assertEqual(fetch["outputs"], {"bytes": 12})
        self.assertEqual(fetch["duration_s"], 2)
        self.assertEqual(fetch["log_bytes"], 6)
        self.assertEqual(fetch["attempt"], 1)
        self.assertNotIn("progress", fetch)
        self.assertNotIn("attempts", fetch)
        self.assertEqual(rows["progress"], {"done": 7, "total": 10, "unit": "rows", "note": ""})
        self.assertEqual(rows["outputs"], {})

    def test_one_task_has_its_attempts(self):
        task = self.ask("GET", self.base + "/tasks/fetch").json
        self.assertEqual(task["outputs"], {"bytes": 12})
        attempt, = task["attempts"]
        self.assertEqual(attempt["number"], 1)
        self.assertEqual(attempt["state"], "succeeded")
        for path in ("/tasks/none", "/tasks/fetch?map_index=1"):
            self.problem(self.ask("GET", self.base + path), 404, "not_found")
        self.problem(self.ask("GET", self.base + "/tasks/fetch?map_index=x"), 400, "bad_request")

    def test_logs(self):
        log = self.base + "/tasks/fetch/logs/1"
        answer = self.ask("GET", log)
        self.assertEqual(answer.body, b"hello\n")
        self.assertTrue(answer.headers["content-type"].startswith("text/plain"))
        self.assertEqual(self.ask("GET", log + "?offset=2").body, b"llo\n")
        self.assertEqual(self.ask("GET", log + "?offset=99").body, b"")
        self.assertEqual(self.ask("GET", log + "?follow=1").body, b"hello\n")
        for path in ("/tasks/fetch/logs/2", "/tasks/fetch/logs/x", "/tasks/none/logs/1"):
            self.problem(self.ask("GET", self.base + path), 404, "not_found")

    def test_a_run_is_started(self):
        answer = self.ask("POST", "/v1/dags/load/runs", {
            "params": {}, "run_id": "mine", "logical_date": "2021-02-01", "note": "by hand"})
        self.assertEqual(answer.status, 201, answer)
        run = answer.json
        self.assertEqual((run["run_id"], run["state"], run["note"], run["triggered_by"]),
                         ("mine", "queued", "by hand", "api"))
        self.assertEqual(run["logical_date"], "2021-02-01T00:00:00Z")
        self.assertEqual(answer.headers["location"], "/v1/dags/load/runs/mine")
        again = self.ask("POST", "/v1/dags/load/runs", {"run_id": "mine"})
        self.problem(again, 409, "state_conflict")

    def test_a_run_is_started_without_a_body(self):
        with self.client() as client:
            client.send("POST /v1/dags/load/runs HTTP/1.1\r\nHost: x\r\n\r\n")
            self.assertEqual(client.answer().status, 201)
        self.assertEqual(self.ask("POST", "/v1/dags/load/runs", b"").status, 201)

    def test_runs_that_cannot_be_started(self):
        self.problem(self.ask("POST", "/v1/dags/none/runs", {}), 404, "not_found")
        answer = self.ask("POST", "/v1/dags/load/runs", {"params": {"wrong": 1}})
        problem = self.problem(answer, 422, "validation")
        self.assertEqual(problem["errors"][0]["pointer"], "/params/wrong")
        answer = self.ask("POST", "/v1/dags/load/runs", {
            "params": [], "run_id": "a b", "logical_date": "soon", "note": 7, "colour": "red"})
        problem = self.problem(answer, 422, "validation")
        self.assertEqual({error["pointer"] for error in problem["errors"]},
                         {"/params", "/run_id", "/logical_date", "/note", "/colour"})
        answer = self.ask("POST", "/v1/dags/load/runs", {"run_id": "busy"})
        self.problem(answer, 503, "overloaded")
        self.assertEqual(answer.headers["retry-after"], "1")

    def test_runs_are_listed_newest_first(self):
        for i in range(5):
            self.ask("POST", "/v1/dags/load/runs", {"run_id": f"listed-{i}"})
        runs = self.ask("GET", "/v1/dags/load/runs").json
        self.assertEqual(runs[-1]["run_id"], "first")
        self.assertEqual(self.ask("GET", "/v1/runs").json, runs)
        self.assertEqual(self.ask("GET", "/v1/runs?state=running").json[0]["run_id"], "first")
        page = self.ask("GET", "/v1/runs?limit=3&dag=load")
        self.assertEqual(page.json, runs[:3])
        path = page.headers["link"].split(">")[0][1:]
        self.assertEqual(self.ask("GET", path).json, runs[3:6])
        self.assertEqual(self.ask("GET", "/v1/runs?dag=none").json, [])
        self.problem(self.ask("GET", "/v1/dags/none/runs"), 404, "not_found")
        self.problem(self.ask("GET", "/v1/dags/load/runs/none"), 404, "not_found")


class Conventions(ServerTest):
    def test_what_is_not_there(self):
        for path in ("/", "/v1", "/v1/none", "/v1/none/1", "/v2/job", "/v1/job/1/2", "//livez",
                     "/v1/./job", "/v1/job/../job", "/v1%2Fjob", "/V1/job"):
            with self.subTest(path):
                self.problem(self.ask("GET", path), 404, "not_found")

    def test_paths_that_are_malformed(self):
        for path in ("/v1/job%", "/v1/%zz", "/v1/j%0", "/v1/j%00b", "/v1/%ff"):
            with self.subTest(path):
                self.problem(self.ask("GET", path), 400, "bad_request")

    def test_segments_are_decoded(self):
        self.assertEqual(self.ask("GET", "/v1/%6Aob").status, 200)
        self.problem(self.ask("GET", "/v1/dags/load/runs/a%2Fb"), 404, "not_found")

    def test_methods(self):
        answer = self.ask("PATCH", "/v1/dags", {})
        self.problem(answer, 405, "method_not_allowed")
        answer = self.ask("GET", "/v1/dags", {})
        self.problem(answer, 413, "payload_too_large")
        answer = self.ask("DELETE", "/livez")
        self.problem(answer, 405, "method_not_allowed")
        self.assertEqual(answer.headers["allow"], "GET, HEAD, OPTIONS")
        answer = self.ask("OPTIONS", "/v1/job")
        self.assertEqual((answer.status, answer.headers["allow"]),
                         (204, "GET, HEAD, POST, OPTIONS"))
        self.assertEqual(self.ask("OPTIONS", "*").status, 204)
        self.problem(self.ask("BREW", "/v1/job"), 501, "not_implemented")
        self.problem(self.ask("TRACE", "/v1/job"), 501, "not_implemented")
        self.problem(self.ask("get", "/v1/job"), 501, "not_implemented")

    def test_media_types(self):
        client = self.client()
        for accept in ("*/*", "application/*", "text/html, application/json;q=0.5",
                       "APPLICATION/JSON", ""):
            with self.subTest(accept):
                answer = client.ask("GET", "/v1/job", headers=["Accept: " + accept])
                self.assertEqual(answer.status, 200)
        for accept in ("text/html", "application/json;q=0", "*/*; q=0.000", "application/jsonp", "text/*"):
            with self.subTest(accept):
                answer = client.ask("GET", "/v1/job", headers=["Accept: " + accept])
                self.problem(answer, 406, "not_acceptable")

    def test_bodies_of_other_kinds(self):
        for line in ("Content-Type: text/csv", "Content-Type: application/jsonx",
                     "Content-Encoding: gzip"):
            with self.subTest(line), self.client() as client:
                client.send("POST /v1/job HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n" + line +
                            "\r\n\r\n{}")
                self.problem(client.answer(), 415, "unsupported_media_type")

    def test_a_body_is_needed(self):
        client = self.client()
        client.send("POST /v1/job HTTP/1.1\r\nHost: x\r\n\r\n")
        self.problem(client.answer(), 411, "length_required")
        self.assertEqual(client.ask("GET", "/livez").status, 200)

    def test_request_ids_are_taken_over_or_made(self):
        for given in ("abc-1._X", "a" * 64):
            answer = self.ask("GET", "/livez", headers=["X-Request-Id: " + given])
            self.assertEqual(answer.headers["x-request-id"], given)
        for given in ("a b", "", "a" * 65, "<script>"):
            answer = self.ask("GET", "/livez", headers=["X-Request-Id: " + given])
            self.assertRegex(answer.headers["x-request-id"], r"^[0-9A-Z]{26}$")

    def test_nothing_says_whose_library_it_is(self):
        self.assertEqual(self.ask("GET", "/livez").headers["server"], "millrace")


class Readiness(unittest.TestCase):
    def test_states_from_start_to_ready_and_back(self):
        server = Server(ready=False)
        with Client(server) as client:
            self.assertEqual(client.ask("GET", "/livez").status, 200)
            self.assertEqual(client.ask("GET", "/readyz").status, 503)
            answer = client.ask("GET", "/v1/job")
            self.assertEqual((answer.status, answer.json["detail"]),
                             (503, "the server is starting"))
            server.tell("ready")
            self.assertEqual(client.ask("GET", "/readyz").json, {"status": "ready"})
            self.assertEqual(client.ask("GET", "/v1/job").status, 200)
            server.tell("unready")
            answer = client.ask("GET", "/readyz")
            self.assertEqual((answer.status, answer.json["detail"]), (503, "the disk is full"))
            self.assertEqual(client.ask("GET", "/v1/job").status, 200)
        self.assertEqual(server.stop(), 0)


class Keys(ServerTest):
    options = {"key": "sesame"}

    def test_all_but_health_is_asked_for_the_key(self):
        for path in ("/livez", "/readyz"):
            self.assertEqual(self.ask("GET", path).status, 200)
        for method, path in (("GET", "/v1/job"), ("GET", "/v1/none"), ("DELETE", "/v1/dags"),
                             ("OPTIONS", "/v1/job"), ("BREW", "/")):
            with self.subTest(method + path):
                answer = self.ask(method, path)
                self.problem(answer, 401, "unauthorized")
                self.assertIn("www-authenticate", answer.headers)

    def test_the_key_opens(self):
        for line in ("X-API-Key: sesame", "apikey: sesame", "Authorization: Bearer sesame"):
            self.assertEqual(self.ask("GET", "/v1/job", headers=[line]).status, 200)
        for line in ("X-API-Key: sesam", "X-API-Key: sesamee", "X-API-Key:", "Authorization: x"):
            self.problem(self.ask("GET", "/v1/job", headers=[line]), 401, "unauthorized")

    def test_a_body_is_not_read_without_the_key(self):
        client = self.client()
        client.send("POST /v1/job HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n")
        self.problem(client.answer(), 401, "unauthorized")


if __name__ == "__main__":
    unittest.main()

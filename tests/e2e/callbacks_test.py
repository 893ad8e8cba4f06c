"""Callbacks: webhooks and commands by the outbox, at least once, whatever the other side does."""

import contextlib
import hashlib
import hmac
import http.server
import json
import os
import socket
import sys
import threading
import unittest

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from project import Project  # noqa: E402

KEY, TOKEN = "the-key-that-signs", "a/token of the path"
QUICK = 'tasks: {a: {use: flow.noop}}\n'


class Receiver:
    """An HTTP server that notes what it gets and answers each path as it is told to."""

    def __init__(self, port=0):
        self.got, self.answers, self.changed = [], {}, threading.Condition()
        self.released = threading.Event()
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.take(self, body)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self.server.daemon_threads = True
        self.port = self.server.server_address[1]
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.02,))
        self.thread.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.released.set()
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()

    def url(self, path):
        return f"http://127.0.0.1:{self.port}{path}"

    def answer(self, path, *statuses):
        """What the next requests to a path get; then 200. 0 hangs until the end."""
        self.answers[path] = list(statuses)

    def take(self, handler, body):
        with self.changed:
            self.got.append((handler.path, dict(handler.headers), body))
            waiting = self.answers.get(handler.path)
            status = waiting.pop(0) if waiting else 200
            self.changed.notify_all()
        if status == 0:
            self.released.wait()
            return
        handler.send_response(status)
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    def of(self, path):
        with self.changed:
            return [(headers, json.loads(body)) for at, headers, body in self.got if at == path]

    def wait(self, path, count=1):
        with self.changed:
            done = self.changed.wait_for(
                lambda: sum(at == path for at, _, _ in self.got) >= count, 60)
        assert done, f"{path} got {len(self.of(path))} requests, not {count}"
        return self.of(path)


class Callbacks(unittest.TestCase):
    def setUp(self):
        self.receiver = self.enterContext(Receiver())
        self.project = self.enterContext(Project(MILLRACE_SECRET_token=TOKEN))
        self.project.write("secrets/key", KEY + "\n")

    def start(self, text, **environment):
        self.project.dag("d", text)
        self.project.start(**environment)
        self.project.wait_for_dag("d")

    def url(self, path):
        return self.receiver.url(path)

    def run_d(self, **params):
        return self.project.run_dag("d", "r", **params)

    def wait_for_log(self, text):
        self.project.wait(lambda: text in self.project.log(), text)

    def test_a_run_and_its_tasks_tell(self):
        self.start(f"""\
on_success: [{{webhook: "{self.url('/run')}"}}]
defaults: {{on_success: [{{webhook: "{self.url('/task')}?of=${{{{ run.id }}}}"}}]}}
params: {{x: {{type: integer, default: 7}}}}
tasks:
  a: {{use: shell.run, with: {{argv: [echo, hello]}}}}
  b: {{use: flow.noop, needs: [a], on_success: null}}
""")
        run, tasks = self.run_d()
        headers, body = self.receiver.wait("/run")[0]
        self.assertEqual(headers["X-Millrace-Event"], "run.success")
        self.assertEqual(headers["Content-Type"], "application/json")
        self.assertNotIn("X-Millrace-Signature", headers)
        self.assertEqual(body, run)
        headers, body = self.receiver.wait("/task?of=r")[0]
        self.assertEqual(headers["X-Millrace-Event"], "task.success")
        self.assertEqual((body.pop("dag"), body.pop("run_id")), ("d", "r"))
        self.assertEqual(body, {k: v for k, v in tasks["a"].items() if k != "attempts"})
        self.wait_for_log("sent kind=webhook event=run.success of=d/r")
        self.assertEqual(len(self.receiver.got), 2)

    def test_failures_and_retries_tell_too(self):
        self.start(f"""\
on_failure: [{{webhook: "{self.url('/run')}"}}]
on_success: [{{webhook: "{self.url('/never')}"}}]
tasks:
  a:
    use: shell.run
    with: {{script: "exit 3"}}
    retries: 1
    retry_delay: 0s
    on_retry: [{{webhook: "{self.url('/retry')}"}}]
    on_failure: [{{webhook: "{self.url('/failure')}"}}]
""")
        self.run_d()
        _, body = self.receiver.wait("/retry")[0]
        self.assertEqual((body["state"], body["attempt"]), ("up_for_retry", 1))
        self.assertIn("3", body["reason"])
        _, body = self.receiver.wait("/failure")[0]
        self.assertEqual((body["state"], body["attempt"]), ("failed", 2))
        _, body = self.receiver.wait("/run")[0]
        self.assertEqual((body["state"], body["counts"]), ("failed", {"failed": 1}))
        self.assertEqual(len(self.receiver.got), 3)

    def test_a_run_that_goes_on_tells(self):
        self.start(f"""\
on_retry: [{{webhook: "{self.url('/again')}"}}]
on_failure: [{{webhook: "{self.url('/failure')}"}}]
tasks: {{a: {{use: flow.fail}}}}
""")
        self.run_d()
        self.receiver.wait("/failure")
        self.project.run("runs", "retry", "d/r", "--failed", check=True)
        _, body = self.receiver.wait("/again")[0]
        self.assertEqual(body["ended_at"], None)
        self.assertEqual(len(self.receiver.wait("/failure", 2)), 2)

    def test_the_body_is_signed(self):
        self.start(f'on_success: [{{webhook: "{self.url("/run")}", secret: key}}]\n' + QUICK)
        self.run_d()
        self.receiver.wait("/run")
        _, headers, body = self.receiver.got[0]
        self.assertEqual(headers["X-Millrace-Signature"],
                         "sha256=" + hmac.new(KEY.encode(), body, hashlib.sha256).hexdigest())

    def test_secrets_reach_the_other_side_and_nobody_else(self):
        self.project.write("secrets/path", "of-a-secret-url")
        self.project.write("take", "#!/bin/sh\nprintf %s \"$1\" > given\nexit 3\n")
        os.chmod(self.project.path("take"), 0o755)
        self.start(f"""\
on_success:
  - {{webhook: "{self.url('/')}${{{{ secrets.path }}}}"}}
  - {{command: [./take, "${{{{ secrets.token }}}}"]}}
  - {{webhook: "http://127.0.0.1:1/${{{{ secrets.path }}}}"}}
  - {{webhook: "{self.url('/')}${{{{ params.p }}}}"}}
params: {{p: {{type: string}}}}
{QUICK}""")
        self.run_d(p="${{ secrets.token }}")
        self.receiver.wait("/of-a-secret-url")
        self.project.wait(lambda: os.path.exists(self.project.path("given")), "the command")
        self.wait_for_log("exited with status 3")
        self.wait_for_log("Could")
        # a parameter is no expression
        self.wait_for_log("blank or a control")
        self.project.stop()
        with open(self.project.path("given"), encoding="utf-8") as file:
            self.assertEqual(file.read(), TOKEN)
        texts = [self.project.log().encode()]
        for folder, _, names in os.walk(self.project.path("state")):
            for name in names:
                with open(os.path.join(folder, name), "rb") as file:
                    texts.append(file.read())
        for text in texts:
            self.assertNotIn(b"of-a-secret-url", text)
            self.assertNotIn(TOKEN.encode(), text)

    def test_a_command_gets_it_on_stdin(self):
        self.project.write("take", """\
#!/bin/sh
echo "$MILLRACE_EVENT $1 ${MILLRACE_SECRET_token-none}" > given
cat >> given
mv given taken
""")
        os.chmod(self.project.path("take"), 0o755)
        self.start('tasks: {a: {use: flow.noop, on_success: [{command: [./take, "${{ tasks.a.state }}"]}]}}\n')
        self.run_d()
        taken = self.project.path("taken")
        self.project.wait(lambda: os.path.exists(taken), "the command")
        with open(taken, encoding="utf-8") as file:
            first, rest = file.readline(), json.load(file)
        self.assertEqual(first, "task.success success none\n")
        self.assertEqual(rest["task"], "a")
        self.wait_for_log("sent kind=command event=task.success of=d/r/a")

    def test_what_fails_first_is_sent_again(self):
        self.receiver.answer("/run", 500, 302)
        self.start(f'on_success: [{{webhook: "{self.url("/run")}"}}]\n' + QUICK)
        self.run_d()
        got = self.receiver.wait("/run", 3)
        self.assertEqual(len({headers["X-Millrace-Delivery"] for headers, _ in got}), 1)
        self.wait_for_log("tries=3")
        self.assertIn("error=it answered with status 500", self.project.log())

    def test_gone_is_gone(self):
        self.receiver.answer("/run", 410)
        self.start(f'on_success: [{{webhook: "{self.url("/run")}"}}]\n' + QUICK)
        self.run_d()
        self.wait_for_log("failed for good kind=webhook event=run.success of=d/r")

    def test_one_that_hangs_keeps_nobody(self):
        with Receiver() as other:
            for i in range(30):
                other.answer(f"/{i}", 0)
            hangs = "".join(f'  - {{webhook: "{other.url(f"/{i}")}"}}\n' for i in range(15))
            self.start(f"""\
on_success:
{hangs}  - {{webhook: "{self.url('/run')}"}}
{QUICK}""")
            run, _ = self.run_d()
            self.assertEqual(run["state"], "success")
            self.receiver.wait("/run")
            self.assertLessEqual(len(other.got), 8)
            self.assertEqual(self.project.stop(), 0)

    def test_what_is_down_gets_it_after_a_restart(self):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        self.start(f'on_success: [{{webhook: "http://127.0.0.1:{port}/run"}}]\n' + QUICK)
        self.run_d()
        self.wait_for_log("trying again")
        self.project.kill()
        with Receiver(port) as receiver:
            self.project.start()
            receiver.wait("/run")

    def test_a_kill_before_or_after_sending_loses_nothing(self):
        for point in ("outbox-before-send", "outbox-after-send"):
            with self.subTest(point=point), Project() as self.project:
                self.start(f'on_success: [{{webhook: "{self.url("/" + point)}"}}]\n' + QUICK,
                           MILLRACE_FAULT=point)
                # the answer may be lost with the server
                with contextlib.suppress(OSError):
                    self.project.trigger("d", "r")
                self.project.wait(lambda: self.project.server.poll() is not None, "its death")
                self.project.kill()
                count = len(self.receiver.of("/" + point))
                self.project.start()
                got = self.receiver.wait("/" + point, count + 1)
                self.assertEqual({body["run_id"] for _, body in got}, {"r"})
                self.assertEqual(len({headers["X-Millrace-Delivery"] for headers, _ in got}), 1)

    def test_a_test_tells_nobody(self):
        self.project.dag("d", f'on_success: [{{webhook: "{self.url("/run")}"}}]\n' + QUICK)
        self.assertEqual(self.project.run("dags", "test", "d").returncode, 0)
        self.assertEqual(self.receiver.got, [])


if __name__ == "__main__":
    unittest.main()

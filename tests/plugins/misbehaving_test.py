"""Plugins that misbehave: the frames, the exit and the log of each are as expected."""
import json
import os
import signal
import socket
import struct
import subprocess
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from processes import is_alive  # noqa: E402
from runner_client import RUNNER, Runner, bad_plugin  # noqa: E402


class Crashes(unittest.TestCase):
    def assert_crash(self, operator, status, log):
        with Runner() as runner:
            runner.start(operator)
            self.assertEqual(runner.rest(), ["started"])
            self.assertEqual(runner.wait() & 0x7f7f, status)
            self.assertIn(log, (runner.log(1) or "") + runner.pipe_rest())

    def test_a_crash_ends_the_wire_without_finished(self):
        self.assert_crash("bad.crash", signal.SIGSEGV, "about to crash")

    def test_exit_in_run_is_a_crash_too(self):
        self.assert_crash("bad.exit_zero", 0, "good bye")

    def test_a_child_does_not_keep_the_wire_of_a_crashed_runner(self):
        with Runner() as runner:
            runner.start("bad.fork_and_crash")
            self.assertEqual(runner.rest(), ["started"])
            self.assertEqual(os.WTERMSIG(runner.wait()), signal.SIGSEGV)
            os.killpg(runner.pid, signal.SIGKILL)

    def test_what_was_queued_behind_a_crash_never_began(self):
        with Runner() as runner:
            runner.start("bad.flood")
            runner.start("bad.crash")
            runner.start("bad.flood")
            self.assertEqual(runner.rest(), ["started", "finished", "started"])


class Misuse(unittest.TestCase):
    def assert_misuse(self, operator, text):
        with Runner() as runner:
            frame = runner.run(operator)
            self.assertEqual(frame["status"], "fail")
            self.assertIn("the plugin broke the contract", frame["reason"])
            self.assertIn(text, frame["reason"])
            self.assertIn(text, runner.log(1))
            self.assertEqual(runner.rest(), [])
            self.assertEqual(os.WTERMSIG(runner.wait()), signal.SIGABRT)

    def test_an_undeclared_parameter(self):
        self.assert_misuse("bad.undeclared_param",
                           "parameter 'colour' is not declared by operator 'undeclared_param'")

    def test_a_parameter_of_another_type(self):
        self.assert_misuse("bad.wrong_type", "parameter 'text' is declared as text")

    def test_an_undeclared_output(self):
        self.assert_misuse("bad.undeclared_output", "'colour' is not declared")

    def test_a_null_pointer(self):
        self.assert_misuse("bad.null_pointer", "param_text(): the name is NULL")

    def test_a_closed_handle(self):
        self.assert_misuse("bad.closed_handle", "object_read(): the object was closed before")

    def test_a_host_call_from_another_thread(self):
        self.assert_misuse("bad.other_thread", "again_after() was called from another thread")

    def test_a_task_that_is_null_is_a_crash(self):
        with Runner() as runner:
            runner.start("bad.null_task")
            self.assertEqual(runner.rest(), ["started"])
            self.assertEqual(os.WTERMSIG(runner.wait()), signal.SIGABRT)
            self.assertIn("set_resume(): the task is NULL",
                          (runner.log(1) or "") + runner.pipe_rest())


class Remains(unittest.TestCase):
    def test_a_process_left_behind_is_killed(self):
        with Runner() as runner:
            frame = runner.run("bad.leave_process")
            self.assertEqual(frame["status"], "ok")
            self.assertFalse(is_alive(frame["outputs"]["pid"]))
            self.assertIn("killed a process that the task left behind", runner.log(1))
            self.assertEqual(runner.run("bad.flood")["status"], "ok")

    def test_a_process_in_another_session_too(self):
        with Runner() as runner:
            frame = runner.run("bad.leave_group")
            self.assertEqual(frame["status"], "ok")
            self.assertFalse(is_alive(frame["outputs"]["pid"]))

    def assert_retires(self, operator, reason):
        with Runner() as runner:
            runner.start(operator)
            runner.start("bad.flood")
            frame = runner.read_until("finished")
            self.assertEqual(frame["status"], "ok")
            self.assertEqual(frame["retire"], reason)
            self.assertNotIn("started", runner.rest())
            self.assertEqual(runner.wait(), 0)

    def test_a_thread_left_behind_retires_the_runner(self):
        self.assert_retires("bad.leave_thread", "a thread was left behind")

    def test_descriptors_left_open_retire_the_runner(self):
        self.assert_retires("bad.leak_fds", "descriptors were left open")

    def test_memory_not_given_back_retires_the_runner(self):
        self.assert_retires("bad.leak_memory", "memory was not given back")

    def test_closing_descriptors_breaks_nothing(self):
        with Runner() as runner:
            self.assertEqual(runner.run("bad.close_fds")["status"], "ok")
            self.assertIn("closed what there was", runner.log(1))

    def test_closing_stdout_breaks_nothing(self):
        with Runner() as runner:
            self.assertEqual(runner.run("bad.close_stdout")["status"], "ok")
            self.assertEqual(runner.run("bad.flood")["status"], "ok")
            self.assertEqual(runner.log(2).count("\n"), 5000)


class Talk(unittest.TestCase):
    def test_frames_on_stdout_are_only_log(self):
        with Runner() as runner:
            frame = runner.run("bad.speak_wire")
            self.assertEqual(frame["status"], "fail")
            self.assertIn('{"type":"finished","attempt":1}', runner.log(1))

    def test_a_flood_is_cut(self):
        with Runner() as runner:
            frame = runner.run("bad.flood", log_cap=100000)
            self.assertEqual(frame["status"], "ok")
            log = runner.log(1)
            self.assertEqual(frame["log_bytes"], len(log))
            self.assertTrue(log.endswith("\n[the log is cut here, at 100000 bytes]\n"))
            self.assertLess(len(log), 100100)

    def test_an_uncut_flood_is_whole_before_finished(self):
        with Runner() as runner:
            frame = runner.run("bad.flood")
            self.assertEqual(frame["log_bytes"], 5000 * 1024)
            self.assertEqual(len(runner.log(1)), 5000 * 1024)

    def test_texts_that_are_not_utf_8_are_mended_and_cut(self):
        with Runner() as runner:
            runner.start("bad.odd_text")
            progress = runner.read_until("progress")
            self.assertEqual(progress["unit"], "?")
            frame = runner.read_until("finished")
            self.assertLessEqual(len(frame["reason"].encode()), 1024)
            self.assertEqual(set(frame["reason"]), {"?"})

    def assert_fails(self, operator, reason):
        with Runner() as runner:
            frame = runner.run(operator)
            self.assertEqual((frame["status"], frame["reason"]), ("fail", reason))
            self.assertNotIn("outputs", frame)

    def test_an_unknown_status_is_a_failure(self):
        self.assert_fails("bad.no_status", "it returned 77, which is no status")

    def test_cancelled_by_nobody_is_a_failure(self):
        self.assert_fails("bad.cancelled_by_nobody",
                          "it returned MR_CANCELLED though nobody cancelled it")

    def test_outputs_over_64_kib_are_refused(self):
        self.assert_fails("bad.big_output",
                          "output 'text': the outputs are over the limit of 65536 bytes")

    def test_a_call_that_comes_later_says_so(self):
        self.assert_fails("bad.later",
                          "restore_open() is not available in this version of Millrace")


class Cancel(unittest.TestCase):
    def test_flag_and_descriptor(self):
        with Runner() as runner:
            attempt = runner.start("bad.polite")
            runner.read_until("progress")
            runner.send(type="cancel", attempt=attempt)
            self.assertEqual(runner.read_until("finished")["status"], "cancelled")
            self.assertEqual(runner.run("bad.no_status")["status"], "fail")
            runner.start("bad.polite")
            runner.read_until("progress")
            runner.send(type="cancel", attempt=runner.attempts)
            self.assertEqual(runner.read_until("finished")["status"], "cancelled")

    def test_children_get_sigterm(self):
        with Runner() as runner:
            attempt = runner.start("bad.wait_for_child")
            runner.read_until("progress")
            runner.send(type="cancel", attempt=attempt)
            frame = runner.read_until("finished")
            self.assertEqual((frame["status"], frame["reason"]),
                             ("cancelled", "the child got signal %d" % signal.SIGTERM))

    def test_a_runner_that_ignores_it_falls_to_sigkill(self):
        with Runner() as runner:
            attempt = runner.start("bad.hang")
            runner.read_until("progress")
            runner.send(type="cancel", attempt=attempt)
            os.kill(runner.pid, signal.SIGTERM)
            os.killpg(runner.pid, signal.SIGKILL)
            self.assertEqual(runner.rest(), [])
            self.assertEqual(os.WTERMSIG(runner.wait()), signal.SIGKILL)

    def test_a_hanging_runner_dies_with_its_server(self):
        with Runner(grace_ms=100) as runner:
            runner.start("bad.hang")
            runner.read_until("progress")
            runner.stream.shutdown(2)
            self.assertEqual(os.WTERMSIG(runner.wait()), signal.SIGKILL)

    def test_an_idle_runner_ends_with_its_server(self):
        with Runner() as runner:
            self.assertEqual(runner.run("bad.no_status")["status"], "fail")
            runner.stream.shutdown(2)
            self.assertEqual(runner.wait(), 0)

    def test_what_has_not_begun_is_given_back(self):
        with Runner() as runner:
            first = runner.start("bad.polite")
            second = runner.start("bad.flood")
            third = runner.start("bad.flood")
            runner.read_until("progress")
            runner.send(type="recall", attempts=[first, third, 99])
            self.assertEqual(runner.read_until("recalled")["attempts"], [third])
            runner.send(type="cancel", attempt=second)
            self.assertEqual(runner.read_until("recalled")["attempts"], [second])
            runner.send(type="cancel", attempt=first)
            self.assertEqual(runner.read_until("finished")["attempt"], first)
            self.assertEqual(runner.run("bad.flood")["status"], "ok")

    def test_alive_says_what_runs(self):
        with Runner(alive_ms=20) as runner:
            self.assertEqual(runner.read_until("alive")["attempt"], 0)
            attempt = runner.start("bad.polite")
            runner.read_until("progress")
            self.assertEqual(runner.read_until("alive")["attempt"], attempt)


class Frames(unittest.TestCase):
    def test_a_broken_wire_ends_the_runner(self):
        with Runner() as runner:
            runner.stream.sendall(struct.pack(">I", 5) + b"hello")
            self.assertEqual(runner.rest(), [])
            self.assertEqual(runner.wait(), 0)

    def test_without_a_wire_it_says_how_it_is_started(self):
        done = subprocess.run(RUNNER, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              check=False)
        self.assertEqual(done.returncode, 2)
        self.assertIn("a runner is started by 'millrace serve'", done.stderr)


class Attempts(unittest.TestCase):
    def test_a_silent_attempt_leaves_no_log(self):
        with Runner() as runner:
            frame = runner.run("good.noop")
            self.assertEqual((frame["status"], frame["log_bytes"]), ("ok", 0))
            self.assertIsNone(runner.log(1))
            self.assertNotIn("retire", frame)

    def test_many_in_a_row(self):
        with Runner() as runner:
            for _ in range(64):
                runner.start("good.noop")
            for attempt in range(1, 65):
                self.assertEqual(runner.read_until("finished")["attempt"], attempt)

    def test_an_operator_that_is_not_warm_gets_one_process(self):
        with Runner() as runner:
            frame = runner.run("good.cold")
            self.assertEqual(frame["retire"], "the operator wants a fresh process")
            self.assertEqual(runner.rest(), [])
            self.assertEqual(runner.wait(), 0)

    def test_parameters_and_info(self):
        with Runner() as runner:
            frame = runner.run("good.echo", {"integer": 3, "real": 2, "boolean": True,
                                             "columns": ["a"]}, number=2, map_index=5)
            self.assertEqual(frame["outputs"], {"json": ["a"]})
            self.assertIn("info  text=fallback integer=3 real=2 boolean=1 columns=[\"a\"]",
                          runner.log(1))
            self.assertIn("warn  dag=d run=r task=t map=5 attempt=2", runner.log(1))

    def test_null_and_empty_columns_are_not_given(self):
        with Runner() as runner:
            frame = runner.run("good.echo", {"text": None, "columns": []})
            self.assertEqual(frame["outputs"], {"json": None})
            self.assertIn("text=fallback integer=-1 real=0.5 boolean=-1", runner.log(1))

    def test_parameters_that_do_not_fit(self):
        for operator, params, reason in (
                ("good.echo", {"integer": 1.5}, "parameter 'integer' must be of type int, not a number"),
                ("good.echo", {"text": 5}, "parameter 'text' must be of type text, not an integer"),
                ("good.echo", {"boolean": "yes"}, "parameter 'boolean' must be of type bool, not text"),
                ("good.echo", {"nope": 1}, "operator 'good.echo' has no parameter 'nope'"),
                ("good.need", {}, "parameter 'needed' is required"),
                ("good.need", {"needed": None}, "parameter 'needed' is required"),
                ("good.nothing", {}, "has no operator 'good.nothing'")):
            with self.subTest(operator=operator, params=params), Runner() as runner:
                frame = runner.run(operator, params)
                self.assertEqual(frame["status"], "fail")
                self.assertIn(reason, frame["reason"])

    def test_large_parameters_come_by_descriptor(self):
        with Runner() as runner:
            text = "x" * 3000000
            whole = json.dumps({
                "type": "start", "attempt": 1, "fence": 7, "operator": "good.echo",
                "plugin": bad_plugin("good"), "params": {"columns": [len(text)], "text": text},
                "log": runner.log_path(1), "log_cap": 4000000, "timeout_ms": 0, "dag": "d",
                "run_id": "r", "task": "t", "map_index": -1, "number": 1, "logical_us": 0,
                "interval_start_us": 0, "interval_end_us": 0}).encode()
            fd = os.memfd_create("start")
            os.write(fd, whole)
            frame = json.dumps({"type": "large", "size": len(whole)}).encode()
            socket.send_fds(runner.stream, [struct.pack(">I", len(frame)) + frame], [fd])
            os.close(fd)
            self.assertEqual(runner.read_until("finished")["outputs"], {"json": [3000000]})
            runner.attempts = 1
            runner.start("good.noop")
            self.assertEqual(runner.read_until("finished")["attempt"], 2)

    def test_again_keeps_what_was_left(self):
        with Runner() as runner:
            frame = runner.run("good.again")
            self.assertEqual((frame["status"], frame["reason"]), ("again", "not there yet"))
            self.assertEqual((frame["again_after_ms"], frame["resume"]), (1500, "1"))
            frame = runner.run("good.again", resume="1")
            self.assertEqual((frame["status"], frame["resume"]), ("again", "2"))
            self.assertEqual(runner.run("good.again", resume="2")["status"], "ok")

    def test_skip_and_retry(self):
        with Runner() as runner:
            frame = runner.run("good.skip")
            self.assertEqual((frame["status"], frame["reason"]), ("skip", "nothing to do"))
            frame = runner.run("good.retry")
            self.assertEqual((frame["status"], frame["reason"]), ("retry", "come back"))

    def test_secrets_are_masked(self):
        with Runner() as runner:
            runner.start("good.tell_secret", secrets=["hunter22"])
            request = runner.read_until("request")
            self.assertEqual((request["what"], request["name"]), ("secret", "token"))
            runner.send(type="reply", id=request["id"], value="t0ps3cret")
            self.assertEqual(runner.read_until("finished")["status"], "ok")
            log = runner.log(1)
            self.assertIn("the token is ***", log)
            self.assertEqual(log.count("***"), 3)
            self.assertNotIn("t0ps3cret", log)
            self.assertNotIn("hunter22", log)

    def test_an_unknown_secret_fails_the_call(self):
        with Runner() as runner:
            runner.start("good.tell_secret")
            request = runner.read_until("request")
            runner.send(type="reply", id=request["id"], error="there is no secret 'token'")
            frame = runner.read_until("finished")
            self.assertEqual((frame["status"], frame["reason"]),
                             ("fail", "there is no secret 'token'"))

    def test_the_temp_dir_is_removed(self):
        with Runner() as runner:
            path = runner.run("good.use_temp_dir")["outputs"]["json"]
            self.assertTrue(path.startswith(runner.folder))
            self.assertFalse(os.path.exists(path))

    def test_objects_stream(self):
        with Runner() as runner:
            frame = runner.run("good.stream_object")
            self.assertEqual((frame["status"], frame.get("reason")), ("ok", None))

    def test_a_target_that_exists_is_enough(self):
        with Runner() as runner:
            runner.run("good.stream_object")
            frame = runner.run("good.retry", target="objects://good/a/b")
            self.assertEqual((frame["status"], frame["reason"]),
                             ("ok", "target 'objects://good/a/b' exists already"))
            self.assertEqual(runner.run("good.retry", target="objects://good/no")["status"], "retry")


class Described(unittest.TestCase):
    def describe(self, *names):
        done = subprocess.run(RUNNER + ["--describe"] + [bad_plugin(name) for name in names],
                              capture_output=True, check=False)
        return done.returncode, json.loads(done.stdout) if done.stdout else None

    def test_files_that_cannot_be_used(self):
        for name, text in (
                ("old_abi", "built for plugin ABI 0.9, this Millrace has 1.0: build it again"),
                ("new_abi", "built for plugin ABI 1.99, this Millrace has 1.0: update Millrace"),
                ("next_abi", "built for plugin ABI 2.0, this Millrace has 1.0: update Millrace"),
                ("wrong_size", "struct sizes do not belong to plugin ABI 1.0"),
                ("wrong_name", "it calls itself 'other': the file must be 'other.so'"),
                ("no_entry", "it has no mr_plugin_entry()"),
                ("bad_fallback", "the fallback of parameter 'count' is not of type int"),
                ("not_there", "it cannot be loaded")):
            with self.subTest(name=name):
                status, (entry,) = self.describe(name)
                self.assertEqual(status, 0)
                self.assertEqual(entry["plugin"], name)
                self.assertIn(text, entry["error"])
                self.assertEqual(entry["operators"], [])
                with Runner() as runner:
                    frame = runner.run(name + ".run")
                    self.assertEqual(frame["status"], "fail")
                    self.assertIn(text, frame["reason"])

    def test_one_bad_file_among_good_ones(self):
        status, entries = self.describe("good", "old_abi", "bad")
        self.assertEqual(status, 0)
        self.assertEqual(["error" in entry for entry in entries], [False, True, False])
        echo = next(op for op in entries[0]["operators"] if op["name"] == "echo")
        self.assertEqual(echo["flags"], ["warm"])
        self.assertEqual(echo["params"][2], {"name": "real", "type": "float", "required": False,
                                             "default": 0.5, "help": "any number"})
        self.assertEqual(echo["outputs"], [{"name": "json", "type": "json", "help": "anything"}])
        self.assertEqual(entries[0]["abi"], {"major": 1, "minor": 0})

    def test_a_crash_takes_the_process_with_it(self):
        status, entries = self.describe("good", "crash_entry")
        self.assertEqual(status, -signal.SIGSEGV)
        self.assertIsNone(entries)


if __name__ == "__main__":
    unittest.main()

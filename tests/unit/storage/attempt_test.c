/* attempt_test.c - the metadata database: attempts, outputs, and what stands around runs */
#include <check.h>
#include <string.h>

#include "storage/repo/command_repo.h"
#include "storage/repo/dag_repo.h"
#include "storage/repo/event_repo.h"
#include "storage/repo/lease_repo.h"
#include "storage/repo/outbox_repo.h"
#include "storage/repo/output_repo.h"
#include "storage/repo/pool_repo.h"
#include "tests/suite.h"
#include "tests/unit/storage/ledger.h"

START_TEST(an_attempt_goes_from_claim_to_end)
{
	struct attempt_repo_row row = a_claim(1, 1, 3), got;

	add_run(1, "d", "r");
	add_task(1, 1, "t");
	OK(attempt_repo_insert(db, &row, &err));
	row.pid = 4711;
	row.pid_started = 99;
	row.boot_id = "boot";
	row.started_at_us = 6;
	OK(attempt_repo_start(db, &row, &err));
	row.state = "failed";
	row.cause = "task";
	row.reason = "no";
	row.exit = "signal 9";
	row.used_us = 10;
	row.log_bytes = 20;
	row.ended_at_us = 7;
	OK(attempt_repo_finish(db, &row, &err));
	ck_assert_int_eq(attempt_repo_get(db, 1, &arena, &got, &err), 1);
	ck_assert_str_eq(got.state, "failed");
	ck_assert_str_eq(got.worker, "local");
	ck_assert_str_eq(got.exit, "signal 9");
	ck_assert_str_eq(got.boot_id, "boot");
	ck_assert_int_eq(got.pid, 4711);
	ck_assert_int_eq(got.claimed_at_us + got.started_at_us + got.ended_at_us, 18);
}
END_TEST

START_TEST(a_stale_writer_is_told)
{
	struct attempt_repo_row row = a_claim(1, 1, 3);

	add_run(1, "d", "r");
	add_task(1, 1, "t");
	OK(attempt_repo_insert(db, &row, &err));
	row.fence = 2;
	row.state = "succeeded";
	ck_assert_int_eq(attempt_repo_start(db, &row, &err), -1);
	ck_assert_int_eq(err.code, ERR_STALE);
	ck_assert_int_eq(attempt_repo_finish(db, &row, &err), -1);
	ck_assert_int_eq(err.code, ERR_STALE);
	row.fence = 3;
	OK(attempt_repo_finish(db, &row, &err)); /* it may end without having been seen to start */
	ck_assert_int_eq(attempt_repo_finish(db, &row, &err), -1);
	ck_assert_int_eq(err.code, ERR_STALE);
	ck_assert_int_eq(attempt_repo_start(db, &row, &err), -1);
	ck_assert_int_eq(attempt_repo_claim_again(db, &row, &err), -1);
}
END_TEST

START_TEST(an_attempt_that_goes_on_keeps_its_number_and_first_start)
{
	struct attempt_repo_row row = a_claim(1, 1, 3), got;
	struct attempt_repo_rows rows;

	add_run(1, "d", "r");
	add_task(1, 1, "t");
	OK(attempt_repo_insert(db, &row, &err));
	row.started_at_us = 6;
	OK(attempt_repo_start(db, &row, &err));
	row.state = "again";
	row.resume = "page 7";
	row.ended_at_us = 7;
	OK(attempt_repo_finish(db, &row, &err));
	row.fence = 4;
	OK(attempt_repo_claim_again(db, &row, &err));
	row.started_at_us = 8;
	OK(attempt_repo_start(db, &row, &err));
	OK(attempt_repo_get(db, 1, &arena, &got, &err));
	ck_assert_int_eq(got.fence, 4);
	ck_assert_int_eq(got.started_at_us, 6);
	ck_assert_int_eq(got.ended_at_us, 0);
	ck_assert_str_eq(got.resume, "page 7");
	OK(attempt_repo_list(db, 1, &arena, &rows, &err));
	ck_assert_int_eq(rows.count, 1);
	OK(attempt_repo_of_run(db, 1, &arena, &rows, &err));
	ck_assert_int_eq(rows.count, 1);
}
END_TEST

START_TEST(outputs_are_seen_of_the_latest_attempt_once_it_has_succeeded)
{
	const struct attempt_repo_row claims[] = {a_claim(1, 1, 1), a_claim(2, 1, 2)};
	const struct output_repo_row puts[] = {
		{.attempt = 1, .key = "rows", .value = "1"},
		{.attempt = 2, .key = "rows", .value = "2"},
		{.attempt = 2, .key = "rows", .value = "3"},
		{.attempt = 2, .key = "name", .value = "\"x\""},
	};
	struct output_repo_rows rows;

	add_run(1, "d", "r");
	add_task(1, 1, "t");
	for (size_t i = 0; i < countof(claims); i++)
		OK(attempt_repo_insert(db, &claims[i], &err));
	for (size_t i = 0; i < countof(puts); i++)
		OK(output_repo_put(db, &puts[i], &err));
	set_task(1, "running", 2);
	OK(output_repo_of_run(db, 1, &arena, &rows, &err));
	ck_assert_int_eq(rows.count, 0);
	set_task(1, "success", 2);
	OK(output_repo_of_run(db, 1, &arena, &rows, &err));
	ck_assert_int_eq(rows.count, 2);
	ck_assert_str_eq(rows.items[0].key, "name");
	ck_assert_str_eq(rows.items[1].value, "3");
	ck_assert_str_eq(rows.items[1].task, "t");
	ck_assert_int_eq(rows.items[1].map_index, -1);
	OK(output_repo_list(db, 1, &arena, &rows, &err));
	ck_assert_int_eq(rows.count, 1);
}
END_TEST

START_TEST(a_lease_lets_one_leader_store_each_batch_once)
{
	struct lease_repo_claim second = {"second", "b", LEASE_REPO_ANY, 2};
	struct lease_repo_lease old, leader;

	OK(lease_repo_take(db, &(struct lease_repo_claim){"first", "a", 0, 1}, &old, &err));
	OK(db_begin(db, DB_WRITE, &err));
	ck_assert_int_eq(lease_repo_advance(db, &old, &err), 0);
	OK(db_commit(db, &err));
	/* the commit's answer was lost: it asks again */
	OK(db_begin(db, DB_WRITE, &err));
	ck_assert_int_eq(lease_repo_advance(db, &old, &err), 1);
	db_rollback(db);
	old.batch++;
	ck_assert_int_eq(lease_repo_advance(db, &old, &err), 0);
	OK(lease_repo_take(db, &second, &leader, &err));
	ck_assert_int_eq(leader.epoch, old.epoch + 1);
	ck_assert_int_eq(lease_repo_advance(db, &old, &err), -1);
	ck_assert_int_eq(err.code, ERR_STALE);
	ck_assert_ptr_nonnull(strstr(err.text, "'second'"));
	ck_assert_int_eq(lease_repo_advance(db, &leader, &err), 0);
	leader.batch = 7;
	ck_assert_int_eq(lease_repo_advance(db, &leader, &err), -1);
	ck_assert_int_eq(err.code, ERR_INTERNAL);
}
END_TEST

START_TEST(a_lease_shows_whether_its_leader_lives)
{
	struct lease_repo_claim claim = {"first", "a", 0, 1};
	struct lease_repo_lease old, leader;
	struct lease_repo_row before, row;

	ck_assert_int_eq(lease_repo_read(db, &row, &err), 0);
	OK(lease_repo_take(db, &claim, &old, &err));
	ck_assert_int_eq(lease_repo_read(db, &before, &err), 1);
	ck_assert_str_eq(before.holder, "first");
	ck_assert_str_eq(before.home, "a");
	OK(lease_repo_touch(db, &old, &err));
	ck_assert_int_eq(lease_repo_read(db, &row, &err), 1);
	ck_assert_int_ne(row.beat, before.beat);
	/* two want it, who have both seen the same */
	claim = (struct lease_repo_claim){"second", "b", row.epoch, 2};
	OK(lease_repo_take(db, &claim, &leader, &err));
	ck_assert_int_eq(lease_repo_take(db, &claim, &old, &err), -1);
	ck_assert_int_eq(err.code, ERR_STALE);
	ck_assert_int_eq(lease_repo_touch(db, &old, &err), -1);
	ck_assert_int_eq(err.code, ERR_STALE);
	OK(lease_repo_leave(db, &old, &err));
	ck_assert_int_eq(lease_repo_read(db, &row, &err), 1);
	ck_assert_str_eq(row.home, "b");
	OK(lease_repo_leave(db, &leader, &err));
	ck_assert_int_eq(lease_repo_read(db, &row, &err), 1);
	ck_assert_str_eq(row.home, "");
}
END_TEST

START_TEST(a_dag_keeps_its_pause_when_its_file_changes)
{
	struct dag_repo_row row = {.dag = "d", .file = "dags/d.yaml", .hash = "1", .seen_at_us = 5};
	struct dag_repo_version version = {
		.hash = "1", .dag = "d", .definition = "{}", .created_at_us = 5};
	struct dag_repo_row got;
	struct dag_repo_rows rows;

	OK(dag_repo_put(db, &row, &err));
	OK(dag_repo_set_paused(db, "d", 1, &err));
	row.hash = "2";
	row.seen_at_us = 9;
	OK(dag_repo_put(db, &row, &err));
	ck_assert_int_eq(dag_repo_get(db, "d", &arena, &got, &err), 1);
	ck_assert_int_eq(got.is_paused, 1);
	ck_assert_str_eq(got.hash, "2");
	ck_assert_int_eq(got.seen_at_us, 5);
	ck_assert_int_eq(dag_repo_set_paused(db, "nobody", 1, &err), -1);
	ck_assert_int_eq(err.code, ERR_NOT_FOUND);
	row.dag = "a";
	OK(dag_repo_put(db, &row, &err));
	OK(dag_repo_list(db, &arena, &rows, &err));
	ck_assert_int_eq(rows.count, 2);
	ck_assert_str_eq(rows.items[0].dag, "a");
	OK(dag_repo_put_version(db, &version, &err));
	version.definition = "{\"other\":1}";
	OK(dag_repo_put_version(db, &version, &err));
	ck_assert_int_eq(dag_repo_get_version(db, "1", &arena, &version, &err), 1);
	ck_assert_str_eq(version.definition, "{}");
	ck_assert_int_eq(dag_repo_get_version(db, "2", &arena, &version, &err), 0);
}
END_TEST

START_TEST(a_command_is_carried_out_once)
{
	struct command_repo_row row = {.id = 1,
	                               .kind = "cancel",
	                               .args = "{}",
	                               .by = "ann",
	                               .state = "pending",
	                               .created_at_us = 1};
	struct command_repo_rows rows;

	OK(command_repo_insert(db, &row, &err));
	row.id = 2;
	OK(command_repo_insert(db, &row, &err));
	OK(command_repo_pending(db, &arena, &rows, &err));
	ck_assert_int_eq(rows.count, 2);
	ck_assert_str_eq(rows.items[0].by, "ann");
	row = (struct command_repo_row){
		.id = 1, .state = "refused", .result = "no", .ended_at_us = 3};
	OK(command_repo_finish(db, &row, &err));
	ck_assert_int_eq(command_repo_finish(db, &row, &err), -1);
	ck_assert_int_eq(err.code, ERR_STALE);
	OK(command_repo_pending(db, &arena, &rows, &err));
	ck_assert_int_eq(rows.count, 1);
	ck_assert_int_eq(rows.items[0].id, 2);
}
END_TEST

START_TEST(pools_are_set_and_removed)
{
	struct pool_repo_row row = {.pool = "database", .slots = 3};
	struct pool_repo_rows rows;

	OK(pool_repo_put(db, &row, &err));
	row.slots = 5;
	OK(pool_repo_put(db, &row, &err));
	OK(pool_repo_list(db, &arena, &rows, &err));
	ck_assert_int_eq(rows.count, 1);
	ck_assert_int_eq(rows.items[0].slots, 5);
	OK(pool_repo_remove(db, "database", &err));
	OK(pool_repo_remove(db, "database", &err));
	OK(pool_repo_list(db, &arena, &rows, &err));
	ck_assert_int_eq(rows.count, 0);
}
END_TEST

START_TEST(events_are_numbered_on_and_on)
{
	struct event_repo_row row = {.kind = "task", .dag = "d", .run = 1, .state = "running"};
	struct event_repo_rows rows;
	int64_t last = -1;

	OK(event_repo_last(db, &last, &err));
	ck_assert_int_eq(last, 0);
	for (row.at_us = 1; row.at_us <= 5; row.at_us++)
		OK(event_repo_add(db, &row, &err));
	OK(event_repo_after(db, 2, 2, &arena, &rows, &err));
	ck_assert_int_eq(rows.count, 2);
	ck_assert_int_eq(rows.items[0].seq, 3);
	ck_assert_int_eq(rows.items[0].run, 1);
	ck_assert_int_eq(rows.items[0].task_instance, 0);
	OK(event_repo_trim(db, 1000, &err));
	OK(event_repo_add(db, &row, &err));
	OK(event_repo_last(db, &last, &err));
	ck_assert_int_eq(last, 6);
	OK(event_repo_after(db, 0, 10, &arena, &rows, &err));
	ck_assert_int_eq(rows.count, 2);
}
END_TEST

START_TEST(messages_wait_until_they_are_due)
{
	struct outbox_repo_wanted all = {.now_us = 20, .limit = 10};
	struct outbox_repo_wanted others = {.now_us = 20, .busy = {"h1"}, .limit = 10};
	struct outbox_repo_row row = {.kind = "webhook", .target = "{}", .state = "pending"};
	struct outbox_repo_rows rows;
	int64_t due_us = -1;

	row.body = "{\"a\": 1}";
	for (row.due_at_us = 30; row.due_at_us >= 10; row.due_at_us -= 10) {
		row.place = row.due_at_us == 10 ? "h2" : "h1";
		OK(outbox_repo_add(db, &row, &err));
	}
	OK(outbox_repo_due(db, &all, &arena, &rows, &err));
	ck_assert_int_eq(rows.count, 2);
	ck_assert_int_eq(rows.items[0].due_at_us, 10);
	ck_assert_str_eq(rows.items[0].body, "{\"a\": 1}");
	OK(outbox_repo_due(db, &others, &arena, &rows, &err));
	ck_assert_int_eq(rows.count, 1);
	ck_assert_str_eq(rows.items[0].place, "h2");
	OK(outbox_repo_next_due(db, 20, &due_us, &err));
	ck_assert_int_eq(due_us, 30);
	OK(outbox_repo_next_due(db, 30, &due_us, &err));
	ck_assert_int_eq(due_us, 0);

	row = rows.items[0];
	row.due_at_us = 90;
	row.tries = 1;
	row.reason = "no";
	OK(outbox_repo_update(db, &row, &err));
	others.now_us = 90;
	OK(outbox_repo_due(db, &others, &arena, &rows, &err));
	ck_assert_int_eq(rows.items[0].tries, 1);
	ck_assert_str_eq(rows.items[0].reason, "no");
	ck_assert_str_eq(rows.items[0].body, "{\"a\": 1}");
	row.state = "sent";
	row.ended_at_us = 91;
	OK(outbox_repo_update(db, &row, &err));
	OK(outbox_repo_due(db, &others, &arena, &rows, &err));
	ck_assert_int_eq(rows.count, 0);
	OK(outbox_repo_trim(db, 1000, &err));
	all = (struct outbox_repo_wanted){.now_us = 90, .limit = 1};
	OK(outbox_repo_due(db, &all, &arena, &rows, &err));
	ck_assert_int_eq(rows.count, 1);
}
END_TEST

int main(int argc, char **argv)
{
	TCase *cases = place_cases(argc, argv);

	tcase_add_checked_fixture(cases, ledger_open, ledger_close);
	tcase_add_test(cases, an_attempt_goes_from_claim_to_end);
	tcase_add_test(cases, a_stale_writer_is_told);
	tcase_add_test(cases, an_attempt_that_goes_on_keeps_its_number_and_first_start);
	tcase_add_test(cases, outputs_are_seen_of_the_latest_attempt_once_it_has_succeeded);
	tcase_add_test(cases, a_lease_lets_one_leader_store_each_batch_once);
	tcase_add_test(cases, a_lease_shows_whether_its_leader_lives);
	tcase_add_test(cases, a_dag_keeps_its_pause_when_its_file_changes);
	tcase_add_test(cases, a_command_is_carried_out_once);
	tcase_add_test(cases, pools_are_set_and_removed);
	tcase_add_test(cases, events_are_numbered_on_and_on);
	tcase_add_test(cases, messages_wait_until_they_are_due);
	tcase_set_timeout(cases, 60);
	return suite_run("attempts", cases);
}

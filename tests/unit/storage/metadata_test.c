/* metadata_test.c - the metadata database: its versions, runs and task instances */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "storage/repo/schedule_repo.h"
#include "tests/suite.h"
#include "tests/unit/storage/ledger.h"

START_TEST(migrating_again_changes_nothing)
{
	struct db *other = place_open(&place);

	add_run(1, "d", "r");
	OK(metadata_migrate(db, 2, &err));
	OK(metadata_migrate(other, 2, &err));
	ck_assert_int_eq(run_repo_get(db, 1, &arena, &(struct run_repo_row){0}, &err), 1);
	db_close(other);
}
END_TEST

START_TEST(a_newer_schema_is_refused)
{
	OK(db_exec(db, "INSERT INTO migration VALUES (99, 'later', 'x', 1)", &err));
	ck_assert_int_eq(metadata_migrate(db, 2, &err), -1);
	ck_assert_int_eq(err.code, ERR_CONFLICT);
	ck_assert_ptr_nonnull(strstr(err.text, "version 99"));
}
END_TEST

START_TEST(a_step_with_another_checksum_is_damage)
{
	OK(db_exec(db, "UPDATE migration SET checksum = 'x'", &err));
	ck_assert_int_eq(metadata_migrate(db, 2, &err), -1);
	ck_assert_int_eq(err.code, ERR_DAMAGED);
}
END_TEST

START_TEST(ids_go_on_behind_the_highest)
{
	struct metadata_ids ids;

	OK(metadata_next_ids(db, &ids, &err));
	ck_assert_int_eq(ids.run + ids.task + ids.attempt + ids.command, 4);
	add_run(7, "d", "r");
	add_task(20, 7, "t");
	OK(metadata_next_ids(db, &ids, &err));
	ck_assert_int_eq(ids.run, 8);
	ck_assert_int_eq(ids.task, 21);
	ck_assert_int_eq(ids.attempt, 1);
}
END_TEST

START_TEST(a_run_comes_back_as_it_went)
{
	struct run_repo_row row = a_run(1, "load", "scheduled__x"), got;

	row.has = RUN_REPO_HAS_LOGICAL | RUN_REPO_HAS_INTERVAL;
	row.logical_at_us = 0; /* the epoch itself */
	row.interval_start_us = -5;
	row.interval_end_us = 5;
	row.params = "{\"a\":1}";
	row.triggered_by = "ann";
	row.note = "why not";
	row.idempotency_key = "k";
	row.object = "objects://a/b";
	row.reason = "paused";
	OK(run_repo_insert(db, &row, &err));
	ck_assert_int_eq(run_repo_by_name(db, "load", "scheduled__x", &arena, &got, &err), 1);
	ck_assert_int_eq(got.id, 1);
	ck_assert_int_eq(got.has, row.has);
	ck_assert_int_eq(got.logical_at_us, 0);
	ck_assert_int_eq(got.interval_start_us, -5);
	ck_assert_int_eq(got.interval_end_us, 5);
	ck_assert_int_eq(got.queued_at_us, 1001);
	ck_assert_int_eq(got.started_at_us, 0);
	ck_assert_str_eq(got.params, row.params);
	ck_assert_str_eq(got.triggered_by, "ann");
	ck_assert_str_eq(got.note, "why not");
	ck_assert_str_eq(got.object, "objects://a/b");
	ck_assert_str_eq(got.reason, "paused");
	ck_assert_ptr_null(got.cause);
	ck_assert_ptr_null(got.counts);
	ck_assert_int_eq(run_repo_by_key(db, "load", "k", &arena, &got, &err), 1);
	ck_assert_int_eq(run_repo_by_key(db, "other", "k", &arena, &got, &err), 0);
	OK(run_repo_set_note(db, 1, NULL, &err));
	ck_assert_int_eq(run_repo_get(db, 1, &arena, &got, &err), 1);
	ck_assert_ptr_null(got.note);
}
END_TEST

static const struct {
	const char *dag, *run_id, *key, *text;
	int64_t logical;
} twins[] = {
	{"d", "r", NULL, "run 'r' of DAG 'd' exists already", 8},
	{"d", "s", NULL, "logical date", 7},
	{"d", "s", "k", "idempotency key", 8},
};

START_TEST(a_second_run_of_one_name_date_or_key_is_refused)
{
	struct run_repo_row row = a_run(1, "d", "r");

	row.idempotency_key = "k";
	row.has = RUN_REPO_HAS_LOGICAL;
	row.logical_at_us = 7;
	OK(run_repo_insert(db, &row, &err));
	row = a_run(2, twins[_i].dag, twins[_i].run_id);
	row.idempotency_key = twins[_i].key;
	row.has = RUN_REPO_HAS_LOGICAL;
	row.logical_at_us = twins[_i].logical;
	ck_assert_int_eq(run_repo_insert(db, &row, &err), -1);
	ck_assert_int_eq(err.code, ERR_DUPLICATE);
	ck_assert_msg(strstr(err.text, twins[_i].text) != NULL, "%s", err.text);
	row.dag = "another";
	OK(run_repo_insert(db, &row, &err));
}
END_TEST

START_TEST(runs_without_date_and_key_do_not_collide)
{
	add_run(1, "d", "a");
	add_run(2, "d", "b");
	add_run(3, "e", "a");
}
END_TEST

START_TEST(runs_are_listed_newest_first_page_by_page)
{
	struct run_repo_filter filter = {.dag = "d", .limit = 2};
	struct run_repo_rows rows;
	struct run_repo_row row = {.id = 5, .state = "success"};
	char name[8];

	for (int64_t id = 1; id <= 6; id++) {
		snprintf(name, sizeof(name), "r%d", (int)id);
		add_run(id, id == 3 ? "other" : "d", name);
	}
	OK(run_repo_update(db, &row, &err));
	OK(run_repo_list(db, &filter, &arena, &rows, &err));
	ck_assert_int_eq(rows.count, 2);
	ck_assert_int_eq(rows.items[0].id, 6);
	ck_assert_int_eq(rows.items[1].id, 5);
	filter.before_id = 5;
	OK(run_repo_list(db, &filter, &arena, &rows, &err));
	ck_assert_int_eq(rows.items[0].id, 4);
	ck_assert_int_eq(rows.items[1].id, 2);
	filter = (struct run_repo_filter){.state = "success", .type = "manual", .limit = 10};
	OK(run_repo_list(db, &filter, &arena, &rows, &err));
	ck_assert_int_eq(rows.count, 1);
	ck_assert_str_eq(rows.items[0].run_id, "r5");
	filter = (struct run_repo_filter){.type = "backfill", .limit = 10};
	OK(run_repo_list(db, &filter, &arena, &rows, &err));
	ck_assert_int_eq(rows.count, 0);
}
END_TEST

START_TEST(a_run_id_may_belong_to_several_dags)
{
	struct run_repo_rows rows;

	add_run(1, "b", "r");
	add_run(2, "a", "r");
	add_run(3, "a", "s");
	OK(run_repo_find(db, "r", &arena, &rows, &err));
	ck_assert_int_eq(rows.count, 2);
	ck_assert_str_eq(rows.items[0].dag, "a");
	OK(run_repo_find(db, "nobody", &arena, &rows, &err));
	ck_assert_int_eq(rows.count, 0);
}
END_TEST

START_TEST(a_run_keeps_its_counts_when_it_ends_and_drops_them_when_it_goes_on)
{
	struct run_repo_row row = {.id = 1, .state = "running", .started_at_us = 10}, got;

	add_run(1, "d", "r");
	add_task(1, 1, "a");
	add_task(2, 1, "b");
	add_task(3, 1, "c");
	OK(run_repo_update(db, &row, &err));
	set_task(1, "success", 0);
	set_task(2, "success", 0);
	set_task(3, "failed", 0);
	row = (struct run_repo_row){.id = 1, .state = "failed", .cause = "task", .ended_at_us = 20};
	OK(run_repo_update(db, &row, &err));
	OK(run_repo_get(db, 1, &arena, &got, &err));
	ck_assert_str_eq(got.counts, "{\"failed\":1,\"success\":2}");
	ck_assert_int_eq(got.started_at_us, 10);
	ck_assert_int_eq(got.ended_at_us, 20);
	row = (struct run_repo_row){.id = 1, .state = "running", .ended_at_us = METADATA_CLEAR};
	OK(run_repo_update(db, &row, &err));
	OK(run_repo_get(db, 1, &arena, &got, &err));
	ck_assert_ptr_null(got.counts);
	ck_assert_int_eq(got.ended_at_us, 0);
	ck_assert_int_eq(got.started_at_us, 10);
	row.id = 2;
	ck_assert_int_eq(run_repo_update(db, &row, &err), -1);
	ck_assert_int_eq(err.code, ERR_STALE);
}
END_TEST

START_TEST(a_restart_finds_what_has_not_ended)
{
	struct run_repo_rows runs;
	struct task_repo_rows tasks;
	struct attempt_repo_rows attempts;
	const struct run_repo_row ended = {.id = 1, .state = "success", .ended_at_us = 9};
	const struct attempt_repo_row claims[] = {a_claim(1, 1, 1), a_claim(2, 3, 1),
	                                          a_claim(3, 4, 1)};
	const struct attempt_repo_row over = {
		.id = 3, .fence = 1, .state = "succeeded", .ended_at_us = 8};

	add_run(1, "d", "ended");
	add_run(2, "d", "alive");
	add_task(1, 1, "a");
	add_task(2, 2, "a");
	add_task(3, 2, "b");
	add_task(4, 2, "c");
	for (size_t i = 0; i < countof(claims); i++) {
		OK(attempt_repo_insert(db, &claims[i], &err));
		set_task(claims[i].task_instance, "queued", claims[i].id);
	}
	OK(attempt_repo_finish(db, &over, &err));
	OK(run_repo_update(db, &ended, &err));
	OK(run_repo_unfinished(db, &arena, &runs, &err));
	ck_assert_int_eq(runs.count, 1);
	ck_assert_str_eq(runs.items[0].run_id, "alive");
	OK(task_repo_unfinished(db, &arena, &tasks, &err));
	ck_assert_int_eq(tasks.count, 3);
	ck_assert_ptr_null(tasks.items[0].attempt_state);
	ck_assert_str_eq(tasks.items[1].attempt_state, "claimed");
	ck_assert_str_eq(tasks.items[2].attempt_state, "succeeded");
	OK(attempt_repo_live(db, &arena, &attempts, &err));
	ck_assert_int_eq(attempts.count, 1);
	ck_assert_int_eq(attempts.items[0].id, 2);
}
END_TEST

START_TEST(a_task_instance_comes_back_as_it_went)
{
	struct task_repo_row row = a_task(1, 1, "läd"), got;
	struct task_repo_key key = {.run = 1, .task = "läd", .map_index = -1};

	add_run(1, "d", "r");
	row.pool = "database";
	row.priority = -3;
	OK(task_repo_insert(db, &row, 1, &err));
	row = (struct task_repo_row){.id = 1,
	                             .map_index = -1,
	                             .state = "up_for_retry",
	                             .cause = "task",
	                             .reason = "it rained",
	                             .attempt = 9,
	                             .number = 2,
	                             .tries = 2,
	                             .lost = 1,
	                             .clears = 4,
	                             .fence = INT64_C(1) << 40,
	                             .used_us = 77,
	                             .due_at_us = 100,
	                             .queued_at_us = 50,
	                             .started_at_us = 60,
	                             .ended_at_us = 70};
	OK(task_repo_update(db, &row, &err));
	ck_assert_int_eq(task_repo_get(db, &key, &arena, &got, &err), 1);
	ck_assert_str_eq(got.task, "läd");
	ck_assert_str_eq(got.operator, "flow.noop");
	ck_assert_str_eq(got.pool, "database");
	ck_assert_str_eq(got.reason, "it rained");
	ck_assert_int_eq(got.priority, -3);
	ck_assert_int_eq(got.fence, INT64_C(1) << 40);
	ck_assert_int_eq(got.tries + got.lost + got.clears + got.number, 9);
	ck_assert_int_eq(got.due_at_us + got.queued_at_us + got.started_at_us + got.ended_at_us,
	                 280);
	/* times: 0 leaves, METADATA_CLEAR clears */
	row.state = "queued";
	row.due_at_us = row.started_at_us = METADATA_CLEAR;
	row.queued_at_us = 200;
	row.ended_at_us = 0;
	OK(task_repo_update(db, &row, &err));
	ck_assert_int_eq(task_repo_get(db, &key, &arena, &got, &err), 1);
	ck_assert_int_eq(got.due_at_us, 0);
	ck_assert_int_eq(got.started_at_us, 0);
	ck_assert_int_eq(got.queued_at_us, 200);
	ck_assert_int_eq(got.ended_at_us, 70);
	key.map_index = 0;
	ck_assert_int_eq(task_repo_get(db, &key, &arena, &got, &err), 0);
}
END_TEST

START_TEST(a_mapped_task_keeps_its_list)
{
	struct task_repo_row rows[] = {a_task(1, 1, "each"), a_task(2, 1, "plain")};
	struct task_repo_key key = {.run = 1, .task = "each"};
	const struct task_repo_items *maps;
	struct task_repo_row got;
	size_t count;

	add_run(1, "d", "r");
	OK(task_repo_insert(db, rows, 2, &err));
	rows[0].map_index = 0;
	OK(task_repo_update(db, &rows[0], &err));
	ck_assert_int_eq(task_repo_get(db, &key, &arena, &got, &err), 1);
	OK(task_repo_set_items(db, 1, "[1,2]", &err));
	maps = task_repo_items(db, 1, &arena, &count, &err);
	ck_assert_int_eq(count, 1);
	ck_assert_str_eq(maps[0].task, "each");
	ck_assert_str_eq(maps[0].items, "[1,2]");
	ck_assert_int_eq(task_repo_set_items(db, 3, "[]", &err), -1);
	ck_assert_int_eq(err.code, ERR_STALE);
}
END_TEST

START_TEST(ten_thousand_instances_are_listed_by_id)
{
	enum { COUNT = 10000 };
	struct task_repo_row *rows = calloc(COUNT, sizeof(*rows));
	struct task_repo_rows got;

	ck_assert_ptr_nonnull(rows);
	add_run(1, "d", "r");
	for (int i = 0; i < COUNT; i++) {
		rows[i] = a_task(COUNT - i, 1, "mapped");
		rows[i].map_index = i;
	}
	OK(db_begin(db, DB_WRITE, &err));
	OK(task_repo_insert(db, rows, COUNT, &err));
	OK(db_commit(db, &err));
	OK(task_repo_list(db, 1, &arena, &got, &err));
	ck_assert_int_eq(got.count, COUNT);
	for (int i = 0; i < COUNT; i++)
		ck_assert_int_eq(got.items[i].id, i + 1);
	rows[0].id = COUNT + 1;
	ck_assert_int_eq(task_repo_insert(db, rows, 1, &err), -1);
	ck_assert_int_eq(err.code, ERR_DUPLICATE);
	free(rows);
}
END_TEST

START_TEST(a_schedule_comes_back_as_it_went)
{
	struct schedule_repo_row row = {
		.dag = "d", .spec = "{}", .last_fire_us = -7, .next_fire_us = 0, .seen_at_us = 3};
	struct schedule_repo_row got;
	struct schedule_repo_rows rows;

	ck_assert_int_eq(schedule_repo_get(db, "d", &arena, &got, &err), 0);
	OK(schedule_repo_put(db, &row, &err));
	ck_assert_int_eq(schedule_repo_get(db, "d", &arena, &got, &err), 1);
	ck_assert_uint_eq(got.has, 0);
	row.has = SCHEDULE_REPO_HAS_LAST | SCHEDULE_REPO_HAS_NEXT;
	OK(schedule_repo_put(db, &row, &err));
	ck_assert_int_eq(schedule_repo_get(db, "d", &arena, &got, &err), 1);
	ck_assert_uint_eq(got.has, row.has);
	ck_assert_int_eq(got.last_fire_us, -7);
	ck_assert_int_eq(got.next_fire_us, 0);
	ck_assert_int_eq(got.seen_at_us, 3);
	OK(schedule_repo_remove(db, "d", &err));
	OK(schedule_repo_list(db, &arena, &rows, &err));
	ck_assert_uint_eq(rows.count, 0);
}
END_TEST

START_TEST(an_object_is_seen_once_by_a_dag)
{
	struct schedule_repo_object object = {"d", "objects://a/b", "1", 5};
	struct schedule_repo_objects got;

	OK(schedule_repo_put_object(db, &object, &err));
	OK(schedule_repo_put_object(db, &object, &err));
	object.etag = "2";
	OK(schedule_repo_put_object(db, &object, &err));
	object.dag = "other";
	OK(schedule_repo_put_object(db, &object, &err));
	OK(schedule_repo_objects(db, "d", &arena, &got, &err));
	ck_assert_uint_eq(got.count, 2);
	ck_assert_str_eq(got.items[0].uri, "objects://a/b");
}
END_TEST

START_TEST(the_newest_run_and_success_of_a_dag_are_found)
{
	struct run_repo_row row;
	int64_t moment_us;

	OK(schedule_repo_last_success(db, "d", &moment_us, &err));
	ck_assert_int_eq(moment_us, 0);
	OK(schedule_repo_last_run(db, "d", &moment_us, &err));
	ck_assert_int_eq(moment_us, 0);
	for (int64_t id = 1; id <= 4; id++) {
		row = a_run(id, "d", (const char *[]){"a", "b", "c", "e"}[id - 1]);
		row.state = id < 3 ? "success" : "failed";
		row.ended_at_us = 5000 - id;
		OK(run_repo_insert(db, &row, &err));
	}
	OK(schedule_repo_last_success(db, "d", &moment_us, &err));
	ck_assert_int_eq(moment_us, 4999);
	OK(schedule_repo_last_run(db, "d", &moment_us, &err));
	ck_assert_int_eq(moment_us, 1004);
}
END_TEST

int main(int argc, char **argv)
{
	TCase *cases = place_cases(argc, argv);

	tcase_add_checked_fixture(cases, ledger_open, ledger_close);
	tcase_add_test(cases, migrating_again_changes_nothing);
	tcase_add_test(cases, a_newer_schema_is_refused);
	tcase_add_test(cases, a_step_with_another_checksum_is_damage);
	tcase_add_test(cases, ids_go_on_behind_the_highest);
	tcase_add_test(cases, a_run_comes_back_as_it_went);
	tcase_add_loop_test(cases, a_second_run_of_one_name_date_or_key_is_refused, 0,
	                    countof(twins));
	tcase_add_test(cases, runs_without_date_and_key_do_not_collide);
	tcase_add_test(cases, runs_are_listed_newest_first_page_by_page);
	tcase_add_test(cases, a_run_id_may_belong_to_several_dags);
	tcase_add_test(cases, a_run_keeps_its_counts_when_it_ends_and_drops_them_when_it_goes_on);
	tcase_add_test(cases, a_restart_finds_what_has_not_ended);
	tcase_add_test(cases, a_task_instance_comes_back_as_it_went);
	tcase_add_test(cases, a_mapped_task_keeps_its_list);
	tcase_add_test(cases, ten_thousand_instances_are_listed_by_id);
	tcase_add_test(cases, a_schedule_comes_back_as_it_went);
	tcase_add_test(cases, an_object_is_seen_once_by_a_dag);
	tcase_add_test(cases, the_newest_run_and_success_of_a_dag_are_found);
	tcase_set_timeout(cases, 60);
	return suite_run("metadata", cases);
}

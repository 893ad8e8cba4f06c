/* gate_test.c - writers of several processes and threads take turns */
#include <check.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "storage/db/db.h"
#include "tests/count.h"
#include "tests/place.h"
#include "tests/suite.h"

static struct place place;
static struct err err;

static void set_up(void)
{
	struct db *db;

	place_make(&place);
	db = place_open(&place);
	ck_assert_int_eq(db_exec(db, "CREATE TABLE t (who TEXT, v BIGINT)", &err), 0);
	db_close(db);
}

static void tear_down(void)
{
	place_remove(&place);
}

static void insert(struct db *db, const char *who)
{
	struct db_stmt *stmt = db_cached(db, "INSERT INTO t (who, v) VALUES ($1, 1)", &err);

	ck_assert_ptr_nonnull(stmt);
	db_bind_text(stmt, 1, who);
	ck_assert_msg(db_run(stmt, &err) == 0, "%s", err.text);
}

static int64_t count(struct db *db, const char *who)
{
	struct db_stmt *stmt = db_cached(db, "SELECT count(*) FROM t WHERE who = $1", &err);
	int64_t rows;

	ck_assert_ptr_nonnull(stmt);
	db_bind_text(stmt, 1, who);
	ck_assert_int_eq(db_step(stmt, &err), 1);
	rows = db_column_int(stmt, 0);
	db_reset(stmt);
	return rows;
}

static void until_somebody_waits(const struct db *db)
{
	static const struct timespec pause = {.tv_nsec = 200000};

	while (!db_writer_waiting(db))
		nanosleep(&pause, NULL);
}

/* Writes without end, and commits only when somebody wants his turn. Begins by a byte on `ready`. */
NORETURN static void write_for_ever(int ready)
{
	struct db *db = place_open(&place);

	ck_assert_int_eq(db_begin(db, DB_WRITE, &err), 0);
	ck_assert_int_eq(write(ready, "x", 1), 1);
	for (;;) {
		insert(db, "long");
		until_somebody_waits(db);
		ck_assert_msg(db_commit(db, &err) == 0, "%s", err.text);
		ck_assert_msg(db_begin(db, DB_WRITE, &err) == 0, "%s", err.text);
	}
}

static pid_t start_long_writer(void)
{
	int ready[2];
	char byte;
	pid_t pid;

	ck_assert_int_eq(pipe(ready), 0);
	pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid == 0)
		write_for_ever(ready[1]);
	ck_assert_int_eq(read(ready[0], &byte, 1), 1);
	close(ready[0]);
	close(ready[1]);
	return pid;
}

static void kill_and_reap(pid_t pid)
{
	ck_assert_int_eq(kill(pid, SIGKILL), 0);
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
}

START_TEST(a_small_writer_gets_its_turn_from_one_that_never_rests)
{
	const int writes = count_of(100, 5000);
	pid_t pid = start_long_writer();
	struct db *db = place_open(&place);

	for (int i = 0; i < writes; i++)
		insert(db, "small");
	kill_and_reap(pid);
	/* each of its commits was for one of ours: it never got in twice between two of them */
	ck_assert_int_ge(count(db, "long"), 1);
	ck_assert_int_le(count(db, "long"), writes);
	ck_assert_int_eq(count(db, "small"), writes);
	db_close(db);
}
END_TEST

START_TEST(a_killed_writer_leaves_its_turn_to_the_next)
{
	for (int i = 0; i < count_of(5, 200); i++) {
		pid_t pid = start_long_writer();
		struct db *db = place_open(&place);

		kill_and_reap(pid);
		insert(db, "small");
		ck_assert_int_eq(count(db, "small"), i + 1);
		db_close(db);
	}
}
END_TEST

START_TEST(who_waits_too_long_is_told_so)
{
	struct db *holder = place_open(&place), *other = place_open(&place);

	ck_assert_int_eq(db_begin(holder, DB_WRITE, &err), 0);
	ck_assert(!db_writer_waiting(holder));
	db_set_timeout_ms(other, 20);
	ck_assert_int_eq(db_begin(other, DB_WRITE, &err), -1);
	ck_assert_int_eq(err.code, ERR_BUSY);
	ck_assert_ptr_nonnull(strstr(err.text, "the turn to write did not come"));
	ck_assert(!db_writer_waiting(holder));
	/* readers need no turn */
	ck_assert_int_eq(count(other, "small"), 0);
	db_rollback(holder);
	insert(other, "small");
	db_close(holder);
	db_close(other);
}
END_TEST

static struct db *waiter;

static void *wait_for_the_turn(void *result)
{
	struct err mine;

	*(int *)result = db_begin(waiter, DB_WRITE, &mine) < 0 ? (int)mine.code : 0;
	return NULL;
}

START_TEST(a_waiting_writer_can_be_cancelled)
{
	struct db *holder = place_open(&place);
	pthread_t thread;
	int result = -1;

	waiter = place_open(&place);
	db_set_timeout_ms(waiter, 0);
	ck_assert_int_eq(db_begin(holder, DB_WRITE, &err), 0);
	ck_assert_int_eq(pthread_create(&thread, NULL, wait_for_the_turn, &result), 0);
	until_somebody_waits(holder);
	db_cancel(waiter);
	pthread_join(thread, NULL);
	ck_assert_int_eq(result, ERR_CANCELLED);
	ck_assert(!db_writer_waiting(holder));
	db_rollback(holder);
	db_uncancel(waiter);
	insert(waiter, "small");
	db_close(holder);
	db_close(waiter);
}
END_TEST

static void *write_some(void *failed)
{
	struct db *db = place_open(&place);
	struct err mine;

	for (int i = 0; i < 50; i++) {
		if (db_exec(db, "UPDATE t SET v = v + 1", &mine) < 0)
			*(int *)failed = 1;
	}
	db_close(db);
	return NULL;
}

START_TEST(threads_of_one_process_take_turns_too)
{
	struct db *db = place_open(&place);
	pthread_t threads[4];
	int failed[countof(threads)] = {0};
	struct db_stmt *stmt;

	insert(db, "one");
	for (size_t i = 0; i < countof(threads); i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, write_some, &failed[i]), 0);
	for (size_t i = 0; i < countof(threads); i++) {
		pthread_join(threads[i], NULL);
		ck_assert_int_eq(failed[i], 0);
	}
	stmt = db_cached(db, "SELECT v FROM t", &err);
	ck_assert_ptr_nonnull(stmt);
	ck_assert_int_eq(db_step(stmt, &err), 1);
	ck_assert_int_eq(db_column_int(stmt, 0), 201);
	db_close(db);
}
END_TEST

static void *open_and_write(void *failed)
{
	const struct db_options options = {.flags = DB_CREATE, .timeout_ms = 20000};
	struct err mine;
	struct db *db = db_open(place.url, &options, &mine);

	if (!db || db_exec(db, "CREATE TABLE IF NOT EXISTS made (v BIGINT)", &mine) < 0)
		*(int *)failed = 1;
	db_close(db);
	return NULL;
}

START_TEST(many_can_make_the_file_at_once)
{
	pthread_t threads[8];
	int failed[countof(threads)] = {0};

	for (int round = 0; round < count_of(5, 100); round++) {
		place_remove(&place);
		place_make(&place);
		for (size_t i = 0; i < countof(threads); i++)
			ck_assert_int_eq(
				pthread_create(&threads[i], NULL, open_and_write, &failed[i]), 0);
		for (size_t i = 0; i < countof(threads); i++) {
			pthread_join(threads[i], NULL);
			ck_assert_int_eq(failed[i], 0);
		}
	}
}
END_TEST

int main(void)
{
	TCase *cases = tcase_create("turns");

	tcase_add_checked_fixture(cases, set_up, tear_down);
	tcase_add_test(cases, a_small_writer_gets_its_turn_from_one_that_never_rests);
	tcase_add_test(cases, a_killed_writer_leaves_its_turn_to_the_next);
	tcase_add_test(cases, who_waits_too_long_is_told_so);
	tcase_add_test(cases, a_waiting_writer_can_be_cancelled);
	tcase_add_test(cases, threads_of_one_process_take_turns_too);
	tcase_add_test(cases, many_can_make_the_file_at_once);
	tcase_set_timeout(cases, 120);
	return suite_run("gate", cases);
}

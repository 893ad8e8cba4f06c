/* writer_test.c - many writes, one thread, few transactions */
#include <check.h>
#include <pthread.h>
#include <string.h>
#include <sys/stat.h>

#include "storage/db/writer.h"
#include "tests/place.h"
#include "tests/suite.h"

#define ENDLESS                                                                                    \
	"WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"

static struct place place;
static struct db *db;
static struct writer *writer;
static struct err err;

/* One write and what became of it. */
struct order {
	const char *sql;
	int64_t value; /* bound to $1 unless 0 */
	int runs;      /* how often it was tried */
	int done;      /* how often it was answered */
	enum err_code code;
	char text[128];
};

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static int answers;

static void set_up(void)
{
	struct writer_options options = {.queue_capacity = 300};

	place_make(&place);
	db = place_open(&place);
	ck_assert_int_eq(db_exec(db,
	                         "CREATE TABLE t (v BIGINT UNIQUE);"
	                         "CREATE TABLE p (id INTEGER PRIMARY KEY);"
	                         "CREATE TABLE late (p BIGINT REFERENCES p (id)"
	                         " DEFERRABLE INITIALLY DEFERRED)",
	                         &err),
	                 0);
	options.url = place.url;
	writer = writer_start(&options, &err);
	ck_assert_ptr_nonnull(writer);
}

static void tear_down(void)
{
	writer_stop(writer);
	db_close(db);
	place_remove(&place);
}

static int write_order(struct db *connection, void *context, struct err *why)
{
	struct order *order = context;
	struct db_stmt *stmt = db_cached(connection, order->sql, why);

	order->runs++;
	if (!stmt)
		return -1;
	if (order->value)
		db_bind_int(stmt, 1, order->value);
	return db_run(stmt, why);
}

static void order_done(void *context, const struct err *why)
{
	struct order *order = context;

	pthread_mutex_lock(&mutex);
	order->done++;
	if (why) {
		order->code = why->code;
		snprintf(order->text, sizeof(order->text), "%s", why->text);
	}
	answers++;
	pthread_cond_signal(&changed);
	pthread_mutex_unlock(&mutex);
}

static int submit(struct order *order, int64_t timeout_ms)
{
	const struct writer_job job = {.write = write_order,
	                               .done = order_done,
	                               .context = order,
	                               .timeout_ms = timeout_ms};

	return writer_submit(writer, &job, &err);
}

static void wait_for(int count)
{
	pthread_mutex_lock(&mutex);
	while (answers < count)
		pthread_cond_wait(&changed, &mutex);
	pthread_mutex_unlock(&mutex);
}

static int64_t number(const char *sql)
{
	struct db_stmt *stmt = db_cached(db, sql, &err);
	int64_t value;

	ck_assert_ptr_nonnull(stmt);
	ck_assert_int_eq(db_step(stmt, &err), 1);
	value = db_column_int(stmt, 0);
	db_reset(stmt);
	return value;
}

/* While the test holds the turn, everything submitted becomes one transaction. */
static void hold(void)
{
	ck_assert_int_eq(db_begin(db, DB_WRITE, &err), 0);
}

static void let_go(void)
{
	db_rollback(db);
}

START_TEST(what_is_done_is_stored)
{
	struct order orders[200];

	for (size_t i = 0; i < countof(orders); i++) {
		orders[i] = (struct order){.sql = "INSERT INTO t (v) VALUES ($1)",
		                           .value = (int64_t)i + 1};
		ck_assert_int_eq(submit(&orders[i], 0), 0);
	}
	wait_for(countof(orders));
	ck_assert_int_eq(number("SELECT count(*) FROM t"), countof(orders));
	for (size_t i = 0; i < countof(orders); i++) {
		ck_assert_int_eq(orders[i].done, 1);
		ck_assert_int_eq(orders[i].code, ERR_NONE);
	}
}
END_TEST

START_TEST(a_write_that_fails_takes_nobody_with_it)
{
	struct order orders[] = {
		{.sql = "INSERT INTO t (v) VALUES (1)"},
		{.sql = "INSERT INTO t (v) VALUES (1)"},
		{.sql = "INSERT INTO nowhere VALUES (1)"},
		{.sql = "INSERT INTO t (v) VALUES (2)"},
	};

	hold();
	for (size_t i = 0; i < countof(orders); i++)
		ck_assert_int_eq(submit(&orders[i], 0), 0);
	let_go();
	wait_for(countof(orders));
	ck_assert_int_eq(orders[0].code, ERR_NONE);
	ck_assert_int_eq(orders[1].code, ERR_DUPLICATE);
	ck_assert_int_eq(orders[2].code, ERR_FAILED);
	ck_assert_int_eq(orders[3].code, ERR_NONE);
	ck_assert_int_eq(number("SELECT sum(v) FROM t"), 3);
}
END_TEST

START_TEST(one_that_runs_out_of_time_is_dropped_and_the_others_run_again)
{
	struct order first = {.sql = "INSERT INTO t (v) VALUES (1)"};
	struct order slow = {.sql = "INSERT INTO t " ENDLESS};
	struct order last = {.sql = "INSERT INTO t (v) VALUES (2)"};

	ck_assert_int_eq(submit(&first, 10000), 0);
	ck_assert_int_eq(submit(&slow, 100), 0);
	ck_assert_int_eq(submit(&last, 10000), 0);
	wait_for(3);
	ck_assert_int_eq(first.code, ERR_NONE);
	ck_assert_msg(slow.code == ERR_TIMEOUT || slow.code == ERR_BUSY, "%s", slow.text);
	ck_assert_int_eq(last.code, ERR_NONE);
	ck_assert_int_eq(first.done + slow.done + last.done, 3);
	ck_assert_int_eq(number("SELECT sum(v) FROM t"), 3);
}
END_TEST

START_TEST(a_constraint_checked_at_the_commit_fails_its_own_write_only)
{
	struct order good = {.sql = "INSERT INTO t (v) VALUES (1)"};
	struct order bad = {.sql = "INSERT INTO late (p) VALUES (7)"};

	hold();
	ck_assert_int_eq(submit(&good, 0), 0);
	ck_assert_int_eq(submit(&bad, 0), 0);
	let_go();
	wait_for(2);
	ck_assert_int_eq(good.code, ERR_NONE);
	ck_assert_int_eq(bad.code, ERR_FOREIGN_KEY);
	ck_assert_int_eq(number("SELECT count(*) FROM t"), 1);
}
END_TEST

START_TEST(who_stands_too_long_is_told_and_never_run)
{
	struct order impatient = {.sql = "INSERT INTO t (v) VALUES (1)"};
	struct order patient = {.sql = "INSERT INTO t (v) VALUES (2)"};

	hold();
	ck_assert_int_eq(submit(&impatient, 30), 0);
	ck_assert_int_eq(submit(&patient, 20000), 0);
	wait_for(1);
	let_go();
	wait_for(2);
	ck_assert_int_eq(impatient.code, ERR_BUSY);
	ck_assert_int_eq(impatient.runs, 0);
	ck_assert_ptr_null(strstr(impatient.text, "locked"));
	ck_assert_int_eq(patient.code, ERR_NONE);
	ck_assert_int_eq(number("SELECT sum(v) FROM t"), 2);
}
END_TEST

START_TEST(a_full_queue_refuses)
{
	/* 256 may have left the queue for the transaction that waits for its turn */
	struct order orders[600];
	int taken = 0, refused = 0;

	hold();
	for (size_t i = 0; i < countof(orders); i++) {
		orders[i] = (struct order){.sql = "INSERT INTO t (v) VALUES ($1)",
		                           .value = (int64_t)i + 1};
		if (submit(&orders[i], 20000) == 0) {
			taken++;
			continue;
		}
		ck_assert_int_eq(err.code, ERR_BUSY);
		refused++;
	}
	ck_assert_int_ge(refused, 1);
	ck_assert_int_ge(taken, 300);
	let_go();
	wait_for(taken);
	ck_assert_int_eq(number("SELECT count(*) FROM t"), taken);
}
END_TEST

START_TEST(stopping_writes_what_waits)
{
	struct order orders[50];

	hold();
	for (size_t i = 0; i < countof(orders); i++) {
		orders[i] = (struct order){.sql = "INSERT INTO t (v) VALUES ($1)",
		                           .value = (int64_t)i + 1};
		ck_assert_int_eq(submit(&orders[i], 0), 0);
	}
	let_go();
	writer_stop(writer);
	writer = NULL;
	ck_assert_int_eq(answers, countof(orders));
	ck_assert_int_eq(number("SELECT count(*) FROM t"), countof(orders));
}
END_TEST

START_TEST(a_log_that_grows_long_is_checkpointed)
{
	struct order order = {.sql = "INSERT INTO big (v) VALUES (zeroblob(50000000))"};
	struct stat info = {0};

	ck_assert_int_eq(db_exec(db, "CREATE TABLE big (v BLOB)", &err), 0);
	for (int i = 0; i < 2; i++) {
		ck_assert_int_eq(submit(&order, 20000), 0);
		wait_for(i + 1);
	}
	/* its last checkpoint is done when it has stopped, and most pages are in the file */
	writer_stop(writer);
	writer = NULL;
	ck_assert_int_eq(order.code, ERR_NONE);
	ck_assert_int_eq(stat(place.path, &info), 0);
	ck_assert_int_gt(info.st_size, 90000000);
}
END_TEST

int main(int argc, char **argv)
{
	TCase *cases = place_cases(argc, argv);

	tcase_add_checked_fixture(cases, set_up, tear_down);
	tcase_add_test(cases, what_is_done_is_stored);
	tcase_add_test(cases, a_write_that_fails_takes_nobody_with_it);
	tcase_add_test(cases, one_that_runs_out_of_time_is_dropped_and_the_others_run_again);
	tcase_add_test(cases, a_constraint_checked_at_the_commit_fails_its_own_write_only);
	tcase_add_test(cases, who_stands_too_long_is_told_and_never_run);
	tcase_add_test(cases, a_full_queue_refuses);
	tcase_add_test(cases, stopping_writes_what_waits);
	if (strcmp(place_kind, "sqlite") == 0)
		tcase_add_test(cases, a_log_that_grows_long_is_checkpointed);
	tcase_set_timeout(cases, 60);
	return suite_run("writer", cases);
}

/* db_fault_test.c - a writer killed at each edge of a commit */
#include <check.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "storage/repo/metadata.h"
#include "tests/place.h"
#include "tests/suite.h"

static const struct {
	const char *fault;
	int rows; /* stored when it struck */
} edges[] = {
	{"gate_place", 0},
	{"gate_turn", 0},
	{"db_commit", 0},
	{"db_committed", 1},
};

static struct place place;
static struct err err;

/* Whether the child was killed by its fault. */
static int dies(const char *fault, void (*act)(struct db *db))
{
	int status = 0;
	pid_t pid = fork();

	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		struct db *db = place_open(&place);

		setenv("MILLRACE_FAULT", fault, 1); /* NOLINT(concurrency-mt-unsafe): one thread */
		act(db);
		_exit(0);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	return WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
}

static void insert(struct db *db)
{
	ck_assert_msg(db_exec(db, "INSERT INTO t VALUES (1)", &err) == 0, "%s", err.text);
}

static void migrate(struct db *db)
{
	ck_assert_msg(metadata_migrate(db, 1, &err) == 0, "%s", err.text);
}

static int64_t number(struct db *db, const char *sql)
{
	struct db_stmt *stmt = db_cached(db, sql, &err);
	int64_t value;

	ck_assert_msg(stmt && db_step(stmt, &err) == 1, "%s", err.text);
	value = db_column_int(stmt, 0);
	db_reset(stmt);
	return value;
}

START_TEST(a_killed_writer_leaves_all_or_nothing_and_blocks_nobody)
{
	struct db *db;

	place_make(&place);
	db = place_open(&place);
	ck_assert_int_eq(db_exec(db, "CREATE TABLE t (v BIGINT)", &err), 0);
	ck_assert(dies(edges[_i].fault, insert));
	ck_assert_int_eq(number(db, "SELECT count(*) FROM t"), edges[_i].rows);
	insert(db);
	ck_assert_int_eq(number(db, "SELECT count(*) FROM t"), edges[_i].rows + 1);
	db_close(db);
	place_remove(&place);
}
END_TEST

START_TEST(a_killed_migration_is_done_by_the_next)
{
	struct db *db;

	place_make(&place);
	ck_assert(dies("metadata_migrate", migrate));
	db = place_open(&place);
	ck_assert_int_eq(number(db, "SELECT count(*) FROM sqlite_schema"), 0);
	migrate(db);
	ck_assert_int_eq(number(db, "SELECT count(*) FROM run"), 0);
	db_close(db);
	place_remove(&place);
}
END_TEST

int main(void)
{
	TCase *cases = tcase_create("edges");

	tcase_add_loop_test(cases, a_killed_writer_leaves_all_or_nothing_and_blocks_nobody, 0,
	                    countof(edges));
	tcase_add_test(cases, a_killed_migration_is_done_by_the_next);
	tcase_set_timeout(cases, 60);
	return suite_run("db faults", cases);
}

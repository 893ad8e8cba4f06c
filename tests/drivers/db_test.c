/* db_test.c - what every database driver has to do, run on the kind named by the first argument */
#include <check.h>
#include <inttypes.h>
#include <pthread.h>
#include <string.h>
#include <time.h>

#include "lib/str.h"
#include "storage/db/db.h"
#include "tests/place.h"
#include "tests/suite.h"

#define ENDLESS                                                                                    \
	"WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"

static struct place place;
static struct db *db;
static struct err err;

static void set_up(void)
{
	place_make(&place);
	db = place_open(&place);
}

static void tear_down(void)
{
	db_close(db);
	place_remove(&place);
}

static void exec(const char *sql)
{
	ck_assert_msg(db_exec(db, sql, &err) == 0, "%s", err.text);
}

static struct db_stmt *cached(const char *sql)
{
	struct db_stmt *stmt = db_cached(db, sql, &err);

	ck_assert_msg(stmt != NULL, "%s", err.text);
	return stmt;
}

static int64_t number(const char *sql)
{
	struct db_stmt *stmt = cached(sql);
	int64_t value;

	ck_assert_msg(db_step(stmt, &err) == 1, "%s", err.text);
	value = db_column_int(stmt, 0);
	db_reset(stmt);
	return value;
}

static const struct {
	struct db_value value;
	const char *column_type;
} kept[] = {
	{{.type = DB_INT, .as.integer = INT64_MIN}, "BIGINT"},
	{{.type = DB_INT, .as.integer = INT64_MAX}, "BIGINT"},
	{{.type = DB_BOOL, .as.integer = 1}, "BIGINT"},
	{{.type = DB_FLOAT, .as.real = -0.1}, "DOUBLE PRECISION"},
	{{.type = DB_DECIMAL, .scale = 2, .as.integer = -999999999999999999}, "BIGINT"},
	{{.type = DB_TEXT, .size = 8, .as.text = "Zoë's \"q"}, "TEXT"},
	{{.type = DB_TEXT, .size = 0, .as.text = ""}, "TEXT"},
	{{.type = DB_BYTES, .size = 4, .as.text = "\0\xff\0a"}, "{bytes}"},
	{{.type = DB_BYTES, .size = 0, .as.text = NULL}, "{bytes}"},
	{{.type = DB_DATE, .as.integer = -719162}, "TEXT"}, /* 0001-01-01 */
	{{.type = DB_DATE, .as.integer = 18659}, "TEXT"},
	{{.type = DB_TIMESTAMP, .as.integer = 1612182493123456}, "TEXT"},
	{{.type = DB_TIMESTAMP, .as.integer = -1}, "TEXT"},
	{{.type = DB_JSON, .size = 7, .as.text = "{\"a\":1}"}, "TEXT"},
	{{.type = DB_UUID, .size = 36, .as.text = "6f9619ff-8b86-d011-b42d-00cf4fc964ff"}, "TEXT"},
	{{.type = DB_NULL}, "TEXT"},
};

START_TEST(a_value_comes_back_as_it_went)
{
	const struct db_value *value = &kept[_i].value;
	struct db_value got;
	struct db_stmt *stmt;
	char sql[64];

	snprintf(sql, sizeof(sql), "CREATE TABLE t (v %s)",
	         str_equal(kept[_i].column_type, "{bytes}") ? place_is_postgres() ? "BYTEA" : "BLOB"
	                                                    : kept[_i].column_type);
	exec(sql);
	stmt = cached("INSERT INTO t (v) VALUES ($1)");
	db_bind(stmt, 1, value);
	ck_assert_int_eq(db_run(stmt, &err), 0);
	stmt = cached("SELECT v FROM t");
	ck_assert_int_eq(db_step(stmt, &err), 1);
	ck_assert_int_eq(db_column(stmt, 0, value->type == DB_NULL ? DB_TEXT : value->type,
	                           value->scale, &got),
	                 0);
	ck_assert_int_eq(got.type, value->type);
	ck_assert_int_eq(got.size, value->size);
	ck_assert_int_eq(got.scale, value->scale);
	if (value->size > 0)
		ck_assert_mem_eq(got.as.text, value->as.text, value->size);
	else if (value->type == DB_FLOAT)
		ck_assert_mem_eq(&got.as.real, &value->as.real, sizeof(got.as.real));
	else if (value->type != DB_TEXT && value->type != DB_BYTES && value->type != DB_NULL)
		ck_assert_int_eq(got.as.integer, value->as.integer);
	ck_assert_int_eq(db_step(stmt, &err), 0);
}
END_TEST

START_TEST(a_value_of_another_type_is_not_read)
{
	struct db_value got;
	struct db_stmt *stmt = cached("SELECT 'seven', 7, 'tomorrow'");

	ck_assert_int_eq(db_step(stmt, &err), 1);
	ck_assert_int_eq(db_column(stmt, 0, DB_INT, 0, &got), -1);
	ck_assert_int_eq(db_column(stmt, 1, DB_BYTES, 0, &got), -1);
	ck_assert_int_eq(db_column(stmt, 2, DB_TIMESTAMP, 0, &got), -1);
	ck_assert_int_eq(db_column(stmt, 2, DB_DATE, 0, &got), -1);
	db_column_any(stmt, 1, &got);
	ck_assert_int_eq(got.type, DB_INT);
	ck_assert_int_eq(got.as.integer, 7);
	db_column_any(stmt, 0, &got);
	ck_assert_int_eq(got.type, DB_TEXT);
	db_reset(stmt);
}
END_TEST

START_TEST(parameters_go_by_their_number)
{
	struct db_stmt *stmt = cached("SELECT $2, $1, $2, $3");

	ck_assert_int_eq(db_column_count(stmt), 4);
	db_bind_text(stmt, 1, "one");
	db_bind_int(stmt, 2, 2);
	db_bind_null(stmt, 3);
	ck_assert_int_eq(db_step(stmt, &err), 1);
	ck_assert_int_eq(db_column_int(stmt, 0), 2);
	ck_assert_str_eq(db_column_text(stmt, 1), "one");
	ck_assert_int_eq(db_column_int(stmt, 2), 2);
	ck_assert(db_column_is_null(stmt, 3));
	ck_assert_ptr_null(db_column_text(stmt, 3));
	ck_assert_int_eq(db_step(stmt, &err), 0);
	/* the end of a statement is the end of its bindings */
	ck_assert_int_eq(db_step(stmt, &err), 1);
	ck_assert(db_column_is_null(stmt, 1));
	db_reset(stmt);
	db_bind_int(stmt, 9, 1);
	ck_assert_int_eq(db_step(stmt, &err), -1);
	ck_assert_int_eq(err.code, ERR_INTERNAL);
}
END_TEST

static const char *const not_one_statement[] = {
	"",
	" ; ",
	"-- nothing",
	"SELECT 1; SELECT 2",
	"SELECT ?",
	"SELECT :name",
	"SELECT $x",
	"SELEC 1",
	"SELECT \"no such column\"",
	"SELECT * FROM nothing_here",
};

START_TEST(what_is_not_one_good_statement_is_refused)
{
	ck_assert_ptr_null(db_prepare(db, not_one_statement[_i], &err));
	ck_assert(err.code == ERR_INVALID || err.code == ERR_FAILED);
	ck_assert_int_gt((int)strlen(err.text), 0);
}
END_TEST

START_TEST(a_cached_text_is_one_statement)
{
	struct db_stmt *stmt = cached("SELECT 1");
	struct db_stmt *own = db_prepare(db, "SELECT 1", &err);

	ck_assert_ptr_eq(cached("SELECT 1"), stmt);
	ck_assert_ptr_ne(own, stmt);
	ck_assert_str_eq(db_column_name(cached("SELECT 1 AS \"a b\""), 0), "a b");
	db_stmt_free(own);
	db_stmt_free(NULL);
}
END_TEST

static void make_family(void)
{
	exec("CREATE TABLE parent (id INTEGER PRIMARY KEY, name TEXT UNIQUE, age BIGINT,"
	     " CONSTRAINT age_is_positive CHECK (age > 0));"
	     "CREATE TABLE child (id INTEGER PRIMARY KEY, parent BIGINT NOT NULL"
	     " REFERENCES parent (id), a TEXT, b TEXT, UNIQUE (a, b));"
	     "INSERT INTO parent (id, name, age) VALUES (1, 'Ann', 40);"
	     "INSERT INTO child (id, parent, a, b) VALUES (1, 1, 'x', 'y');");
}

static const struct {
	const char *sql;
	enum err_code code;
	enum db_constraint_kind kind;
	const char *table;
	const char *columns[2];
	const char *name;
} broken[] = {
	{"INSERT INTO parent (id) VALUES (1)",
         ERR_DUPLICATE,
         DB_CONSTRAINT_UNIQUE,
         "parent",
         {"id"}},
	{"INSERT INTO parent (id, name) VALUES (2, 'Ann')",
         ERR_DUPLICATE,
         DB_CONSTRAINT_UNIQUE,
         "parent",
         {"name"}},
	{"INSERT INTO child (id, parent, a, b) VALUES (2, 1, 'x', 'y')",
         ERR_DUPLICATE,
         DB_CONSTRAINT_UNIQUE,
         "child",
         {"a", "b"}},
	{"INSERT INTO child (id, parent) VALUES (2, 99)", ERR_FOREIGN_KEY,
         DB_CONSTRAINT_FOREIGN_KEY},
	{"DELETE FROM parent", ERR_FOREIGN_KEY, DB_CONSTRAINT_FOREIGN_KEY},
	{"INSERT INTO child (id, a) VALUES (2, 'q')",
         ERR_INVALID,
         DB_CONSTRAINT_NOT_NULL,
         "child",
         {"parent"}},
	{"UPDATE parent SET age = 0",
         ERR_INVALID,
         DB_CONSTRAINT_CHECK,
         NULL,
         {NULL},
         "age_is_positive"},
};

START_TEST(a_broken_constraint_says_which)
{
	const char *const *columns = broken[_i].columns;
	const char *const others[] = {"b", "a"};

	make_family();
	ck_assert_int_eq(db_run(cached(broken[_i].sql), &err), -1);
	ck_assert_int_eq(err.code, broken[_i].code);
	ck_assert_int_eq(db_constraint(db)->kind, broken[_i].kind);
	if (broken[_i].table)
		ck_assert(db_constraint_is_on(db, broken[_i].table, columns, columns[1] ? 2 : 1));
	if (broken[_i].name)
		ck_assert_str_eq(db_constraint(db)->name, broken[_i].name);
	ck_assert(!db_constraint_is_on(db, "child", others, 2));
	ck_assert(!db_in_transaction(db));
	ck_assert_int_eq(number("SELECT count(*) FROM child"), 1);
}
END_TEST

START_TEST(a_write_needs_a_transaction_and_gets_one_from_run)
{
	struct db_stmt *stmt;

	exec("CREATE TABLE t (v BIGINT)");
	stmt = cached("INSERT INTO t (v) VALUES (1), (2), (3)");
	ck_assert_int_eq(db_step(stmt, &err), -1);
	ck_assert_int_eq(err.code, ERR_INTERNAL);
	ck_assert_int_eq(db_run(stmt, &err), 0);
	ck_assert_int_eq(db_changes(db), 3);
	ck_assert_int_eq(db_run(cached("UPDATE t SET v = 0 WHERE v = 9"), &err), 0);
	ck_assert_int_eq(db_changes(db), 0);
	ck_assert_int_eq(db_begin(db, DB_READ, &err), 0);
	ck_assert_int_eq(db_run(stmt, &err), -1);
	db_rollback(db);
	ck_assert_int_eq(number("SELECT count(*) FROM t"), 3);
}
END_TEST

START_TEST(a_rollback_undoes_and_a_commit_keeps)
{
	exec("CREATE TABLE t (v BIGINT)");
	ck_assert_int_eq(db_begin(db, DB_WRITE, &err), 0);
	exec("INSERT INTO t (v) VALUES (1)");
	ck_assert(db_in_transaction(db));
	db_rollback(db);
	db_rollback(db);
	ck_assert_int_eq(number("SELECT count(*) FROM t"), 0);
	ck_assert_int_eq(db_begin(db, DB_WRITE, &err), 0);
	exec("INSERT INTO t (v) VALUES (1)");
	ck_assert_int_eq(db_commit(db, &err), 0);
	ck_assert_int_eq(number("SELECT count(*) FROM t"), 1);
}
END_TEST

START_TEST(savepoints_nest)
{
	exec("CREATE TABLE t (v BIGINT)");
	ck_assert_int_eq(db_begin(db, DB_WRITE, &err), 0);
	ck_assert_int_eq(db_savepoint(db, &err), 0);
	exec("INSERT INTO t (v) VALUES (1)");
	ck_assert_int_eq(db_savepoint(db, &err), 0);
	exec("INSERT INTO t (v) VALUES (2)");
	ck_assert_int_eq(db_savepoint_rollback(db, &err), 0);
	exec("INSERT INTO t (v) VALUES (4)");
	ck_assert_int_eq(db_savepoint_release(db, &err), 0);
	ck_assert_int_eq(db_commit(db, &err), 0);
	ck_assert_int_eq(number("SELECT sum(v) FROM t"), 5);
}
END_TEST

START_TEST(a_script_is_all_or_nothing)
{
	exec("CREATE TABLE t (v BIGINT UNIQUE)");
	ck_assert_int_eq(
		db_exec(db, "INSERT INTO t (v) VALUES (1); INSERT INTO t (v) VALUES (1)", &err),
		-1);
	ck_assert_int_eq(err.code, ERR_DUPLICATE);
	ck_assert_int_eq(number("SELECT count(*) FROM t"), 0);
	exec("  ; -- nothing at all\n");
}
END_TEST

static const char *const not_theirs[] = {"COMMIT",      "BEGIN",     "ROLLBACK",       "END",
                                         "SAVEPOINT a", "RELEASE a", "BEGIN IMMEDIATE"};

START_TEST(a_statement_cannot_leave_its_transaction)
{
	struct db_stmt *stmt;

	ck_assert_int_eq(db_begin(db, DB_WRITE, &err), 0);
	exec("CREATE TABLE t (v BIGINT)");
	ck_assert_int_eq(db_exec(db, not_theirs[_i], &err), -1);
	ck_assert_int_eq(err.code, ERR_DENIED);
	stmt = db_prepare(db, not_theirs[_i], &err);
	ck_assert_ptr_null(stmt);
	db_rollback(db);
	ck_assert_ptr_null(db_prepare(db, "SELECT * FROM t", &err));
}
END_TEST

START_TEST(a_reader_keeps_its_snapshot)
{
	struct db *reader = place_open(&place);
	struct db_stmt *stmt;

	exec("CREATE TABLE t (v BIGINT); INSERT INTO t (v) VALUES (1)");
	ck_assert_int_eq(db_begin(reader, DB_READ, &err), 0);
	stmt = db_cached(reader, "SELECT count(*) FROM t", &err);
	ck_assert_ptr_nonnull(stmt);
	for (int i = 0; i < 3; i++) {
		ck_assert_int_eq(db_step(stmt, &err), 1);
		ck_assert_int_eq(db_column_int(stmt, 0), 1);
		db_reset(stmt);
		exec("INSERT INTO t (v) VALUES (2)");
	}
	ck_assert_int_eq(db_commit(reader, &err), 0);
	ck_assert_int_eq(db_step(stmt, &err), 1);
	ck_assert_int_eq(db_column_int(stmt, 0), 4);
	db_close(reader);
}
END_TEST

START_TEST(a_statement_ends_at_its_timeout)
{
	db_set_timeout_ms(db, 20);
	ck_assert_int_eq(db_step(cached(ENDLESS), &err), -1);
	ck_assert_int_eq(err.code, ERR_TIMEOUT);
	ck_assert(!db_over_budget(db));
	ck_assert_str_eq(err.text, "the statement took longer than 0.02 s");
	ck_assert_int_eq(number("SELECT 1"), 1);
}
END_TEST

START_TEST(statements_may_be_stepped_in_turns)
{
	static const char many[] =
		"WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000)"
		" SELECT i FROM n";
	struct db_stmt *outer = db_prepare(db, many, &err), *inner = db_prepare(db, many, &err);
	int rows = 0;

	while (db_step(outer, &err) > 0) {
		ck_assert_int_eq(db_column_int(outer, 0), ++rows);
		if (rows % 1000 == 1)
			ck_assert_int_eq(number("SELECT 7"), 7);
		ck_assert_int_eq(db_step(inner, &err), 1);
		ck_assert_int_eq(db_column_int(inner, 0), rows);
	}
	ck_assert_int_eq(rows, 5000);
	ck_assert_int_eq(db_step(inner, &err), 0);
	db_stmt_free(outer);
	db_stmt_free(inner);
}
END_TEST

START_TEST(two_statements_have_a_budget_each)
{
	struct db_stmt *outer;
	int rows = 0;

	db_set_budget(db, 20000);
	outer = cached("SELECT 1 UNION ALL SELECT 2 UNION ALL SELECT 3");
	while (db_step(outer, &err) > 0) {
		ck_assert_int_eq(db_step(cached(ENDLESS), &err), -1);
		ck_assert_int_eq(err.code, ERR_TIMEOUT);
		ck_assert(db_over_budget(db));
		rows++;
	}
	ck_assert_int_eq(rows, 3);
	db_set_budget(db, 0);
}
END_TEST

static void *cancel_soon(void *unused)
{
	static const struct timespec pause = {.tv_nsec = 2000000};

	(void)unused;
	nanosleep(&pause, NULL);
	db_cancel(db);
	return NULL;
}

START_TEST(another_thread_can_cancel)
{
	struct db_stmt *other = cached("SELECT 1");
	pthread_t thread;

	exec("CREATE TABLE t (v BIGINT)");
	ck_assert_int_eq(db_begin(db, DB_WRITE, &err), 0);
	exec("INSERT INTO t (v) VALUES (1)");
	ck_assert_int_eq(pthread_create(&thread, NULL, cancel_soon, NULL), 0);
	ck_assert_int_eq(db_run(cached("INSERT INTO t " ENDLESS), &err), -1);
	ck_assert_int_eq(err.code, ERR_CANCELLED);
	pthread_join(thread, NULL);
	ck_assert_int_eq(db_step(other, &err), -1);
	ck_assert_int_eq(err.code, ERR_CANCELLED);
	ck_assert_int_eq(db_commit(db, &err), -1);
	ck_assert_int_eq(err.code, ERR_CANCELLED);
	ck_assert(!db_in_transaction(db));
	db_uncancel(db);
	ck_assert_int_eq(number("SELECT count(*) FROM t"), 0);
}
END_TEST

START_TEST(nothing_is_written_behind_a_transaction_that_died)
{
	struct db_stmt *second;

	exec("CREATE TABLE t (v BIGINT)");
	second = cached("INSERT INTO t (v) VALUES (2)");
	ck_assert_int_eq(db_begin(db, DB_WRITE, &err), 0);
	exec("INSERT INTO t (v) VALUES (1)");
	db_set_timeout_ms(db, 20);
	ck_assert_int_eq(db_run(cached("INSERT INTO t " ENDLESS), &err), -1);
	ck_assert_int_eq(err.code, ERR_TIMEOUT);
	ck_assert_int_eq(db_run(second, &err), -1);
	ck_assert_int_eq(db_commit(db, &err), -1);
	ck_assert_int_eq(number("SELECT count(*) FROM t"), 0);
}
END_TEST

START_TEST(a_deferred_constraint_fails_the_commit)
{
	exec("CREATE TABLE p (id INTEGER PRIMARY KEY);"
	     "CREATE TABLE c (p BIGINT REFERENCES p (id) DEFERRABLE INITIALLY DEFERRED)");
	ck_assert_int_eq(db_begin(db, DB_WRITE, &err), 0);
	exec("INSERT INTO c (p) VALUES (1)");
	ck_assert_int_eq(db_commit(db, &err), -1);
	ck_assert_int_eq(err.code, ERR_FOREIGN_KEY);
	ck_assert(!db_in_transaction(db));
	ck_assert_int_eq(number("SELECT count(*) FROM c"), 0);
}
END_TEST

START_TEST(any_name_can_be_quoted)
{
	static const char *const names[] = {"user", "x\"; drop table y", "a.b", "ünï", "select"};
	auto_buf struct buf sql = {0};

	for (size_t i = 0; i < countof(names); i++) {
		buf_clear(&sql);
		buf_text(&sql, "CREATE TABLE ");
		db_quote(&sql, names[i]);
		buf_text(&sql, " (");
		db_quote(&sql, names[i]);
		buf_text(&sql, " BIGINT UNIQUE); INSERT INTO ");
		db_quote(&sql, names[i]);
		buf_text(&sql, " VALUES (1)");
		exec(buf_string(&sql));
		buf_clear(&sql);
		buf_text(&sql, "INSERT INTO ");
		db_quote(&sql, names[i]);
		buf_text(&sql, " VALUES (1)");
		ck_assert_int_eq(db_exec(db, buf_string(&sql), &err), -1);
		ck_assert(db_constraint_is_on(db, names[i], &names[i], 1));
	}
}
END_TEST

int main(int argc, char **argv)
{
	TCase *cases = place_cases(argc, argv);

	tcase_add_checked_fixture(cases, set_up, tear_down);
	tcase_add_loop_test(cases, a_value_comes_back_as_it_went, 0, countof(kept));
	tcase_add_test(cases, a_value_of_another_type_is_not_read);
	tcase_add_test(cases, parameters_go_by_their_number);
	tcase_add_loop_test(cases, what_is_not_one_good_statement_is_refused, 0,
	                    countof(not_one_statement));
	tcase_add_test(cases, a_cached_text_is_one_statement);
	tcase_add_loop_test(cases, a_broken_constraint_says_which, 0, countof(broken));
	tcase_add_test(cases, a_write_needs_a_transaction_and_gets_one_from_run);
	tcase_add_test(cases, a_rollback_undoes_and_a_commit_keeps);
	tcase_add_test(cases, savepoints_nest);
	tcase_add_test(cases, a_script_is_all_or_nothing);
	tcase_add_loop_test(cases, a_statement_cannot_leave_its_transaction, 0,
	                    countof(not_theirs));
	tcase_add_test(cases, a_reader_keeps_its_snapshot);
	tcase_add_test(cases, a_statement_ends_at_its_timeout);
	tcase_add_test(cases, statements_may_be_stepped_in_turns);
	if (!place_is_postgres())
		tcase_add_test(cases, two_statements_have_a_budget_each);
	tcase_add_test(cases, another_thread_can_cancel);
	tcase_add_test(cases, nothing_is_written_behind_a_transaction_that_died);
	tcase_add_test(cases, a_deferred_constraint_fails_the_commit);
	tcase_add_test(cases, any_name_can_be_quoted);
	tcase_set_timeout(cases, 60);
	return suite_run("db", cases);
}

/* db_copy_test.c - many rows into one table at once */
#include <check.h>

#include "lib/str.h"
#include "storage/db/db_copy.h"
#include "tests/place.h"
#include "tests/suite.h"

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

static const struct {
	struct db_copy_column column;
	const char *type;
	struct db_value value;
	const char *text;
} copied[] = {
	{{"a", DB_INT},
         "bigint",
         {.type = DB_INT, .as.integer = INT64_MIN},
         "-9223372036854775808"},
	{{"b", DB_FLOAT}, "float8", {.type = DB_FLOAT, .as.real = -0.1}, "-0.1"},
	{{"c", DB_TEXT},
         "text",
         {.type = DB_TEXT, .size = 5, .as.text = "Zo\xc3\xab\n"},
         "Zo\xc3\xab\n"},
	{{"d", DB_BOOL}, "boolean", {.type = DB_BOOL, .as.integer = 1}, "t"},
	{{"e", DB_DATE}, "date", {.type = DB_DATE, .as.integer = 18659}, "2021-02-01"},
	{{"f", DB_TIMESTAMP},
         "timestamptz",
         {.type = DB_TIMESTAMP, .as.integer = 1612182493123456},
         "2021-02-01 12:28:13.123456+00"},
	{{"g", DB_JSON},
         "jsonb",
         {.type = DB_JSON, .size = 7, .as.text = "{\"a\":1}"},
         "{\"a\": 1}"},
	{{"h", DB_BYTES},
         "bytea",
         {.type = DB_BYTES,
          .size = 3,
          .as.text = "\0\xff"
                     "a"},
         "\\x00ff61"},
	{{"i", DB_UUID},
         "uuid",
         {.type = DB_UUID, .size = 36, .as.text = "6f9619ff-8b86-d011-b42d-00cf4fc964ff"},
         "6f9619ff-8b86-d011-b42d-00cf4fc964ff"},
	{{"j", DB_DECIMAL},
         "numeric(18, 2)",
         {.type = DB_DECIMAL, .scale = 2, .as.integer = -5},
         "-0.05"},
	{{"k", DB_DECIMAL},
         "numeric(18, 2)",
         {.type = DB_DECIMAL, .scale = 2, .as.integer = 123456789012345678},
         "1234567890123456.78"},
	{{"l", DB_DECIMAL}, "numeric(5, 0)", {.type = DB_DECIMAL, .as.integer = 10000}, "10000"},
	{{"m", DB_DECIMAL},
         "numeric(40, 10)",
         {.type = DB_TEXT, .size = 41, .as.text = "123456789012345678901234567890.0000000001"},
         "123456789012345678901234567890.0000000001"},
	{{"n", DB_DECIMAL}, "numeric(18, 2)", {.type = DB_DECIMAL, .scale = 2}, "0.00"},
	{{"o", DB_TEXT}, "text", {.type = DB_NULL}, NULL},
};

START_TEST(rows_are_copied_as_they_are)
{
	struct db_copy_column columns[countof(copied)];
	struct db_value values[countof(copied)];
	auto_buf struct buf sql = {0};
	struct db_copy *copy;
	struct db_stmt *stmt;
	int64_t rows;

	buf_text(&sql, "CREATE TABLE t (");
	for (size_t i = 0; i < countof(copied); i++) {
		buf_printf(&sql, "%s%s %s", i ? ", " : "", copied[i].column.name, copied[i].type);
		columns[i] = copied[i].column;
		values[i] = copied[i].value;
	}
	buf_text(&sql, ")");
	exec(buf_string(&sql));
	ck_assert_int_eq(db_begin(db, DB_WRITE, &err), 0);
	copy = db_copy_open(db, "t", columns, countof(columns), &err);
	ck_assert_msg(copy != NULL, "%s", err.text);
	for (int i = 0; i < 2000; i++)
		ck_assert_int_eq(db_copy_row(copy, values, &err), 0);
	ck_assert_msg(db_copy_finish(copy, &rows, &err) == 0, "%s", err.text);
	ck_assert_int_eq(rows, 2000);
	ck_assert_int_eq(db_commit(db, &err), 0);
	stmt = db_cached(db, "SELECT DISTINCT * FROM t", &err);
	ck_assert_int_eq(db_step(stmt, &err), 1);
	for (size_t i = 0; i < countof(copied); i++) {
		const char *text = db_column_text(stmt, (int)i);

		ck_assert_msg(str_equal(text ? text : "", copied[i].text ? copied[i].text : ""),
		              "column %zu is '%s'", i, text ? text : "NULL");
	}
	ck_assert_int_eq(db_step(stmt, &err), 0);
}
END_TEST

START_TEST(a_copy_that_breaks_a_rule_stores_nothing)
{
	static const struct db_copy_column column = {"v", DB_INT};
	const struct db_value one = {.type = DB_INT, .as.integer = 1};
	struct db_copy *copy;
	int64_t rows;

	exec("CREATE TABLE t (v BIGINT UNIQUE)");
	ck_assert_int_eq(db_begin(db, DB_WRITE, &err), 0);
	copy = db_copy_open(db, "t", &column, 1, &err);
	ck_assert_int_eq(db_copy_row(copy, &one, &err), 0);
	ck_assert_int_eq(db_copy_row(copy, &one, &err), 0);
	ck_assert_int_eq(db_copy_finish(copy, &rows, &err), -1);
	ck_assert_int_eq(err.code, ERR_DUPLICATE);
	db_rollback(db);
	ck_assert_int_eq(db_begin(db, DB_WRITE, &err), 0);
	copy = db_copy_open(db, "t", &column, 1, &err);
	ck_assert_int_eq(db_copy_row(copy, &one, &err), 0);
	db_copy_abort(copy);
	ck_assert_int_eq(db_commit(db, &err), -1);
	ck_assert_int_eq(db_begin(db, DB_WRITE, &err), 0);
	ck_assert_ptr_null(db_copy_open(db, "nothing", &column, 1, &err));
	db_rollback(db);
	ck_assert_int_eq(db_step(db_cached(db, "SELECT * FROM t", &err), &err), 0);
}
END_TEST

int main(int argc, char **argv)
{
	TCase *cases = place_cases(argc, argv);

	tcase_add_checked_fixture(cases, set_up, tear_down);
	tcase_add_test(cases, rows_are_copied_as_they_are);
	tcase_add_test(cases, a_copy_that_breaks_a_rule_stores_nothing);
	return suite_run("db copy", cases);
}

/* migrate_test.c - a database follows its catalog, on every database */
#include <check.h>
#include <pthread.h>
#include <unistd.h>

#include "tests/drivers/shelf.h"
#include "tests/suite.h"

static struct shelf shelf;

static void set_up(void)
{
	shelf_open(&shelf);
}

static void tear_down(void)
{
	shelf_close(&shelf);
}

/* Declares table `t` with these columns and what follows them. */
static void declare(const char *columns, const char *rest)
{
	struct buf text = {0};

	buf_printf(&text, "table: t\ncolumns: [%s]\n%s\n", columns, rest);
	shelf_declare(&shelf, "t.yaml", text.data);
	buf_release(&text);
	shelf_read(&shelf);
}

/* What would be done, one `kind what` a line. */
static const char *plan(void)
{
	static const char *const kinds[] = {"+", "-", "!"};
	struct migrate_plan steps;

	migrate_plan_init(&steps);
	buf_clear(&shelf.answer);
	ck_assert_msg(migrate_plan(shelf.db, shelf.catalog, &steps, &shelf.err) == 0, "%s",
	              shelf.err.text);
	for (size_t i = 0; i < steps.count; i++)
		buf_printf(&shelf.answer, "%s%s %s", i ? "\n" : "", kinds[steps.items[i].kind],
		           steps.items[i].what);
	migrate_plan_release(&steps);
	return buf_string(&shelf.answer);
}

#define A "{name: a, type: text}"
#define B "{name: b, type: int}"

START_TEST(a_new_database_is_made_and_then_left_alone)
{
	declare(A, "unique: [[a]]");
	ck_assert_str_eq(plan(), "+ create version 1 of the program's own tables\n"
	                         "+ create table 't'\n"
	                         "+ create index 't_a_38f81d46_key'");
	ck_assert_str_eq(shelf_migrate(&shelf, 0), "ok, 3 steps");
	ck_assert_str_eq(plan(), "");
	ck_assert_str_eq(shelf_migrate(&shelf, 0), "ok, 0 steps");
}
END_TEST

START_TEST(the_own_tables_are_there)
{
	static const char *const tables[] = {"load", "watermark", "idempotency", "audit"};

	declare(A, "");
	shelf_migrate(&shelf, 0);
	for (size_t i = 0; i < countof(tables); i++) {
		char sql[64];
		struct db_stmt *stmt;

		snprintf(sql, sizeof(sql), "SELECT * FROM millrace_%s%s",
		         place_is_postgres() ? "data." : "", tables[i]);
		stmt = db_prepare(shelf.db, sql, &shelf.err);
		ck_assert_msg(stmt != NULL, "%s", shelf.err.text);
		db_stmt_free(stmt);
	}
}
END_TEST

START_TEST(columns_and_indexes_are_added_under_rows)
{
	declare(A, "");
	shelf_migrate(&shelf, 0);
	shelf_post(&shelf, "t", "{\"a\": \"x\"}");
	declare("{name: a, type: text, index: true}, {name: b, type: int, required: true, default: 5}, "
	        "{name: c, type: text, required: true, default: \"it's\"}, "
	        "{name: d, references: t}",
	        "");
	ck_assert_str_eq(plan(), "+ add column 'b' of table 't'\n"
	                         "+ add column 'c' of table 't'\n"
	                         "+ add column 'd' of table 't'\n"
	                         "+ create index 't_a_38f81d46_idx'\n"
	                         "+ create index 't_d_c858c309_idx'");
	ck_assert_str_eq(shelf_migrate(&shelf, 0), "ok, 5 steps");
	ck_assert_str_eq(shelf_post(&shelf, "t", "{\"a\": \"y\", \"d\": 1}"),
	                 "{\"id\":2,\"a\":\"y\",\"b\":5,\"c\":\"it's\",\"d\":1,\"version\":1}");
	ck_assert_str_eq(shelf_post(&shelf, "t", "{\"id\": 1, \"a\": \"x\"}"),
	                 "{\"id\":1,\"a\":\"x\",\"b\":5,\"c\":\"it's\",\"d\":null,\"version\":1}");
	ck_assert_str_eq(plan(), "");
}
END_TEST

START_TEST(a_destructive_step_needs_leave)
{
	declare(A ", " B, "unique: [[a, b]]");
	shelf_migrate(&shelf, 0);
	shelf_post(&shelf, "t", "{\"a\": \"x\", \"b\": 1}");
	declare(A ", {name: c, type: int}", "");
	ck_assert_str_eq(
		shelf_migrate(&shelf, 0),
		"conflict: drop column 'b' of table 't' would destroy data and was not allowed");
	/* what is additive was done */
	ck_assert_str_eq(plan(), "- drop column 'b' of table 't'");
	ck_assert_str_eq(shelf_post(&shelf, "t", "{\"a\": \"x\", \"c\": 1}"),
	                 "{\"id\":2,\"a\":\"x\",\"c\":1,\"version\":1}");
	ck_assert_str_eq(shelf_migrate(&shelf, MIGRATE_ALLOW_DESTRUCTIVE), "ok, 1 steps");
	ck_assert_str_eq(plan(), "");
}
END_TEST

START_TEST(a_table_that_is_gone_from_the_catalog_stays_until_allowed)
{
	char path[160];

	declare(A, "");
	shelf_declare(&shelf, "u.yaml", "table: u\ncolumns: [{name: t, references: t}]\n");
	shelf_read(&shelf);
	shelf_migrate(&shelf, 0);
	shelf_post(&shelf, "t", "{}");
	shelf_post(&shelf, "u", "{\"t\": 1}");
	snprintf(path, sizeof(path), "%s/u.yaml", shelf.folder);
	unlink(path);
	shelf_read(&shelf);
	ck_assert_str_eq(plan(), "- drop table 'u', which no file declares");
	ck_assert_str_eq(shelf_migrate(&shelf, 0), "ok, 0 steps");
	ck_assert_str_eq(shelf_migrate(&shelf, MIGRATE_ALLOW_DESTRUCTIVE), "ok, 1 steps");
	ck_assert_str_eq(plan(), "");
}
END_TEST

START_TEST(what_rows_forbid_is_refused_and_nothing_is_done)
{
	declare(A ", " B, "");
	shelf_migrate(&shelf, 0);
	shelf_post(&shelf, "t", "{\"a\": \"x\"}");
	declare("{name: a, type: int}, {name: b, type: int, required: true}, "
	        "{name: c, type: int, required: true}, {name: d, type: int}",
	        "");
	ck_assert_str_eq(
		plan(),
		"! rows are there, so 'text' cannot become 'int' in column 'a' of table 't'\n"
		"! rows are there, so 'required' cannot change of column 'b' of table 't'\n"
		"! rows are there, which have no value for the required column 'c' of table "
		"'t'\n"
		"+ add column 'd' of table 't'");
	ck_assert_str_eq(
		shelf_migrate(&shelf, 0),
		"conflict: rows are there, so 'text' cannot become 'int' in column 'a' of table "
		"'t': dump it, drop it and load it again");
	declare(A ", " B, "");
	ck_assert_str_eq(plan(), "");
}
END_TEST

START_TEST(a_table_without_rows_is_made_anew)
{
	declare(A, "");
	shelf_migrate(&shelf, 0);
	declare("{name: a, type: int, required: true}", "");
	ck_assert_str_eq(plan(), "+ drop table 't', which has no rows\n+ create table 't'");
	ck_assert_str_eq(shelf_migrate(&shelf, 0), "ok, 2 steps");
	ck_assert_str_eq(shelf_post(&shelf, "t", "{\"a\": 1}"), "{\"id\":1,\"a\":1,\"version\":1}");
}
END_TEST

START_TEST(checks_of_the_program_alone_change_nothing)
{
	declare("{name: a, type: string, max_length: 5}", "");
	shelf_migrate(&shelf, 0);
	declare("{name: a, type: text, pattern: y, default: y}", "");
	ck_assert_str_eq(plan(), "");
}
END_TEST

START_TEST(a_table_of_somebody_else_is_not_touched)
{
	ck_assert_int_eq(db_exec(shelf.db, "CREATE TABLE t (a TEXT)", &shelf.err), 0);
	declare(A, "");
	ck_assert_str_eq(
		shelf_migrate(&shelf, 0),
		"conflict: table 't' is there already and was not made from the catalog: dump "
		"it, drop it and load it again");
}
END_TEST

/* Those of tables. */
static void change_records(const char *how)
{
	char sql[128];

	snprintf(sql, sizeof(sql), "UPDATE millrace_%smigration SET %s WHERE shape <> ''",
	         place_is_postgres() ? "data." : "", how);
	ck_assert_int_eq(db_exec(shelf.db, sql, &shelf.err), 0);
}

START_TEST(a_newer_database_is_refused)
{
	declare(A, "");
	shelf_migrate(&shelf, 0);
	change_records("version = 99");
	ck_assert_str_eq(
		shelf_migrate(&shelf, 0),
		"conflict: the database was migrated by a newer version of the program: its own "
		"tables are of version 99, this program knows 1");
}
END_TEST

START_TEST(a_changed_record_is_damage)
{
	declare(A, "");
	shelf_migrate(&shelf, 0);
	change_records("shape = '{}'");
	ck_assert_str_eq(shelf_migrate(&shelf, 0),
	                 "damaged: table 't': the record of table 't' does not match its checksum");
}
END_TEST

/* One of several that migrate the same database at the same time. */
struct rival {
	pthread_t thread;
	struct db *db;
	struct migrate_plan plan;
	struct err err;
	int status;
};

static void *migrate_rival(void *context)
{
	struct rival *rival = context;

	rival->status =
		migrate_up(rival->db, shelf.catalog, 0, SHELF_NOW, &rival->plan, &rival->err);
	return NULL;
}

START_TEST(who_migrates_at_once_takes_turns)
{
	struct rival rivals[4] = {0};
	size_t steps = 0;

	declare(A, "unique: [[a]]");
	for (size_t i = 0; i < countof(rivals); i++) {
		rivals[i].db = place_open(&shelf.place);
		migrate_plan_init(&rivals[i].plan);
		ck_assert_int_eq(pthread_create(&rivals[i].thread, NULL, migrate_rival, &rivals[i]),
		                 0);
	}
	for (size_t i = 0; i < countof(rivals); i++) {
		pthread_join(rivals[i].thread, NULL);
		ck_assert_msg(rivals[i].status == 0, "%s", rivals[i].err.text);
		steps += rivals[i].plan.count;
		migrate_plan_release(&rivals[i].plan);
		db_close(rivals[i].db);
	}
	/* each step was done by one of them */
	ck_assert_uint_eq(steps, 3);
}
END_TEST

int main(int argc, char **argv)
{
	TCase *cases = place_cases(argc, argv);

	tcase_add_checked_fixture(cases, set_up, tear_down);
	tcase_add_test(cases, a_new_database_is_made_and_then_left_alone);
	tcase_add_test(cases, the_own_tables_are_there);
	tcase_add_test(cases, columns_and_indexes_are_added_under_rows);
	tcase_add_test(cases, a_destructive_step_needs_leave);
	tcase_add_test(cases, a_table_that_is_gone_from_the_catalog_stays_until_allowed);
	tcase_add_test(cases, what_rows_forbid_is_refused_and_nothing_is_done);
	tcase_add_test(cases, a_table_without_rows_is_made_anew);
	tcase_add_test(cases, checks_of_the_program_alone_change_nothing);
	tcase_add_test(cases, a_table_of_somebody_else_is_not_touched);
	tcase_add_test(cases, a_newer_database_is_refused);
	tcase_add_test(cases, a_changed_record_is_damage);
	tcase_add_test(cases, who_migrates_at_once_takes_turns);
	tcase_set_timeout(cases, 60);
	return suite_run("migrate", cases);
}

/* postgres_test.c - what only a database with many writers can get wrong */
#include <check.h>
#include <pthread.h>
#include <unistd.h>

#include "tests/count.h"
#include "tests/drivers/shelf.h"
#include "tests/suite.h"

enum { RIVALS = 16, ROUNDS = 5 };

static struct shelf shelf;

static void set_up(void)
{
	shelf_open(&shelf);
	shelf_declare(&shelf, "parent.yaml",
	              "table: parent\ncolumns: [{name: a, type: text}]\nunique: [[a]]\n");
	shelf_declare(&shelf, "child.yaml",
	              "table: child\n"
	              "columns: [{name: parent_id, references: parent}]\n");
	shelf_read(&shelf);
	ck_assert_str_eq(shelf_migrate(&shelf, 0), "ok, 5 steps");
}

static void tear_down(void)
{
	shelf_close(&shelf);
}

/* One of several that write at the same time, with a connection of its own. */
struct rival {
	pthread_t thread;
	struct db *db;
	struct arena arena;
	const char *table, *column;
	struct value value;
	int status;
	int64_t id;
	struct err err;
};

static void *create(void *context)
{
	struct rival *rival = context;
	const struct table *table = catalog_table(shelf.catalog, rival->table);
	struct table_access access = {.repo = shelf.repo,
	                              .table = table,
	                              .db = rival->db,
	                              .arena = &rival->arena,
	                              .now_us = SHELF_NOW};
	struct value *values = arena_array(&rival->arena, table->column_count, sizeof(*values));
	struct table_row row;

	values[catalog_column(table, rival->column)->position] = rival->value;
	rival->status = db_begin(rival->db, DB_WRITE, &rival->err);
	if (rival->status == 0)
		rival->status = table_repo_create(&access, values, 0, &row, &rival->err);
	if (rival->status == 0) {
		rival->id = row.values[TABLE_ID].as.integer;
		rival->status = db_commit(rival->db, &rival->err);
	} else {
		db_rollback(rival->db);
	}
	return NULL;
}

static void begin(struct rival *rival)
{
	rival->db = place_open(&shelf.place);
	arena_init(&rival->arena);
	ck_assert_int_eq(pthread_create(&rival->thread, NULL, create, rival), 0);
}

static void end(struct rival *rival)
{
	pthread_join(rival->thread, NULL);
	db_close(rival->db);
	arena_release(&rival->arena);
}

static int64_t one_number(const char *sql)
{
	struct db_stmt *stmt = db_cached(shelf.db, sql, &shelf.err);
	int64_t number;

	ck_assert_msg(stmt && db_step(stmt, &shelf.err) == 1, "%s", shelf.err.text);
	number = db_column_int(stmt, 0);
	db_reset(stmt);
	return number;
}

START_TEST(the_same_row_of_many_is_one_row)
{
	for (int round = 0; round < ROUNDS; round++) {
		struct rival rivals[RIVALS] = {0};
		char text[32];
		int size = snprintf(text, sizeof(text), "round %d", round);

		for (size_t i = 0; i < RIVALS; i++) {
			rivals[i].table = "parent";
			rivals[i].column = "a";
			rivals[i].value = (struct value){.kind = VALUE_TEXT};
			rivals[i].value.as.text = text;
			rivals[i].value.size = (uint32_t)size;
			begin(&rivals[i]);
		}
		for (size_t i = 0; i < RIVALS; i++)
			end(&rivals[i]);
		for (size_t i = 0; i < RIVALS; i++) {
			ck_assert_msg(rivals[i].status == 0, "%s", rivals[i].err.text);
			ck_assert_int_eq(rivals[i].id, rivals[0].id);
		}
		ck_assert_int_eq(one_number("SELECT count(*) FROM parent"), round + 1);
	}
}
END_TEST

/* Whether somebody waits for a lock that the connection of the test has. */
static int is_waited_for(void)
{
	return one_number("SELECT count(*) FROM pg_stat_activity"
	                  " WHERE wait_event_type = 'Lock'"
	                  " AND datname = current_database()") > 0;
}

START_TEST(a_parent_that_is_being_hidden_gets_no_child)
{
	struct table_access access = shelf_access(&shelf, "parent");
	struct rival rival = {.table = "child", .column = "parent_id"};

	ck_assert_ptr_nonnull(strstr(shelf_post(&shelf, "parent", "{\"a\": \"x\"}"), "\"id\""));
	rival.value = (struct value){.kind = VALUE_INT};
	rival.value.as.integer = one_number("SELECT max(id) FROM parent");
	ck_assert_int_eq(db_begin(shelf.db, DB_WRITE, &shelf.err), 0);
	ck_assert_int_eq(table_repo_soft_delete(&access, rival.value.as.integer,
	                                        TABLE_REPO_ANY_VERSION, &shelf.err),
	                 0);
	begin(&rival);
	while (!is_waited_for())
		usleep(1000);
	ck_assert_int_eq(db_commit(shelf.db, &shelf.err), 0);
	end(&rival);
	ck_assert_int_eq(rival.status, -1);
	ck_assert_int_eq(rival.err.code, ERR_FOREIGN_KEY);
	ck_assert_int_eq(one_number("SELECT count(*) FROM child"), 0);
}
END_TEST

/* It ends at about its timeout, so the request to end it often comes too late. */
START_TEST(a_late_cancel_does_not_hit_the_next_statement)
{
	for (int i = 0; i < count_of(50, 1000); i++) {
		struct err err;
		int status;

		db_set_timeout_ms(shelf.db, 4);
		status = db_exec(shelf.db, "SELECT pg_sleep(0.004)", &err);
		ck_assert_msg(status == 0 || err.code == ERR_TIMEOUT, "%s", err.text);
		db_set_timeout_ms(shelf.db, 0);
		status = db_exec(shelf.db, "SELECT pg_sleep(0.002)", &err);
		ck_assert_msg(status == 0, "%s", err.text);
	}
}
END_TEST

int main(int argc, char **argv)
{
	TCase *cases = place_cases(argc, argv);

	tcase_add_checked_fixture(cases, set_up, tear_down);
	tcase_add_test(cases, the_same_row_of_many_is_one_row);
	tcase_add_test(cases, a_parent_that_is_being_hidden_gets_no_child);
	tcase_add_test(cases, a_late_cancel_does_not_hit_the_next_statement);
	tcase_set_timeout(cases, 60);
	return suite_run("postgres", cases);
}

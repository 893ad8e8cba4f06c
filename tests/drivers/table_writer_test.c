/* table_writer_test.c - many rows into one table, on every database */
#include <check.h>

#include "storage/repo/row_batch.h"
#include "storage/repo/table_writer.h"
#include "tests/drivers/shelf.h"
#include "tests/suite.h"

#define STAMP (SHELF_NOW + 1)

static struct shelf shelf;

static void set_up(void)
{
	shelf_open(&shelf);
	shelf_declare(&shelf, "department.yaml",
	              "table: department\n"
	              "columns:\n"
	              "  - {name: department, type: text, required: true, unique: true}\n");
	shelf_declare(&shelf, "user.yaml",
	              "table: user\n"
	              "columns:\n"
	              "  - {name: name, type: text, required: true}\n"
	              "  - {name: code, type: int, unique: true}\n"
	              "  - {name: department_id, references: department}\n"
	              "  - {name: rank, type: int, required: true, default: 7}\n"
	              "unique: [[name]]\n");
	shelf_read(&shelf);
	shelf_migrate(&shelf, 0);
	shelf_post(&shelf, "department", "{\"department\": \"Sales\"}");
}

static void tear_down(void)
{
	shelf_close(&shelf);
}

/* Writes rows like "id=1 name=Ann;name=Bob" and says what became of each. */
static const char *write_rows(enum table_writer_conflict conflict, const char *key_column,
                              const char *rows)
{
	const struct table *table = catalog_table(shelf.catalog, "user");
	const char *names[] = {"id", "name", "code", "department_id"};
	const struct column *columns[countof(names)];
	struct table_writer_options options = {columns, countof(names), conflict, NULL, STAMP};
	struct table_writer *writer;
	char *copy = mem_strdup(rows), *next = copy, *row;

	for (size_t i = 0; i < countof(names); i++)
		columns[i] = catalog_column(table, names[i]);
	ck_assert_int_eq(catalog_key(table, &key_column, 1, &options.key), 0);
	writer = table_writer_open(shelf.db, table, &options, &shelf.err);
	ck_assert_msg(writer != NULL, "%s", shelf.err.text);
	ck_assert_int_eq(db_begin(shelf.db, DB_WRITE, &shelf.err), 0);
	table_writer_begin(writer);
	buf_clear(&shelf.answer);
	while ((row = strsep(&next, ";"))) {
		static const char *const outcomes[] = {"inserted", "updated", "skipped",
		                                       "rejected"};
		struct value values[countof(names)] = {{0}};
		struct table_reject reject = {0};
		int outcome;

		for (size_t i = 0; i < countof(names); i++) {
			const char *field = strsep(&row, ",");
			struct flaw flaw;

			values[i] = value_null();
			if (field && *field)
				ck_assert_int_eq(value_parse(columns[i], field, strlen(field),
				                             &shelf.arena, &values[i], &flaw),
				                 0);
		}
		outcome = table_writer_row(writer, values, &reject, &shelf.err);
		ck_assert_msg(outcome >= 0, "%s", shelf.err.text);
		buf_printf(&shelf.answer, "%s%s", shelf.answer.size ? "; " : "", outcomes[outcome]);
		if (outcome == TABLE_WRITER_REJECTED)
			buf_printf(&shelf.answer, " %s %s: %s", reject.column->name,
			           flaw_name(reject.flaw.code), reject.flaw.detail);
	}
	ck_assert_int_eq(db_commit(shelf.db, &shelf.err), 0);
	table_writer_close(writer);
	free(copy);
	return buf_string(&shelf.answer);
}

static int add_row(void *context, const struct table_row *row, struct err *err)
{
	struct buf *text = context;

	(void)err;
	for (size_t i = 0; i < 5; i++) {
		buf_text(text, i ? "," : "");
		value_append_csv(&row->table->columns[i], &row->values[i], text);
	}
	buf_printf(text, ",v%d;", (int)row->values[row->table->version->position].as.integer);
	return 0;
}

static const char *stored(void)
{
	struct table_access access = shelf_access(&shelf, "user");
	struct table_list all = {.limit = -1};

	buf_clear(&shelf.answer);
	ck_assert_int_eq(table_repo_list(&access, &all, add_row, &shelf.answer, &shelf.err), 0);
	return buf_string(&shelf.answer);
}

START_TEST(rows_with_and_without_ids_are_stored_with_defaults)
{
	ck_assert_str_eq(write_rows(TABLE_WRITER_ERROR, "id", "5,Ann,1,1;,Bob,2,;7,Cid,,1"),
	                 "inserted; inserted; inserted");
	ck_assert_str_eq(stored(), "5,Ann,1,1,7,v1;6,Bob,2,,7,v1;7,Cid,,1,7,v1;");
}
END_TEST

/* More than one statement's worth, the last statement not full. */
START_TEST(added_rows_are_stored_at_the_latest_when_flushed)
{
	const struct table *table = catalog_table(shelf.catalog, "user");
	const struct column *columns[] = {catalog_column(table, "id"),
	                                  catalog_column(table, "name"),
	                                  catalog_column(table, "department_id")};
	struct table_writer_options options = {columns, countof(columns), TABLE_WRITER_ERROR, NULL,
	                                       STAMP};
	/* each with its text: the writer keeps none of the caller's memory */
	static const struct {
		int64_t id, department;
		int outcome;
	} last[] = {
		{500, 99, TABLE_WRITER_REJECTED},
		{501, 1, TABLE_WRITER_INSERTED},
		{0, 1, TABLE_WRITER_INSERTED},
		{502, 1, TABLE_WRITER_REJECTED}, /* the id that the row before was given */
		{503, 1, TABLE_WRITER_INSERTED},
	};
	struct table_writer *writer = table_writer_open(shelf.db, table, &options, &shelf.err);
	char name[32];

	ck_assert_msg(writer != NULL, "%s", shelf.err.text);
	ck_assert_int_eq(db_begin(shelf.db, DB_WRITE, &shelf.err), 0);
	table_writer_begin(writer);
	for (int i = 0; i < 2 * ROW_BATCH_ROWS + (int)countof(last); i++) {
		int at = i - 2 * ROW_BATCH_ROWS;
		int64_t id = at < 0 ? i + 1 : last[at].id;
		int size = snprintf(name, sizeof(name), "Ann %d", i);
		struct value values[] = {id ? value_int(id) : value_null(),
		                         value_text(name, (size_t)size),
		                         value_int(at < 0 ? 1 : last[at].department)};
		struct table_reject reject;
		int outcome = table_writer_add(writer, values, &reject, &shelf.err);

		ck_assert_int_eq(outcome, at < 0 ? TABLE_WRITER_INSERTED : last[at].outcome);
		memset(name, '#', sizeof(name));
	}
	ck_assert_int_eq(table_writer_flush(writer, &shelf.err), 0);
	ck_assert_int_eq(db_commit(shelf.db, &shelf.err), 0);
	table_writer_close(writer);
	stored();
	ck_assert(strncmp(shelf.answer.data, "1,Ann 0,,1,7,v1;2,Ann 1,,1,7,v1;", 32) == 0);
	ck_assert(strstr(shelf.answer.data, ";96,Ann 95,,1,7,v1;501,Ann 97,,1,7,v1;"
	                                    "502,Ann 98,,1,7,v1;503,Ann 100,,1,7,v1;") != NULL);
}
END_TEST

START_TEST(a_bad_row_names_its_reason_and_costs_no_other)
{
	shelf_post(&shelf, "user", "{\"name\": \"Old\", \"code\": 9}");
	ck_assert_str_eq(
		write_rows(TABLE_WRITER_ERROR, "id",
	                   "1,New,,;,Old,,;,Ann,9,;,Bob,,99;2,Cid,1,1;,Cid,2,;,Dan,1,;8,Eve,,1"),
		"rejected id duplicate: 1 is taken by row 1; "
		"rejected name duplicate: 'Old' is taken by row 1; "
		"rejected code duplicate: 9 is taken by row 1; "
		"rejected department_id foreign_key: department 99 does not exist; "
		"inserted; "
		"rejected name duplicate_in_input: 'Cid' is taken by row 2; "
		"rejected code duplicate_in_input: 1 is taken by row 2; "
		"inserted");
	ck_assert_str_eq(stored(), "1,Old,9,,7,v1;2,Cid,1,1,7,v1;8,Eve,,1,7,v1;");
}
END_TEST

START_TEST(skip_leaves_what_is_there_and_rejects_other_collisions)
{
	shelf_post(&shelf, "user", "{\"name\": \"Old\", \"code\": 9}");
	ck_assert_str_eq(
		write_rows(TABLE_WRITER_SKIP, "name", ",Old,1,;,Ann,9,;2,Ann,2,;,Ann,3,"),
		"skipped; rejected code duplicate: 9 is taken by row 1; inserted; skipped");
	ck_assert_str_eq(stored(), "1,Old,9,,7,v1;2,Ann,2,,7,v1;");
}
END_TEST

START_TEST(update_changes_given_columns_and_revives)
{
	struct table_access access;

	shelf_post(&shelf, "user", "{\"name\": \"Old\", \"code\": 9, \"rank\": 3}");
	shelf_post(&shelf, "user", "{\"name\": \"Hid\", \"code\": 8}");
	access = shelf_access(&shelf, "user");
	ck_assert_int_eq(db_begin(shelf.db, DB_WRITE, &shelf.err), 0);
	shelf_answer(&shelf, table_repo_soft_delete(&access, 2, 0, &shelf.err), NULL);
	ck_assert_str_eq(write_rows(TABLE_WRITER_UPDATE, "name",
	                            ",Old,1,1;,Hid,4,;,Ann,1,;,Old,4,;3,New,5,;,New,6,"),
	                 "updated; updated; rejected code duplicate: 1 is taken by row 1; "
	                 "rejected code duplicate: 4 is taken by row 2; inserted; updated");
	ck_assert_str_eq(stored(), "1,Old,1,1,3,v2;2,Hid,4,,7,v3;3,New,6,,7,v2;");
}
END_TEST

START_TEST(update_by_id_may_change_a_unique_column)
{
	write_rows(TABLE_WRITER_ERROR, "id", "1,Ann,1,;2,Bob,2,");
	ck_assert_str_eq(write_rows(TABLE_WRITER_UPDATE, "id", "1,Cid,1,;2,Cid,2,"),
	                 "updated; rejected name duplicate_in_input: 'Cid' is taken by row 1");
}
END_TEST

START_TEST(a_hidden_parent_is_unknown)
{
	struct table_access access = shelf_access(&shelf, "department");

	ck_assert_int_eq(db_begin(shelf.db, DB_WRITE, &shelf.err), 0);
	shelf_answer(&shelf, table_repo_soft_delete(&access, 1, 0, &shelf.err), NULL);
	ck_assert_str_eq(write_rows(TABLE_WRITER_ERROR, "id", ",Ann,,1"),
	                 "rejected department_id foreign_key: department 1 does not exist");
}
END_TEST

START_TEST(a_missing_required_column_is_told_before_the_first_row)
{
	const struct table *table = catalog_table(shelf.catalog, "user");
	const struct column *columns[] = {catalog_column(table, "code")};
	struct table_writer_options options = {columns, 1, TABLE_WRITER_ERROR, NULL, STAMP};

	ck_assert_ptr_null(table_writer_open(shelf.db, table, &options, &shelf.err));
	ck_assert_str_eq(shelf.err.text, "the input has no column 'name', which is required");
}
END_TEST

int main(int argc, char **argv)
{
	TCase *cases = place_cases(argc, argv);

	tcase_add_checked_fixture(cases, set_up, tear_down);
	tcase_add_test(cases, rows_with_and_without_ids_are_stored_with_defaults);
	tcase_add_test(cases, added_rows_are_stored_at_the_latest_when_flushed);
	tcase_add_test(cases, a_bad_row_names_its_reason_and_costs_no_other);
	tcase_add_test(cases, skip_leaves_what_is_there_and_rejects_other_collisions);
	tcase_add_test(cases, update_changes_given_columns_and_revives);
	tcase_add_test(cases, update_by_id_may_change_a_unique_column);
	tcase_add_test(cases, a_hidden_parent_is_unknown);
	tcase_add_test(cases, a_missing_required_column_is_told_before_the_first_row);
	tcase_set_timeout(cases, 60);
	return suite_run("table_writer", cases);
}

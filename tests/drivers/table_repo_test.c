/* table_repo_test.c - rows of any table, on every database */
#include <check.h>

#include "tests/drivers/shelf.h"
#include "tests/suite.h"

static struct shelf shelf;

static void set_up(void)
{
	shelf_open(&shelf);
	shelf_declare(&shelf, "department.yaml",
	              "table: department\n"
	              "columns:\n"
	              "  - {name: department, type: string, max_length: 20, required: true, "
	              "unique: true}\n");
	shelf_declare(&shelf, "user.yaml",
	              "table: user\n"
	              "columns:\n"
	              "  - {name: name, type: string, max_length: 20, required: true}\n"
	              "  - {name: department_id, references: department, required: true}\n"
	              "  - {name: boss, references: user}\n"
	              "  - {name: rank, type: int, default: 1}\n"
	              "unique: [[name, department_id]]\n");
	shelf_declare(&shelf, "every.yaml",
	              "table: 'x\"; drop table user; --'\n"
	              "columns:\n"
	              "  - {name: select, type: text}\n"
	              "  - {name: int, type: int}\n"
	              "  - {name: float, type: float}\n"
	              "  - {name: decimal, type: decimal, precision: 18, scale: 2}\n"
	              "  - {name: long, type: decimal, precision: 40, scale: 10}\n"
	              "  - {name: bool, type: bool}\n"
	              "  - {name: date, type: date}\n"
	              "  - {name: timestamp, type: timestamp}\n"
	              "  - {name: json, type: json}\n"
	              "  - {name: bytes, type: bytes}\n"
	              "  - {name: uuid, type: uuid}\n");
	shelf_read(&shelf);
	ck_assert_str_eq(shelf_migrate(&shelf, 0), "ok, 8 steps");
}

static void tear_down(void)
{
	shelf_close(&shelf);
}

static const char *post(const char *table, const char *json)
{
	return shelf_post(&shelf, table, json);
}

static const char *get(const char *table, int64_t id, unsigned flags)
{
	struct table_access access = shelf_access(&shelf, table);
	struct table_row row;
	int status;

	ck_assert_int_eq(db_begin(shelf.db, DB_READ, &shelf.err), 0);
	status = table_repo_get(&access, id, flags, &row, &shelf.err);
	return shelf_answer(&shelf, status, &row);
}

static const char *patch(const char *table, int64_t id, int64_t version, const char *json)
{
	struct table_access access = shelf_access(&shelf, table);
	struct table_change change = {id, version, shelf_values(&shelf, access.table, json)};
	struct table_row row;
	int status;

	ck_assert_int_eq(db_begin(shelf.db, DB_WRITE, &shelf.err), 0);
	status = table_repo_update(&access, &change, 0, &row, &shelf.err);
	return shelf_answer(&shelf, status, &row);
}

static const char *hide(const char *table, int64_t id)
{
	struct table_access access = shelf_access(&shelf, table);

	ck_assert_int_eq(db_begin(shelf.db, DB_WRITE, &shelf.err), 0);
	return shelf_answer(&shelf, table_repo_soft_delete(&access, id, 0, &shelf.err), NULL);
}

static const char *destroy(const char *table, int64_t id, int64_t version)
{
	struct table_access access = shelf_access(&shelf, table);

	ck_assert_int_eq(db_begin(shelf.db, DB_WRITE, &shelf.err), 0);
	return shelf_answer(&shelf, table_repo_hard_delete(&access, id, version, &shelf.err), NULL);
}

static int add_id(void *context, const struct table_row *row, struct err *err)
{
	(void)err;
	buf_printf(context, "%d ", (int)row->values[TABLE_ID].as.integer);
	return 0;
}

static const char *list(const char *table, struct table_list what)
{
	struct table_access access = shelf_access(&shelf, table);

	buf_clear(&shelf.answer);
	ck_assert_int_eq(table_repo_list(&access, &what, add_id, &shelf.answer, &shelf.err), 0);
	return buf_string(&shelf.answer);
}

START_TEST(a_row_gets_an_id_and_a_version)
{
	ck_assert_str_eq(post("department", "{\"department\": \"Sales\"}"),
	                 "{\"id\":1,\"department\":\"Sales\",\"version\":1}");
	ck_assert_str_eq(get("department", 1, 0),
	                 "{\"id\":1,\"department\":\"Sales\",\"version\":1}");
}
END_TEST

START_TEST(ids_go_on_behind_the_highest_one_given)
{
	post("department", "{\"id\": 41, \"department\": \"Sales\"}");
	ck_assert_str_eq(post("department", "{\"department\": \"Legal\"}"),
	                 "{\"id\":42,\"department\":\"Legal\",\"version\":1}");
	destroy("department", 42, 0);
	ck_assert_str_eq(post("department", "{\"department\": \"Support\"}"),
	                 "{\"id\":43,\"department\":\"Support\",\"version\":1}");
}
END_TEST

START_TEST(the_same_content_again_is_the_same_row)
{
	post("department", "{\"department\": \"Sales\"}");
	ck_assert_str_eq(post("department", "{\"department\": \"Sales\"}"),
	                 "{\"id\":1,\"department\":\"Sales\",\"version\":1}");
	ck_assert_str_eq(post("department", "{\"id\": 1, \"department\": \"Sales\"}"),
	                 "{\"id\":1,\"department\":\"Sales\",\"version\":1}");
}
END_TEST

START_TEST(a_taken_id_or_key_with_other_content_is_a_duplicate)
{
	post("department", "{\"department\": \"Sales\"}");
	ck_assert_str_eq(post("department", "{\"id\": 1, \"department\": \"Legal\"}"),
	                 "duplicate: table 'department', column 'id': 1 is taken by row 1");
	ck_assert_str_eq(
		post("department", "{\"id\": 2, \"department\": \"Sales\"}"),
		"duplicate: table 'department', column 'department': 'Sales' is taken by row 1");
	ck_assert_int_eq(shelf.reject.flaw.code, FLAW_DUPLICATE);
	ck_assert_str_eq(shelf.reject.column->name, "department");
	post("user", "{\"name\": \"Ann\", \"department_id\": 1}");
	ck_assert_str_eq(post("user", "{\"name\": \"Ann\", \"department_id\": 1, \"rank\": 2}"),
	                 "duplicate: table 'user', column 'name': ('Ann', 1) is taken by row 1");
}
END_TEST

START_TEST(a_hidden_row_comes_back_to_life_by_the_same_content)
{
	post("department", "{\"department\": \"Sales\"}");
	ck_assert_str_eq(hide("department", 1), "");
	ck_assert_str_eq(get("department", 1, 0), "gone: row 1 of table 'department' was deleted");
	ck_assert_str_eq(hide("department", 1), "gone: row 1 of table 'department' was deleted");
	ck_assert_str_eq(
		get("department", 1, TABLE_REPO_INCLUDE_DELETED),
		"{\"id\":1,\"department\":\"Sales\",\"deleted_at\":\"2021-02-01T12:28:13Z\","
		"\"version\":2}");
	ck_assert_str_eq(post("department", "{\"department\": \"Sales\"}"),
	                 "{\"id\":1,\"department\":\"Sales\",\"version\":3}");
}
END_TEST

START_TEST(an_unknown_or_hidden_parent_is_named)
{
	ck_assert_str_eq(
		post("user", "{\"name\": \"Ann\", \"department_id\": 99}"),
		"foreign_key: table 'user', column 'department_id': department 99 does not "
		"exist");
	ck_assert_int_eq(shelf.reject.flaw.code, FLAW_FOREIGN_KEY);
	post("department", "{\"department\": \"Sales\"}");
	hide("department", 1);
	ck_assert_str_eq(post("user", "{\"name\": \"Ann\", \"department_id\": 1}"),
	                 "foreign_key: table 'user', column 'department_id': department 1 does not "
	                 "exist");
}
END_TEST

START_TEST(a_row_may_be_its_own_parent)
{
	post("department", "{\"department\": \"Sales\"}");
	ck_assert_str_eq(
		post("user", "{\"id\": 7, \"name\": \"Ann\", \"department_id\": 1, \"boss\": 7}"),
		"{\"id\":7,\"name\":\"Ann\",\"department_id\":1,\"boss\":7,\"rank\":1,\"version\":1}");
	ck_assert_str_eq(destroy("user", 7, 0), "");
}
END_TEST

START_TEST(the_rows_referred_to_stand_beside_their_ids)
{
	post("department", "{\"department\": \"Sales\"}");
	post("user", "{\"name\": \"Ann\", \"department_id\": 1}");
	ck_assert_str_eq(get("user", 1, TABLE_REPO_EXPAND),
	                 "{\"id\":1,\"name\":\"Ann\",\"department_id\":1,\"department\":"
	                 "{\"id\":1,\"department\":\"Sales\",\"version\":1},\"boss\":null,"
	                 "\"boss_row\":null,\"rank\":1,\"version\":1}");
	hide("department", 1);
	ck_assert_str_eq(get("user", 1, TABLE_REPO_EXPAND),
	                 "{\"id\":1,\"name\":\"Ann\",\"department_id\":1,\"department\":null,"
	                 "\"boss\":null,\"boss_row\":null,\"rank\":1,\"version\":1}");
}
END_TEST

START_TEST(a_change_touches_what_was_given_and_counts_versions)
{
	post("department", "{\"department\": \"Sales\"}");
	post("department", "{\"department\": \"Legal\"}");
	ck_assert_str_eq(patch("department", 1, 0, "{\"department\": \"Trade\"}"),
	                 "{\"id\":1,\"department\":\"Trade\",\"version\":2}");
	ck_assert_str_eq(patch("department", 1, 1, "{\"department\": \"Other\"}"),
	                 "stale: row 1 of table 'department' is of another version");
	ck_assert_str_eq(patch("department", 1, 2, "{}"),
	                 "{\"id\":1,\"department\":\"Trade\",\"version\":3}");
	ck_assert_str_eq(
		patch("department", 1, 0, "{\"department\": \"Legal\"}"),
		"duplicate: table 'department', column 'department': 'Legal' is taken by row 2");
	ck_assert_str_eq(patch("department", 3, 0, "{}"),
	                 "not_found: row 3 of table 'department' does not exist");
	hide("department", 2);
	ck_assert_str_eq(patch("department", 2, 0, "{}"),
	                 "gone: row 2 of table 'department' was deleted");
}
END_TEST

START_TEST(a_row_that_is_referred_to_cannot_be_removed)
{
	int64_t removed = 0;
	struct table_access access;

	post("department", "{\"department\": \"Sales\"}");
	post("user", "{\"name\": \"Ann\", \"department_id\": 1}");
	post("user", "{\"name\": \"Bob\", \"department_id\": 1, \"boss\": 1}");
	ck_assert_str_eq(destroy("department", 1, 0),
	                 "conflict: row 1 of table 'department' is referred to by user (2)");
	ck_assert_str_eq(destroy("user", 1, 0),
	                 "conflict: row 1 of table 'user' is referred to by user (1)");
	access = shelf_access(&shelf, "department");
	ck_assert_int_eq(db_begin(shelf.db, DB_WRITE, &shelf.err), 0);
	ck_assert_str_eq(
		shelf_answer(&shelf, table_repo_clear(&access, &removed, &shelf.err), NULL),
		"conflict: rows of table 'department' are referred to by user (2)");
	access = shelf_access(&shelf, "user");
	ck_assert_int_eq(db_begin(shelf.db, DB_WRITE, &shelf.err), 0);
	ck_assert_str_eq(
		shelf_answer(&shelf, table_repo_clear(&access, &removed, &shelf.err), NULL), "");
	ck_assert_int_eq(removed, 2);
	ck_assert_str_eq(destroy("department", 1, 2),
	                 "stale: row 1 of table 'department' is of another version");
	ck_assert_str_eq(destroy("department", 1, 1), "");
}
END_TEST

START_TEST(lists_are_in_id_order_and_leave_hidden_rows_out)
{
	struct table_access access;
	int64_t count = 0;

	for (int i = 9; i > 0; i--) {
		char json[64];

		snprintf(json, sizeof(json), "{\"id\": %d, \"department\": \"d%d\"}", i, i);
		post("department", json);
	}
	hide("department", 3);
	ck_assert_str_eq(list("department", (struct table_list){.limit = -1}), "1 2 4 5 6 7 8 9 ");
	ck_assert_str_eq(list("department", (struct table_list){.limit = 2, .offset = 2}), "4 5 ");
	ck_assert_str_eq(list("department", (struct table_list){.limit = 3, .after_id = 5}),
	                 "6 7 8 ");
	ck_assert_str_eq(list("department",
	                      (struct table_list){.limit = 3, .flags = TABLE_REPO_INCLUDE_DELETED}),
	                 "1 2 3 ");
	ck_assert_str_eq(list("user", (struct table_list){.limit = -1, .flags = TABLE_REPO_EXPAND}),
	                 "");
	access = shelf_access(&shelf, "department");
	ck_assert_int_eq(table_repo_count(&access, &count, &shelf.err), 0);
	ck_assert_int_eq(count, 8);
}
END_TEST

START_TEST(every_type_comes_back_as_it_went_in)
{
	const char *row =
		"{\"id\":1,\"select\":\"ü\\n\",\"int\":-9223372036854775808,\"float\":0.1,"
		"\"decimal\":\"-1234567890123456.78\",\"long\":\"123456789012345678901234567890.0000000001\","
		"\"bool\":true,\"date\":\"0001-01-01\",\"timestamp\":\"9999-12-31T23:59:59.999999Z\","
		"\"json\":{\"a\":[1,2.5]},\"bytes\":\"AAH/\",\"uuid\":"
		"\"00112233-4455-6677-8899-aabbccddeeff\",\"version\":1}";
	char *post_text = mem_strdup(row);

	/* the version is not given */
	memcpy(strstr(post_text, ",\"version\""), "}", 2);
	ck_assert_str_eq(post("x\"; drop table user; --", post_text), row);
	free(post_text);
	ck_assert_str_eq(
		post("x\"; drop table user; --", "{}"),
		"{\"id\":2,\"select\":null,\"int\":null,\"float\":null,\"decimal\":null,"
		"\"long\":null,\"bool\":null,\"date\":null,\"timestamp\":null,\"json\":null,"
		"\"bytes\":null,\"uuid\":null,\"version\":1}");
}
END_TEST

int main(int argc, char **argv)
{
	TCase *cases = place_cases(argc, argv);

	tcase_add_checked_fixture(cases, set_up, tear_down);
	tcase_add_test(cases, a_row_gets_an_id_and_a_version);
	tcase_add_test(cases, ids_go_on_behind_the_highest_one_given);
	tcase_add_test(cases, the_same_content_again_is_the_same_row);
	tcase_add_test(cases, a_taken_id_or_key_with_other_content_is_a_duplicate);
	tcase_add_test(cases, a_hidden_row_comes_back_to_life_by_the_same_content);
	tcase_add_test(cases, an_unknown_or_hidden_parent_is_named);
	tcase_add_test(cases, a_row_may_be_its_own_parent);
	tcase_add_test(cases, the_rows_referred_to_stand_beside_their_ids);
	tcase_add_test(cases, a_change_touches_what_was_given_and_counts_versions);
	tcase_add_test(cases, a_row_that_is_referred_to_cannot_be_removed);
	tcase_add_test(cases, lists_are_in_id_order_and_leave_hidden_rows_out);
	tcase_add_test(cases, every_type_comes_back_as_it_went_in);
	tcase_set_timeout(cases, 60);
	return suite_run("table_repo", cases);
}

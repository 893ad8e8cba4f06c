/* catalog_test.c - tables and reports out of their files, and all that can be wrong with them */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/file.h"
#include "storage/catalog/catalog.h"
#include "tests/suite.h"

static char folder[64];
static struct yaml_errors errors;
static struct catalog *catalog;
static struct buf shown;

static void set_up(void)
{
	char reports[96];
	struct err err;

	snprintf(folder, sizeof(folder), "/tmp/millrace-test-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	snprintf(reports, sizeof(reports), "%s/reports", folder);
	ck_assert_int_eq(file_make_folder(reports, &err), 0);
	yaml_errors_init(&errors);
	catalog = NULL;
	shown = (struct buf){0};
}

static void tear_down(void)
{
	struct err err;

	buf_release(&shown);
	catalog_free(catalog);
	yaml_errors_release(&errors);
	ck_assert_int_eq(file_remove_tree(folder, &err), 0);
}

static void declare(const char *file, const char *text)
{
	char path[128];
	struct err err;

	snprintf(path, sizeof(path), "%s/%s", folder, file);
	ck_assert_int_eq(file_write_atomic(path, text, strlen(text), &err), 0);
}

/* Leaves the temporary folder out of a text. */
static void append_here(const char *text)
{
	const char *found = strstr(text, folder);

	buf_append(&shown, text, found ? (size_t)(found - text) : strlen(text));
	if (found)
		buf_text(&shown, found + strlen(folder) + 1);
}

/* "" when all is well, else `file:line:column: text` of every fault, one a line. */
static const char *read_all(void)
{
	catalog_free(catalog);
	catalog = catalog_read(folder, &errors);
	buf_clear(&shown);
	ck_assert_int_eq(catalog != NULL, errors.count == 0);
	for (size_t i = 0; i < errors.count; i++) {
		buf_text(&shown, i ? "\n" : "");
		append_here(errors.items[i].file);
		buf_printf(&shown, ":%u:%u: ", errors.items[i].line, errors.items[i].column);
		append_here(errors.items[i].text);
	}
	return buf_string(&shown);
}

/* Faults of a table with these columns and what follows them. */
static const char *read_table(const char *columns, const char *rest)
{
	struct buf text = {0};

	buf_printf(&text, "table: t\ncolumns:\n%s%s", columns, rest);
	declare("t.yaml", text.data);
	buf_release(&text);
	return read_all();
}

START_TEST(a_table_with_everything)
{
	const struct table *table, *parent;
	const struct column *column;

	declare("a.yaml",
	        "table: select\n"
	        "description: A table\n"
	        "columns:\n"
	        "  - {name: from, type: string, min_length: 2, max_length: 9, required: true, "
	        "pattern: '^x', enum: [x1, x2], default: x1, unique: true, aliases: [From, "
	        "'Ab sender']}\n"
	        "  - {name: up, references: select, description: above}\n"
	        "  - {name: boss_id, references: zebra}\n"
	        "  - {name: at, type: timestamp, index: true}\n"
	        "unique: [[up, at], [boss_id]]\n"
	        "bulk_max_rows: 7\n"
	        "soft_delete: false\n"
	        "retention: {column: at, keep: 30d}\n");
	declare("z.yaml", "table: zebra\ncolumns: [{name: n, type: int, min: -1, max: 5}]\n");
	ck_assert_str_eq(read_all(), "");
	ck_assert_uint_eq(catalog->table_count, 2);
	ck_assert_str_eq(catalog->tables[0]->name, "zebra");
	table = catalog_table(catalog, "select");
	parent = catalog_table(catalog, "zebra");
	ck_assert_str_eq(table->description, "A table");
	ck_assert_uint_eq(table->declared_count, 4);
	ck_assert_uint_eq(table->column_count, 9);
	ck_assert_str_eq(table->columns[0].name, "id");
	ck_assert_str_eq(table->columns[8].name, "version");
	ck_assert_ptr_eq(table->deleted_at, &table->columns[7]);
	ck_assert_uint_eq(table->key_count, 3);
	ck_assert_int_eq(table->bulk_max_rows, 7);
	ck_assert_int_eq(table->soft_delete, 0);
	ck_assert_str_eq(table->retention_column->name, "at");
	ck_assert_int_eq(table->retention_keep_ms, INT64_C(30) * 86400 * 1000);

	column = catalog_column(table, "from");
	ck_assert_uint_eq(column->min_length, 2);
	ck_assert_uint_eq(column->max_length, 9);
	ck_assert_uint_eq(column->enum_count, 2);
	ck_assert_int_eq(column->default_kind, COLUMN_DEFAULT_VALUE);
	ck_assert_ptr_eq(catalog_column_by_alias(table, "Ab sender"), column);
	ck_assert_ptr_null(catalog_column_by_alias(table, "FROM"));
	column = catalog_column(table, "up");
	ck_assert_ptr_eq(column->references, table);
	ck_assert_str_eq(column->expand_name, "up_row");
	column = catalog_column(table, "boss_id");
	ck_assert_ptr_eq(column->references, parent);
	ck_assert_str_eq(column->expand_name, "boss");
	ck_assert_int_eq(column->max.as.integer, VALUE_ID_MAX);
}
END_TEST

START_TEST(a_key_is_found_by_its_columns_in_any_order)
{
	const char *names[] = {"b", "a"}, *id[] = {"id"}, *one[] = {"a"};
	const struct table_key *key;
	const struct table *table;

	ck_assert_str_eq(read_table("  - {name: a, type: int}\n  - {name: b, type: int}\n",
	                            "unique: [[a, b]]\n"),
	                 "");
	table = catalog_table(catalog, "t");
	ck_assert_int_eq(catalog_key(table, names, 2, &key), 0);
	ck_assert_ptr_eq(key, &table->keys[0]);
	ck_assert_int_eq(catalog_key(table, id, 1, &key), 0);
	ck_assert_ptr_null(key);
	ck_assert_int_eq(catalog_key(table, one, 1, &key), -1);
}
END_TEST

START_TEST(an_empty_or_missing_folder_is_an_empty_catalog)
{
	ck_assert_str_eq(read_all(), "");
	ck_assert_uint_eq(catalog->table_count, 0);
	ck_assert_ptr_null(catalog_table(catalog, "t"));
	ck_assert_ptr_null(catalog_report(catalog, "t"));
}
END_TEST

static const struct {
	const char *columns, *rest, *faults;
} bad_tables[] = {
	{"  - {name: a}\n", "", "t.yaml:3:5: 'type' is missing"},
	{"  - {type: int}\n", "", "t.yaml:3:5: 'name' is missing"},
	{"  - a\n", "", "t.yaml:3:5: a column must be a map like {name: …, type: …}, not text"},
	{"  - {name: '', type: int}\n", "", "t.yaml:3:13: a name has 1 to 63 bytes, not 0"},
	{"  - {name: 5, type: int}\n", "",
         "t.yaml:3:12: a name must be text, not a whole number: put it in quotes"},
	{"  - {name: a, type: integer}\n", "",
         "t.yaml:3:21: unknown type 'integer', expected one of string, text, int, float, decimal, bool, "
         "date, timestamp, json, bytes, uuid"},
	{"  - {name: a, type: strng, max_length: 3}\n", "",
         "t.yaml:3:21: unknown type 'strng', did you mean 'string'?"},
	{"  - {name: a, type: string}\n", "",
         "t.yaml:3:5: a 'string' needs 'max_length'; 'text' has none"},
	{"  - {name: a, type: int, requird: true}\n", "",
         "t.yaml:3:26: unknown key 'requird', did you mean 'required'?"},
	{"  - {name: a, type: int, required: 1}\n", "",
         "t.yaml:3:36: 'required' must be true or false, not a whole number"},
	{"  - {name: a, type: int, min_length: 1}\n", "",
         "t.yaml:3:38: 'min_length' does not apply to type 'int'"},
	{"  - {name: a, type: text, min: 1}\n", "",
         "t.yaml:3:32: 'min' does not apply to type 'text'"},
	{"  - {name: a, type: json, unique: true}\n", "",
         "t.yaml:3:35: 'unique' does not apply to type 'json'"},
	{"  - {name: a, type: int, min: x}\n", "",
         "t.yaml:3:31: 'min' does not fit the column: 'x' is not a whole number of 64 bits"},
	{"  - {name: a, type: int, min: 3, max: 2}\n", "",
         "t.yaml:3:39: 'max' does not fit the column: 2 is less than 3"},
	{"  - {name: a, type: text, min_length: 3, max_length: 2}\n", "",
         "t.yaml:3:54: 'max_length' must be between 3 and 10485760"},
	{"  - {name: a, type: int, max: 3, default: 4}\n", "",
         "t.yaml:3:43: 'default' does not fit the column: 4 is more than 3"},
	{"  - {name: a, type: text, enum: [x], default: y}\n", "",
         "t.yaml:3:47: 'default' does not fit the column: not one of x"},
	{"  - {name: a, type: text, enum: []}\n", "", "t.yaml:3:33: 'enum' has 1 to 1000 values"},
	{"  - {name: a, type: text, enum: [x, y, x]}\n", "", "t.yaml:3:40: 'x' is listed twice"},
	{"  - {name: a, type: text, pattern: '(a'}\n", "",
         "t.yaml:3:37: 'pattern': not a POSIX extended regular expression: unmatched ( or \\("},
	{"  - {name: a, type: decimal}\n", "", "t.yaml:3:5: 'precision' is missing"},
	{"  - {name: a, type: decimal, precision: 3, scale: 4}\n", "",
         "t.yaml:3:51: 'scale' must be between 0 and 3"},
	{"  - {name: a, type: date, default: {current: year}}\n", "",
         "t.yaml:3:36: 'default' is a value, '{current: year}' for an int, '{current: date}' for a date "
         "or '{current: timestamp}' for a timestamp"},
	{"  - {name: a, references: u}\n", "", "t.yaml:3:27: no file declares a table 'u'"},
	{"  - {name: a, references: t, type: int}\n", "",
         "t.yaml:3:36: a reference has the type of an id, leave 'type' out"},
	{"  - {name: a, references: t, min: 3}\n", "",
         "t.yaml:3:35: 'min' does not apply to a reference"},
	{"  - {name: Version, type: int}\n", "",
         "t.yaml:3:12: every table has a column 'Version' of its own, choose another name"},
	{"  - {name: is_active, type: int}\n", "",
         "t.yaml:3:12: every table has a column 'is_active' of its own, choose another name"},
	{"  - {name: a, type: int}\n  - {name: A, type: int}\n", "",
         "t.yaml:4:12: column 'A' is declared twice (letter case does not count)"},
	{"  - {name: a, type: int}\n  - {name: b, type: int, aliases: [a]}\n", "",
         "t.yaml:1:8: alias 'a' of column 'b' also means column 'a'"},
	{"  - {name: a, type: int}\n", "unique: [[b]]\n",
         "t.yaml:4:11: the table declares no column 'b'"},
	{"  - {name: a, type: int}\n", "unique: [[id]]\n",
         "t.yaml:4:11: the table declares no column 'id'"},
	{"  - {name: a, type: int}\n", "unique: [[a, a]]\n",
         "t.yaml:4:14: column 'a' is in this key twice"},
	{"  - {name: a, type: int, unique: true}\n", "unique: [[a]]\n",
         "t.yaml:4:10: this unique key is declared already"},
	{"  - {name: a, type: int}\n", "unique: [a]\n",
         "t.yaml:4:10: a unique key is a list of columns, like [name, job_id]"},
	{"  - {name: a, type: int}\n", "bulk_max_rows: 0\n",
         "t.yaml:4:16: 'bulk_max_rows' must be between 1 and 100000"},
	{"  - {name: a, type: int}\n", "retention: {column: a, keep: soon}\n",
         "t.yaml:4:21: rows age by a timestamp or a date, 'a' is of type 'int'\n"
         "t.yaml:4:30: 'keep' must be 'forever' or a duration like 365d"},
	{"  - {name: a, type: int}\n", "retention: {}\n",
         "t.yaml:4:12: 'column' is missing\nt.yaml:4:12: 'keep' is missing"},
	{"  []\n", "", "t.yaml:3:3: a table has 1 to 1000 columns"},
};

START_TEST(a_bad_table_is_told_with_its_place)
{
	ck_assert_str_eq(read_table(bad_tables[_i].columns, bad_tables[_i].rest),
	                 bad_tables[_i].faults);
}
END_TEST

START_TEST(all_faults_of_all_files_are_told_at_once)
{
	declare("a.yaml",
	        "table: a\ncolumns: [{name: x, type: int}, {name: y, references: c}]\nfoo: 1\n");
	declare("b.yaml", "table: A\ncolumns: [{name: x, typ: int}]\n");
	declare("c.yaml", "tabel: c\n");
	declare("d.yaml", "- 1\n");
	declare("e.yaml", "a: [\n");
	declare("reports/r.yaml", "report: r\n");
	ck_assert_str_eq(
		read_all(),
		"a.yaml:2:55: no file declares a table 'c'\n"
		"a.yaml:3:1: unknown key 'foo'\n"
		"b.yaml:1:8: table 'a' is declared in 'a.yaml' already\n"
		"b.yaml:2:11: 'type' is missing\n"
		"b.yaml:2:21: unknown key 'typ', did you mean 'type'?\n"
		"c.yaml:1:1: unknown key 'tabel', did you mean 'table'?\n"
		"c.yaml:1:1: 'table' is missing\n"
		"c.yaml:1:1: 'columns' is missing\n"
		"d.yaml:1:1: a table file must be a map with 'table' and 'columns', not a list\n"
		"e.yaml:2:1: not well-formed YAML: flow sequence without a closing bracket\n"
		"reports/r.yaml:1:1: 'columns' is missing\n"
		"reports/r.yaml:1:1: 'sql' is missing");
}
END_TEST

START_TEST(names_of_the_program_and_of_sqlite_are_taken)
{
	declare("a.yaml", "table: Millrace_load\ncolumns: [{name: x, type: int}]\n");
	declare("b.yaml", "table: sqlite_master\ncolumns: [{name: x, type: int}]\n");
	ck_assert_str_eq(read_all(),
	                 "a.yaml:1:8: names that begin with 'millrace_' or 'sqlite_' are taken\n"
	                 "b.yaml:1:8: names that begin with 'millrace_' or 'sqlite_' are taken");
}
END_TEST

START_TEST(references_may_go_in_a_circle_unless_all_are_required)
{
	declare("a.yaml", "table: a\ncolumns: [{name: b, references: b, required: true}]\n");
	declare("b.yaml", "table: b\ncolumns: [{name: a, references: a}]\n");
	ck_assert_str_eq(read_all(), "");
	declare("b.yaml", "table: b\ncolumns: [{name: a, references: a, required: true}]\n");
	ck_assert_str_eq(read_all(),
	                 "b.yaml:2:33: this closes a circle of required references through "
	                 "table 'a': no row could be stored first");
}
END_TEST

static const char report_head[] =
	"report: r\n"
	"params: [{name: year, type: int, max: 9999}, {name: n, type: text}]\n"
	"columns: [{name: x, type: int}]\n";

START_TEST(parameters_of_a_report_get_numbers)
{
	const struct report *report;
	struct buf text = {0};

	buf_printf(&text,
	           "%ssql:\n  sqlite: |\n    SELECT ':year', \":n\" -- :what\n"
	           "    /* :what */ FROM t WHERE a = :n AND b = :year AND c = :n;\n"
	           "  postgres: select x::int, :year::int, :n\n",
	           report_head);
	declare("reports/r.yaml", text.data);
	buf_release(&text);
	ck_assert_str_eq(read_all(), "");
	report = catalog_report(catalog, "r");
	ck_assert_str_eq(report->sql[CATALOG_SQLITE],
	                 "SELECT ':year', \":n\" -- :what\n"
	                 "/* :what */ FROM t WHERE a = $2 AND b = $1 AND c = $2");
	ck_assert_str_eq(report->sql[CATALOG_POSTGRES], "select x::int, $1::int, $2");
	ck_assert_uint_eq(report->param_count, 2);
	ck_assert_int_eq(report->params[0].max.as.integer, 9999);
}
END_TEST

static const struct {
	const char *sql, *faults;
} bad_reports[] = {
	{"sql: select :yaer, :n\n", "reports/r.yaml:4:13: the report declares no parameter 'yaer'"},
	{"sql: select :n\n", "reports/r.yaml:2:10: 'sql' does not use parameter 'year'"},
	{"sql: select 'a, :n, :year\n", "reports/r.yaml:4:13: this quote does not end"},
	{"sql: select :n, :year; drop table t\n", "reports/r.yaml:4:24: a report is one statement"},
	{"sql: delete from t\n", "reports/r.yaml:4:6: a report begins with SELECT or WITH"},
	{"sql: select :n, :year, ?\n",
         "reports/r.yaml:4:24: parameters are written by name, like ':year'"},
	{"sql: {mysql: 'select :n, :year'}\n", "reports/r.yaml:4:7: unknown key 'mysql'"},
	{"sql: {}\n", "reports/r.yaml:4:6: 'sql' has no text"},
	{"sql: 5\n", "reports/r.yaml:4:6: 'sql' must be text, not a whole number"},
};

START_TEST(a_bad_report_is_told_with_its_place)
{
	struct buf text = {0};

	buf_printf(&text, "%s%s", report_head, bad_reports[_i].sql);
	declare("reports/r.yaml", text.data);
	buf_release(&text);
	ck_assert_str_eq(read_all(), bad_reports[_i].faults);
}
END_TEST

int main(void)
{
	TCase *cases = tcase_create("catalog");

	tcase_add_checked_fixture(cases, set_up, tear_down);
	tcase_add_test(cases, a_table_with_everything);
	tcase_add_test(cases, a_key_is_found_by_its_columns_in_any_order);
	tcase_add_test(cases, an_empty_or_missing_folder_is_an_empty_catalog);
	tcase_add_loop_test(cases, a_bad_table_is_told_with_its_place, 0, (int)countof(bad_tables));
	tcase_add_test(cases, all_faults_of_all_files_are_told_at_once);
	tcase_add_test(cases, names_of_the_program_and_of_sqlite_are_taken);
	tcase_add_test(cases, references_may_go_in_a_circle_unless_all_are_required);
	tcase_add_test(cases, parameters_of_a_report_get_numbers);
	tcase_add_loop_test(cases, a_bad_report_is_told_with_its_place, 0,
	                    (int)countof(bad_reports));
	return suite_run("catalog", cases);
}

/* report_repo_test.c - the reports that ship, on every database */
#include <check.h>
#include <unistd.h>

#include "storage/repo/report_repo.h"
#include "tests/drivers/shelf.h"
#include "tests/suite.h"

static const char *shipped; /* the folder of the catalog that ships */
static struct shelf shelf;

static void copy_file(const char *name)
{
	struct buf text = {0};
	char path[512];

	snprintf(path, sizeof(path), "%s/%s", shipped, name);
	ck_assert_msg(file_read(path, 1 << 20, &text, &shelf.err) == 0, "%s", shelf.err.text);
	shelf_declare(&shelf, name, text.data);
	buf_release(&text);
}

static void set_up(void)
{
	static const char *const files[] = {"department.yaml", "job.yaml", "user.yaml",
	                                    "reports/quarterly_hires.yaml",
	                                    "reports/department_hires.yaml"};

	shelf_open(&shelf);
	for (size_t i = 0; i < countof(files); i++)
		copy_file(files[i]);
	shelf_read(&shelf);
	shelf_migrate(&shelf, 0);
	shelf_post(&shelf, "department", "{\"department\": \"Sales\"}");
	shelf_post(&shelf, "department", "{\"department\": \"Legal\"}");
	shelf_post(&shelf, "department", "{\"department\": \"Empty\"}");
	shelf_post(&shelf, "job", "{\"job\": \"Clerk\"}");
	shelf_post(&shelf, "job", "{\"job\": \"Boss\"}");
}

static void tear_down(void)
{
	shelf_close(&shelf);
}

static void hire(const char *name, const char *moment, int department, int job)
{
	char json[256];

	snprintf(json, sizeof(json),
	         "{\"name\": \"%s\", \"datetime\": \"%s\", \"department_id\": %d, \"job_id\": %d}",
	         name, moment, department, job);
	ck_assert_int_eq(shelf_post(&shelf, "user", json)[0], '{');
}

static void hide(const char *table, int64_t id)
{
	struct table_access access = shelf_access(&shelf, table);

	ck_assert_int_eq(db_begin(shelf.db, DB_WRITE, &shelf.err), 0);
	ck_assert_str_eq(
		shelf_answer(&shelf, table_repo_soft_delete(&access, id, 0, &shelf.err), NULL), "");
}

struct lines {
	const struct report *report;
	struct buf text;
};

static int add_line(void *context, const struct value *values, struct err *err)
{
	struct lines *lines = context;

	(void)err;
	for (size_t i = 0; i < lines->report->column_count; i++) {
		buf_text(&lines->text, i ? "," : "");
		value_append_csv(&lines->report->columns[i], &values[i], &lines->text);
	}
	buf_char(&lines->text, ';');
	return 0;
}

static const char *run(const char *name, int64_t year)
{
	struct lines lines = {.report = catalog_report(shelf.catalog, name)};
	struct value param = value_int(year);

	buf_clear(&shelf.answer);
	if (report_repo_run(shelf.db, lines.report, &param, add_line, &lines, &shelf.err) < 0)
		buf_printf(&shelf.answer, "%s: %s", err_name(shelf.err.code), shelf.err.text);
	else
		buf_text(&shelf.answer, buf_string(&lines.text));
	buf_release(&lines.text);
	return buf_string(&shelf.answer);
}

START_TEST(quarters_are_counted_by_department_and_job)
{
	hire("Ann", "2021-01-01T00:00:00Z", 1, 1);
	hire("Bob", "2021-03-31T23:59:59.999999Z", 1, 1);
	hire("Cid", "2021-04-01T00:00:00Z", 1, 1);
	hire("Dan", "2021-07-15T12:00:00Z", 1, 2);
	hire("Eve", "2021-12-31T23:59:59.999999Z", 2, 1);
	hire("Fay", "2022-01-01T00:00:00Z", 2, 1);
	hire("Gus", "2020-12-31T23:59:59Z", 2, 1);
	ck_assert_str_eq(run("quarterly_hires", 2021),
	                 "Legal,Clerk,0,0,0,1;Sales,Boss,0,0,1,0;Sales,Clerk,2,1,0,0;");
	ck_assert_str_eq(run("quarterly_hires", 2022), "Legal,Clerk,1,0,0,0;");
	ck_assert_str_eq(run("quarterly_hires", 1999), "");
}
END_TEST

START_TEST(the_first_and_the_last_year_are_years)
{
	hire("Ann", "0001-01-01T00:00:00Z", 1, 1);
	hire("Bob", "9999-12-31T23:59:59.999999Z", 1, 1);
	ck_assert_str_eq(run("quarterly_hires", 1), "Sales,Clerk,1,0,0,0;");
	ck_assert_str_eq(run("quarterly_hires", 9999), "Sales,Clerk,0,0,0,1;");
	ck_assert_str_eq(run("department_hires", 9999), "1,Sales,1;");
}
END_TEST

START_TEST(departments_above_the_mean_of_all_active_ones)
{
	for (int i = 0; i < 3; i++) {
		char name[16];

		snprintf(name, sizeof(name), "s%d", i);
		hire(name, "2021-05-01", 1, 1);
		hire(name, "2021-06-01", 2, 2);
	}
	hire("late", "2022-06-01", 3, 2);
	/* 3, 3 and 0: the mean is 2 */
	ck_assert_str_eq(run("department_hires", 2021), "1,Sales,3;2,Legal,3;");
	/* without the empty one the mean is 3, and nobody is above it */
	hide("department", 3);
	ck_assert_str_eq(run("department_hires", 2021), "");
}
END_TEST

START_TEST(hidden_rows_do_not_count)
{
	hire("Ann", "2021-01-01", 1, 1);
	hire("Bob", "2021-01-01", 1, 1);
	hire("Cid", "2021-01-01", 1, 2);
	hire("Dan", "2021-01-01", 2, 2);
	hide("user", 1);
	ck_assert_str_eq(run("quarterly_hires", 2021),
	                 "Legal,Boss,1,0,0,0;Sales,Boss,1,0,0,0;Sales,Clerk,1,0,0,0;");
	hide("job", 2);
	hide("department", 2);
	ck_assert_str_eq(run("quarterly_hires", 2021), "Sales,Clerk,1,0,0,0;");
	ck_assert_str_eq(run("department_hires", 2021), "1,Sales,2;");
}
END_TEST

START_TEST(names_are_ordered_by_code_points)
{
	shelf_post(&shelf, "department", "{\"department\": \"élite\"}");
	shelf_post(&shelf, "department", "{\"department\": \"accounts\"}");
	hire("Ann", "2021-01-01", 1, 1);
	hire("Bob", "2021-01-01", 4, 1);
	hire("Cid", "2021-01-01", 5, 1);
	ck_assert_str_eq(run("quarterly_hires", 2021),
	                 "Sales,Clerk,1,0,0,0;accounts,Clerk,1,0,0,0;élite,Clerk,1,0,0,0;");
}
END_TEST

START_TEST(a_report_that_does_not_fit_its_declaration_says_so)
{
	shelf_declare(&shelf, "reports/bad.yaml",
	              "report: bad\nparams: [{name: year, type: int}]\n"
	              "columns: [{name: a, type: int}, {name: b, type: int}]\nsql: SELECT :year\n");
	shelf_declare(&shelf, "reports/typed.yaml",
	              "report: typed\nparams: [{name: year, type: int}]\n"
	              "columns: [{name: a, type: timestamp}]\nsql: SELECT 'x' WHERE :year > 0\n");
	shelf_declare(&shelf, "reports/writes.yaml",
	              "report: writes\nparams: [{name: year, type: int}]\n"
	              "columns: [{name: a, type: text}]\n"
	              "sql: WITH x AS (SELECT 1) DELETE FROM job WHERE id = :year RETURNING job\n");
	shelf_read(&shelf);
	ck_assert_ptr_nonnull(strstr(run("bad", 1), "declares 2 columns, its text gives 1"));
	ck_assert_ptr_nonnull(
		strstr(run("typed", 1),
	               "declares column 'a' as timestamp, its text gives something else"));
	ck_assert_ptr_null(strstr(run("writes", 1), ";"));
	ck_assert_str_eq(shelf_post(&shelf, "job", "{\"job\": \"Clerk\"}"),
	                 "{\"id\":1,\"job\":\"Clerk\",\"version\":1}");
}
END_TEST

int main(int argc, char **argv)
{
	TCase *cases;

	if (argc < 3) {
		fprintf(stderr, "usage: report_repo_test KIND CATALOG\n");
		return EXIT_FAILURE;
	}
	shipped = argv[2];
	cases = place_cases(argc, argv);
	tcase_add_checked_fixture(cases, set_up, tear_down);
	tcase_add_test(cases, quarters_are_counted_by_department_and_job);
	tcase_add_test(cases, the_first_and_the_last_year_are_years);
	tcase_add_test(cases, departments_above_the_mean_of_all_active_ones);
	tcase_add_test(cases, hidden_rows_do_not_count);
	tcase_add_test(cases, names_are_ordered_by_code_points);
	tcase_add_test(cases, a_report_that_does_not_fit_its_declaration_says_so);
	tcase_set_timeout(cases, 60);
	return suite_run("report_repo", cases);
}

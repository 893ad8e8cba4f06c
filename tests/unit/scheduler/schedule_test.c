/* schedule_test.c - what `schedule:` may be, its faults with their places, and what a fire is about */
#include <check.h>
#include <string.h>

#include "lib/compiler.h"
#include "lib/timestamp.h"
#include "scheduler/core/dag.h"
#include "tests/suite.h"

static struct yaml_errors errors;
static struct buf shown;

static void set_up(void)
{
	yaml_errors_init(&errors);
	shown = (struct buf){0};
}

static void tear_down(void)
{
	yaml_errors_release(&errors);
	buf_release(&shown);
}

static struct dag *parse(const char *keys)
{
	struct buf text = {0};
	struct dag *dag;

	buf_printf(&text, "%s\ntasks: {a: {use: flow.noop}}\n", keys);
	dag = dag_parse("dags/x.yaml", buf_string(&text), text.size, &errors);
	buf_release(&text);
	return dag;
}

static struct dag *good(const char *keys)
{
	struct dag *dag = parse(keys);

	ck_assert_msg(dag != NULL, "%s: %s", keys, errors.count ? errors.items[0].text : "");
	return dag;
}

static int64_t moment(const char *text)
{
	int64_t moment_us;

	ck_assert_int_eq(timestamp_parse(text, strlen(text), &moment_us), 0);
	return moment_us;
}

static const char *text_of(int64_t moment_us)
{
	static char text[TIMESTAMP_SIZE];

	if (moment_us == SCHEDULE_NEVER || moment_us == INT64_MIN)
		return "never";
	timestamp_format_short(moment_us, text);
	return text;
}

START_TEST(the_next_fire_of_every_form)
{
	static const struct {
		const char *keys, *after, *next;
	} cases[] = {
		{"schedule: \"0 3 * * *\"", "2026-01-01T03:00:00Z", "2026-01-02T03:00:00Z"},
		{"schedule: \"0 3 * * *\"\ntimezone: Europe/Berlin", "2026-01-01T03:00:00Z",
	         "2026-01-02T02:00:00Z"},
		{"schedule: [\"0 3 * * *\", \"30 12 * * mon\"]", "2026-01-05T04:00:00Z",
	         "2026-01-05T12:30:00Z"},
		{"schedule: \"@hourly\"", "2026-01-01T03:20:00Z", "2026-01-01T04:00:00Z"},
		{"schedule: {every: 15m}", "2026-01-01T03:20:00Z", "2026-01-01T03:30:00Z"},
		{"schedule: \"@hourly\"\nstart_date: 2026-02-01", "2026-01-01T00:00:00Z",
	         "2026-02-01T00:00:00Z"},
		{"schedule: \"@hourly\"\nstart_date: 2026-02-01T00:30:00Z", "2026-01-01T00:00:00Z",
	         "2026-02-01T01:00:00Z"},
		{"schedule: \"@hourly\"\nend_date: 2026-02-01", "2026-01-31T23:10:00Z",
	         "2026-02-01T00:00:00Z"},
		{"schedule: \"@hourly\"\nend_date: 2026-02-01", "2026-02-01T00:00:00Z", "never"},
		{"schedule: null", "2026-02-01T00:00:00Z", "never"},
		{"schedule: {after: [b]}", "2026-02-01T00:00:00Z", "never"},
	};

	for (size_t i = 0; i < countof(cases); i++) {
		struct dag *dag = good(cases[i].keys);

		ck_assert_str_eq(text_of(schedule_next(&dag->schedule, moment(cases[i].after))),
		                 cases[i].next);
		dag_release(dag);
	}
}
END_TEST

START_TEST(an_interval_goes_from_fire_to_fire)
{
	static const struct {
		const char *keys, *fire, *start;
	} cases[] = {
		{"schedule: \"0 3 * * *\"", "2026-01-02T03:00:00Z", "2026-01-01T03:00:00Z"},
		{"schedule: \"0 0 29 2 *\"", "2104-02-29T00:00:00Z", "2096-02-29T00:00:00Z"},
		{"schedule: [\"0 3 * * *\", \"30 12 * * mon\"]", "2026-01-06T03:00:00Z",
	         "2026-01-05T12:30:00Z"},
		{"schedule: \"30 2 * * *\"\ntimezone: Europe/Berlin", "2026-03-29T01:00:00Z",
	         "2026-03-28T01:30:00Z"},
		{"schedule: \"@hourly\"\nstart_date: 2026-01-01", "2026-01-01T00:00:00Z",
	         "2025-12-31T23:00:00Z"},
		{"schedule: \"*/30 * * * * *\"", "2026-01-01T00:00:00Z", "2025-12-31T23:59:30Z"},
	};

	for (size_t i = 0; i < countof(cases); i++) {
		struct dag *dag = good(cases[i].keys);
		struct schedule_interval interval =
			schedule_interval(&dag->schedule, moment(cases[i].fire));

		ck_assert_str_eq(text_of(interval.start_us), cases[i].start);
		ck_assert_str_eq(text_of(interval.end_us), cases[i].fire);
		dag_release(dag);
	}
}
END_TEST

START_TEST(logical_times_of_a_range_include_its_ends)
{
	struct dag *dag = good("schedule: \"0 0 * * *\"");
	int64_t to_us = moment("2026-01-05T00:00:00Z");
	int count = 0;

	for (int64_t at_us = schedule_first(&dag->schedule, moment("2026-01-01T00:00:00Z"));
	     at_us <= to_us; at_us = schedule_next(&dag->schedule, at_us))
		count++;
	ck_assert_int_eq(count, 5);
	dag_release(dag);
}
END_TEST

/* `done` has a letter for each DAG that is. */
static int holds(const char *keys, const char *done)
{
	struct dag *dag = good(keys);
	uint8_t is_done[8] = {0};
	int result;

	for (size_t i = 0; i < dag->schedule.dag_count; i++)
		is_done[i] = strchr(done, *dag->schedule.dags[i]) != NULL;
	result = schedule_after_holds(&dag->schedule, is_done);
	dag_release(dag);
	return result;
}

START_TEST(conditions_of_after)
{
	static const struct {
		const char *keys, *done;
		int holds;
	} cases[] = {
		{"schedule: {after: [a, b]}", "a", 0},
		{"schedule: {after: [a, b]}", "ab", 1},
		{"schedule: {after: a}", "a", 1},
		{"schedule: {after: \"a or b\"}", "b", 1},
		{"schedule: {after: \"a or b and c\"}", "a", 1},
		{"schedule: {after: \"a or b and c\"}", "b", 0},
		{"schedule: {after: \"(a or b) and c\"}", "a", 0},
		{"schedule: {after: \"a and (b or c)\"}", "ac", 1},
		{"schedule: {after: \"a and (b or c)\"}", "bc", 0},
		{"schedule: {after: \"a and a and a\"}", "a", 1},
		{"schedule: {after: \"((a))\"}", "", 0},
	};

	for (size_t i = 0; i < countof(cases); i++)
		ck_assert_msg(holds(cases[i].keys, cases[i].done) == cases[i].holds, "%s with %s",
		              cases[i].keys, cases[i].done);
}
END_TEST

START_TEST(faults_have_their_place)
{
	static const struct {
		const char *keys, *fault;
	} cases[] = {
		{"schedule: \"0 25 * * *\"", "1:14: '25' is no hour, it is 0 to 23"},
		{"schedule: 5", "1:11: expected a cron text, a list of them, {every: 15m}"},
		{"schedule: []", "1:11: the list is empty"},
		{"schedule: [\"@daily\", 7]", "1:22: expected a cron text such as"},
		{"schedule: {evry: 5m}", "1:12: unknown key 'evry', did you mean 'every'?"},
		{"schedule: {every: 10ms}", "1:19: shorter than 1s"},
		{"schedule: {every: 5m, object: x}", "a schedule has one of the keys"},
		{"schedule: {after: []}", "1:19: expected 1 to 100 names of DAGs"},
		{"schedule: {after: \"b and\"}", "1:25: expected the name of a DAG"},
		{"schedule: {after: \"b c\"}", "1:22: expected 'and' or 'or'"},
		{"schedule: {after: \"(b\"}", "')' is missing"},
		{"schedule: {after: \"b and not c\"}", "expected the name of a DAG"},
		{"schedule: {after: [x]}", "1:11: a DAG cannot wait for itself"},
		{"schedule: {after: null}", "1:19: expected a list of DAGs or a condition"},
		{"schedule: {object: null}", "'object' says nothing"},
		{"schedule: {object: in/}", "1:20: expected the URI that new objects begin with"},
		{"schedule: \"@daily\"\nparams: {n: {type: integer}}",
	         "1:12: runs of a schedule take the defaults, and the parameter 'n' has none"},
		{"timezone: Europe/Berlinn", "1:11: unknown time zone 'Europe/Berlinn'"},
		{"start_date: tomorrow", "1:13: expected a time such as 2026-11-21"},
		{"start_date: 2026-02-30", "1:13: expected a time such as 2026-11-21"},
		{"start_date: 2026-02-02\nend_date: 2026-02-01",
	         "2:11: 'end_date' is before 'start_date'"},
	};

	for (size_t i = 0; i < countof(cases); i++) {
		ck_assert_msg(!parse(cases[i].keys), "%s", cases[i].keys);
		ck_assert_uint_ge(errors.count, 1);
		buf_clear(&shown);
		buf_printf(&shown, "%u:%u: %s", errors.items[0].line, errors.items[0].column,
		           errors.items[0].text);
		ck_assert_msg(strstr(buf_string(&shown), cases[i].fault) != NULL, "%s: %s",
		              cases[i].keys, buf_string(&shown));
		errors.count = 0;
	}
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("schedule");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, the_next_fire_of_every_form);
	tcase_add_test(tcase, an_interval_goes_from_fire_to_fire);
	tcase_add_test(tcase, logical_times_of_a_range_include_its_ends);
	tcase_add_test(tcase, conditions_of_after);
	tcase_add_test(tcase, faults_have_their_place);
	return suite_run("schedule", tcase);
}

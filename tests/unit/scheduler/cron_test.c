/* cron_test.c - when cron texts fire, against a table of many libraries' answers and brute force */
#include <check.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "lib/compiler.h"
#include "lib/str.h"
#include "lib/timestamp.h"
#include "scheduler/core/cron_parse.h"
#include "tests/count.h"
#include "tests/suite.h"

static const int64_t second_us = 1000000;
static const int64_t year_us = INT64_C(31556952) * 1000000;

static const char *const zones[] = {"UTC",          "Europe/Berlin",       "America/New_York",
                                    "Pacific/Apia", "Australia/Lord_Howe", "America/Sao_Paulo",
                                    "Africa/Cairo"};

static const struct tz *zone_of(const char *name)
{
	struct err err;
	const struct tz *zone = tz_load(name, &err);

	ck_assert_msg(zone != NULL, "%s", err.text);
	return zone;
}

static struct cron cron_of(const char *text)
{
	struct cron cron;
	struct err err;
	size_t offset;

	ck_assert_msg(cron_parse(text, &cron, &offset, &err) == 0, "%s: %s", text, err.text);
	return cron;
}

static int64_t moment(const char *text)
{
	int64_t moment_us;

	ck_assert_int_eq(timestamp_parse(text, strlen(text), &moment_us), 0);
	return moment_us;
}

/* The next fires after a moment, `count` of them, with blanks between. */
static const char *fires(const char *text, const char *zone, const char *after, int count)
{
	static char list[512];
	struct cron cron = cron_of(text);
	int64_t at_us = moment(after);
	size_t length = 0;

	list[0] = '\0';
	for (int i = 0; i < count; i++) {
		char shown[TIMESTAMP_SIZE];

		at_us = cron_next(&cron, zone_of(zone), at_us);
		if (at_us == CRON_NEVER)
			return list;
		timestamp_format_short(at_us, shown);
		length += (size_t)snprintf(list + length, sizeof(list) - length, "%s%s",
		                           i ? " " : "", shown);
	}
	return list;
}

static void check_case(const char *line)
{
	json_t *row = json_loads(line, 0, NULL);
	const char *expr = json_string_value(json_object_get(row, "expr"));
	const char *zone = json_string_value(json_object_get(row, "zone"));
	const char *after = json_string_value(json_object_get(row, "after"));
	const json_t *next = json_object_get(row, "next");
	char expected[512] = "";
	const char *got;

	ck_assert_msg(expr && zone && after && json_array_size(next), "%s", line);
	for (size_t i = 0; i < json_array_size(next); i++) {
		size_t length = strlen(expected);

		snprintf(expected + length, sizeof(expected) - length, "%s%s", i ? " " : "",
		         json_string_value(json_array_get(next, i)));
	}
	got = fires(expr, zone, after, (int)json_array_size(next));
	ck_assert_msg(str_equal(got, expected), "%s: got %s", line, got);
	json_decref(row);
}

START_TEST(fires_are_what_other_libraries_say)
{
	FILE *file = fopen(MILLRACE_SOURCE "/tests/data/cron.jsonl", "re");
	char line[1024];
	int cases = 0;

	ck_assert_ptr_nonnull(file);
	for (; fgets(line, sizeof(line), file); cases++)
		check_case(line);
	ck_assert_int_ge(cases, 400);
	(void)fclose(file);
}
END_TEST

static const struct {
	const char *text, *zone, *after, *fires;
} edges[] = {
	/* spring in Berlin: 02:00 to 03:00 never were */
	{"30 2 * * *", "Europe/Berlin", "2026-03-28T12:00:00Z",
         "2026-03-29T01:00:00Z 2026-03-30T00:30:00Z"},
	{"*/10 2 * * *", "Europe/Berlin", "2026-03-28T12:00:00Z",
         "2026-03-29T01:00:00Z 2026-03-30T00:00:00Z"},
	{"30 * * * *", "Europe/Berlin", "2026-03-29T00:00:00Z",
         "2026-03-29T00:30:00Z 2026-03-29T01:30:00Z"},
	{"0 3 * * *", "Europe/Berlin", "2026-03-28T12:00:00Z",
         "2026-03-29T01:00:00Z 2026-03-30T01:00:00Z"},
	/* autumn: 02:00 to 03:00 come twice */
	{"30 2 * * *", "Europe/Berlin", "2026-10-24T12:00:00Z",
         "2026-10-25T00:30:00Z 2026-10-26T01:30:00Z"},
	{"30 * * * *", "Europe/Berlin", "2026-10-25T00:00:00Z",
         "2026-10-25T00:30:00Z 2026-10-25T01:30:00Z 2026-10-25T02:30:00Z"},
	{"0 */2 * * *", "Europe/Berlin", "2026-10-25T00:00:00Z",
         "2026-10-25T01:00:00Z 2026-10-25T03:00:00Z"},
	/* from within the second pass */
	{"45 2 * * *", "Europe/Berlin", "2026-10-25T01:10:00Z", "2026-10-26T01:45:00Z"},
	/* a day that never was */
	{"0 12 * * *", "Pacific/Apia", "2011-12-29T00:00:00Z",
         "2011-12-29T22:00:00Z 2011-12-30T10:00:00Z 2011-12-30T22:00:00Z"},
	/* elapsed time knows no zone */
	{"@every 90m", "Europe/Berlin", "1970-01-01T00:00:00Z",
         "1970-01-01T01:30:00Z 1970-01-01T03:00:00Z"},
	{"@every 1s", "UTC", "2026-01-01T00:00:00.500Z",
         "2026-01-01T00:00:01Z 2026-01-01T00:00:02Z"},
	{"@every 7s", "UTC", "1969-12-31T23:59:50Z", "1969-12-31T23:59:53Z 1970-01-01T00:00:00Z"},
	/* seconds first */
	{"*/20 59 23 31 12 *", "UTC", "2026-01-01T00:00:00Z",
         "2026-12-31T23:59:00Z 2026-12-31T23:59:20Z"},
	/* leap years, also the one that is none */
	{"0 0 29 2 *", "UTC", "2096-03-01T00:00:00Z", "2104-02-29T00:00:00Z 2108-02-29T00:00:00Z"},
	{"0 0 L 2 *", "UTC", "2099-12-31T00:00:00Z", "2100-02-28T00:00:00Z 2101-02-28T00:00:00Z"},
	/* either may match, and a star with a step is a restriction */
	{"0 0 13 * fri", "UTC", "2026-02-01T00:00:00Z",
         "2026-02-06T00:00:00Z 2026-02-13T00:00:00Z 2026-02-20T00:00:00Z"},
	{"0 0 */10 * sun", "UTC", "2026-02-01T12:00:00Z",
         "2026-02-08T00:00:00Z 2026-02-11T00:00:00Z 2026-02-15T00:00:00Z"},
	{"0 0 ? * 5L", "UTC", "2026-02-01T00:00:00Z", "2026-02-27T00:00:00Z 2026-03-27T00:00:00Z"},
	{"0 0 * * fri#5", "UTC", "2026-02-01T00:00:00Z",
         "2026-05-29T00:00:00Z 2026-07-31T00:00:00Z"},
	{"0 0 * * fri-sun", "UTC", "2026-02-02T00:00:00Z",
         "2026-02-06T00:00:00Z 2026-02-07T00:00:00Z 2026-02-08T00:00:00Z"},
	{"0 0 * 2 5#5", "UTC", "2064-03-01T00:00:00Z", "2092-02-29T00:00:00Z"},
	/* the end of time */
	{"0 0 1 1 *", "UTC", "9999-06-01T00:00:00Z", ""},
	{"@yearly", "Europe/Berlin", "2199-06-01T00:00:00Z",
         "2199-12-31T23:00:00Z 2200-12-31T23:00:00Z 2201-12-31T23:00:00Z"},
};

START_TEST(fires_at_the_edges)
{
	for (size_t i = 0; i < countof(edges); i++) {
		int count = 1;

		for (const char *at = edges[i].fires; *at; at++)
			count += *at == ' ';
		ck_assert_str_eq(fires(edges[i].text, edges[i].zone, edges[i].after, count),
		                 edges[i].fires);
	}
}
END_TEST

START_TEST(a_wrong_text_is_told_with_its_place)
{
	static const struct {
		const char *text;
		size_t offset;
		const char *says;
	} cases[] = {
		{"", 0, "not 0"},
		{"* * * *", 0, "not 4"},
		{"* * * * * * *", 0, "not 7"},
		{"60 * * * *", 0, "'60' is no minute"},
		{"0 24 * * *", 2, "'24' is no hour"},
		{"0 0 0 * *", 4, "'0' is no day of month"},
		{"0 0 32 * *", 4, "'32' is no day of month"},
		{"0 0 1 13 *", 6, "'13' is no month"},
		{"0 0 * foo *", 6, "'foo' is no month, it is 1 to 12 or a name"},
		{"0 0 * * 8", 8, "'8' is no day of week"},
		{"0 0 * * mon,funday", 12, "'funday' is no day of week"},
		{"0 0 * * monday", 11, "'day' is no day of week"},
		{"0 9-17/0 * * *", 7, "a step of the hour is 1 to 23"},
		{"*/90 * * * *", 2, "a step of the minute is 1 to 59"},
		{"0 17-9 * * *", 2, "runs backwards"},
		{"0 0 15W * *", 6, "'W' (nearest weekday) is not supported"},
		{"0 0 LW * *", 5, "'W' (nearest weekday) is not supported"},
		{"0 0 * * 5#6", 10, "behind '#' stands 1 to 5"},
		{"0 0 * * L", 8, "'L' is no day of week"},
		{"0, * * * *", 2, "the minute is missing something"},
		{"? * * * *", 0, "'?' is no minute"},
		{"0 0 30 2 *", 0, "never comes"},
		{"0 0 31 4,6,9,11 *", 0, "never comes"},
		{"@dayly", 0, "did you mean '@daily'?"},
		{"@reboot", 0, "is no time"},
		{"@every", 0, "is not known"},
		{"@every ten", 7, "'ten'"},
		{"@every 10ms", 7, "takes 1s to 3650d"},
		{"@every 9999d", 7, "takes 1s to 3650d"},
	};

	for (size_t i = 0; i < countof(cases); i++) {
		struct cron cron;
		struct err err;
		size_t offset = 99;

		ck_assert_msg(cron_parse(cases[i].text, &cron, &offset, &err) < 0, "%s",
		              cases[i].text);
		ck_assert_msg(strstr(err.text, cases[i].says) != NULL, "%s: %s", cases[i].text,
		              err.text);
		ck_assert_msg(offset == cases[i].offset, "%s: at %zu", cases[i].text, offset);
	}
}
END_TEST

/* --- 50 years --- */

static uint64_t state = 20261121;

static uint32_t below(uint32_t count)
{
	state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (uint32_t)(state >> 33) % count;
}

/* A text that fires every few days or more often. */
static void make_text(char *text, size_t size)
{
	static const char *const minutes[] = {"0", "*/15", "7,37", "59", "*", "30"};
	static const char *const hours[] = {"*",   "*/2", "*/5",  "2",  "0",
	                                    "1-3", "23",  "0-23", "2/7"};
	static const char *const days[] = {"*", "?", "1,15", "L", "*/10", "28-31", "*"};
	static const char *const months[] = {"*", "3,4,10,11", "*/2", "feb-nov"};
	static const char *const weekdays[] = {"*", "sun", "mon-fri", "5L", "0#1,3#5", "?", "6/1"};

	snprintf(text, size, "%s%s %s %s %s %s", below(8) ? "" : "0,30 ",
	         minutes[below(countof(minutes))], hours[below(countof(hours))],
	         days[below(countof(days))], months[below(countof(months))],
	         weekdays[below(countof(weekdays))]);
}

/* The same question by looking at every second's local time, with no idea of spans. */
static int is_fire(const struct cron *cron, const struct tz *zone, int64_t second)
{
	struct cron elapsed = *cron;
	int64_t local = second + zone->spans[tz_span(zone, second)].offset_s;
	int64_t passed = INT64_MIN;

	/* what fits at one local second: a cron of UTC that follows elapsed time */
	elapsed.flags |= CRON_ELAPSED;
	for (size_t i = 0; i < zone->count && zone->spans[i].start_s < second; i++) {
		int64_t end = i + 1 < zone->count ? zone->spans[i + 1].start_s : INT64_MAX;
		int64_t shown = (end < second ? end : second) - 1 + zone->spans[i].offset_s;

		if (shown > passed)
			passed = shown;
	}
	if (cron->flags & CRON_ELAPSED)
		passed = local - 1;
	else if (local <= passed)
		return 0;
	return cron_next(&elapsed, tz_utc(), passed * second_us) <= local * second_us;
}

static void compare_with_brute_force(const struct cron *cron, const struct tz *zone,
                                     const char *text, int64_t after_us)
{
	int64_t next_us = cron_next(cron, zone, after_us);
	int64_t second = after_us / second_us + 1;

	for (int i = 0; i < 7200; i++, second++) {
		int fire = is_fire(cron, zone, second);

		if (fire != (next_us == second * second_us))
			ck_abort_msg("%s in %s at %lld", text, zone->name, (long long)second);
		if (fire)
			return;
	}
}

/* A moment less than two hours before clocks change. */
static int64_t before_a_change(const struct tz *zone)
{
	const struct tz_span *span = &zone->spans[below((uint32_t)zone->count)];

	if (span->start_s < 0 || span->start_s > 4000000000)
		return (int64_t)below(2000000000) * second_us;
	return (span->start_s - (int64_t)below(7000)) * second_us;
}

static void walk(const char *text, const struct tz *zone)
{
	struct cron cron = cron_of(text);
	int64_t begin_us = moment("1995-01-01T00:00:00Z");
	int64_t end_us = begin_us + 50 * year_us;
	/* dense ones leap ahead between looks */
	int64_t leap_us = year_us / 100;
	int64_t at_us = begin_us;

	for (int64_t i = 0; at_us < end_us; i++) {
		int64_t next_us = cron_next(&cron, zone, at_us);

		/* asserting is slow: only what is wrong */
		if (next_us <= at_us || next_us > at_us + 9 * year_us ||
		    cron_next(&cron, zone, at_us + (next_us - at_us) / 2) != next_us ||
		    cron_next(&cron, zone, next_us - 1) != next_us)
			ck_abort_msg("%s in %s stands still, stalls or leaps at %lld", text,
			             zone->name, (long long)at_us);
		at_us = i % 64 == 63 && next_us + leap_us < end_us ? next_us + leap_us : next_us;
	}
}

START_TEST(fifty_years_without_stall_or_repeat)
{
	int texts = count_of(12, 200);

	for (size_t z = 0; z < countof(zones); z++) {
		const struct tz *zone = zone_of(zones[z]);

		for (int i = 0; i < texts; i++) {
			char text[128];

			make_text(text, sizeof(text));
			walk(text, zone);
		}
	}
}
END_TEST

START_TEST(brute_force_agrees)
{
	int looks = count_of(60, 3000);

	for (size_t z = 0; z < countof(zones); z++) {
		const struct tz *zone = zone_of(zones[z]);

		for (int i = 0; i < looks; i++) {
			char text[128];
			struct cron cron;

			make_text(text, sizeof(text));
			cron = cron_of(text);
			compare_with_brute_force(&cron, zone, text, before_a_change(zone));
		}
	}
}
END_TEST

/* --- zones --- */

START_TEST(unknown_zones_are_refused)
{
	static const char *const names[] = {
		"",       "Europe/Berlinn", "+02:00",   "../../etc/passwd",
		"Europe", "right/UTC",      "zone.tab", "/UTC"};
	struct err err;

	for (size_t i = 0; i < countof(names); i++)
		ck_assert_msg(tz_load(names[i], &err) == NULL, "%s", names[i]);
}
END_TEST

START_TEST(rules_go_on_where_the_file_ends)
{
	const struct tz *zone = zone_of("Europe/Berlin");
	int64_t winter = moment("2150-01-15T12:00:00Z") / second_us;
	int64_t summer = moment("2150-07-15T12:00:00Z") / second_us;

	ck_assert_int_eq(zone->spans[tz_span(zone, winter)].offset_s, 3600);
	ck_assert_int_eq(zone->spans[tz_span(zone, summer)].offset_s, 7200);
	for (size_t i = 1; i < zone->count; i++) {
		ck_assert_int_gt(zone->spans[i].start_s, zone->spans[i - 1].start_s);
		ck_assert_int_ne(zone->spans[i].offset_s, zone->spans[i - 1].offset_s);
	}
	ck_assert_ptr_eq(zone, zone_of("Europe/Berlin"));
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("cron");

	tcase_set_timeout(tcase, 600);
	tcase_add_test(tcase, fires_are_what_other_libraries_say);
	tcase_add_test(tcase, fires_at_the_edges);
	tcase_add_test(tcase, a_wrong_text_is_told_with_its_place);
	tcase_add_test(tcase, fifty_years_without_stall_or_repeat);
	tcase_add_test(tcase, brute_force_agrees);
	tcase_add_test(tcase, unknown_zones_are_refused);
	tcase_add_test(tcase, rules_go_on_where_the_file_ends);
	return suite_run("cron", tcase);
}

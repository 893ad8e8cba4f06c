/* timestamp_test.c - moments as text */
#include <check.h>
#include <string.h>

#include "lib/timestamp.h"
#include "tests/suite.h"

static const struct moment_case {
	const char *text, *stored; /* NULL: refused */
} moment_cases[] = {
	{"2021-02-01T12:28:13Z", "2021-02-01T12:28:13.000000Z"},
	{"2021-02-01t12:28:13z", "2021-02-01T12:28:13.000000Z"},
	{"2021-02-01 12:28:13", "2021-02-01T12:28:13.000000Z"},
	{"2021-02-01", "2021-02-01T00:00:00.000000Z"},
	{"2021-02-01T12:28", "2021-02-01T12:28:00.000000Z"},
	{"2021-02-01T12:28Z", "2021-02-01T12:28:00.000000Z"},
	{"2021-02-01T12:28+02", "2021-02-01T10:28:00.000000Z"},
	{"2021-02-01T12:28:13+0230", "2021-02-01T09:58:13.000000Z"},
	{"2021-02-01T12:28:13-02:30", "2021-02-01T14:58:13.000000Z"},
	{"2021-02-01T00:10:00+01:00", "2021-01-31T23:10:00.000000Z"},
	{"2021-02-01T12:28:13.1Z", "2021-02-01T12:28:13.100000Z"},
	{"2021-02-01T12:28:13.123456789Z", "2021-02-01T12:28:13.123456Z"},
	{"2021-02-01T12:28:13.000000999Z", "2021-02-01T12:28:13.000000Z"},
	{"1969-12-31T23:59:59.999999Z", "1969-12-31T23:59:59.999999Z"},
	{"1970-01-01T00:00:00Z", "1970-01-01T00:00:00.000000Z"},
	{"0001-01-01T00:00:00Z", "0001-01-01T00:00:00.000000Z"},
	{"9999-12-31T23:59:59.999999Z", "9999-12-31T23:59:59.999999Z"},
	{"2000-02-29", "2000-02-29T00:00:00.000000Z"},
	{"2024-02-29", "2024-02-29T00:00:00.000000Z"},
	{"1900-02-29", NULL},
	{"2023-02-29", NULL},
	{"2021-04-31", NULL},
	{"2021-00-01", NULL},
	{"2021-13-01", NULL},
	{"2021-01-00", NULL},
	{"0000-01-01", NULL},
	{"10000-01-01", NULL},
	{"0001-01-01T00:00:00+01:00", NULL},
	{"9999-12-31T23:59:59-01:00", NULL},
	{"2021-02-01T24:00:00Z", NULL},
	{"2021-02-01T23:60:00Z", NULL},
	{"2021-02-01T23:59:60Z", NULL},
	{"2021-02-01T12", NULL},
	{"2021-02-01T", NULL},
	{"2021-02-01T12:28:", NULL},
	{"2021-02-01T12:28:13.", NULL},
	{"2021-02-01T12:28:13.Z", NULL},
	{"2021-02-01T12:28:13.1234567890Z", NULL},
	{"2021-02-01T12:28.5Z", NULL},
	{"2021-02-01T12:28:13,5Z", NULL},
	{"2021-02-01T12:28:13ZZ", NULL},
	{"2021-02-01T12:28:13 Z", NULL},
	{"2021-02-01T12:28:13+2", NULL},
	{"2021-02-01T12:28:13+02:", NULL},
	{"2021-02-01T12:28:13+02:60", NULL},
	{"2021-02-01T12:28:13+24:00", NULL},
	{"2021-02-01T12:28:13+020", NULL},
	{"2021-02-01T12:28:13 +02", NULL},
	{"2021-02-01Z", NULL},
	{"2021-02-01  12:28", NULL},
	{" 2021-02-01", NULL},
	{"2021-02-01 ", NULL},
	{"20210201", NULL},
	{"2021-2-1", NULL},
	{"2021/02/01", NULL},
	{"+2021-02-01", NULL},
	{"2021-02-01T12:28:13Europe/Berlin", NULL},
	{"", NULL},
	{"now", NULL},
};

START_TEST(moments_are_read_and_stored)
{
	const struct moment_case *c = &moment_cases[_i];
	char text[TIMESTAMP_SIZE];
	int64_t moment_us = 42;
	int result = timestamp_parse(c->text, strlen(c->text), &moment_us);

	ck_assert_msg(result == (c->stored ? 0 : -1), "%s", c->text);
	if (!c->stored) {
		ck_assert_int_eq(moment_us, 42);
		return;
	}
	timestamp_format(moment_us, text);
	ck_assert_str_eq(text, c->stored);
}
END_TEST

START_TEST(only_the_given_bytes_are_read)
{
	int64_t moment_us;
	int32_t days;

	ck_assert_int_eq(timestamp_parse("2021-02-01T12:28:13Z", 10, &moment_us), 0);
	ck_assert_int_eq(moment_us, INT64_C(1612137600000000));
	ck_assert_int_eq(timestamp_parse("2021-02-01T12:28:13Z", 9, &moment_us), -1);
	ck_assert_int_eq(timestamp_parse_date("2021-02-01T", 10, &days), 0);
	ck_assert_int_eq(days, 18659);
	ck_assert_int_eq(timestamp_parse_date("2021-02-01T", 11, &days), -1);
	ck_assert_int_eq(timestamp_parse_date("2021-02-30", 10, &days), -1);
}
END_TEST

START_TEST(people_see_a_fraction_only_when_there_is_one)
{
	char text[TIMESTAMP_SIZE];

	timestamp_format_short(INT64_C(1612182493000000), text);
	ck_assert_str_eq(text, "2021-02-01T12:28:13Z");
	timestamp_format_short(INT64_C(1612182493000001), text);
	ck_assert_str_eq(text, "2021-02-01T12:28:13.000001Z");
}
END_TEST

START_TEST(every_day_of_ten_thousand_years_comes_back)
{
	static const int32_t first = -719162, last = 2932896; /* 0001-01-01, 9999-12-31 */
	char before[TIMESTAMP_DATE_SIZE] = "";

	for (int32_t day = first; day <= last; day++) {
		char text[TIMESTAMP_DATE_SIZE];
		int32_t back;

		timestamp_format_date(day, text);
		if (timestamp_parse_date(text, 10, &back) < 0 || back != day ||
		    strcmp(before, text) >= 0)
			ck_abort_msg("day %d is %s and comes back as %d", day, text, back);
		memcpy(before, text, sizeof(before));
	}
	ck_assert_str_eq(before, "9999-12-31");
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("timestamp");

	tcase_set_timeout(tests, 60);
	tcase_add_loop_test(tests, moments_are_read_and_stored, 0,
	                    (int)(sizeof(moment_cases) / sizeof(*moment_cases)));
	tcase_add_test(tests, only_the_given_bytes_are_read);
	tcase_add_test(tests, people_see_a_fraction_only_when_there_is_one);
	tcase_add_test(tests, every_day_of_ten_thousand_years_comes_back);
	return suite_run("timestamp", tests);
}

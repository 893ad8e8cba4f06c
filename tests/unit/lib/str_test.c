/* str_test.c - questions about text */
#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "lib/str.h"
#include "tests/suite.h"

START_TEST(beginnings_and_ends)
{
	ck_assert(str_equal("", "") && str_equal("a", "a") && !str_equal("a", "A"));
	ck_assert(str_starts_with("abc", "ab") && str_starts_with("abc", "") &&
	          str_starts_with("", ""));
	ck_assert(!str_starts_with("ab", "abc") && !str_starts_with("xab", "ab"));
	ck_assert(str_ends_with("abc", "bc") && str_ends_with("abc", "") && str_ends_with("", ""));
	ck_assert(!str_ends_with("bc", "abc") && !str_ends_with("bcd", "bc"));
}
END_TEST

START_TEST(a_copy_is_cut_and_terminated)
{
	char to[4] = "zzz";

	ck_assert_int_eq(str_copy(to, sizeof(to), "abc"), 0);
	ck_assert_str_eq(to, "abc");
	ck_assert_int_eq(str_copy(to, sizeof(to), "abcd"), -1);
	ck_assert_str_eq(to, "abc");
	ck_assert_int_eq(str_copy(to, 1, ""), 0);
	ck_assert_str_eq(to, "");
}
END_TEST

static const struct int_case {
	const char *text;
	int is_good;
	int64_t value;
} int_cases[] = {
	{"0", 1, 0},
	{"-0", 1, 0},
	{"+7", 1, 7},
	{"007", 1, 7},
	{"9223372036854775807", 1, INT64_MAX},
	{"-9223372036854775808", 1, INT64_MIN},
	{"9223372036854775808", 0, 0},
	{"-9223372036854775809", 0, 0},
	{"99999999999999999999999", 0, 0},
	{"", 0, 0},
	{"-", 0, 0},
	{"+-1", 0, 0},
	{" 1", 0, 0},
	{"1 ", 0, 0},
	{"1.0", 0, 0},
	{"0x10", 0, 0},
	{"1e3", 0, 0},
	{"\xd9\xa1", 0, 0}, /* ARABIC-INDIC DIGIT ONE */
};

START_TEST(whole_numbers)
{
	const struct int_case *c = &int_cases[_i];
	int64_t value = 42;
	struct err err;

	ck_assert_int_eq(str_to_int(c->text, &value, &err), c->is_good ? 0 : -1);
	ck_assert_int_eq(value, c->is_good ? c->value : 42);
	if (!c->is_good)
		ck_assert_int_eq(err.code, ERR_INVALID);
}
END_TEST

static const struct float_case {
	const char *text;
	int is_good;
	double value;
} float_cases[] = {
	{"0", 1, 0},        {"1.5", 1, 1.5},     {"-1e3", 1, -1000}, {".5", 1, 0.5}, {"5.", 1, 5},
	{"1e-400", 1, 0},   {"1e308", 1, 1e308}, {"1e309", 0, 0},    {"", 0, 0},     {".", 0, 0},
	{" 1", 0, 0},       {"1 ", 0, 0},        {"\v1", 0, 0},      {"nan", 0, 0},  {"inf", 0, 0},
	{"infinity", 0, 0}, {"0x1p3", 0, 0},     {"1,5", 0, 0},      {"1e", 0, 0},   {"--1", 0, 0},
};

START_TEST(numbers)
{
	const struct float_case *c = &float_cases[_i];
	double value = 42;
	struct err err;

	ck_assert_int_eq(str_to_float(c->text, &value, &err), c->is_good ? 0 : -1);
	ck_assert(!islessgreater(value, c->is_good ? c->value : 42));
}
END_TEST

static const struct unit_case {
	const char *text;
	int64_t duration_ms, size_bytes; /* -1: refused */
} unit_cases[] = {
	{"0", 0, 0},
	{"90", 90000, 90},
	{"90s", 90000, -1},
	{"250ms", 250, -1},
	{"15m", 900000, -1},
	{"2h", 7200000, -1},
	{"1d", 86400000, -1},
	{"1.5h", 5400000, -1},
	{"64KiB", -1, 65536},
	{"32MiB", -1, 33554432},
	{"1GiB", -1, 1073741824},
	{"1K", -1, 1024},
	{"2M", -1, 2097152},
	{"1G", -1, 1073741824},
	{"512B", -1, 512},
	{"", -1, -1},
	{"s", -1, -1},
	{"-1s", -1, -1},
	{"-1", -1, -1},
	{" 1", -1, -1},
	{"1 s", -1, -1},
	{"1S", -1, -1},
	{"1kib", -1, -1},
	{"0x10", -1, -1},
	{"0x10s", -1, -1},
	{"1e400", -1, -1},
	{"9999999999999999999G", -1, -1},
	{"999999999999999d", -1, -1},
	{"nan", -1, -1},
};

START_TEST(durations_and_sizes)
{
	const struct unit_case *c = &unit_cases[_i];
	int64_t value = -1;
	struct err err;

	ck_assert_int_eq(str_to_duration_ms(c->text, &value, &err), c->duration_ms < 0 ? -1 : 0);
	ck_assert_int_eq(value, c->duration_ms);
	value = -1;
	ck_assert_int_eq(str_to_size_bytes(c->text, &value, &err), c->size_bytes < 0 ? -1 : 0);
	ck_assert_int_eq(value, c->size_bytes);
}
END_TEST

static const struct utf8_case {
	const char *text;
	size_t valid; /* bytes before the first wrong one */
} utf8_cases[] = {
	{"", 0},
	{"plain ascii, longer than eight bytes", 36},
	{"\x7f", 1},
	{"\xc2\x80", 2},
	{"\xdf\xbf", 2},
	{"\xe0\xa0\x80", 3},
	{"\xed\x9f\xbf", 3},
	{"\xee\x80\x80", 3},
	{"\xef\xbf\xbf", 3},
	{"\xf0\x90\x80\x80", 4},
	{"\xf4\x8f\xbf\xbf", 4},
	{"12345678\xc3\xa4\xf0\x9f\x98\x80"
         "end",
         17},
	/* overlong, surrogates, beyond U+10FFFF */
	{"\xc0\x80", 0},
	{"\xc1\xbf", 0},
	{"\xe0\x9f\xbf", 0},
	{"\xed\xa0\x80", 0},
	{"\xf0\x8f\xbf\xbf", 0},
	{"\xf4\x90\x80\x80", 0},
	{"\xf5\x80\x80\x80", 0},
	{"\xff", 0},
	/* lone and missing continuation bytes */
	{"\x80", 0},
	{"ab\xbf", 2},
	{"12345678\x80", 8},
	{"1234567\x80", 7},
	{"\xc3", 0},
	{"a\xe2\x82", 1},
	{"\xe2\x82"
         "a",
         0},
	{"\xe2\x28\xa1", 0},
	{"\xf0\x9f\x98", 0},
	{"\xf0\x9f\x98"
         "a",
         0},
	{"ok\xc3(", 2},
};

START_TEST(utf8_is_checked_to_the_byte)
{
	const struct utf8_case *c = &utf8_cases[_i];
	size_t size = strlen(c->text);
	char *exact = malloc(size + 1); /* so that a byte read too far is seen */

	ck_assert_ptr_nonnull(exact);
	memcpy(exact, c->text, size);
	ck_assert_uint_eq(str_utf8_valid(exact, size), c->valid);
	free(exact);
}
END_TEST

START_TEST(a_nul_is_a_character_like_others)
{
	ck_assert_uint_eq(str_utf8_valid("a\0b", 3), 3);
	ck_assert_uint_eq(str_utf8_length("a\0b", 3), 3);
	ck_assert_uint_eq(str_utf8_length("\xc3\xa4\xf0\x9f\x98\x80x", 7), 3);
	ck_assert_uint_eq(str_utf8_length("", 0), 0);
}
END_TEST

START_TEST(the_nearest_name_is_near_enough)
{
	static const char *const names[] = {"schedule", "timezone", "tasks", "tags", "use"};
	static const struct {
		const char *typed, *meant;
	} cases[] = {
		{"schedul", "schedule"},
		{"shedule", "schedule"},
		{"time_zone", "timezone"},
		{"task", "tasks"},
		{"taks", "tasks"},
		{"schedule", "schedule"},
		{"x", NULL},
		{"", NULL},
		{"something", NULL},
		{"ue", "use"},
	};
	char longer[200];

	for (size_t i = 0; i < countof(cases); i++)
		ck_assert_pstr_eq(str_nearest(cases[i].typed, names, countof(names)),
		                  cases[i].meant);
	memset(longer, 'a', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	ck_assert_ptr_null(str_nearest(longer, names, countof(names)));
	ck_assert_ptr_null(str_nearest("aaa", (const char *const[]){longer}, 1));
	ck_assert_ptr_null(str_nearest("a", NULL, 0));
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("str");

	tcase_add_test(tests, beginnings_and_ends);
	tcase_add_test(tests, a_copy_is_cut_and_terminated);
	tcase_add_loop_test(tests, whole_numbers, 0, (int)countof(int_cases));
	tcase_add_loop_test(tests, numbers, 0, (int)countof(float_cases));
	tcase_add_loop_test(tests, durations_and_sizes, 0, (int)countof(unit_cases));
	tcase_add_loop_test(tests, utf8_is_checked_to_the_byte, 0, (int)countof(utf8_cases));
	tcase_add_test(tests, a_nul_is_a_character_like_others);
	tcase_add_test(tests, the_nearest_name_is_near_enough);
	return suite_run("str", tests);
}

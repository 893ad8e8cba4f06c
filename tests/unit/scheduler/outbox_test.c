/* outbox_test.c - how long messages wait, and what is kept of where they go */
#include <check.h>
#include <stdlib.h>

#include "scheduler/service/callbacks.h"
#include "scheduler/service/outbox.h"
#include "tests/suite.h"

START_TEST(pauses_grow_to_an_hour)
{
	static const struct {
		int64_t tries;
		uint32_t random;
		int64_t pause_us;
	} cases[] = {
		{1, 0, 250000},
		{1, UINT32_MAX, 499999},
		{2, 0, 500000},
		{3, 0, 1000000},
		{12, 0, INT64_C(512000000)},
		{13, 0, INT64_C(1024000000)},
		{14, 0, INT64_C(1800000000)},
		{100, 0, INT64_C(1800000000)},
		{INT64_MAX, UINT32_MAX, INT64_C(3599999999)},
	};

	for (size_t i = 0; i < countof(cases); i++)
		ck_assert_int_eq(outbox_pause_us(cases[i].tries, cases[i].random),
		                 cases[i].pause_us);
}
END_TEST

/* A text whose secrets stand between `<<` and `>`, its pieces, and the place they lead to. */
static const struct {
	const char *text, *pieces, *place;
} cases[] = {
	{"", "[\"\"]", ""},
	{"http://h/x?y", "[\"http://h/x?y\"]", "h"},
	{"https://u:p@h.example:8443/x", "[\"https://u:p@h.example:8443/x\"]", "h.example:8443"},
	{"http://h#@x", "[\"http://h#@x\"]", "h"},
	{"http://h/<<a>/<<b>", "[\"http://h/\",{\"secret\":\"a\"},\"/\",{\"secret\":\"b\"}]", "h"},
	{"<<a>", "[{\"secret\":\"a\"}]", "*"},
	{"https://<<a>.example", "[\"https://\",{\"secret\":\"a\"},\".example\"]", "*.example"},
	{"http://h/<<a", "[\"http://h/<<a\"]", "h"},
};

START_TEST(secrets_stay_names)
{
	auto_json json_t *pieces = callbacks_split(cases[_i].text, "<<", '>');
	auto_buf struct buf place = {0};
	char *text = json_text(pieces);

	ck_assert_str_eq(text, cases[_i].pieces);
	callbacks_place(pieces, &place);
	ck_assert_str_eq(buf_string(&place), cases[_i].place);
	free(text);
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("outbox");

	tcase_add_test(tests, pauses_grow_to_an_hour);
	tcase_add_loop_test(tests, secrets_stay_names, 0, (int)countof(cases));
	return suite_run("outbox", tests);
}

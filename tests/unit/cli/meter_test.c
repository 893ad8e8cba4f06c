/* meter_test.c - how progress, counts and durations are shown */
#include <check.h>

#include "cli/meter.h"
#include "cli/output.h"
#include "lib/compiler.h"
#include "tests/suite.h"

static const struct {
	struct meter_task task;
	unsigned width;
	const char *line;
} lines[] = {
	{{.unit = "rows", .note = "", .done = 6200000, .total = 10000000, .seconds = 15.0},
         80,
         " 62% ▕████████████        ▏ 6.2M/10.0M rows  413k rows/s  ETA 0:09"},
	{{.unit = "rows", .note = "", .done = 6200000, .total = 10000000, .seconds = 15.0},
         60,
         " 62% 6.2M/10.0M rows  413k rows/s  ETA 0:09"},
	{{.unit = "rows", .note = "checking", .done = 500, .total = -1, .seconds = 2.0},
         80,
         "500 rows  250 rows/s  checking"},
	{{.unit = "rows", .note = "", .done = 0, .total = 10, .seconds = 0}, 0, "  0% 0/10 rows"},
	{{.unit = "rows", .note = "", .done = 12, .total = 10, .seconds = 1},
         0,
         "100% 12/10 rows  12 rows/s"},
	{{.unit = "bytes", .note = "", .done = 1, .total = 7201, .seconds = 1},
         0,
         "  0% 1/7201 bytes  1 bytes/s  ETA 2:00:00"},
};

START_TEST(progress_has_part_rate_and_eta)
{
	struct buf line = {0};

	meter_format(&lines[_i].task, lines[_i].width, &line);
	ck_assert_str_eq(buf_string(&line), lines[_i].line);
	buf_release(&line);
}
END_TEST

START_TEST(counts_and_durations_are_short)
{
	static const struct {
		double value;
		const char *count, *duration;
	} cases[] = {
		{0, "0", "0.00s"},           {9.5, "10", "9.50s"},          {59.94, "60", "59.9s"},
		{65, "65", "1m05s"},         {9999, "9999", "2h46m"},       {10000, "10k", "2h46m"},
		{412345, "412k", "114h32m"}, {6200000, "6.2M", "1722h13m"},
	};
	char text[16];

	for (size_t i = 0; i < countof(cases); i++) {
		output_count(cases[i].value, text);
		ck_assert_str_eq(text, cases[i].count);
		output_duration(cases[i].value, text);
		ck_assert_str_eq(text, cases[i].duration);
	}
}
END_TEST

int main(void)
{
	TCase *cases = tcase_create("meter");

	tcase_add_loop_test(cases, progress_has_part_rate_and_eta, 0, (int)countof(lines));
	tcase_add_test(cases, counts_and_durations_are_short);
	return suite_run("meter", cases);
}

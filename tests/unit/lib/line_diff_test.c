/* line_diff_test.c - what changed between two texts, as a unified diff */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "lib/compiler.h"
#include "lib/limits.h"
#include "lib/line_diff.h"
#include "tests/suite.h"

static const struct {
	const char *before, *after, *diff;
} cases[] = {
	{"", "", ""},
	{"a\nb\n", "a\nb\n", ""},
	{"", "a\n", "--- x\n+++ y\n@@ -0,0 +1 @@\n+a\n"},
	{"a\n", "", "--- x\n+++ y\n@@ -1 +0,0 @@\n-a\n"},
	{"a\nb\nc\n", "a\nB\nc\n", "--- x\n+++ y\n@@ -1,3 +1,3 @@\n a\n-b\n+B\n c\n"},
	{"a", "a\n", "--- x\n+++ y\n@@ -1 +1 @@\n-a\n\\ No newline at end of file\n+a\n"},
	{"1\n2\n3\n4\n5\n6\n7\n8\n9\n", "1\n2\n3\n4\nfive\n6\n7\n8\n9\n",
         "--- x\n+++ y\n@@ -2,7 +2,7 @@\n 2\n 3\n 4\n-5\n+five\n 6\n 7\n 8\n"},
	/* two changes far apart are two hunks, near ones are one */
	{"a\n1\n2\n3\n4\n5\n6\n7\nb\n", "A\n1\n2\n3\n4\n5\n6\n7\nB\n",
         "--- x\n+++ y\n@@ -1,4 +1,4 @@\n-a\n+A\n 1\n 2\n 3\n@@ -6,4 +6,4 @@\n 5\n 6\n 7\n-b\n+B\n"},
	{"a\n1\n2\nb\n", "A\n1\n2\nB\n", "--- x\n+++ y\n@@ -1,4 +1,4 @@\n-a\n+A\n 1\n 2\n-b\n+B\n"},
	/* the shortest script: one line moved is one removed and one added */
	{"a\nb\nc\nd\n", "b\nc\nd\na\n", "--- x\n+++ y\n@@ -1,4 +1,4 @@\n-a\n b\n c\n d\n+a\n"},
};

static void diff_of(const char *before, const char *after, struct buf *out)
{
	struct line_diff_side a = {"x", before, strlen(before)}, b = {"y", after, strlen(after)};

	line_diff(&a, &b, out);
}

START_TEST(texts_differ_as_the_table_says)
{
	struct buf out = {0};

	diff_of(cases[_i].before, cases[_i].after, &out);
	ck_assert_str_eq(buf_string(&out), cases[_i].diff);
	buf_release(&out);
}
END_TEST

START_TEST(too_many_edits_are_shown_as_one_text_for_the_other)
{
	struct buf before = {0}, after = {0}, out = {0};

	for (int i = 0; i < LIMIT_DIFF_EDITS; i++) {
		buf_printf(&before, "a%d\n", i);
		buf_printf(&after, "b%d\n", i);
	}
	diff_of(buf_string(&before), buf_string(&after), &out);
	ck_assert_ptr_nonnull(strstr(out.data, "@@ -1,2000 +1,2000 @@\n-a0\n"));
	ck_assert_ptr_nonnull(strstr(out.data, "-a1999\n+b0\n"));
	buf_release(&before);
	buf_release(&after);
	buf_release(&out);
}
END_TEST

/* The line of `before` that a hunk begins with, its head being `@@ -from,count +…`. */
static unsigned long first_line(const char *head)
{
	unsigned long from = strtoul(strchr(head, '-') + 1, NULL, 10);
	const char *comma = strchr(head, ',');
	int is_empty = comma && comma < strchr(head, '+') && comma[1] == '0';

	return is_empty ? from + 1 : from;
}

/* Applying a diff gives the other text. */
static void apply(const char *before, const char *diff, struct buf *out)
{
	const char *line = strstr(diff, "@@");
	size_t taken = 0;

	while (line && *line) {
		size_t size = strcspn(line, "\n") + 1;

		if (*line == '@') {
			unsigned long from = first_line(line);

			for (; taken + 1 < from; taken++) {
				size_t length = strcspn(before, "\n") + 1;

				buf_append(out, before, length);
				before += length;
			}
		} else if (*line != '+') {
			before += size - 1;
			taken++;
		}
		if (*line == '+' || *line == ' ')
			buf_append(out, line + 1, size - 1);
		line += size;
	}
	buf_text(out, before);
}

START_TEST(a_diff_leads_from_the_one_text_to_the_other)
{
	enum { ROUNDS = 2000, LINES = 24 };
	uint32_t random = 1;

	for (int round = 0; round < ROUNDS; round++) {
		struct buf texts[2] = {{0}}, diff = {0}, made = {0};

		for (int i = 0; i < LINES * 2; i++) {
			random = random * 1664525u + 1013904223u;
			if (random >> 28 < 13)
				buf_printf(&texts[i % 2], "%u\n", random >> 24 & 3);
		}
		diff_of(buf_string(&texts[0]), buf_string(&texts[1]), &diff);
		apply(buf_string(&texts[0]), buf_string(&diff), &made);
		ck_assert_str_eq(buf_string(&made), buf_string(&texts[1]));
		buf_release(&texts[0]);
		buf_release(&texts[1]);
		buf_release(&diff);
		buf_release(&made);
	}
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("line_diff");

	tcase_add_loop_test(tests, texts_differ_as_the_table_says, 0, (int)countof(cases));
	tcase_add_test(tests, too_many_edits_are_shown_as_one_text_for_the_other);
	tcase_add_test(tests, a_diff_leads_from_the_one_text_to_the_other);
	return suite_run("line_diff", tests);
}

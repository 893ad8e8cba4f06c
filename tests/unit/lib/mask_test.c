/* mask_test.c - secrets in texts, in pieces of them, and in JSON */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "lib/mask.h"
#include "tests/suite.h"

static json_t *secrets(void)
{
	return json_pack("[s, s, s, s]", "hunter2", "hunter22", "", "ü");
}

static const struct {
	const char *text, *masked;
} cases[] = {
	{"", ""},
	{"nothing here", "nothing here"},
	{"hunter2", "***"},
	{"hunter22", "***"}, /* the longer one */
	{"hunter2hunter2", "******"},
	{"the hunter2, and hunter", "the ***, and hunter"},
	{"hunthunter2", "hunt***"},
	{"über", "***ber"},
};

START_TEST(texts_are_masked)
{
	auto_json json_t *hidden = secrets();
	auto_buf struct buf out = {0};
	const char *text = cases[_i].text;

	ck_assert_uint_eq(mask_append(&out, text, strlen(text), hidden, 0), strlen(text));
	ck_assert_str_eq(buf_string(&out), cases[_i].masked);
}
END_TEST

/* Wherever it is cut, what comes in two pieces reads as what comes in one. */
START_TEST(pieces_are_masked_as_the_whole)
{
	auto_json json_t *hidden = secrets();
	const char *text = cases[_i].text;
	size_t size = strlen(text);

	for (size_t cut = 0; cut <= size; cut++) {
		auto_buf struct buf out = {0};
		size_t used = mask_append(&out, text, cut, hidden, MASK_MORE_COMES);

		ck_assert_uint_le(used, cut);
		mask_append(&out, text + used, size - used, hidden, 0);
		ck_assert_str_eq(buf_string(&out), cases[_i].masked);
	}
}
END_TEST

START_TEST(no_secrets_hide_nothing)
{
	auto_buf struct buf out = {0};

	mask_append(&out, "hunter2", 7, NULL, MASK_MORE_COMES);
	ck_assert_str_eq(buf_string(&out), "hunter2");
}
END_TEST

START_TEST(json_is_masked_everywhere)
{
	auto_json json_t *hidden = secrets();
	auto_json json_t *value =
		json_pack("{s:[s, i, {s:s}], s:n}", "a", "x hunter2", 7, "hunter2", "fine", "ü");
	auto_json json_t *masked = mask_json(value, hidden);
	char *text = json_text(masked);

	ck_assert_str_eq(text, "{\"a\":[\"x ***\",7,{\"***\":\"fine\"}],\"***\":null}");
	free(text);
}
END_TEST

/* What is to be found of `secret` when it was put into the text in some form. */
static const struct {
	const char *secret, *text, *masked;
} forms[] = {
	{"hunter2", "hunter2", "***"},
	{"abc", "abc", "abc"}, /* too short to be hidden */
	{"a\"b\\cd", "{\"k\": \"a\\\"b\\\\cd\"}", "{\"k\": \"***\"}"},
	{"schl\xc3\xbcssel", "schl\\u00FCssel", "***"},
	{"a/b cd", "a%2Fb%20cd a/b%20cd a%2Fb+cd a%2fb%20cd", "*** *** *** ***"},
	{"hunter2", "aHVudGVyMg==", "***"},
	{"hunter2", "dTpodW50ZXIy", "dTp***"},          /* u:hunter2 */
	{"hunter2", "dXM6aHVudGVyMg==", "dXM6***"},     /* us:hunter2 */
	{"hunter2", "dXNlOmh1bnRlcjI=", "dXNlOm***I="}, /* use:hunter2: shared characters stay */
	{"\xc3\xbf\xc3\xbf\xc3\xbf", "w7/Dv8O/ w7_Dv8O_", "*** ***"},
	{"first line\nshort\nthe last line", "the last line, short, first line", "***, short, ***"},
};

START_TEST(encoded_forms_are_masked)
{
	auto_json json_t *hidden = json_array();
	auto_buf struct buf out = {0};

	mask_add(hidden, forms[_i].secret);
	mask_append(&out, forms[_i].text, strlen(forms[_i].text), hidden, 0);
	ck_assert_str_eq(buf_string(&out), forms[_i].masked);
}
END_TEST

static const struct {
	unsigned flags;
	const char *text, *masked;
} cuts[] = {
	{0, "er22 hunter", "er22 hunter"},
	{MASK_CUT_BEFORE, "er22 hunter", "*** hunter"},
	{MASK_CUT_BEFORE, "r22 hunter2", "r22 ***"}, /* three bytes are found anywhere */
	{MASK_CUT_BEFORE, "hunter22", "***"},
	{MASK_CUT_BEHIND, "er22 hunter", "er22 ***"},
	{MASK_CUT_BEHIND, "the hun", "the hun"},
	{MASK_CUT_BEFORE | MASK_CUT_BEHIND, "er22er22 hunt", "***er22 ***"},
};

START_TEST(parts_at_a_cut_are_masked)
{
	auto_json json_t *hidden = secrets();
	auto_buf struct buf out = {0};

	mask_append(&out, cuts[_i].text, strlen(cuts[_i].text), hidden, cuts[_i].flags);
	ck_assert_str_eq(buf_string(&out), cuts[_i].masked);
}
END_TEST

START_TEST(numbers_are_masked)
{
	auto_json json_t *hidden = json_pack("[s]", "2718");
	auto_json json_t *value = json_pack("[i, i, f]", 27, 127180, 0.5);
	auto_json json_t *masked = mask_json(value, hidden);
	char *text = json_text(masked);

	ck_assert_str_eq(text, "[27,\"1***0\",0.5]");
	free(text);
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("mask");

	tcase_add_loop_test(tests, texts_are_masked, 0, (int)countof(cases));
	tcase_add_loop_test(tests, pieces_are_masked_as_the_whole, 0, (int)countof(cases));
	tcase_add_test(tests, no_secrets_hide_nothing);
	tcase_add_test(tests, json_is_masked_everywhere);
	tcase_add_test(tests, numbers_are_masked);
	tcase_add_loop_test(tests, encoded_forms_are_masked, 0, (int)countof(forms));
	tcase_add_loop_test(tests, parts_at_a_cut_are_masked, 0, (int)countof(cuts));
	return suite_run("mask", tests);
}

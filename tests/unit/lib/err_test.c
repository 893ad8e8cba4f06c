/* err_test.c - errors as values */
#include <check.h>
#include <errno.h>
#include <string.h>

#include "lib/err.h"
#include "tests/suite.h"

START_TEST(an_error_grows_from_the_left_and_keeps_its_code)
{
	struct err err;

	ck_assert_int_eq(err_set(&err, ERR_NOT_FOUND, "no table '%s'", "user"), -1);
	ck_assert_int_eq(err_prefix(&err, "report '%s'", "hires"), -1);
	ck_assert_int_eq(err.code, ERR_NOT_FOUND);
	ck_assert_str_eq(err.text, "report 'hires': no table 'user'");
}
END_TEST

static const struct errno_case {
	int number;
	enum err_code code;
	const char *text;
} errno_cases[] = {
	{ENOENT, ERR_NOT_FOUND, "x: no such file or directory"},
	{EACCES, ERR_DENIED, "x: permission denied"},
	{ENOSPC, ERR_NO_SPACE, "x: no space left on device"},
	{ETIMEDOUT, ERR_TIMEOUT, "x: connection timed out"},
	{ECONNREFUSED, ERR_UNAVAILABLE, "x: connection refused"},
	{EADDRINUSE, ERR_CONFLICT, "x: address already in use"},
	{EIO, ERR_FAILED, "x: input/output error"},
};

START_TEST(errno_becomes_a_code_and_a_cause)
{
	const struct errno_case *c = &errno_cases[_i];
	struct err err;

	ck_assert_int_eq(err_errno(&err, c->number, "%s", "x"), -1);
	ck_assert_int_eq(err.code, c->code);
	ck_assert_str_eq(err.text, c->text);
}
END_TEST

START_TEST(long_texts_are_cut_and_stay_terminated)
{
	char name[1000];
	struct err err;

	memset(name, 'n', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	err_set(&err, ERR_FAILED, "%s", name);
	ck_assert_uint_eq(strlen(err.text), sizeof(err.text) - 1);
	err_prefix(&err, "%s", name);
	ck_assert_uint_eq(strlen(err.text), sizeof(err.text) - 1);
	err_errno(&err, ENOENT, "%s", name);
	ck_assert_uint_eq(strlen(err.text), sizeof(err.text) - 1);
	err_set(&err, ERR_FAILED, "short");
	err_prefix(&err, "%.248s", name);
	ck_assert_uint_eq(strlen(err.text), sizeof(err.text) - 1);
}
END_TEST

START_TEST(every_code_has_a_name_of_its_own)
{
	for (int a = 0; a < ERR_COUNT; a++) {
		ck_assert_uint_gt(strlen(err_name((enum err_code)a)), 0);
		for (int b = 0; b < a; b++)
			ck_assert_str_ne(err_name((enum err_code)a), err_name((enum err_code)b));
	}
	ck_assert_str_eq(err_name(ERR_NOT_FOUND), "not_found");
}
END_TEST

START_TEST(only_what_may_pass_by_itself_is_tried_again)
{
	static const enum err_code transient[] = {ERR_BUSY, ERR_UNAVAILABLE, ERR_TIMEOUT};
	static const enum err_code lasting[] = {ERR_USAGE,     ERR_INVALID, ERR_DENIED,
	                                        ERR_NOT_FOUND, ERR_DAMAGED, ERR_INTERNAL,
	                                        ERR_DUPLICATE, ERR_LIMIT,   ERR_STALE};

	for (size_t i = 0; i < countof(transient); i++)
		ck_assert(err_is_transient(transient[i]));
	for (size_t i = 0; i < countof(lasting); i++)
		ck_assert(!err_is_transient(lasting[i]));
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("err");

	tcase_add_test(tests, an_error_grows_from_the_left_and_keeps_its_code);
	tcase_add_loop_test(tests, errno_becomes_a_code_and_a_cause, 0, (int)countof(errno_cases));
	tcase_add_test(tests, long_texts_are_cut_and_stay_terminated);
	tcase_add_test(tests, every_code_has_a_name_of_its_own);
	tcase_add_test(tests, only_what_may_pass_by_itself_is_tried_again);
	return suite_run("err", tests);
}

/* json_test.c - documents and the writer of the hot path */
#include <check.h>
#include <float.h>
#include <stdlib.h>
#include <string.h>

#include "lib/json.h"
#include "lib/json_writer.h"
#include "lib/limits.h"
#include "tests/suite.h"

static json_t *parse(const char *text)
{
	struct err err;
	json_t *value = json_parse(text, strlen(text), &err);

	ck_assert_msg(value != NULL, "%s: %s", text, err.text);
	return value;
}

static const char *const same[] = {
	"null",
	"true",
	"0",
	"-1",
	"9223372036854775807",
	"-9223372036854775808",
	"0.1",
	"5.0",
	"1e+300",
	"-0.0",
	"\"\"",
	"\"\\\"\\\\\\b\\f\\n\\r\\t\\u0001/\"",
	"\"gr\xc3\xbc\xc3\x9f \xf0\x9f\x98\x80\"",
	"[]",
	"{}",
	"[1,[2,[3]],{}]",
	"{\"z\":1,\"a\":{\"b\":[null,false]}}",
};

START_TEST(what_is_read_is_written_the_same)
{
	auto_json json_t *value = parse(same[_i]);
	char *text = json_text(value);

	ck_assert_str_eq(text, same[_i]);
	free(text);
}
END_TEST

static const struct bad_case {
	const char *text;
	size_t size; /* 0: strlen */
	enum err_code code;
} bad_cases[] = {
	{"", 0, ERR_INVALID},
	{" ", 0, ERR_INVALID},
	{"{", 0, ERR_INVALID},
	{"[1,]", 0, ERR_INVALID},
	{"[1] 2", 0, ERR_INVALID},
	{"nul", 0, ERR_INVALID},
	{"01", 0, ERR_INVALID},
	{"'a'", 0, ERR_INVALID},
	{"NaN", 0, ERR_INVALID},
	{"9223372036854775808", 0, ERR_INVALID},
	{"1e999", 0, ERR_INVALID},
	{"{\"a\":1,\"a\":2}", 0, ERR_INVALID},
	{"\"\\u0000\"", 0, ERR_INVALID},
	{"\"a\0b\"", 5, ERR_INVALID},
	{"\"\xff\"", 0, ERR_INVALID},
	{"\"\\ud800\"", 0, ERR_INVALID},
	{"\"a\nb\"", 0, ERR_INVALID},
};

START_TEST(what_is_no_json_is_refused)
{
	const struct bad_case *c = &bad_cases[_i];
	struct err err = {0};

	ck_assert_ptr_null(json_parse(c->text, c->size ? c->size : strlen(c->text), &err));
	ck_assert_int_eq(err.code, c->code);
}
END_TEST

START_TEST(a_fault_has_its_place)
{
	static const char text[] = "{\"a\": 1,\n  b}";
	struct err err;

	ck_assert_ptr_null(json_parse(text, strlen(text), &err));
	ck_assert_ptr_nonnull(strstr(err.text, "line 2, column 3"));
}
END_TEST

static json_t *parse_nested(int depth, struct err *err)
{
	char text[4 * LIMIT_JSON_DEPTH];

	memset(text, '[', (size_t)depth);
	memset(text + depth, ']', (size_t)depth);
	return json_parse(text, (size_t)depth * 2, err);
}

START_TEST(depth_is_bounded_to_the_level)
{
	static const char brackets[] = "\"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\\\"[[\"";
	struct err err;
	json_t *value = parse_nested(LIMIT_JSON_DEPTH, &err);

	ck_assert_ptr_nonnull(value);
	json_decref(value);
	ck_assert_ptr_null(parse_nested(LIMIT_JSON_DEPTH + 1, &err));
	ck_assert_int_eq(err.code, ERR_LIMIT);
	json_decref(parse(brackets));
}
END_TEST

START_TEST(people_get_indents)
{
	auto_json json_t *value = parse("{\"a\":[1,{\"b\":null}],\"c\":{},\"d\":[]}");
	char *text = json_text_pretty(value);

	ck_assert_str_eq(text, "{\n  \"a\": [\n    1,\n    {\n      \"b\": null\n    }\n  ],\n"
	                       "  \"c\": {},\n  \"d\": []\n}");
	free(text);
}
END_TEST

START_TEST(members_may_be_missing_or_of_another_type)
{
	auto_json json_t *value = parse("{\"t\":\"x\",\"n\":7,\"r\":1.5,\"null\":null}");

	ck_assert_str_eq(json_get_text(value, "t", "-"), "x");
	ck_assert_str_eq(json_get_text(value, "n", "-"), "-");
	ck_assert_str_eq(json_get_text(value, "none", ""), "");
	ck_assert_ptr_null(json_get_text(NULL, "t", NULL));
	ck_assert_int_eq(json_get_int(value, "n", -1), 7);
	ck_assert_int_eq(json_get_int(value, "r", -1), -1);
	ck_assert_int_eq(json_get_int(value, "null", -1), -1);
	ck_assert_int_eq(json_get_int(NULL, "n", -1), -1);
}
END_TEST

START_TEST(a_missing_value_is_null)
{
	char *text = json_text(NULL);

	ck_assert_str_eq(text, "null");
	free(text);
}
END_TEST

START_TEST(the_writer_puts_commas_where_they_belong)
{
	auto_buf struct buf buf = {0};
	struct json_writer w;

	json_writer_init(&w, &buf);
	json_writer_array(&w);
	json_writer_object(&w);
	json_writer_key(&w, "a \"quoted\" key");
	json_writer_int(&w, INT64_MIN);
	json_writer_key(&w, "list");
	json_writer_array(&w);
	json_writer_null(&w);
	json_writer_bool(&w, 1);
	json_writer_bool(&w, 0);
	json_writer_array_end(&w);
	json_writer_key(&w, "raw");
	json_writer_raw(&w, "{\"x\":1}", 7);
	json_writer_object_end(&w);
	json_writer_object(&w);
	json_writer_object_end(&w);
	json_writer_text(&w, NULL);
	json_writer_text(&w, "t");
	json_writer_string(&w, "a\0b", 3);
	json_writer_int(&w, INT64_MAX);
	json_writer_int(&w, 0);
	json_writer_array_end(&w);
	ck_assert_str_eq(buf.data, "[{\"a \\\"quoted\\\" key\":-9223372036854775808,"
	                           "\"list\":[null,true,false],\"raw\":{\"x\":1}},{},null,\"t\","
	                           "\"a\\u0000b\",9223372036854775807,0]");
}
END_TEST

static const struct float_case {
	double value;
	const char *text;
} float_cases[] = {
	{0.1, "0.1"},
	{5, "5"},
	{-0.5, "-0.5"},
	{1.0 / 3, "0.3333333333333333"},
	{0.1 + 0.2, "0.30000000000000004"},
	{100, "100"},
	{1e15, "1e+15"},
	{123456789012345678.0, "1.2345678901234568e+17"},
	{5e-324, "5e-324"},
};

START_TEST(numbers_have_the_fewest_digits_that_read_back)
{
	const struct float_case *c = &float_cases[_i];
	auto_buf struct buf buf = {0};
	struct json_writer w;

	json_writer_init(&w, &buf);
	json_writer_float(&w, c->value);
	ck_assert(!islessgreater(strtod(buf.data, NULL), c->value));
	ck_assert_uint_le(strlen(buf.data), strlen(c->text));
}
END_TEST

START_TEST(a_value_without_a_key_aborts)
{
	auto_buf struct buf buf = {0};
	struct json_writer w;

	json_writer_init(&w, &buf);
	json_writer_object(&w);
	json_writer_int(&w, 1);
}
END_TEST

START_TEST(a_wrong_end_aborts)
{
	auto_buf struct buf buf = {0};
	struct json_writer w;

	json_writer_init(&w, &buf);
	json_writer_object(&w);
	json_writer_array_end(&w);
}
END_TEST

int main(void)
{
	TCase *documents = tcase_create("documents");
	TCase *writer = tcase_create("writer");

	tcase_add_loop_test(documents, what_is_read_is_written_the_same, 0, (int)countof(same));
	tcase_add_loop_test(documents, what_is_no_json_is_refused, 0, (int)countof(bad_cases));
	tcase_add_test(documents, a_fault_has_its_place);
	tcase_add_test(documents, depth_is_bounded_to_the_level);
	tcase_add_test(documents, people_get_indents);
	tcase_add_test(documents, members_may_be_missing_or_of_another_type);
	tcase_add_test(documents, a_missing_value_is_null);
	tcase_add_test(writer, the_writer_puts_commas_where_they_belong);
	tcase_add_loop_test(writer, numbers_have_the_fewest_digits_that_read_back, 0,
	                    (int)countof(float_cases));
	tcase_add_test_raise_signal(writer, a_value_without_a_key_aborts, 6);
	tcase_add_test_raise_signal(writer, a_wrong_end_aborts, 6);
	return suite_run("json", documents, writer);
}

/* value_test.c - text and JSON become typed values, and are shown again */
#include <check.h>
#include <string.h>

#include "lib/base64.h"
#include "storage/catalog/column_reader.h"
#include "storage/catalog/decimal.h"
#include "storage/catalog/value_parse.h"
#include "tests/suite.h"

static struct arena arena;
static struct yaml_errors errors;
static struct buf shown;

static void set_up(void)
{
	arena_init(&arena);
	yaml_errors_init(&errors);
	shown = (struct buf){0};
}

static void tear_down(void)
{
	buf_release(&shown);
	yaml_errors_release(&errors);
	arena_release(&arena);
}

/* The column that a file would declare as `{name: c, type: …}`. */
static void declare(const char *rest, struct column *column)
{
	struct buf text = {0};
	struct yaml *yaml;
	struct source source = {NULL, &errors, &arena};

	buf_printf(&text, "{name: c, type: %s}", rest);
	yaml = yaml_parse("c.yaml", text.data, text.size, &errors);
	ck_assert_ptr_nonnull(yaml);
	source.yaml = yaml;
	*column = (struct column){0};
	column_reader_read(&source, yaml_root(yaml), COLUMN_READER_TABLE, column);
	yaml_errors_format(&errors, &shown);
	ck_assert_msg(errors.count == 0, "%s", buf_string(&shown));
	yaml_free(yaml);
	buf_release(&text);
}

static const char *flaw_text(const struct flaw *flaw)
{
	buf_clear(&shown);
	buf_printf(&shown, "%s: %s", flaw_name(flaw->code), flaw->detail);
	return buf_string(&shown);
}

/* The text as a value, shown as text; or what is wrong with it. */
static const char *read_text(const char *declaration, const char *text)
{
	struct column column;
	struct value value;
	struct flaw flaw;
	int status;

	declare(declaration, &column);
	status = value_parse(&column, text, strlen(text), &arena, &value, &flaw);
	buf_clear(&shown);
	if (status == 0) {
		value_append_text(&column, &value, &shown);
		ck_assert_int_eq(value_parse_check(&column, &value, &flaw), 0);
	} else {
		flaw_text(&flaw);
	}
	pattern_free(column.pattern);
	return buf_string(&shown);
}

/* The JSON as a value, shown as JSON; or the code of what is wrong with it. */
static const char *read_json(const char *declaration, const char *text)
{
	struct column column;
	struct value value;
	struct flaw flaw;
	struct err err;
	struct json_writer writer;
	json_t *json = json_parse(text, strlen(text), &err);

	ck_assert_msg(json != NULL, "%s", err.text);
	declare(declaration, &column);
	buf_clear(&shown);
	if (value_parse_json(&column, json, &arena, &value, &flaw) == 0) {
		json_writer_init(&writer, &shown);
		value_write_json(&column, &value, &writer);
	} else {
		buf_text(&shown, flaw_name(flaw.code));
	}
	json_decref(json);
	pattern_free(column.pattern);
	return buf_string(&shown);
}

struct example {
	const char *declaration, *input, *expected;
};

#define TOO_BIG_INT "is not a whole number of 64 bits"

static const struct example texts[] = {
	{"int", "0", "0"},
	{"int", " +7\t", "7"},
	{"int", "-0", "0"},
	{"int", "0000000000000000000000000012", "12"},
	{"int", "9223372036854775807", "9223372036854775807"},
	{"int", "-9223372036854775808", "-9223372036854775808"},
	{"int", "9223372036854775808", "invalid_integer: '9223372036854775808' " TOO_BIG_INT},
	{"int", "-9223372036854775809", "invalid_integer: '-9223372036854775809' " TOO_BIG_INT},
	{"int", "", "invalid_integer: '' " TOO_BIG_INT},
	{"int", "-", "invalid_integer: '-' " TOO_BIG_INT},
	{"int", "1.0", "invalid_integer: '1.0' " TOO_BIG_INT},
	{"int", "1 2", "invalid_integer: '1 2' " TOO_BIG_INT},
	{"int", "0x10", "invalid_integer: '0x10' " TOO_BIG_INT},
	{"int, min: -3, max: 5", "-3", "-3"},
	{"int, min: -3, max: 5", "-4", "too_small: -4 is less than -3"},
	{"int, min: -3, max: 5", "6", "too_large: 6 is more than 5"},
	{"int, enum: [1, 2, 30]", "30", "30"},
	{"int, enum: [1, 2, 30]", "3", "enum: not one of 1, 2, 30"},

	{"float", "1", "1"},
	{"float", " -.5e-3 ", "-0.0005"},
	{"float", "5.", "5"},
	{"float", "1e308", "1e+308"},
	{"float", "1e309", "invalid_float: '1e309' is not a finite number"},
	{"float", "NaN", "invalid_float: 'NaN' is not a finite number"},
	{"float", "inf", "invalid_float: 'inf' is not a finite number"},
	{"float", "0x1p3", "invalid_float: '0x1p3' is not a finite number"},
	{"float", "1e", "invalid_float: '1e' is not a finite number"},
	{"float", "", "invalid_float: '' is not a finite number"},
	{"float", "1,5", "invalid_float: '1,5' is not a finite number"},
	{"float, min: 0.5", "0.25", "too_small: 0.25 is less than 0.5"},

	{"decimal, precision: 5, scale: 2", "1.5", "1.50"},
	{"decimal, precision: 5, scale: 2", "-999.99", "-999.99"},
	{"decimal, precision: 5, scale: 2", "-0", "0.00"},
	{"decimal, precision: 5, scale: 2", ".5", "0.50"},
	{"decimal, precision: 5, scale: 2", "1.500", "1.50"},
	{"decimal, precision: 5, scale: 2", "15e-1", "1.50"},
	{"decimal, precision: 5, scale: 2", "1.505",
         "invalid_decimal: more than 2 digits behind the point"},
	{"decimal, precision: 5, scale: 2", "1000",
         "too_large: more than 3 digits before the point"},
	{"decimal, precision: 5, scale: 2", "-1000",
         "too_small: more than 3 digits before the point"},
	{"decimal, precision: 5, scale: 2", "1e999999999999",
         "too_large: more than 3 digits before the point"},
	{"decimal, precision: 5, scale: 2", ".", "invalid_decimal: '.' is not a decimal number"},
	{"decimal, precision: 5, scale: 2", "1..2",
         "invalid_decimal: '1..2' is not a decimal number"},
	{"decimal, precision: 5, scale: 2, max: 10", "10.01",
         "too_large: 10.01 is more than 10.00"},
	{"decimal, precision: 18, scale: 18", "0.999999999999999999", "0.999999999999999999"},
	{"decimal, precision: 19, scale: 0", "-9999999999999999999", "-9999999999999999999"},
	{"decimal, precision: 30, scale: 2, min: -5", "-5.01",
         "too_small: -5.01 is less than -5.00"},
	{"decimal, precision: 30, scale: 2, min: -5", "12345678901234567890.1",
         "12345678901234567890.10"},

	{"bool", "TRUE", "true"},
	{"bool", " f ", "false"},
	{"bool", "Yes", "true"},
	{"bool", "0", "false"},
	{"bool", "2", "invalid_bool: '2' is not true or false"},
	{"bool", "", "invalid_bool: '' is not true or false"},
	{"bool", "on", "invalid_bool: 'on' is not true or false"},

	{"date", "2021-02-01", "2021-02-01"},
	{"date", "0001-01-01", "0001-01-01"},
	{"date", "9999-12-31", "9999-12-31"},
	{"date", "2020-02-29", "2020-02-29"},
	{"date", "2021-02-29", "invalid_date: '2021-02-29' is not a date like 2021-02-01"},
	{"date", "0000-01-01", "invalid_date: '0000-01-01' is not a date like 2021-02-01"},
	{"date", "2021-02-01T00:00",
         "invalid_date: '2021-02-01T00:00' is not a date like 2021-02-01"},
	{"date, min: 2021-01-01", "2020-12-31", "too_small: 2020-12-31 is less than 2021-01-01"},

	{"timestamp", "2021-02-01", "2021-02-01T00:00:00Z"},
	{"timestamp", "2021-02-01 12:28", "2021-02-01T12:28:00Z"},
	{"timestamp", "2021-02-01t12:28:13.123456789z", "2021-02-01T12:28:13.123456Z"},
	{"timestamp", "2021-02-01T12:28:13+0230", "2021-02-01T09:58:13Z"},
	{"timestamp", " 9999-12-31T23:59:59.999999Z ", "9999-12-31T23:59:59.999999Z"},
	{"timestamp", "24:00",
         "invalid_timestamp: '24:00' is not a timestamp like 2021-02-01T12:28:13Z"},
	{"timestamp", "2021-02-01T23:59:60Z",
         "invalid_timestamp: '2021-02-01T23:59:60Z' is not a timestamp like 2021-02-01T12:28:13Z"},

	{"json", " {\"a\": [1, null]} ", "{\"a\": [1, null]}"},
	{"json", "null", "null"},
	{"bytes", "AAH/", "AAH/"},
	{"bytes", "", ""},
	{"bytes", "AA==", "AA=="},
	{"bytes", "AAH", "invalid_base64: 'AAH' is not base64"},
	{"bytes", "AB==", "invalid_base64: 'AB==' is not base64"},
	{"bytes", "A A=", "invalid_base64: 'A A=' is not base64"},
	{"bytes, min_length: 2", "AA==", "too_short: 1 byte, at least 2 needed"},
	{"bytes, max_length: 1", "AAH/", "too_long: 3 bytes, at most 1 allowed"},
	{"uuid", "00112233-4455-6677-8899-aabbccddeeff", "00112233-4455-6677-8899-aabbccddeeff"},
	{"uuid", " 00112233-4455-6677-8899-AABBCCDDEEFF", "00112233-4455-6677-8899-aabbccddeeff"},
	{"uuid", "00112233445566778899aabbccddeeff",
         "invalid_uuid: '00112233445566778899aabbccddeeff' is not a uuid"},
	{"uuid", "g0112233-4455-6677-8899-aabbccddeeff",
         "invalid_uuid: 'g0112233-4455-6677-8899-aabbccddeeff' is not a uuid"},

	{"text", "  as it came\r\n", "  as it came\r\n"},
	{"text", "", ""},
	{"string, max_length: 3", "äöü", "äöü"},
	{"string, max_length: 3", "äöüß", "too_long: 4 characters, at most 3 allowed"},
	{"string, max_length: 3", "abcd", "too_long: 4 characters, at most 3 allowed"},
	{"string, max_length: 9, min_length: 3", "äö",
         "too_short: 2 characters, at least 3 needed"},
	{"string, max_length: 9, min_length: 1", "", "too_short: 0 characters, at least 1 needed"},
	{"text, pattern: '^[a-z]+$'", "abc", "abc"},
	{"text, pattern: '^[a-z]+$'", "abc1", "pattern: does not match '^[a-z]+$'"},
	{"text, pattern: '^.{2}$'", "äö", "äö"},
	{"text, pattern: '^.{2}$'", "ä", "pattern: does not match '^.{2}$'"},
	{"text, pattern: 'b'", "abc", "abc"},
	{"text, enum: [new, old]", "New", "enum: not one of new, old"},
	{"int", "ääääääääääääääääääääääääää",
         "invalid_integer: 'ääääääääääääääääääää…' " TOO_BIG_INT},
};

START_TEST(text_becomes_a_value)
{
	const struct example *example = &texts[_i];

	ck_assert_str_eq(read_text(example->declaration, example->input), example->expected);
}
END_TEST

static const struct example jsons[] = {
	{"int", "5", "5"},
	{"int", "5.0", "5"},
	{"int", "5.5", "invalid_integer"},
	{"int", "1e300", "invalid_integer"},
	{"int", "\"5\"", "5"},
	{"int", "true", "invalid_integer"},
	{"int", "[]", "invalid_integer"},
	{"int, max: 4", "5", "too_large"},
	{"int", "null", "null"},
	{"int, required: true", "null", "required"},
	{"float", "5", "5"},
	{"float", "0.1", "0.1"},
	{"float", "\"x\"", "invalid_float"},
	{"float", "false", "invalid_float"},
	{"decimal, precision: 5, scale: 2", "\"1.5\"", "\"1.50\""},
	{"decimal, precision: 5, scale: 2", "1.5", "\"1.50\""},
	{"decimal, precision: 5, scale: 2", "7", "\"7.00\""},
	{"decimal, precision: 5, scale: 2", "{}", "invalid_decimal"},
	{"bool", "true", "true"},
	{"bool", "0", "false"},
	{"bool", "2", "invalid_bool"},
	{"bool", "\"yes\"", "true"},
	{"date", "\"2021-02-01\"", "\"2021-02-01\""},
	{"date", "20210201", "invalid_date"},
	{"timestamp", "\"2021-02-01 10:00+02\"", "\"2021-02-01T08:00:00Z\""},
	{"timestamp", "1612137600", "invalid_timestamp"},
	{"json", "{\"b\":[1,2.5,\"x\",null,true]}", "{\"b\":[1,2.5,\"x\",null,true]}"},
	{"json", "\"text\"", "\"text\""},
	{"bytes", "\"AAH/\"", "\"AAH/\""},
	{"bytes", "7", "invalid_base64"},
	{"uuid", "7", "invalid_uuid"},
	{"text", "\"a\\\"b\"", "\"a\\\"b\""},
	{"text", "5", "invalid_string"},
	{"text", "true", "invalid_string"},
	{"string, max_length: 2", "\"abc\"", "too_long"},
};

START_TEST(json_becomes_a_value)
{
	const struct example *example = &jsons[_i];

	ck_assert_str_eq(read_json(example->declaration, example->input), example->expected);
}
END_TEST

START_TEST(null_and_nothing)
{
	struct column column;
	struct value value;
	struct flaw flaw;
	int64_t now_us = INT64_C(1612182493000000);

	declare("int, required: true, default: 5", &column);
	ck_assert_int_lt(value_parse_null(&column, &value, &flaw), 0);
	ck_assert_str_eq(flaw_text(&flaw), "required: a value is required");
	ck_assert_int_eq(value_parse_missing(&column, now_us, &value, &flaw), 0);
	ck_assert_int_eq(value.as.integer, 5);

	declare("int, required: true", &column);
	ck_assert_int_lt(value_parse_missing(&column, now_us, &value, &flaw), 0);

	declare("int", &column);
	ck_assert_int_eq(value_parse_missing(&column, now_us, &value, &flaw), 0);
	ck_assert_int_eq(value.kind, VALUE_NULL);

	declare("int, default: {current: year}", &column);
	ck_assert_int_eq(value_parse_missing(&column, now_us, &value, &flaw), 0);
	ck_assert_int_eq(value.as.integer, 2021);

	declare("date, default: {current: date}", &column);
	ck_assert_int_eq(value_parse_missing(&column, now_us, &value, &flaw), 0);
	ck_assert_int_eq(value.as.integer, now_us / 1000000 / 86400);

	declare("timestamp, default: {current: timestamp}", &column);
	ck_assert_int_eq(value_parse_missing(&column, now_us, &value, &flaw), 0);
	ck_assert_int_eq(value.as.integer, now_us);
}
END_TEST

START_TEST(typed_values_are_checked_by_kind)
{
	struct column column;
	struct flaw flaw;
	struct value text = value_text("5", 1), number = value_int(5);
	struct value infinite = value_float(1e308 * 10);

	declare("int, max: 4", &column);
	ck_assert_int_lt(value_parse_check(&column, &text, &flaw), 0);
	ck_assert_int_eq(flaw.code, FLAW_INVALID_INTEGER);
	ck_assert_int_lt(value_parse_check(&column, &number, &flaw), 0);
	ck_assert_int_eq(flaw.code, FLAW_TOO_LARGE);
	declare("float", &column);
	ck_assert_int_lt(value_parse_check(&column, &infinite, &flaw), 0);
	ck_assert_int_eq(flaw.code, FLAW_INVALID_FLOAT);
}
END_TEST

START_TEST(csv_fields_are_quoted_where_needed)
{
	static const struct {
		const char *text, *field;
	} fields[] = {
		{"plain", "plain"},     {"", "\"\""},         {"a,b", "\"a,b\""},
		{"a\"b", "\"a\"\"b\""}, {"a\nb", "\"a\nb\""}, {"a\rb", "\"a\rb\""},
		{" blank ", " blank "}, {"\"", "\"\"\"\""},
	};
	struct column column;
	struct value null = value_null();

	declare("text", &column);
	for (size_t i = 0; i < countof(fields); i++) {
		struct value value = value_text(fields[i].text, strlen(fields[i].text));

		buf_clear(&shown);
		value_append_csv(&column, &value, &shown);
		ck_assert_str_eq(buf_string(&shown), fields[i].field);
	}
	buf_clear(&shown);
	value_append_csv(&column, &null, &shown);
	ck_assert_str_eq(buf_string(&shown), "");
}
END_TEST

START_TEST(raw_text_is_checked_for_encoding_and_nul)
{
	ck_assert_int_eq(value_check_text("", 0), FLAW_NONE);
	ck_assert_int_eq(value_check_text("äbc", 4), FLAW_NONE);
	ck_assert_int_eq(value_check_text("a\0b", 3), FLAW_NUL);
	ck_assert_int_eq(value_check_text("a\xffz", 3), FLAW_ENCODING);
	ck_assert_int_eq(value_check_text("a\xff\0", 3), FLAW_ENCODING);
	ck_assert_int_eq(value_check_text("\0\xff", 2), FLAW_NUL);
}
END_TEST

START_TEST(every_code_has_a_name)
{
	for (enum flaw_code code = FLAW_NONE; code < FLAW_COUNT; code++)
		ck_assert_ptr_nonnull(flaw_name(code));
}
END_TEST

START_TEST(base64_reads_back_what_it_wrote)
{
	uint8_t bytes[64], back[64];
	size_t size;

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(i * 37);
	for (size_t length = 0; length <= sizeof(bytes); length++) {
		buf_clear(&shown);
		base64_append(bytes, length, &shown);
		ck_assert_int_eq(base64_decode(buf_string(&shown), shown.size, back, &size), 0);
		ck_assert_uint_eq(size, length);
		ck_assert_mem_eq(bytes, back, length);
	}
}
END_TEST

START_TEST(patterns_refuse_what_is_no_expression)
{
	struct err err;

	ck_assert_ptr_null(pattern_new("(a", &err));
	ck_assert_ptr_nonnull(
		strstr(err.text, "not a POSIX extended regular expression: unmatched"));
	ck_assert_ptr_null(pattern_new("(a)\\1", &err));
	ck_assert_str_eq(err.text, "a back reference ('\\1') is not supported");
}
END_TEST

int main(void)
{
	TCase *cases = tcase_create("value");

	tcase_add_checked_fixture(cases, set_up, tear_down);
	tcase_add_loop_test(cases, text_becomes_a_value, 0, (int)countof(texts));
	tcase_add_loop_test(cases, json_becomes_a_value, 0, (int)countof(jsons));
	tcase_add_test(cases, null_and_nothing);
	tcase_add_test(cases, typed_values_are_checked_by_kind);
	tcase_add_test(cases, csv_fields_are_quoted_where_needed);
	tcase_add_test(cases, raw_text_is_checked_for_encoding_and_nul);
	tcase_add_test(cases, every_code_has_a_name);
	tcase_add_test(cases, base64_reads_back_what_it_wrote);
	tcase_add_test(cases, patterns_refuse_what_is_no_expression);
	return suite_run("value", cases);
}

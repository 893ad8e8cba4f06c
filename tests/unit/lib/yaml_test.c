/* yaml_test.c - places, types and faults of YAML documents */
#include <check.h>
#include <string.h>

#include "lib/limits.h"
#include "lib/str.h"
#include "lib/yaml.h"
#include "tests/count.h"
#include "tests/suite.h"

static struct yaml_errors errors;
static struct buf shown;

static void set_up(void)
{
	yaml_errors_init(&errors);
	shown = (struct buf){0};
}

static void tear_down(void)
{
	yaml_errors_release(&errors);
	buf_release(&shown);
}

/* The document as compact JSON, or its faults. */
static const char *read_text(const char *text)
{
	struct yaml *yaml = yaml_parse("f.yaml", text, strlen(text), &errors);
	json_t *json;

	buf_clear(&shown);
	if (yaml) {
		json = yaml_to_json(yaml_root(yaml));
		json_append(&shown, json);
		json_decref(json);
	} else {
		yaml_errors_format(&errors, &shown);
	}
	yaml_free(yaml);
	return buf_string(&shown);
}

static const struct {
	const char *text, *json;
} values[] = {
	{"", "null"},
	{"# nothing\n", "null"},
	{"a:", "{\"a\":null}"},
	{"a: ~\nb: null\nc: \"null\"", "{\"a\":null,\"b\":null,\"c\":\"null\"}"},
	{"[true, False, yes, no, 'true']", "[true,false,\"yes\",\"no\",\"true\"]"},
	{"[1, -2, +3, 0x1F, 0o17, 017, 9223372036854775807]",
         "[1,-2,3,31,15,17,9223372036854775807]"},
	{"[1.5, .5, 1e3, -2.5E-1, 1.]", "[1.5,0.5,1000.0,-0.25,1.0]"},
	{"[1_000, 12:30, 2021-01-01, 1.2.3, a-b, e3, '1']",
         "[\"1_000\",\"12:30\",\"2021-01-01\",\"1.2.3\",\"a-b\",\"e3\",\"1\"]"},
	{"a: |\n  x\n  y\nb: >\n  x\n  y\n", "{\"a\":\"x\\ny\\n\",\"b\":\"x y\\n\"}"},
	{"\"\\u00e9\\n\"", "\"é\\n\""},
	{"a: {b: [1, {c: d}]}", "{\"a\":{\"b\":[1,{\"c\":\"d\"}]}}"},
	{"\xEF\xBB\xBF"
         "a: 1\r\nb: 2\r\n",
         "{\"a\":1,\"b\":2}"},
	{"---\na: 1\n...\n", "{\"a\":1}"},
	{"1: one\ntrue: yes", "{\"1\":\"one\",\"true\":\"yes\"}"},
};

START_TEST(values_have_the_core_types)
{
	ck_assert_str_eq(read_text(values[_i].text), values[_i].json);
}
END_TEST

static const struct {
	const char *text, *faults;
} bad[] = {
	{"a: 1\nb: 2\na: 3\n", "f.yaml:3:1: key 'a' stands in line 1 already\n"
                               "     3 | a: 3\n       | ^\n"},
	{"a: &x 1\nb: *x\n",
         "f.yaml:1:7: anchors and aliases are not supported, write the value out\n"
         "     1 | a: &x 1\n       |       ^\n"
         "f.yaml:2:5: anchors and aliases are not supported, write the value out\n"
         "     2 | b: *x\n       |     ^\n"},
	{"a: !!str 1\n", "f.yaml:1:10: tags are not supported; in quotes a value is text\n"
                         "     1 | a: !!str 1\n       |          ^\n"},
	{"a: 1\n--- \nb: 2\n", "f.yaml:2:1: only one document a file\n     2 | --- \n       | ^\n"},
	{"é: 99999999999999999999\n",
         "f.yaml:1:4: the number does not fit 64 bits; in quotes it is text\n"
         "     1 | é: 99999999999999999999\n"
         "       |    ^^^^^^^^^^^^^^^^^^^^\n"},
	{"a:\t.inf\n", "f.yaml:1:4: numbers must be finite; in quotes it is text\n"
                       "     1 | a:\t.inf\n       |   \t^^^^\n"},
	{"a: 1e999\n",
         "f.yaml:1:4: the number is too large\n     1 | a: 1e999\n       |    ^^^^^\n"},
	{"ok: 1\nbad: \xff\n", "f.yaml:2:6: not UTF-8\n     2 | bad: \n       |      ^\n"},
	{"? [1]\n: 2\n", "f.yaml:1:3: a key must be text\n     1 | ? [1]\n       |   ^\n"},
	{"a: \"\\0\"\n",
         "f.yaml:1:5: text must not contain NUL\n     1 | a: \"\\0\"\n       |     ^^\n"},
};

START_TEST(faults_have_a_place)
{
	ck_assert_str_eq(read_text(bad[_i].text), bad[_i].faults);
}
END_TEST

static const char *const broken[] = {
	"a: [1, 2\n", "a: 'x\n", "a: b: c\n", "a:\n\t- 1\n", "{a: 1", "- a\nb: 1\n",
	"\"\\q\"",    "a: |x\n", "a: @x\n",   "]",           "}",
};

START_TEST(what_is_not_yaml_is_refused_with_a_place)
{
	read_text(broken[_i]);
	ck_assert_msg(strstr(buf_string(&shown), "not well-formed YAML"), "%s", buf_string(&shown));
	ck_assert_uint_eq(errors.count, 1);
	ck_assert_uint_gt(errors.items[0].line, 0);
}
END_TEST

START_TEST(depth_and_size_are_bounded)
{
	struct buf deep = {0};

	for (int i = 0; i < 5000; i++)
		buf_text(&deep, "- ");
	read_text(buf_string(&deep));
	ck_assert_ptr_nonnull(strstr(buf_string(&shown), "nested deeper than 32 levels"));
	buf_clear(&deep);
	for (int i = 0; i < 5000; i++)
		buf_text(&deep, "[");
	yaml_errors_release(&errors);
	yaml_errors_init(&errors);
	read_text(buf_string(&deep));
	ck_assert_uint_eq(errors.count, 1);
	buf_clear(&deep);
	while (deep.size <= LIMIT_YAML_BYTES)
		buf_text(&deep, "# a line of nothing\n");
	yaml_errors_release(&errors);
	yaml_errors_init(&errors);
	ck_assert_str_eq(read_text(buf_string(&deep)), "f.yaml: larger than 1048576 bytes\n");
	buf_release(&deep);
}
END_TEST

START_TEST(a_wide_map_on_one_line_is_read_in_linear_time)
{
	struct buf text = {0};
	struct yaml *yaml;

	buf_text(&text, "{");
	for (int i = 0; text.size < LIMIT_YAML_BYTES - 100; i++)
		buf_printf(&text, "k%d: %d, ", i, i);
	buf_text(&text, "last: 1}");
	yaml = yaml_parse("f.yaml", text.data, text.size, &errors);
	ck_assert_ptr_nonnull(yaml);
	ck_assert_uint_eq(yaml_get(yaml_root(yaml), "last")->column, text.size - 1);
	yaml_free(yaml);
	buf_release(&text);
}
END_TEST

START_TEST(unknown_keys_are_all_named_with_a_suggestion)
{
	static const char *const known[] = {"schedule", "timezone"};
	const char *text = "schedul: null\ntimezone: UTC\nfrobnicate: 1\n";
	struct yaml *yaml = yaml_parse("dags/x.yaml", text, strlen(text), &errors);
	json_t *json;

	yaml_check_keys(yaml, yaml_root(yaml), known, 2, &errors);
	yaml_errors_format(&errors, &shown);
	ck_assert_str_eq(buf_string(&shown),
	                 "dags/x.yaml:1:1: unknown key 'schedul', did you mean 'schedule'?\n"
	                 "     1 | schedul: null\n       | ^^^^^^^\n"
	                 "dags/x.yaml:3:1: unknown key 'frobnicate'\n"
	                 "     3 | frobnicate: 1\n       | ^^^^^^^^^^\n");
	json = yaml_errors_json(&errors);
	buf_clear(&shown);
	json_append(&shown, json_array_get(json, 1));
	ck_assert_str_eq(buf_string(&shown), "{\"file\":\"dags/x.yaml\",\"line\":3,\"column\":1,"
	                                     "\"text\":\"unknown key 'frobnicate'\"}");
	json_decref(json);
	yaml_free(yaml);
}
END_TEST

static const struct {
	const char *text;
	size_t offset;
	uint32_t line, column;
} places[] = {
	{"a: abcdef", 3, 1, 7}, {"a: 'abcdef'", 3, 1, 8},          {"é: \"abcdef\"", 0, 1, 5},
	{"a: é-x", 3, 1, 6},    {"a: |\n  abc\n  def\n", 6, 3, 5}, {"a: abc", 99, 1, 7},
};

START_TEST(an_offset_into_a_scalar_has_its_place)
{
	struct yaml *yaml = yaml_parse("f.yaml", places[_i].text, strlen(places[_i].text), &errors);

	yaml_error_at(yaml, yaml_root(yaml)->as.map.pairs[0].value, places[_i].offset, &errors,
	              "here");
	ck_assert_uint_eq(errors.items[0].line, places[_i].line);
	ck_assert_uint_eq(errors.items[0].column, places[_i].column);
	yaml_free(yaml);
}
END_TEST

START_TEST(faults_are_shown_in_the_order_of_lines)
{
	struct yaml *yaml = yaml_parse("f.yaml", "a: 1\nb: 2\n", 10, &errors);

	yaml_error(yaml, yaml_get(yaml_root(yaml), "b"), &errors, "second");
	yaml_error(yaml, yaml_get(yaml_root(yaml), "a"), &errors, "first");
	yaml_errors_sort(&errors);
	ck_assert_str_eq(errors.items[0].text, "first");
	yaml_free(yaml);
}
END_TEST

START_TEST(a_missing_file_is_one_fault_without_a_line)
{
	ck_assert_ptr_null(yaml_read("/nonexistent/x.yaml", &errors));
	ck_assert_uint_eq(errors.count, 1);
	ck_assert_uint_eq(errors.items[0].line, 0);
	ck_assert_ptr_nonnull(strstr(errors.items[0].text, "o such file"));
}
END_TEST

/* Random bytes and broken documents: never a crash, always a document or a fault. */
START_TEST(noise_is_a_document_or_a_fault)
{
	static const char pieces[] = "a: \n-[]{},\"'|>&*!#%@`?\t\\xé0~\r";
	unsigned state = 7;

	for (int i = 0; i < count_of(3000, 300000); i++) {
		char text[64];
		size_t size = 0;
		struct yaml *yaml;

		while (size < sizeof(text) && (state = state * 1103515245u + 12345u) >> 16 & 63)
			text[size++] = pieces[(state >> 18) % (sizeof(pieces) - 1)];
		yaml = yaml_parse("f.yaml", text, size, &errors);
		ck_assert(yaml || errors.count);
		yaml_free(yaml);
		yaml_errors_release(&errors);
		yaml_errors_init(&errors);
	}
}
END_TEST

int main(void)
{
	TCase *cases = tcase_create("yaml");

	tcase_add_checked_fixture(cases, set_up, tear_down);
	tcase_add_loop_test(cases, values_have_the_core_types, 0, (int)countof(values));
	tcase_add_loop_test(cases, faults_have_a_place, 0, (int)countof(bad));
	tcase_add_loop_test(cases, what_is_not_yaml_is_refused_with_a_place, 0,
	                    (int)countof(broken));
	tcase_add_test(cases, depth_and_size_are_bounded);
	tcase_add_test(cases, a_wide_map_on_one_line_is_read_in_linear_time);
	tcase_add_test(cases, unknown_keys_are_all_named_with_a_suggestion);
	tcase_add_loop_test(cases, an_offset_into_a_scalar_has_its_place, 0, (int)countof(places));
	tcase_add_test(cases, faults_are_shown_in_the_order_of_lines);
	tcase_add_test(cases, a_missing_file_is_one_fault_without_a_line);
	tcase_add_test(cases, noise_is_a_document_or_a_fault);
	tcase_set_timeout(cases, 60);
	return suite_run("yaml", cases);
}

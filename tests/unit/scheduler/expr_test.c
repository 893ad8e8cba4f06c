/* expr_test.c - expressions and templates: what they are worth, and what is refused */
#include <check.h>
#include <string.h>

#include "lib/limits.h"
#include "lib/str.h"
#include "scheduler/core/expr_check.h"
#include "scheduler/core/expr_eval.h"
#include "scheduler/core/template.h"
#include "tests/suite.h"

static struct arena arena;
static struct expr_scope scope;
static struct yaml_errors errors;
static struct buf shown;

static json_t *json(const char *text)
{
	json_t *value = json_loads(text, JSON_DECODE_ANY, NULL);

	ck_assert_msg(value != NULL, "%s", text);
	return value;
}

static json_t *task_of_test(void *context, const char *name, struct err *err)
{
	(void)context;
	if (str_equal(name, "load"))
		return json(
			"{\"state\": \"success\", \"outputs\": {\"rows\": 12, \"tables\": [\"a\", \"b\"]}}");
	if (str_equal(name, "sweep-up"))
		return json("{\"state\": \"failed\", \"outputs\": {}}");
	err_set(err, ERR_NOT_FOUND, "no task '%s'", name);
	return NULL;
}

static json_t *secret_of_test(void *context, const char *name, struct err *err)
{
	(void)context;
	if (str_equal(name, "token"))
		return json("\"s3cret\"");
	err_set(err, ERR_NOT_FOUND, "secret '%s' does not exist", name);
	return NULL;
}

static void set_up(void)
{
	arena_init(&arena);
	yaml_errors_init(&errors);
	shown = (struct buf){0};
	scope = (struct expr_scope){
		.params = json(
			"{\"n\": 3, \"x\": 1.5, \"text\": \"Aé-b\", \"list\": [1, \"two\", null], "
			"\"map\": {\"k\": {\"deep\": true}}, \"none\": null, \"yes\": true}"),
		.run = json("{\"id\": \"manual__1\", \"dag\": \"d\", \"type\": \"manual\", "
	                    "\"logical_date\": \"2026-11-21T08:42:00Z\", \"interval_start\": null, "
	                    "\"interval_end\": null, \"object\": null}"),
		.vars = json("{\"region\": \"eu\"}"),
		.index = -1,
		.task = task_of_test,
		.secret = secret_of_test,
	};
}

static void tear_down(void)
{
	json_decref(scope.params);
	json_decref(scope.run);
	json_decref(scope.vars);
	arena_release(&arena);
	yaml_errors_release(&errors);
	buf_release(&shown);
}

/* The value as JSON, or the error; a fault of the text with its place. */
static const char *worth(const char *text)
{
	size_t at;
	struct err err = {0};
	const struct expr *expr = expr_parse(&arena, text, strlen(text), &at, &err);
	json_t *value;

	buf_clear(&shown);
	if (!expr) {
		buf_printf(&shown, "%zu: %s", at, err.text);
		return buf_string(&shown);
	}
	value = expr_eval(expr, &scope, &err);
	if (value)
		json_append(&shown, value);
	else
		buf_text(&shown, err.text);
	json_decref(value);
	return buf_string(&shown);
}

struct example {
	const char *text, *expected;
};

static const struct example values[] = {
	{"1", "1"},
	{" -12 ", "-12"},
	{"2.5e1", "25.0"},
	{"'a\\'b\\n\"\\\\'", "\"a'b\\n\\\"\\\\\""},
	{"\"it's\"", "\"it's\""},
	{"true", "true"},
	{"null", "null"},
	{"[1, 'a', [params.n]]", "[1,\"a\",[3]]"},
	{"[]", "[]"},
	{"params.n", "3"},
	{"params['n']", "3"},
	{"params.map.k.deep", "true"},
	{"params.map", "{\"k\":{\"deep\":true}}"},
	{"params.map.no.such.key", "null"},
	{"params.list[1]", "\"two\""},
	{"params.list[7]", "null"},
	{"params.list[-1]", "null"},
	{"params.map[lower('K')].deep", "true"},
	{"run.id", "\"manual__1\""},
	{"tasks.load.outputs.rows", "12"},
	{"tasks.load.outputs.tables[0]", "\"a\""},
	{"tasks.sweep-up.state", "\"failed\""},
	{"tasks['sweep-up'].outputs.rows", "null"},
	{"vars.region", "\"eu\""},
	{"vars.nothing", "null"},
	{"secrets.token", "\"s3cret\""},
	{"index", "-1"},
	{"item", "null"},
	{"1 == 1.0", "true"},
	{"'1' == 1", "false"},
	{"params.none == null", "true"},
	{"[1, 2] == [1, 2]", "true"},
	{"1 != 2", "true"},
	{"1 < 2", "true"},
	{"9007199254740993 > 9007199254740992", "true"},
	{"2 <= 1.5", "false"},
	{"'b' > 'a'", "true"},
	{"'b' >= 'b'", "true"},
	{"1 in params.list", "true"},
	{"null in params.list", "true"},
	{"3 in params.list", "false"},
	{"3 not in params.list", "true"},
	{"'-b' in params.text", "true"},
	{"'k' in params.map", "true"},
	{"true and false", "false"},
	{"true or false and false", "true"},
	{"(true or false) and false", "false"},
	{"not true", "false"},
	{"not not 'x'", "true"},
	{"not 1 == 2", "true"},
	{"not '' and not [] and not 0 and not 0.0 and not null", "true"},
	{"false and params.text < 1", "false"},
	{"true or params.text < 1", "true"},
	{"default(params.none, 'x')", "\"x\""},
	{"default(params.n, 'x')", "3"},
	{"default(tasks.load.outputs.no, 0) > 1", "false"},
	{"length(params.text)", "4"},
	{"length(params.list)", "3"},
	{"length(params.map)", "1"},
	{"lower(params.text)", "\"aé-b\""},
	{"upper(params.text)", "\"Aé-B\""},
	{"replace('a.b.c', '.', '--')", "\"a--b--c\""},
	{"replace('abc', '', 'x')", "\"abc\""},
	{"split('a,b,,c', ',')", "[\"a\",\"b\",\"\",\"c\"]"},
	{"split('', ',')", "[\"\"]"},
	{"join([1, 'a', null, true, 0.1], ',')", "\"1,a,,true,0.1\""},
	{"basename('objects://b/x/y.csv')", "\"y.csv\""},
	{"basename('y.csv')", "\"y.csv\""},
	{"date(run.logical_date, '%Y%m%d-%H:%M %%')", "\"20261121-08:42 %\""},
	{"date('1969-12-31T23:59:59.5Z', '%F %T')", "\"1969-12-31 23:59:59\""},
	{"to_json(params.list)", "\"[1,\\\"two\\\",null]\""},
	{"from_json('{\"a\": [1]}').a[0]", "1"},
	{"'}}'", "\"}}\""},
	{"run\n.id", "\"manual__1\""},
};

START_TEST(expressions_are_worth)
{
	ck_assert_str_eq(worth(values[_i].text), values[_i].expected);
}
END_TEST

static const struct example bad[] = {
	{"", "0: the expression is empty"},
	{"  ", "2: the expression is empty"},
	{"1 +", "2: expected an operator or the end"},
	{"1 = 1", "2: '=' is not an operator, compare with '=='"},
	{"1 < 2 < 3", "6: comparisons cannot be chained, use 'and'"},
	{"(1", "2: expected ')'"},
	{"[1, 2", "5: expected ',' or ']'"},
	{"[1,", "3: the expression ends too early"},
	{"params.", "7: expected a name behind '.'"},
	{"params[1", "8: expected ']'"},
	{"'abc", "0: the text has no closing '"},
	{"'a\\z'", "2: unknown escape, there are \\n \\t \\r \\\\ \\' \\\""},
	{"parms.x", "0: unknown name 'parms', did you mean 'params'?"},
	{"frobnicate",
         "0: unknown name 'frobnicate'; there are params, run, tasks, item, index, vars, "
         "secrets"},
	{"1 and leng(2)", "6: unknown function 'leng', did you mean 'length'?"},
	{"qqqqqq(2)", "0: unknown function 'qqqqqq'"},
	{"split('a')", "0: split(text, by) takes 2 arguments, not 1"},
	{"lower()", "0: lower(text) takes 1 argument, not 0"},
	{"99999999999999999999", "0: the number does not fit 64 bits"},
	{"1e999", "0: the number is too large"},
	{"0x10", "0: not a number"},
	{"1.2.3", "0: not a number"},
	{"a || b", "0: unknown name 'a'; there are params, run, tasks, item, index, vars, secrets"},
	{"true and", "8: the expression ends too early"},
	{"not", "3: the expression ends too early"},
	{"@", "0: expected a value"},
	{"params.text < 1", "cannot order text and a number"},
	{"params.none > 1", "cannot order null and a number"},
	{"params.n.x", "a number has no member 'x'"},
	{"params.n[0]", "a number cannot be looked up in a number"},
	{"1 in 2", "'in' cannot look for a number in a number"},
	{"length(1)", "length() is of text, a list or a map, not of a number"},
	{"lower(1)", "the argument of lower() must be text, not a number"},
	{"split('a', '')", "what split() divides by must not be empty"},
	{"join('a', ',')", "join() needs a list, not text"},
	{"date('yesterday', '%Y')", "'yesterday' is not a moment such as 2026-11-21T08:42:00Z"},
	{"from_json('{')",
         "from_json(): line 1, column 1: string or '}' expected near end of file"},
	{"secrets.none", "secret 'none' does not exist"},
};

START_TEST(bad_expressions_say_where_and_why)
{
	ck_assert_str_eq(worth(bad[_i].text), bad[_i].expected);
}
END_TEST

START_TEST(depth_size_and_results_are_bounded)
{
	struct buf text = {0};

	for (int i = 0; i < 1000; i++)
		buf_text(&text, "(");
	ck_assert_str_eq(worth(buf_string(&text)), "32: nested deeper than 32 levels");
	buf_clear(&text);
	for (int i = 0; i < 1000; i++)
		buf_text(&text, "not ");
	ck_assert_ptr_nonnull(strstr(worth(buf_string(&text)), "nested deeper than 32 levels"));
	buf_clear(&text);
	buf_text(&text, "params");
	for (int i = 0; i < 1000; i++)
		buf_text(&text, ".a");
	ck_assert_ptr_nonnull(strstr(worth(buf_string(&text)), "the path has more than 32 parts"));
	buf_clear(&text);
	while (text.size <= LIMIT_EXPRESSION_BYTES)
		buf_text(&text, " ");
	ck_assert_str_eq(worth(buf_string(&text)), "0: the expression is longer than 4096 bytes");
	buf_clear(&text);
	buf_text(&text, "true");
	while (text.size + 10 <= LIMIT_EXPRESSION_BYTES)
		buf_text(&text, " and true");
	ck_assert_str_eq(worth(buf_string(&text)), "true");
	buf_clear(&text);
	for (int i = 0; i < 30; i++)
		buf_text(&text, "replace(");
	buf_text(&text, "'aaaa'");
	for (int i = 0; i < 30; i++)
		buf_text(&text, ", 'a', 'aaaa')");
	ck_assert_str_eq(worth(buf_string(&text)),
	                 "the text an expression makes is longer than 1048576 bytes");
	buf_release(&text);
}
END_TEST

static const char *const params[] = {"n", "text"};
static const char *const tasks[] = {"load", "report"};

static void note_fault(void *context, size_t offset, const char *text)
{
	(void)context;
	buf_printf(&shown, "%zu: %s\n", offset, text);
}

static const char *faults_of(const char *text, unsigned flags)
{
	struct map task_map = {0};
	struct expr_names names = {params,         countof(params), tasks,
	                           countof(tasks), &task_map,       flags};
	size_t at;
	struct err err;
	const struct expr *expr = expr_parse(&arena, text, strlen(text), &at, &err);

	ck_assert_msg(expr != NULL, "%s", err.text);
	for (size_t i = 0; i < countof(tasks); i++)
		map_set(&task_map, tasks[i], (void *)(uintptr_t)tasks[i]);
	buf_clear(&shown);
	expr_check(expr, &names, note_fault, NULL);
	map_release(&task_map);
	return buf_string(&shown);
}

static const struct example unknown[] = {
	{"params.n == params['text'] and params == null", ""},
	{"params.m", "7: unknown parameter 'm'\n"},
	{"params.txt == params.o", "7: unknown parameter 'txt', did you mean 'text'?\n"
                                   "21: unknown parameter 'o'\n"},
	{"[run.id, run.dag, run.object]", ""},
	{"run.ids", "4: unknown name of a run 'ids', did you mean 'id'?\n"},
	{"tasks.load.outputs.anything", ""},
	{"tasks.lod.outputs", "6: unknown task 'lod', did you mean 'load'?\n"},
	{"tasks.load.output.x", "11: unknown name of a task 'output', did you mean 'outputs'?\n"},
	{"tasks", "0: which task? write tasks.NAME.outputs.KEY or tasks.NAME.state\n"},
	{"tasks[params.n]", "0: which task? write tasks.NAME.outputs.KEY or tasks.NAME.state\n"},
	{"secrets", "0: which secret? write secrets.NAME\n"},
	{"secrets.any", ""},
	{"vars.any.thing", ""},
	{"not (item.x in lower(index))", "5: 'item' is there in tasks with 'map' only\n"
                                         "21: 'index' is there in tasks with 'map' only\n"},
};

START_TEST(unknown_names_are_found_before_a_run)
{
	ck_assert_str_eq(faults_of(unknown[_i].text, 0), unknown[_i].expected);
}
END_TEST

START_TEST(mapped_tasks_have_item_and_index)
{
	ck_assert_str_eq(faults_of("[item, item.x, index]", EXPR_CHECK_ITEM), "");
	ck_assert_str_eq(faults_of("index.x", EXPR_CHECK_ITEM),
	                 "6: 'index' is a number and has no members\n");
}
END_TEST

/* A YAML value rendered as JSON, or the faults of reading it, or the error of rendering it. */
static const char *rendered(const char *text)
{
	static const char *const known[] = {"n", "x", "text", "list", "map", "none", "yes"};
	struct map task_map = {0};
	struct expr_names names = {known, countof(known), tasks, countof(tasks), &task_map, 0};
	struct yaml *yaml = yaml_parse("f.yaml", text, strlen(text), &errors);
	const struct template *template;
	struct err err;
	json_t *value;

	ck_assert_ptr_nonnull(yaml);
	for (size_t i = 0; i < countof(tasks); i++)
		map_set(&task_map, tasks[i], (void *)(uintptr_t)tasks[i]);
	template = template_parse(&arena, yaml, yaml_root(yaml), &names, &errors);
	yaml_free(yaml);
	map_release(&task_map);
	if (errors.count) {
		yaml_errors_format(&errors, &shown);
		return buf_string(&shown);
	}
	value = template_render(template, &scope, &err);
	if (value)
		json_append(&shown, value);
	else
		buf_text(&shown, err.text);
	json_decref(value);
	return buf_string(&shown);
}

static const struct example templates[] = {
	{"[1, 1.5, true, null, text, '']", "[1,1.5,true,null,\"text\",\"\"]"},
	{"a: ${{ params.n }}", "{\"a\":3}"},
	{"a: ${{params.list}}", "{\"a\":[1,\"two\",null]}"},
	{"a: \"${{ params.none }}\"", "{\"a\":null}"},
	{"a: x${{ params.n }}y${{ params.x }}", "{\"a\":\"x3y1.5\"}"},
	{"a: <${{ params.none }}|${{ params.yes }}|${{ params.list }}>",
         "{\"a\":\"<|true|[1,\\\"two\\\",null]>\"}"},
	{"a: ${{ '${{' }} and ${{ '}}' }}", "{\"a\":\"${{ and }}\"}"},
	{"a: $ {{ x }} $x", "{\"a\":\"$ {{ x }} $x\"}"},
	{"a: [{b: 'objects://x/${{ run.dag }}/${{ run.id }}.csv'}]",
         "{\"a\":[{\"b\":\"objects://x/d/manual__1.csv\"}]}"},
	{"a: |\n  line ${{ params.n }}\n  next\n", "{\"a\":\"line 3\\nnext\\n\"}"},
	{"a: ${{ params.oops }}\nb: [x, '${{ tasks.lod.state }}']\n",
         "f.yaml:1:15: unknown parameter 'oops'\n"
         "     1 | a: ${{ params.oops }}\n       |               ^\n"
         "f.yaml:2:19: unknown task 'lod', did you mean 'load'?\n"
         "     2 | b: [x, '${{ tasks.lod.state }}']\n       |                   ^\n"},
	{"a: x ${{ params.n", "f.yaml:1:6: '${{' has no closing '}}'\n"
                              "     1 | a: x ${{ params.n\n       |      ^\n"},
	{"a: ${{ }}",
         "f.yaml:1:8: the expression is empty\n     1 | a: ${{ }}\n       |        ^\n"},
	{"a: |\n  one\n  two ${{ oops }}\n",
         "f.yaml:3:11: unknown name 'oops'; there are params, run, tasks, item, index, vars, secrets\n"
         "     3 |   two ${{ oops }}\n       |           ^\n"},
	{"a: {b: [1, '${{ params.n > params.text }}']}",
         "'a': 'b': item 2: cannot order a number and text"},
};

START_TEST(templates_keep_types_and_format_inside_text)
{
	ck_assert_str_eq(rendered(templates[_i].text), templates[_i].expected);
}
END_TEST

START_TEST(a_condition_needs_no_braces)
{
	static const struct example cases[] = {
		{"when: params.n == 3", "true"},
		{"when: ${{ params.n == 4 }}", "false"},
		{"when: false", "false"},
		{"when: 3", "expected an expression, not a whole number"},
		{"when: ${{ params.n }} x", "expected one expression and nothing beside it"},
	};

	for (size_t i = 0; i < countof(cases); i++) {
		struct map none = {0};
		struct expr_names names = {params, countof(params), tasks, 0, &none, 0};
		struct yaml *yaml =
			yaml_parse("f.yaml", cases[i].text, strlen(cases[i].text), &errors);
		const struct expr *expr = template_parse_condition(
			&arena, yaml, yaml_get(yaml_root(yaml), "when"), &names, &errors);
		struct err err;
		json_t *value = expr ? expr_eval(expr, &scope, &err) : NULL;

		ck_assert_str_eq(value ? (expr_eval_truth(value) ? "true" : "false")
		                       : errors.items[errors.count - 1].text,
		                 cases[i].expected);
		json_decref(value);
		yaml_free(yaml);
	}
}
END_TEST

START_TEST(a_rendered_value_is_bounded)
{
	struct buf text = {0};
	json_t *big = json_array();

	buf_text(&text, "[");
	for (int i = 0; i < 1000; i++)
		buf_text(&text, "'${{ params.list }}', ");
	buf_text(&text, "]");
	for (int i = 0; i < 10000; i++)
		json_array_append_new(big, json_integer(i));
	json_object_set_new(scope.params, "list", big);
	ck_assert_str_eq(rendered(buf_string(&text)),
	                 "item 839: with what stands before it, it is longer than 16777216 bytes");
	buf_release(&text);
}
END_TEST

START_TEST(what_a_list_holds_together_is_bounded)
{
	auto_buf struct buf commas = {0}, text = {0};

	for (int i = 0; i < 1000000; i++)
		buf_char(&commas, ',');
	json_object_set_new(scope.params, "commas", json_string(buf_string(&commas)));
	ck_assert_str_eq(worth("length(split(params.commas, ','))"), "1000001");
	/* each of them is allowed, and a hundred would be some gigabytes */
	buf_text(&text, "length([[split(params.commas, ',')]");
	for (int i = 0; i < 100; i++)
		buf_text(&text, ", [split(params.commas, ',')]");
	buf_text(&text, "])");
	ck_assert_str_eq(worth(buf_string(&text)), "a list is longer than 16777216 bytes");
}
END_TEST

int main(void)
{
	TCase *cases = tcase_create("expr");

	tcase_add_checked_fixture(cases, set_up, tear_down);
	tcase_add_loop_test(cases, expressions_are_worth, 0, (int)countof(values));
	tcase_add_loop_test(cases, bad_expressions_say_where_and_why, 0, (int)countof(bad));
	tcase_add_test(cases, depth_size_and_results_are_bounded);
	tcase_add_loop_test(cases, unknown_names_are_found_before_a_run, 0, (int)countof(unknown));
	tcase_add_test(cases, mapped_tasks_have_item_and_index);
	tcase_add_loop_test(cases, templates_keep_types_and_format_inside_text, 0,
	                    (int)countof(templates));
	tcase_add_test(cases, a_condition_needs_no_braces);
	tcase_add_test(cases, a_rendered_value_is_bounded);
	tcase_add_test(cases, what_a_list_holds_together_is_bounded);
	tcase_set_timeout(cases, 60);
	return suite_run("expr", cases);
}

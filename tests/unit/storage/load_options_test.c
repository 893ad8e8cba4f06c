/* load_options_test.c - the words of a load, in their own types and as text */
#include <check.h>
#include <string.h>

#include "lib/arena.h"
#include "lib/str.h"
#include "storage/load/load_options.h"
#include "tests/suite.h"

static struct arena arena;
static struct err err;

static void set_up(void)
{
	arena_init(&arena);
}

static void tear_down(void)
{
	arena_release(&arena);
}

static int parse(const char *text, struct load_options *options)
{
	json_t *object = json_parse(text, strlen(text), &err);
	int result;

	ck_assert_msg(object != NULL, "%s", err.text);
	result = load_options_parse(object, &arena, options, &err);
	json_decref(object);
	return result;
}

START_TEST(nothing_said_is_the_default)
{
	static const char *const empties[] = {"{}", "{\"columns\": []}", "{\"columns\": null}",
	                                      "{\"columns\": \"\"}", "{\"on_error\": null}"};
	struct load_options options;

	ck_assert_int_eq(parse(empties[_i], &options), 0);
	ck_assert_int_eq(options.flags, 0);
	ck_assert_ptr_null(options.columns);
	ck_assert_int_eq(options.delimiter, ',');
	ck_assert_int_eq(options.quote, '"');
	ck_assert_str_eq(options.null_text, "");
	ck_assert_int_eq(options.max_rejects, -1);
	ck_assert_int_eq(options.on_conflict, LOAD_CONFLICT_ERROR);
	ck_assert_int_eq(options.chunk_rows, LOAD_CHUNK_NONE);
	ck_assert_ptr_null(options.rejects);
}
END_TEST

/* The same by types and as the text of a query or a command line. */
static const char *const everything[] = {
	"{\"columns\": [\"id\", \"-\", \"name\"], \"header\": true, \"map\": {\"N\": \"name\"},"
	" \"delimiter\": \"\\t\", \"quote\": \"'\", \"null\": \"NA\", \"on_conflict\": \"update\","
	" \"conflict_key\": [\"a\", \"b\"], \"rejects\": \"objects://x/y\", \"chunk_rows\": 500,"
	" \"exclusive\": true, \"dry_run\": true, \"truncate\": false}",
	"{\"columns\": \"id, -,name\", \"header\": \"true\", \"map\": \"{\\\"N\\\": \\\"name\\\"}\","
	" \"delimiter\": \"\\\\t\", \"quote\": \"'\", \"null\": \"NA\", \"on_conflict\": \"update\","
	" \"conflict_key\": \"a,b\", \"rejects\": \"objects://x/y\", \"chunk_rows\": \"500\","
	" \"exclusive\": \"1\", \"dry_run\": \"yes\", \"truncate\": \"no\"}",
};

START_TEST(words_may_be_typed_or_text)
{
	struct load_options options;

	ck_assert_msg(parse(everything[_i], &options) == 0, "%s", err.text);
	ck_assert_uint_eq(options.column_count, 3);
	ck_assert_str_eq(options.columns[1], "-");
	ck_assert_str_eq(options.columns[2], "name");
	ck_assert_uint_eq(options.map_count, 1);
	ck_assert_str_eq(options.map[0].from, "N");
	ck_assert_str_eq(options.map[0].to, "name");
	ck_assert_int_eq(options.delimiter, '\t');
	ck_assert_int_eq(options.quote, '\'');
	ck_assert_str_eq(options.null_text, "NA");
	ck_assert_int_eq(options.on_conflict, LOAD_CONFLICT_UPDATE);
	ck_assert_uint_eq(options.conflict_key_count, 2);
	ck_assert_str_eq(options.conflict_key[1], "b");
	ck_assert_str_eq(options.rejects, "objects://x/y");
	ck_assert_int_eq(options.chunk_rows, 500);
	ck_assert_int_eq(options.flags, LOAD_EXCLUSIVE | LOAD_DRY_RUN);
}
END_TEST

START_TEST(columns_mean_no_header_unless_told)
{
	struct load_options options;

	ck_assert_int_eq(parse("{\"columns\": [\"id\"]}", &options), 0);
	ck_assert_int_eq(options.flags, LOAD_NO_HEADER);
	ck_assert_int_eq(parse("{\"columns\": [\"id\"], \"header\": true}", &options), 0);
	ck_assert_int_eq(options.flags, 0);
	ck_assert_int_eq(parse("{\"chunk_rows\": \"auto\", \"max_rejects\": null}", &options), 0);
	ck_assert_int_eq(options.chunk_rows, LOAD_CHUNK_AUTO);
}
END_TEST

static const struct {
	const char *options, *error;
} refused[] = {
	{"{\"on_eror\": \"stop\"}", "unknown option 'on_eror', did you mean 'on_error'?"},
	{"{\"qqqqqqqq\": 1}", "unknown option 'qqqqqqqq'"},
	{"{\"on_error\": \"ignore\"}", "'on_error' must be 'reject' or 'stop'"},
	{"{\"on_error\": 1}", "'on_error' must be 'reject' or 'stop'"},
	{"{\"on_conflict\": \"replace\"}", "'on_conflict' must be 'error', 'skip' or 'update'"},
	{"{\"header\": \"perhaps\"}", "'header' must be true or false"},
	{"{\"header\": false}", "'columns' must be given when there is no header"},
	{"{\"columns\": 7}", "'columns' must be a list of names"},
	{"{\"columns\": [7]}", "'columns' must be a list of names"},
	{"{\"map\": \"x\"}", "'map' must be an object such as {\"Name in the file\": \"column\"}"},
	{"{\"map\": {\"a\": 1}}", "'map' must give a column's name for 'a'"},
	{"{\"delimiter\": \"ab\"}", "'delimiter' must be one ASCII character, or '\\t'"},
	{"{\"delimiter\": \"\"}", "'delimiter' must be one ASCII character, or '\\t'"},
	{"{\"delimiter\": \"\\n\"}", "'delimiter' must be one ASCII character, or '\\t'"},
	{"{\"delimiter\": \"ä\"}", "'delimiter' must be one ASCII character, or '\\t'"},
	{"{\"delimiter\": \"\\\"\"}", "'delimiter' and 'quote' must differ"},
	{"{\"max_rejects\": -1}", "'max_rejects' must be at least 0"},
	{"{\"max_rejects\": \"many\"}", "'max_rejects' must be a whole number"},
	{"{\"chunk_rows\": 0}", "'chunk_rows' must be a number of rows, at least 1, or 'auto'"},
	{"{\"rejects\": \"\"}", "'rejects' must be the URI of an object"},
	{"{\"chunk_rows\": 5, \"on_error\": \"stop\"}",
         "'chunk_rows' cannot be used with 'on_error: stop': what was committed could not be undone"},
	{"{\"chunk_rows\": \"auto\", \"max_rejects\": 5}",
         "'chunk_rows' cannot be used with 'max_rejects': what was committed could not be undone"},
	{"{\"chunk_rows\": 5, \"truncate\": true}",
         "'chunk_rows' cannot be used with 'truncate': what was committed could not be undone"},
	{"[]", "the options of a load must be an object"},
};

START_TEST(an_error_names_the_option)
{
	struct load_options options;

	ck_assert_int_eq(parse(refused[_i].options, &options), -1);
	ck_assert_int_eq(err.code, ERR_USAGE);
	ck_assert_str_eq(err.text, refused[_i].error);
}
END_TEST

START_TEST(every_name_is_an_option)
{
	struct load_options options;
	size_t count;
	const char *const *names = load_options_names(&count);

	for (size_t i = 0; i < count; i++)
		ck_assert_int_eq(parse(arena_printf(&arena, "{\"%s\": null}", names[i]), &options),
		                 0);
	ck_assert_int_eq(load_options_parse(NULL, &arena, &options, &err), 0);
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("load options");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_loop_test(tests, nothing_said_is_the_default, 0, 5);
	tcase_add_loop_test(tests, words_may_be_typed_or_text, 0, (int)countof(everything));
	tcase_add_test(tests, columns_mean_no_header_unless_told);
	tcase_add_loop_test(tests, an_error_names_the_option, 0, (int)countof(refused));
	tcase_add_test(tests, every_name_is_an_option);
	return suite_run("load options", tests);
}

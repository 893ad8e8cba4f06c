/* cmd_plugins.c - commands of plugins */
#include "cli/cmd_plugins.h"

#include <stdio.h>
#include <string.h>

#include "cli/ground.h"
#include "cli/output.h"
#include "cli/plugin_files.h"
#include "cli/plugin_new.h"
#include "lib/str.h"
#include "scheduler/core/dag_operators.h"

/* list */

static void add_operators(json_t *list, const json_t *plugin)
{
	const char *name = json_get_text(plugin, "plugin", "");
	const char *error = json_get_text(plugin, "error", NULL);
	size_t i;
	json_t *op = NULL;

	if (error)
		json_array_append_new(list,
		                      json_pack("{s:s, s:s, s:s}", "operator", name, "error", error,
		                                "path", json_get_text(plugin, "path", "")));
	json_array_foreach(json_object_get(plugin, "operators"), i, op)
	{
		json_array_append_new(list,
		                      json_pack("{s:s+++, s:s, s:s, s:s}", "operator", name, ".",
		                                json_get_text(op, "name", ""), "", "help",
		                                json_get_text(op, "help", ""), "version",
		                                json_get_text(plugin, "version", ""), "path",
		                                json_get_text(plugin, "path", "")));
	}
}

int cmd_plugins_list(struct call *call)
{
	static const struct output_column columns[] = {{"OPERATOR", "operator"},
	                                               {"VERSION", "version"},
	                                               {"HELP", "help"},
	                                               {"ERROR", "error"}};
	auto_json json_t *list = json_array();
	const struct operators *operators;
	struct ground ground;
	size_t i;
	json_t *plugin = NULL;

	ground_init(&ground, call);
	operators = ground_operators(&ground);
	if (operators) {
		json_array_foreach(operators->descriptors, i, plugin) add_operators(list, plugin);
		if (call->format == FORMAT_TABLE)
			output_list(call, list, columns, countof(columns));
		else
			output_list(call, operators->descriptors, columns, countof(columns));
	}
	ground_release(&ground);
	return ground.exit_status;
}

/* describe */

/* What stands for a parameter in an example: by its name where that says what it is, else by its type. */
static const struct {
	const char *name, *value;
} example_names[] =
	{
		{"argv", "[echo, hello]"},
		{"backup_to", "objects://archive/"},
		{"dag", "bulk_insert"},
		{"for", "5m"},
		{"from", "objects://in/department.csv"},
		{"into", "department"},
		{"report", "quarterly_hires"},
		{"table", "department"},
		{"to", "objects://out/department.csv"},
		{"uri", "objects://in/department.csv"},
		{"url", "https://example.org/"},
		{"watermark", "id"},
},
  example_types[] = {
	  {"bool", "true"},
	  {"bytes", "AAEC"},
	  {"date", "'2026-11-21'"},
	  {"decimal", "'1.5'"},
	  {"float", "1.5"},
	  {"int", "1"},
	  {"json", "{a: 1}"},
	  {"secret", "secret"},
	  {"text", "text"},
	  {"timestamp", "'2026-11-21T00:00:00Z'"},
	  {"uuid", "2ea4b3f8-3c5a-4a4e-9d0c-0f6f3f0e7a55"},
};

/* The plugin's own words come first: its help may say `like 'this'`. */
static const char *example_of(struct call *call, const json_t *param)
{
	const char *name = json_get_text(param, "name", ""),
		   *type = json_get_text(param, "type", "");
	const char *said = strstr(json_get_text(param, "help", ""), "like '");
	const char *end = said ? strchr(said + strlen("like '"), '\'') : NULL;

	if (end)
		return arena_strndup(&call->arena, said + strlen("like '"),
		                     (size_t)(end - said) - strlen("like '"));
	for (size_t i = 0; i < countof(example_names); i++)
		if (str_equal(example_names[i].name, name))
			return example_names[i].value;
	for (size_t i = 0; i < countof(example_types); i++)
		if (str_equal(example_types[i].name, type))
			return example_types[i].value;
	return "null";
}

/* A task as it could stand in a DAG file: what is required, and of what is required in one of several
 * ways the first, whose help says `or give 'the other'`. */
static void print_example(struct call *call, const json_t *op, const char *name)
{
	size_t i, shown = 0;
	json_t *param = NULL;

	(void)printf("\nExample:\n  tasks:\n    my_task:\n      use: %s\n", name);
	json_array_foreach(json_object_get(op, "params"), i, param)
	{
		if (!json_is_true(json_object_get(param, "required")) &&
		    !strstr(json_get_text(param, "help", ""), "or give '"))
			continue;
		(void)printf("%s        %s: %s\n", shown++ ? "" : "      with:\n",
		             json_get_text(param, "name", ""), example_of(call, param));
	}
}

static void print_operator(struct call *call, const json_t *op, const char *name)
{
	static const struct output_column params[] = {{"PARAMETER", "name"},
	                                              {"TYPE", "type"},
	                                              {"REQUIRED", "required"},
	                                              {"DEFAULT", "default"},
	                                              {"HELP", "help"}};
	static const struct output_column outputs[] = {
		{"OUTPUT", "name"}, {"TYPE", "type"}, {"HELP", "help"}};

	if (call->format != FORMAT_TABLE) {
		output_object(call, op, params, 1);
		return;
	}
	(void)printf("%s: %s\n\n", name, json_get_text(op, "help", ""));
	output_list(call, json_object_get(op, "params"), params, countof(params));
	if (json_array_size(json_object_get(op, "outputs"))) {
		(void)putchar('\n');
		output_list(call, json_object_get(op, "outputs"), outputs, countof(outputs));
	}
	print_example(call, op, name);
}

/* All operators of a plugin, or the one of a full name. */
static int describe(struct call *call, const json_t *descriptors, const char *name)
{
	const json_t *plugin = NULL;
	const json_t *op = dag_operators_find(descriptors, name, &plugin);
	size_t i;
	json_t *item = NULL;

	if (op) {
		print_operator(call, op, name);
		return EXIT_OK;
	}
	json_array_foreach(descriptors, i, item)
	{
		if (str_equal(json_get_text(item, "plugin", ""), name))
			plugin = item;
	}
	if (!plugin || strchr(name, '.')) {
		(void)fprintf(stderr, "millrace: there is no plugin or operator '%s'\n", name);
		return EXIT_NOT_FOUND;
	}
	if (call->format != FORMAT_TABLE) {
		output_object(call, plugin, NULL, 0);
		return EXIT_OK;
	}
	json_array_foreach(json_object_get(plugin, "operators"), i, item) print_operator(
		call, item,
		arena_printf(&call->arena, "%s.%s", name, json_get_text(item, "name", "")));
	return EXIT_OK;
}

int cmd_plugins_describe(struct call *call)
{
	const struct operators *operators;
	struct ground ground;
	int status;

	ground_init(&ground, call);
	operators = ground_operators(&ground);
	status = operators ? describe(call, operators->descriptors, call_argument(call, 0))
	                   : ground.exit_status;
	ground_release(&ground);
	return status;
}

/* new, check */

int cmd_plugins_new(struct call *call)
{
	struct err err;

	if (plugin_new_write(call, call_argument(call, 0), &err) < 0)
		return call_fail(&err);
	return EXIT_OK;
}

int cmd_plugins_check(struct call *call)
{
	static const struct output_column columns[] = {
		{"PLUGIN", "path"}, {"OK", "ok"}, {"FAULTS", "faults"}};
	auto_json json_t *list = json_array();
	size_t bad = 0;
	struct err err;

	for (size_t i = 0; i < call->arguments.count; i++) {
		json_t *result = plugin_files_check(call, call_argument(call, i), &err);

		if (!result)
			return call_fail(&err);
		bad += !json_is_true(json_object_get(result, "ok"));
		json_array_append_new(list, result);
	}
	output_list(call, list, columns, countof(columns));
	return bad ? EXIT_BAD : EXIT_OK;
}

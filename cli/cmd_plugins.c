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

/* A task as it could stand in a DAG file. */
static void print_example(const json_t *op, const char *name)
{
	size_t i, shown = 0;
	json_t *param = NULL;

	(void)printf("\nExample:\n  tasks:\n    my_task:\n      use: %s\n", name);
	json_array_foreach(json_object_get(op, "params"), i, param)
	{
		if (!json_is_true(json_object_get(param, "required")))
			continue;
		(void)printf("%s        %s: …\n", shown++ ? "" : "      with:\n",
		             json_get_text(param, "name", ""));
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
	print_example(op, name);
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

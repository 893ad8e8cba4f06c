/* dag_operators.c - the tasks of a DAG held against what operators declare */
#include "scheduler/core/dag_operators.h"

#include <stdint.h>
#include <string.h>

#include "lib/map.h"
#include "lib/str.h"
#include "lib/timestamp.h"
#include "lib/vec.h"
#include "scheduler/core/template.h"

struct check {
	const struct yaml *yaml;
	const json_t *descriptors;
	struct yaml_errors *errors;
};

struct names {
	const char **items;
	size_t count, capacity;
};

static void tell_near(const struct check *check, const struct yaml_node *node, const char *text,
                      const char *nearest)
{
	if (nearest)
		yaml_error(check->yaml, node, check->errors, "%s, did you mean '%s'?", text,
		           nearest);
	else
		yaml_error(check->yaml, node, check->errors, "%s", text);
}

static const json_t *by_name(const json_t *list, const char *name)
{
	size_t i;
	json_t *item;

	json_array_foreach(list, i, item)
	{
		if (str_equal(json_get_text(item, "name", ""), name))
			return item;
	}
	return NULL;
}

static const json_t *find_plugin(const json_t *descriptors, const char *name, size_t size)
{
	size_t i;
	json_t *plugin;

	json_array_foreach(descriptors, i, plugin)
	{
		const char *known = json_get_text(plugin, "plugin", "");

		if (strlen(known) == size && strncmp(known, name, size) == 0)
			return plugin;
	}
	return NULL;
}

const json_t *dag_operators_find(const json_t *descriptors, const char *name, const json_t **plugin)
{
	const char *dot = strchr(name, '.');
	const json_t *found = dot ? find_plugin(descriptors, name, (size_t)(dot - name)) : NULL;

	if (plugin)
		*plugin = found;
	return found ? by_name(json_object_get(found, "operators"), dot + 1) : NULL;
}

/* The declared operator most like the one that is not there. */
static void tell_unknown_operator(const struct check *check, const struct yaml_node *node)
{
	auto_buf struct buf text = {0};
	struct arena arena;
	struct names names = {0};
	const json_t *plugin_found;
	const char *reason;
	size_t i, j;
	json_t *plugin, *op = NULL;

	arena_init(&arena);
	json_array_foreach(check->descriptors, i, plugin)
	{
		json_array_foreach(json_object_get(plugin, "operators"), j, op) * vec_push(&names) =
			arena_printf(&arena, "%s.%s", json_get_text(plugin, "plugin", ""),
		                     json_get_text(op, "name", ""));
	}
	dag_operators_find(check->descriptors, node->text, &plugin_found);
	reason = plugin_found ? json_get_text(plugin_found, "error", NULL) : NULL;
	if (reason)
		buf_printf(&text, "operator '%s': its plugin cannot be used: %s", node->text,
		           reason);
	else
		buf_printf(&text, "unknown operator '%s'", node->text);
	tell_near(check, node, buf_string(&text),
	          reason ? NULL : str_nearest(node->text, names.items, names.count));
	vec_release(&names);
	arena_release(&arena);
}

/* Literals by the types of plugin.h. */

static int is_moment(const struct yaml_node *node)
{
	int64_t moment_us;

	return node->kind == YAML_STRING &&
	       timestamp_parse(node->text, strlen(node->text), &moment_us) == 0;
}

static int is_date(const struct yaml_node *node)
{
	int32_t days;

	return node->kind == YAML_STRING &&
	       timestamp_parse_date(node->text, strlen(node->text), &days) == 0;
}

static int is_text(const struct yaml_node *node)
{
	return node->kind == YAML_STRING;
}

static int is_int(const struct yaml_node *node)
{
	return node->kind == YAML_INT;
}

static int is_number(const struct yaml_node *node)
{
	return node->kind == YAML_INT || node->kind == YAML_FLOAT;
}

static int is_bool(const struct yaml_node *node)
{
	return node->kind == YAML_BOOL;
}

static const struct {
	const char *name;
	int (*fits)(const struct yaml_node *node);
	const char *expected;
} types[] = {
	{"text", is_text, "text"},
	{"int", is_int, "a whole number"},
	{"float", is_number, "a number"},
	{"bool", is_bool, "true or false"},
	{"secret", is_text, "text"},
	{"bytes", is_text, "text"},
	{"timestamp", is_moment, "a moment such as 2026-11-21T08:42:00Z"},
	{"date", is_date, "a date such as 2026-11-21"},
	{"decimal", is_text, "a number in quotes"},
	{"uuid", is_text, "text"},
};

static void check_literal(const struct check *check, const json_t *param,
                          const struct yaml_node *value)
{
	const char *type = json_get_text(param, "type", "json");

	if (value->kind == YAML_NULL || template_has_expressions(value))
		return;
	for (size_t i = 0; i < countof(types); i++) {
		if (str_equal(types[i].name, type) && !types[i].fits(value))
			yaml_error(check->yaml, value, check->errors,
			           "parameter '%s' must be %s, not %s",
			           json_get_text(param, "name", ""), types[i].expected,
			           yaml_kind_name(value->kind));
	}
}

static void tell_unknown_param(const struct check *check, const char *operator,
                               const json_t * params, const struct yaml_node *key)
{
	auto_buf struct buf text = {0};
	struct names names = {0};
	size_t i;
	json_t *param = NULL;

	json_array_foreach(params, i, param) * vec_push(&names) = json_get_text(param, "name", "");
	buf_printf(&text, "operator '%s' has no parameter '%s'", operator, key->text);
	tell_near(check, key, buf_string(&text), str_nearest(key->text, names.items, names.count));
	vec_release(&names);
}

static void check_given(const struct check *check, const char *operator, const json_t * params,
                        const struct yaml_node *with)
{
	for (size_t i = 0; with && with->kind == YAML_MAP && i < with->as.map.count; i++) {
		const struct yaml_pair *pair = &with->as.map.pairs[i];
		const json_t *param = by_name(params, pair->key->text);

		if (param)
			check_literal(check, param, pair->value);
		else
			tell_unknown_param(check, operator, params, pair->key);
	}
}

static void check_required(const struct check *check, const struct yaml_node *task,
                           const char *operator, const json_t * params)
{
	const struct yaml_node *with = yaml_get(task, "with");
	size_t i;
	json_t *param = NULL;

	json_array_foreach(params, i, param)
	{
		const char *name = json_get_text(param, "name", "");
		const struct yaml_node *value = with ? yaml_get(with, name) : NULL;
		const struct yaml_node *place = value ? value : with ? with : task;

		if (json_is_true(json_object_get(param, "required")) &&
		    (!value || value->kind == YAML_NULL))
			yaml_error(check->yaml, place, check->errors,
			           "operator '%s' needs parameter '%s'", operator, name);
	}
}

/* What is no task at all was told by who read the file. */
static void check_task(const struct check *check, const struct yaml_node *task, struct map *known)
{
	const struct yaml_node *use = yaml_get(task, "use");
	const json_t *op, *params;

	if (!use || use->kind != YAML_STRING || !strchr(use->text, '.'))
		return;
	op = map_get(known, use->text);
	if (!op)
		op = dag_operators_find(check->descriptors, use->text, NULL);
	if (!op) {
		tell_unknown_operator(check, use);
		return;
	}
	map_set(known, use->text, (void *)(uintptr_t)op);
	params = json_object_get(op, "params");
	check_given(check, use->text, params, yaml_get(task, "with"));
	check_required(check, task, use->text, params);
}

void dag_operators_check(const struct yaml *yaml, const json_t *descriptors,
                         struct yaml_errors *errors)
{
	const struct check check = {yaml, descriptors, errors};
	const struct yaml_node *tasks = yaml_get(yaml_root(yaml), "tasks");
	struct map known = {0}; /* many tasks, few operators */

	for (size_t i = 0; tasks && tasks->kind == YAML_MAP && i < tasks->as.map.count; i++)
		check_task(&check, tasks->as.map.pairs[i].value, &known);
	map_release(&known);
}

/* A file that is no DAG may still be well-formed. */
static void check_text(const char *path, const struct buf *text, const json_t *descriptors,
                       struct yaml_errors *errors)
{
	struct yaml_errors told_already;
	struct yaml *yaml;

	yaml_errors_init(&told_already);
	yaml = yaml_parse(path, buf_string(text), text->size, &told_already);
	if (yaml)
		dag_operators_check(yaml, descriptors, errors);
	yaml_free(yaml);
	yaml_errors_release(&told_already);
}

struct dag *dag_operators_parse(const char *path, const struct buf *text, const json_t *descriptors,
                                struct yaml_errors *errors)
{
	struct dag *dag = dag_parse(path, buf_string(text), text->size, errors);

	if (!descriptors)
		return dag;
	if (dag)
		dag_operators_check(dag->yaml, descriptors, errors);
	else
		check_text(path, text, descriptors, errors);
	yaml_errors_sort(errors);
	return dag;
}

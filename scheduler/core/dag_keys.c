/* dag_keys.c - the keys of a DAG file above its tasks */
#include "scheduler/core/dag_keys.h"

#include <string.h>

#include "lib/file.h"
#include "lib/limits.h"
#include "lib/str.h"
#include "scheduler/core/dag_callbacks.h"
#include "scheduler/core/dag_schedule.h"
#include "scheduler/core/dag_schema.h"

enum {
	DEFAULT_ACTIVE_RUNS = 16,
	MAX_ACTIVE_RUNS = 10000,
	MAX_KEPT_RUNS = 1000000,
};

static void read_dag(struct dag_file *file, const struct yaml_node *node, void *target)
{
	(void)target;
	(void)dag_file_name(file, node, DAG_FILE_DOTS, &file->dag->name);
}

static void read_description(struct dag_file *file, const struct yaml_node *node, void *target)
{
	(void)target;
	(void)dag_file_text(file, node, &file->dag->description);
}

static void read_tags(struct dag_file *file, const struct yaml_node *node, void *target)
{
	const char **tags;
	size_t count;

	(void)target;
	if (dag_file_kind(file, node, YAML_LIST) < 0)
		return;
	count = node->as.list.count;
	if (count > LIMIT_DAG_TAGS) {
		yaml_error(file->dag->yaml, node, file->errors, "more than %d tags",
		           LIMIT_DAG_TAGS);
		return;
	}
	tags = arena_array(&file->dag->arena, count + 1, sizeof(*tags));
	for (size_t i = 0; i < count; i++) {
		if (dag_file_name(file, node->as.list.items[i], DAG_FILE_DOTS,
		                  &tags[file->dag->tag_count]) == 0)
			file->dag->tag_count++;
	}
	file->dag->tags = tags;
}

static void read_catchup(struct dag_file *file, const struct yaml_node *node, void *target)
{
	static const char *const names[] = {
		[CATCHUP_NONE] = "none", [CATCHUP_LATEST] = "latest", [CATCHUP_ALL] = "all"};
	int value;

	(void)target;
	if (dag_file_choice(file, node, names, countof(names), &value) == 0)
		file->dag->catchup = (enum dag_catchup)value;
}

static void read_max_active_runs(struct dag_file *file, const struct yaml_node *node, void *target)
{
	(void)target;
	(void)dag_file_int(file, node, 1, MAX_ACTIVE_RUNS, &file->dag->max_active_runs);
}

static void read_timeout(struct dag_file *file, const struct yaml_node *node, void *target)
{
	(void)target;
	(void)dag_file_duration(file, node, &file->dag->timeout_ms);
}

static void read_retention_runs(struct dag_file *file, const struct yaml_node *node, void *target)
{
	(void)target;
	(void)dag_file_duration(file, node, &file->dag->retention_ms);
}

static void read_retention_last(struct dag_file *file, const struct yaml_node *node, void *target)
{
	(void)target;
	(void)dag_file_int(file, node, 0, MAX_KEPT_RUNS, &file->dag->retention_last);
}

static void read_retention(struct dag_file *file, const struct yaml_node *node, void *target)
{
	static const struct dag_file_key keys[] = {
		{"runs", read_retention_runs},
		{"keep_last", read_retention_last},
	};

	if (dag_file_kind(file, node, YAML_MAP) == 0)
		dag_file_keys(file, node, keys, countof(keys), target);
}

/* One parameter: its words, and its default held against them. */
static void read_param(struct dag_file *file, const struct yaml_pair *pair, struct dag_param *param)
{
	json_t *description;

	if (!dag_file_is_name(pair->key->text, 0))
		yaml_error(file->dag->yaml, pair->key, file->errors,
		           "a parameter's name is up to %d letters, digits, '_' and '-'",
		           LIMIT_NAME_BYTES);
	param->name = arena_strdup(&file->dag->arena, pair->key->text);
	param->description = "";
	param->schema = yaml_to_json(pair->value);
	if (dag_schema_read(file, pair->value) < 0)
		return;
	param->fallback = json_incref(json_object_get(param->schema, "default"));
	description = json_object_get(param->schema, "description");
	if (description)
		param->description =
			arena_strdup(&file->dag->arena, json_string_value(description));
}

static void read_params(struct dag_file *file, const struct yaml_node *node, void *target)
{
	struct dag_param *params;
	const char **names;
	size_t count;

	(void)target;
	if (dag_file_kind(file, node, YAML_MAP) < 0)
		return;
	count = node->as.map.count;
	if (count > LIMIT_DAG_PARAMS) {
		yaml_error(file->dag->yaml, node, file->errors, "more than %d parameters",
		           LIMIT_DAG_PARAMS);
		return;
	}
	params = arena_array(&file->dag->arena, count + 1, sizeof(*params));
	names = arena_array(&file->dag->arena, count + 1, sizeof(*names));
	file->dag->params = params;
	file->dag->param_count = count;
	for (size_t i = 0; i < count; i++) {
		read_param(file, &node->as.map.pairs[i], &params[i]);
		names[i] = params[i].name;
	}
	file->names.params = names;
	file->names.param_count = count;
}

static void read_tasks(struct dag_file *file, const struct yaml_node *node, void *target)
{
	(void)file;
	((struct dag_keys *)target)->tasks = node;
}

static void read_defaults(struct dag_file *file, const struct yaml_node *node, void *target)
{
	(void)file;
	((struct dag_keys *)target)->defaults = node;
}

static const struct dag_file_key keys_of_dag[] = {
	{"dag", read_dag},
	{"description", read_description},
	{"tags", read_tags},
	{"schedule", dag_schedule_read},
	{"timezone", dag_schedule_read_timezone},
	{"catchup", read_catchup},
	{"max_active_runs", read_max_active_runs},
	{"timeout", read_timeout},
	{"retention", read_retention},
	{"params", read_params},
	{"defaults", read_defaults},
	{"tasks", read_tasks},
	{"start_date", dag_schedule_read_start},
	{"end_date", dag_schedule_read_end},
	{"on_success", dag_callbacks_key},
	{"on_failure", dag_callbacks_key},
	{"on_retry", dag_callbacks_key},
};

/* The file's name without `.yaml`. */
static const char *default_name(struct dag *dag)
{
	char *name = arena_strdup(&dag->arena, file_basename(dag->file));
	char *dot = strrchr(name, '.');

	if (dot)
		*dot = '\0';
	return name;
}

void dag_keys_read(struct dag_file *file, const struct yaml_node *root, struct dag_keys *keys)
{
	struct dag *dag = file->dag;

	dag->name = dag->description = "";
	dag->timezone = "UTC";
	dag->catchup = CATCHUP_LATEST;
	dag->max_active_runs = DEFAULT_ACTIVE_RUNS;
	dag->retention_ms = dag->retention_last = -1;
	dag->schedule.zone = tz_utc();
	dag->schedule.start_us = INT64_MIN;
	dag->schedule.end_us = INT64_MAX;
	keys->tasks = keys->defaults = NULL;
	dag_file_keys(file, root, keys_of_dag, countof(keys_of_dag), keys);
	if (!*dag->name) {
		dag->name = default_name(dag);
		if (!yaml_get(root, "dag") && !dag_file_is_name(dag->name, DAG_FILE_DOTS))
			yaml_error(dag->yaml, root, file->errors,
			           "the file's name is no name of a DAG, give one with 'dag:'");
	}
	dag_schedule_check(file, root);
}

/* dag.c - one version of a DAG, as its file says it */
#include "scheduler/core/dag.h"

#include <stdlib.h>

#include "lib/crypto.h"
#include "lib/mem.h"
#include "scheduler/core/dag_callbacks.h"
#include "scheduler/core/dag_file.h"
#include "scheduler/core/dag_keys.h"
#include "scheduler/core/dag_tasks.h"

const char *dag_rule_name(enum dag_rule rule)
{
	static const char *const names[RULE_COUNT] = {
		[RULE_ALL_SUCCESS] = "all_success",
		[RULE_ALL_FAILED] = "all_failed",
		[RULE_ALL_DONE] = "all_done",
		[RULE_ALL_DONE_MIN_ONE_SUCCESS] = "all_done_min_one_success",
		[RULE_ALL_SKIPPED] = "all_skipped",
		[RULE_ONE_SUCCESS] = "one_success",
		[RULE_ONE_FAILED] = "one_failed",
		[RULE_ONE_DONE] = "one_done",
		[RULE_NONE_FAILED] = "none_failed",
		[RULE_NONE_FAILED_MIN_ONE_SUCCESS] = "none_failed_min_one_success",
		[RULE_NONE_SKIPPED] = "none_skipped",
		[RULE_ALWAYS] = "always",
	};

	return names[rule];
}

static void read_file(struct dag *dag, struct yaml_errors *errors)
{
	struct dag_file file = {.dag = dag, .errors = errors};
	const struct yaml_node *root = yaml_root(dag->yaml);
	struct dag_keys keys;

	file.names.task_map = &file.tasks;
	if (root->kind != YAML_MAP) {
		yaml_error(dag->yaml, root, errors,
		           "a DAG file is a map with at least 'tasks', not %s",
		           yaml_kind_name(root->kind));
		return;
	}
	dag_keys_read(&file, root, &keys);
	if (keys.tasks && (keys.tasks->kind != YAML_MAP || keys.tasks->as.map.count))
		dag_tasks_read(&file, keys.tasks, keys.defaults);
	dag_callbacks_read(&file, root, keys.defaults);
	if (!dag->task_count &&
	    (!keys.tasks || keys.tasks->kind == YAML_NULL || keys.tasks->kind == YAML_MAP))
		yaml_error(dag->yaml, keys.tasks ? keys.tasks : root, errors,
		           "the DAG has no tasks");
	dag->tasks_by_name = file.tasks;
}

static struct dag *new_dag(const char *path, struct yaml *yaml)
{
	struct dag *dag = mem_alloc(sizeof(*dag));

	arena_init(&dag->arena);
	dag->references = 1;
	dag->file = arena_strdup(&dag->arena, path);
	dag->yaml = yaml;
	return dag;
}

/* Takes over `yaml`, which is NULL when it has faults. */
static struct dag *dag_of(const char *path, struct yaml *yaml, struct yaml_errors *errors)
{
	size_t faults = errors->count, size;
	char hash[CRYPTO_SHA256_HEX_SIZE];
	const char *text;
	struct dag *dag;

	if (!yaml)
		return NULL;
	dag = new_dag(path, yaml);
	read_file(dag, errors);
	if (errors->count > faults) {
		yaml_errors_sort(errors);
		dag_release(dag);
		return NULL;
	}
	text = yaml_text(yaml, &size);
	crypto_sha256_hex(text, size, hash);
	dag->hash = arena_strdup(&dag->arena, hash);
	dag->source = yaml_to_json(yaml_root(yaml));
	return dag;
}

struct dag *dag_parse(const char *path, const char *text, size_t size, struct yaml_errors *errors)
{
	return dag_of(path, yaml_parse(path, text, size, errors), errors);
}

struct dag *dag_read(const char *path, struct yaml_errors *errors)
{
	return dag_of(path, yaml_read(path, errors), errors);
}

/* Engine, service and API may hold it in threads of their own. */
struct dag *dag_reference(struct dag *dag)
{
	__atomic_add_fetch(&dag->references, 1, __ATOMIC_RELAXED);
	return dag;
}

void dag_release(struct dag *dag)
{
	if (!dag || __atomic_sub_fetch(&dag->references, 1, __ATOMIC_ACQ_REL) > 0)
		return;
	for (size_t i = 0; i < dag->param_count; i++) {
		json_decref(dag->params[i].schema);
		json_decref(dag->params[i].fallback);
	}
	json_decref(dag->source);
	map_release(&dag->tasks_by_name);
	yaml_free(dag->yaml);
	arena_release(&dag->arena);
	free(dag);
}

const struct dag_task *dag_task(const struct dag *dag, const char *name)
{
	return map_get(&dag->tasks_by_name, name);
}

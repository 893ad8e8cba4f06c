/* dag_tasks.c - the tasks of a DAG file and what needs what */
#include "scheduler/core/dag_tasks.h"

#include <string.h>

#include "lib/limits.h"
#include "lib/str.h"
#include "scheduler/core/dag_callbacks.h"
#include "scheduler/core/dag_cycle.h"
#include "scheduler/core/template.h"

enum {
	DEFAULT_RETRY_DELAY_MS = 5000,
	DEFAULT_RETRY_MAX_DELAY_MS = 600000,
	MAX_POOL_SLOTS = 10000,
	MAX_PRIORITY = 1000000,
};

static void read_use(struct dag_file *file, const struct yaml_node *node, void *target)
{
	struct dag_task *task = target;
	const char *dot;

	if (dag_file_text(file, node, &task->operator) < 0)
		return;
	dot = strchr(task->operator, '.');
	if (!dot || !dag_file_is_name(task->operator, DAG_FILE_DOTS) ||
	    !dag_file_is_name(dot + 1, 0))
		yaml_error(file->dag->yaml, node, file->errors,
		           "expected <plugin>.<operator>, such as csv.load");
}

static void read_with(struct dag_file *file, const struct yaml_node *node, void *target)
{
	struct dag_task *task = target;

	if (dag_file_kind(file, node, YAML_MAP) == 0)
		task->with = template_parse(&file->dag->arena, file->dag->yaml, node, &file->names,
		                            file->errors);
}

static void read_when(struct dag_file *file, const struct yaml_node *node, void *target)
{
	struct dag_task *task = target;

	if (node->kind != YAML_NULL)
		task->when = template_parse_condition(&file->dag->arena, file->dag->yaml, node,
		                                      &file->names, file->errors);
}

/* Its value is stored with the run, so that it survives a restart. */
static void read_map(struct dag_file *file, const struct yaml_node *node, void *target)
{
	unsigned flags = file->names.flags;
	struct dag_task *task = target;
	const struct template *map;

	if (node->kind == YAML_NULL)
		return;
	file->names.flags = EXPR_CHECK_STORED;
	map = template_parse(&file->dag->arena, file->dag->yaml, node, &file->names, file->errors);
	file->names.flags = flags;
	if (!template_may_be_list(map))
		yaml_error(file->dag->yaml, node, file->errors,
		           "expected a list, or one expression that gives a list");
	task->map = map;
	task->flags |= DAG_MAPPED;
}

static void read_target(struct dag_file *file, const struct yaml_node *node, void *target)
{
	struct dag_task *task = target;

	if (dag_file_kind(file, node, YAML_STRING) == 0)
		task->target = template_parse(&file->dag->arena, file->dag->yaml, node,
		                              &file->names, file->errors);
}

static void read_max_active(struct dag_file *file, const struct yaml_node *node, void *target)
{
	struct dag_task *task = target;
	const struct yaml_node *map = yaml_get(task->node, "map");

	if (dag_file_int(file, node, 1, LIMIT_MAP_ITEMS, &task->max_active) == 0 &&
	    (!map || map->kind == YAML_NULL))
		yaml_error(file->dag->yaml, node, file->errors,
		           "'max_active' is of tasks with 'map', a 'pool' is for all tasks");
}

static void read_rule(struct dag_file *file, const struct yaml_node *node, void *target)
{
	struct dag_task *task = target;
	const char *names[RULE_COUNT];
	int value;

	for (int rule = 0; rule < RULE_COUNT; rule++)
		names[rule] = dag_rule_name((enum dag_rule)rule);
	if (dag_file_choice(file, node, names, RULE_COUNT, &value) == 0)
		task->rule = (enum dag_rule)value;
}

static void read_retries(struct dag_file *file, const struct yaml_node *node, void *target)
{
	struct dag_task *task = target;

	(void)dag_file_int(file, node, 0, LIMIT_DAG_RETRIES, &task->retries);
}

static void read_retry_delay(struct dag_file *file, const struct yaml_node *node, void *target)
{
	struct dag_task *task = target;

	(void)dag_file_duration(file, node, &task->retry_delay_ms);
}

static void read_retry_max_delay(struct dag_file *file, const struct yaml_node *node, void *target)
{
	struct dag_task *task = target;

	(void)dag_file_duration(file, node, &task->retry_max_delay_ms);
}

/* null undoes the default of the DAG */
static void read_timeout(struct dag_file *file, const struct yaml_node *node, void *target)
{
	struct dag_task *task = target;

	if (node->kind == YAML_NULL)
		task->timeout_ms = 0;
	else
		(void)dag_file_duration(file, node, &task->timeout_ms);
}

static void read_pool(struct dag_file *file, const struct yaml_node *node, void *target)
{
	struct dag_task *task = target;

	if (node->kind == YAML_NULL)
		task->pool = "";
	else
		(void)dag_file_name(file, node, DAG_FILE_DOTS, &task->pool);
}

static void read_pool_slots(struct dag_file *file, const struct yaml_node *node, void *target)
{
	struct dag_task *task = target;

	(void)dag_file_int(file, node, 1, MAX_POOL_SLOTS, &task->pool_slots);
}

static void read_priority(struct dag_file *file, const struct yaml_node *node, void *target)
{
	struct dag_task *task = target;

	(void)dag_file_int(file, node, -MAX_PRIORITY, MAX_PRIORITY, &task->priority);
}

static void read_fresh_process(struct dag_file *file, const struct yaml_node *node, void *target)
{
	struct dag_task *task = target;
	int value;

	if (dag_file_bool(file, node, &value) < 0)
		return;
	task->flags &= ~(uint32_t)DAG_FRESH_PROCESS;
	task->flags |= value ? DAG_FRESH_PROCESS : 0;
}

static void read_description(struct dag_file *file, const struct yaml_node *node, void *target)
{
	struct dag_task *task = target;

	(void)dag_file_text(file, node, &task->description);
}

/* Read when all tasks are known. */
static void read_needs(struct dag_file *file, const struct yaml_node *node, void *target)
{
	(void)target;
	(void)dag_file_kind(file, node, YAML_LIST);
}

/* The first of them may stand under `defaults` too. */
static const struct dag_file_key keys_of_task[] = {
	{"trigger_rule", read_rule},
	{"retries", read_retries},
	{"retry_delay", read_retry_delay},
	{"retry_max_delay", read_retry_max_delay},
	{"timeout", read_timeout},
	{"pool", read_pool},
	{"pool_slots", read_pool_slots},
	{"priority", read_priority},
	{"fresh_process", read_fresh_process},
	{"worker_queue", NULL},
	{"on_success", dag_callbacks_key},
	{"on_failure", dag_callbacks_key},
	{"on_retry", dag_callbacks_key},
	{"use", read_use},
	{"with", read_with},
	{"needs", read_needs},
	{"when", read_when},
	{"description", read_description},
	{"map", read_map},
	{"max_active", read_max_active},
	{"target", read_target},
};

enum {
	DEFAULT_KEYS = 13, /* of keys_of_task */
};

static void read_task(struct dag_file *file, struct dag_task *task)
{
	const struct yaml_node *use = yaml_get(task->node, "use");
	const struct yaml_node *map = yaml_get(task->node, "map");

	if (task->node->kind != YAML_MAP) {
		yaml_error(file->dag->yaml, task->node, file->errors,
		           "task '%s' must be a map with at least 'use'", task->name);
		return;
	}
	if (!use || use->kind == YAML_NULL)
		yaml_error(file->dag->yaml, task->node, file->errors,
		           "task '%s' has no 'use': which operator?", task->name);
	file->names.flags = map && map->kind != YAML_NULL ? EXPR_CHECK_ITEM : 0;
	dag_file_keys(file, task->node, keys_of_task, countof(keys_of_task), task);
	if (task->retry_max_delay_ms < task->retry_delay_ms)
		task->retry_max_delay_ms = task->retry_delay_ms;
}

/* Names first, so that expressions and `needs` may look ahead. */
static void declare_tasks(struct dag_file *file, const struct yaml_node *node,
                          const struct dag_task *defaults)
{
	struct dag *dag = file->dag;
	size_t count = node->as.map.count;
	const char **names = arena_array(&dag->arena, count + 1, sizeof(*names));

	dag->tasks = arena_array(&dag->arena, count + 1, sizeof(*dag->tasks));
	dag->task_count = (uint32_t)count;
	for (size_t i = 0; i < count; i++) {
		const struct yaml_pair *pair = &node->as.map.pairs[i];
		struct dag_task *task = &dag->tasks[i];

		*task = *defaults;
		if (!dag_file_is_name(pair->key->text, 0))
			yaml_error(dag->yaml, pair->key, file->errors,
			           "a task's name is up to %d letters, digits, '_' and '-'",
			           LIMIT_NAME_BYTES);
		task->name = names[i] = arena_strdup(&dag->arena, pair->key->text);
		task->index = (uint32_t)i;
		task->line = pair->key->line;
		task->node = pair->value;
		map_set(&file->tasks, task->name, task);
	}
	file->names.tasks = names;
	file->names.task_count = count;
	file->names.task_map = &file->tasks;
}

/* Edges */

static void tell_unknown_need(struct dag_file *file, const struct yaml_node *node)
{
	const char *nearest = str_nearest(node->text, file->names.tasks, file->names.task_count);

	if (nearest)
		yaml_error(file->dag->yaml, node, file->errors,
		           "unknown task '%s', did you mean '%s'?", node->text, nearest);
	else
		yaml_error(file->dag->yaml, node, file->errors, "unknown task '%s'", node->text);
}

/* The task an item of `needs` names, or NULL after telling the fault. `seen` has those before it. */
static const struct dag_task *read_need(struct dag_file *file, const struct yaml_node *node,
                                        struct map *seen)
{
	const struct dag_task *needed;

	if (!node->text) {
		yaml_error(file->dag->yaml, node, file->errors, "expected a task's name, not %s",
		           yaml_kind_name(node->kind));
		return NULL;
	}
	needed = map_get(&file->tasks, node->text);
	if (!needed) {
		tell_unknown_need(file, node);
		return NULL;
	}
	if (map_get(seen, node->text)) {
		yaml_error(file->dag->yaml, node, file->errors, "'%s' stands here twice",
		           node->text);
		return NULL;
	}
	map_set(seen, needed->name, (void *)(uintptr_t)needed);
	return needed;
}

static void link_upstream(struct dag_file *file, struct dag_task *task)
{
	const struct yaml_node *needs = yaml_get(task->node, "needs");
	struct map seen = {0};
	uint32_t *upstream;

	if (!needs || needs->kind != YAML_LIST)
		return;
	upstream = arena_array(&file->dag->arena, needs->as.list.count + 1, sizeof(*upstream));
	for (size_t i = 0; i < needs->as.list.count; i++) {
		const struct dag_task *needed = read_need(file, needs->as.list.items[i], &seen);

		if (!needed)
			continue;
		upstream[task->upstream_count++] = needed->index;
		file->dag->tasks[needed->index].downstream_count++;
	}
	task->upstream = upstream;
	map_release(&seen);
}

/* Sized by the counts that link_upstream() left. */
static void link_downstream(struct dag *dag)
{
	uint32_t **ends = arena_array(&dag->arena, (size_t)dag->task_count + 1, sizeof(uint32_t *));

	for (uint32_t i = 0; i < dag->task_count; i++) {
		ends[i] = arena_array(&dag->arena, (size_t)dag->tasks[i].downstream_count + 1,
		                      sizeof(uint32_t));
		dag->tasks[i].downstream = ends[i];
	}
	for (uint32_t i = 0; i < dag->task_count; i++) {
		for (uint32_t j = 0; j < dag->tasks[i].upstream_count; j++)
			*ends[dag->tasks[i].upstream[j]]++ = i;
	}
}

static void read_defaults(struct dag_file *file, const struct yaml_node *node,
                          struct dag_task *task)
{
	*task = (struct dag_task){
		.description = "",
		.operator= "",
		.rule = RULE_ALL_SUCCESS,
		.retry_delay_ms = DEFAULT_RETRY_DELAY_MS,
		.retry_max_delay_ms = DEFAULT_RETRY_MAX_DELAY_MS,
		.pool = "",
		.pool_slots = 1,
		.worker_queue = "",
	};
	if (node && dag_file_kind(file, node, YAML_MAP) == 0)
		dag_file_keys(file, node, keys_of_task, DEFAULT_KEYS, task);
}

void dag_tasks_read(struct dag_file *file, const struct yaml_node *tasks,
                    const struct yaml_node *defaults)
{
	struct dag_task model;

	read_defaults(file, defaults, &model);
	if (dag_file_kind(file, tasks, YAML_MAP) < 0)
		return;
	if (tasks->as.map.count > LIMIT_DAG_TASKS) {
		yaml_error(file->dag->yaml, tasks, file->errors, "more than %d tasks",
		           LIMIT_DAG_TASKS);
		return;
	}
	declare_tasks(file, tasks, &model);
	for (uint32_t i = 0; i < file->dag->task_count; i++) {
		read_task(file, &file->dag->tasks[i]);
		link_upstream(file, &file->dag->tasks[i]);
	}
	link_downstream(file->dag);
	dag_cycle_check(file);
}

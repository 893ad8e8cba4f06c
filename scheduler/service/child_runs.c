/* child_runs.c - runs that tasks have started */
#include "scheduler/service/child_runs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/clock.h"
#include "lib/fault.h"
#include "lib/mem.h"
#include "lib/str.h"
#include "scheduler/core/dag_params.h"
#include "scheduler/service/requests.h"
#include "scheduler/service/run_info.h"
#include "scheduler/service/run_maker.h"

enum { KEY_SIZE = 96 };

/* --- which run is whose --- */

static void make_key(const struct instance *instance, char key[KEY_SIZE])
{
	const struct run_info *info = run_info_of(instance->node->run);

	snprintf(key, KEY_SIZE, "task:%lld:%lld:%u:%u", (long long)instance->node->run->id,
	         (long long)instance->id, (unsigned)instance->clears, (unsigned)info->depth + 1);
}

/* 1: it is the key of a child. */
static int read_key(const char *key, struct run_info *info)
{
	long long run, instance;
	unsigned clears, depth;

	/* NOLINTNEXTLINE(cert-err34-c): written by make_key() */
	if (!key || sscanf(key, "task:%lld:%lld:%u:%u", &run, &instance, &clears, &depth) != 4)
		return 0;
	info->parent_run = run;
	info->parent = instance;
	info->parent_clears = clears;
	info->depth = depth;
	return 1;
}

void child_runs_adopt(struct leader *leader, struct run_info *info, const char *key)
{
	run_info_set_text(&info->key, key);
	if (!read_key(key, info))
		return;
	info->next_sibling = idmap_get(&leader->children, info->parent);
	idmap_set(&leader->children, info->parent, info);
}

static void disown(struct leader *leader, const struct run_info *info)
{
	struct run_info *first = idmap_get(&leader->children, info->parent);
	struct run_info *before = first;

	if (first == info && info->next_sibling) {
		idmap_set(&leader->children, info->parent, info->next_sibling);
	} else if (first == info) {
		idmap_remove(&leader->children, info->parent);
	} else {
		while (before->next_sibling != info)
			before = before->next_sibling;
		before->next_sibling = info->next_sibling;
	}
}

/* --- the end of a child --- */

static struct instance *parent_of(const struct leader *leader, const struct run_info *info)
{
	const struct run *run = engine_run(leader->engine, info->parent_run);
	uint32_t task = 0, item = 0;
	struct instance *instance = NULL;

	while (run && (instance = run_next(run, &task, &item)) && instance->id != info->parent)
		;
	return instance;
}

void child_runs_ended(struct leader *leader, struct run_info *info)
{
	struct instance *parent;
	struct event event = {.type = EVENT_WAKE};

	if (!info->parent)
		return;
	disown(leader, info);
	parent = parent_of(leader, info);
	if (!parent || parent->clears != info->parent_clears)
		return;
	/* it may have looked a moment too early */
	if (state_task_is_live(parent->state))
		run_info_instance(parent)->is_woken = 1;
	if (parent->state != TASK_UP_FOR_RESCHEDULE)
		return;
	event.instance.run = info->parent_run;
	event.instance.task = parent->node->task->index;
	event.instance.map_index = parent->map_index;
	leader_step(leader, &event);
}

/* --- the end of a parent --- */

static void cancel_children(struct leader *leader, const struct instance *parent)
{
	const struct run_info *info = idmap_get(&leader->children, parent->id);
	struct event event = {.type = EVENT_CANCEL};
	int is_over = parent->cancel == CAUSE_PERSON || parent->cancel == CAUSE_RUN_TIMEOUT ||
	              (state_task_is_finished(parent->state) && parent->state != TASK_SUCCESS);

	for (; info; info = info->next_sibling) {
		const struct run *run = engine_run(leader->engine, info->id);

		if ((!is_over && info->parent_clears == parent->clears) || !run ||
		    state_run_is_finished(run->state) || run->cancel)
			continue;
		event.instance.run = info->id;
		event.instance.task = EVENT_ALL_TASKS;
		event.instance.map_index = EVENT_ALL_ITEMS;
		leader_step(leader, &event);
	}
}

void child_runs_follow(struct leader *leader)
{
	/* what is cancelled adds effects, and may be a parent itself */
	for (size_t i = 0; leader->children.count && i < leader->effects.instances.count; i++)
		cancel_children(leader, leader->effects.instances.items[i]);
}

/* --- run_start --- */

/* A start whose answer waits for the commit. */
struct starting {
	struct command command;
	struct leader *leader;
	int64_t attempt, request;
};

static void on_stored(struct command *command)
{
	struct starting *starting = command->data;
	struct wire_reply reply = {.id = starting->request, .value = command->made_run_id};

	fleet_reply(starting->leader->fleet, starting->attempt, &reply);
	free(starting);
}

/* Also of a run that is there: it may not be stored yet. */
static void answer_when_stored(struct leader *leader, const struct job *job, int64_t request,
                               const char *run_id)
{
	struct starting *starting = mem_alloc(sizeof(*starting));
	struct command *command = &starting->command;

	starting->leader = leader;
	starting->attempt = job->attempt;
	starting->request = request;
	command->done = on_stored;
	command->data = starting;
	str_copy(command->made_run_id, sizeof(command->made_run_id), run_id);
	command->next = leader->next->answers;
	leader->next->answers = command;
}

/* The run of this DAG that the task has already: 1 with its id, 0, or -1. */
static int find_child(struct leader *leader, const struct instance *instance, const char *dag,
                      char run_id[LIMIT_NAME_BYTES + 1], struct err *err)
{
	const struct run_info *info = idmap_get(&leader->children, instance->id);
	struct run_repo_row row;
	char key[KEY_SIZE];
	struct arena arena;
	int found;

	make_key(instance, key);
	for (; info; info = info->next_sibling) {
		const struct run *run = engine_run(leader->engine, info->id);

		if (!run || !str_equal(run->dag->name, dag) || !str_equal(info->key, key))
			continue;
		str_copy(run_id, LIMIT_NAME_BYTES + 1, info->run_id);
		return 1;
	}
	arena_init(&arena);
	found = run_repo_by_key(leader->reader, dag, key, &arena, &row, err);
	if (found > 0)
		str_copy(run_id, LIMIT_NAME_BYTES + 1, row.run_id);
	arena_release(&arena);
	return found;
}

static struct dag *find_dag(struct leader *leader, const struct instance *instance,
                            const char *name, struct err *err)
{
	const struct registry_dag *entry = registry_find(&leader->registry, name);
	const struct run_info *info = run_info_of(instance->node->run);

	if (leader->is_draining)
		err_set(err, ERR_STOPPING, "the server is stopping");
	else if (info->depth >= LIMIT_RUN_DEPTH)
		err_set(err, ERR_LIMIT, "runs start runs at most %d deep", LIMIT_RUN_DEPTH);
	else if (!entry)
		err_set(err, ERR_NOT_FOUND, "there is no DAG '%s'", name);
	else if (!entry->dag)
		err_set(err, ERR_INVALID, "the file of DAG '%s' has faults", name);
	else
		return entry->dag;
	return NULL;
}

static json_t *make_params(const struct dag *dag, const char *given, struct err *err)
{
	auto_json json_t *object = given ? json_parse(given, strlen(given), err) : json_object();
	json_t *params = object ? dag_params_complete(dag, object, NULL, err) : NULL;

	if (!params)
		err_prefix(err, "DAG '%s'", dag->name);
	return params;
}

static int make_child(struct leader *leader, const struct instance *instance,
                      const struct wire_request *request, char run_id[LIMIT_NAME_BYTES + 1],
                      struct err *err)
{
	const struct run *parent = instance->node->run;
	struct dag *dag = find_dag(leader, instance, request->name, err);
	auto_json json_t *params = dag ? make_params(dag, request->body, err) : NULL;
	auto_buf struct buf by = {0};
	char key[KEY_SIZE];
	struct run_maker_order order = {
		.dag = dag,
		.type = "triggered",
		.run_id = run_id,
		.note = "",
		.key = key,
		.params = params,
		.logical_us = RUN_INFO_NO_DATE,
		.interval_start_us = RUN_INFO_NO_DATE,
		.interval_end_us = RUN_INFO_NO_DATE,
	};

	if (!params ||
	    run_maker_name(leader, dag->name, order.type, clock_now_us(), run_id, err) < 0)
		return -1;
	buf_printf(&by, "%s/%s/%s", parent->dag->name, parent->name, instance->node->task->name);
	if (instance->map_index >= 0)
		buf_printf(&by, "[%d]", (int)instance->map_index);
	order.by = buf_string(&by);
	make_key(instance, key);
	run_maker_make(leader, &order);
	FAULT("child-run-before-commit");
	return 0;
}

void child_runs_start(struct leader *leader, struct job *job, const struct wire_request *request)
{
	char run_id[LIMIT_NAME_BYTES + 1];
	struct err err;
	int found = find_child(leader, job->instance, request->name, run_id, &err);

	if (found == 0)
		found = make_child(leader, job->instance, request, run_id, &err) == 0 ? 1 : -1;
	if (found > 0)
		answer_when_stored(leader, job, request->id, run_id);
	else
		requests_refuse(leader, job, request->id, &err);
}

/* --- run_state --- */

/* A key of a mapped task has a list, by index. */
static void add_output(json_t *outputs, const struct output_repo_row *row, json_t *value)
{
	json_t *task = json_object_get(outputs, row->task);
	json_t *list;

	if (!task) {
		task = json_object();
		json_object_set_new(outputs, row->task, task);
	}
	if (row->map_index < 0) {
		json_object_set_new(task, row->key, value);
		return;
	}
	list = json_object_get(task, row->key);
	if (!list) {
		list = json_array();
		json_object_set_new(task, row->key, list);
	}
	while (json_array_size(list) < (size_t)row->map_index)
		json_array_append_new(list, json_null());
	json_array_append_new(list, value);
}

/* By task; JSON null when they are too long to be handed over. NULL on error. */
static json_t *read_outputs(struct leader *leader, int64_t run, struct arena *arena,
                            struct err *err)
{
	struct output_repo_rows rows = {0};
	auto_json json_t *outputs = json_object();
	size_t bytes = 0;

	if (output_repo_of_run(leader->reader, run, arena, &rows, err) < 0)
		return NULL;
	for (size_t i = 0; i < rows.count && bytes <= LIMIT_CHILD_OUTPUT_BYTES; i++) {
		json_t *value = json_parse(rows.items[i].value, strlen(rows.items[i].value), err);

		bytes += strlen(rows.items[i].value) + strlen(rows.items[i].key);
		if (!value)
			return NULL;
		add_output(outputs, &rows.items[i], value);
	}
	return bytes > LIMIT_CHILD_OUTPUT_BYTES ? json_null() : json_incref(outputs);
}

static char *describe(struct leader *leader, const struct run_repo_row *row, struct arena *arena,
                      struct err *err)
{
	int is_success = str_equal(row->state, state_run_name(RUN_SUCCESS));
	json_t *outputs = is_success ? read_outputs(leader, row->id, arena, err) : json_object();
	auto_json json_t *run = NULL;

	if (!outputs)
		return NULL;
	run = json_pack("{s:s, s:s, s:s, s:s?, s:o}", "dag", row->dag, "run_id", row->run_id,
	                "state", row->state, "reason", row->reason, "outputs", outputs);
	return json_text(run);
}

/* The child of this id, whatever its DAG: JSON, `null` when there is none, NULL on error. */
static char *child_state(struct leader *leader, const struct instance *instance, const char *run_id,
                         struct err *err)
{
	struct run_repo_rows rows = {0};
	struct arena arena;
	char key[KEY_SIZE];
	char *state = NULL;

	make_key(instance, key);
	arena_init(&arena);
	if (run_repo_find(leader->reader, run_id, &arena, &rows, err) == 0) {
		const struct run_repo_row *found = NULL;

		for (size_t i = 0; i < rows.count; i++) {
			if (str_equal(rows.items[i].idempotency_key, key))
				found = &rows.items[i];
		}
		state = found ? describe(leader, found, &arena, err) : mem_strdup("null");
	}
	arena_release(&arena);
	return state;
}

void child_runs_state(struct leader *leader, struct job *job, const struct wire_request *request)
{
	struct err err;
	auto_free char *state = child_state(leader, job->instance, request->name, &err);
	struct wire_reply reply = {.id = request->id, .value = state};

	if (state)
		fleet_reply(leader->fleet, job->attempt, &reply);
	else
		requests_refuse(leader, job, request->id, &err);
}

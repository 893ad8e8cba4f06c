/* restore.c - runs out of the metadata database, back into the engine's memory */
#include "scheduler/service/restore.h"

#include <stdlib.h>
#include <string.h>

#include "lib/clock.h"
#include "lib/fault.h"
#include "lib/log.h"
#include "lib/mem.h"
#include "lib/str.h"
#include "lib/vec.h"
#include "scheduler/service/child_runs.h"
#include "scheduler/service/map_info.h"
#include "scheduler/service/run_info.h"

/* One run on its way. */
struct restoring {
	struct leader *leader;
	const struct run_repo_row *row;
	struct dag *dag;
	struct run_info *info;
	struct arena *arena;
	struct {
		struct engine_restored_instance *items;
		size_t count, capacity;
	} instances;
};

struct dag *restore_version(struct leader *leader, const char *name, const char *hash,
                            struct arena *arena, struct err *err)
{
	struct dag_repo_version version;
	struct yaml_errors errors;
	struct dag *dag;
	int found = dag_repo_get_version(leader->reader, hash, arena, &version, err);

	if (found == 0)
		err_set(err, ERR_DAMAGED, "its DAG version %.12s is not stored", hash);
	if (found <= 0)
		return NULL;
	yaml_errors_init(&errors);
	/* as a file: without a name of its own it has the file's */
	dag = dag_parse(arena_printf(arena, "%s.yaml", name), version.definition,
	                strlen(version.definition), &errors);
	if (dag)
		dag->hash = arena_strdup(&dag->arena, hash);
	else
		err_set(err, ERR_DAMAGED, "its stored DAG version %.12s cannot be read: %s", hash,
		        errors.count ? errors.items[0].text : "");
	yaml_errors_release(&errors);
	return dag;
}

/* The version a run started with: the file as it is, if it is the same, else what was kept. */
static struct dag *find_version(struct leader *leader, const struct run_repo_row *row,
                                struct arena *arena, struct err *err)
{
	const struct registry_dag *entry = registry_find(&leader->registry, row->dag);

	if (entry && entry->dag && str_equal(entry->dag->hash, row->dag_version))
		return dag_reference(entry->dag);
	return restore_version(leader, row->dag, row->dag_version, arena, err);
}

/* A clock that was set back makes nobody wait longer than was meant when the attempt ended. */
static int64_t wait_of(const struct task_repo_row *row, int64_t now_us)
{
	int64_t whole_us = row->due_at_us - row->attempt_ended_at_us;
	int64_t left_us = row->due_at_us - now_us;

	if (!row->due_at_us)
		return 0;
	return row->attempt_ended_at_us && left_us > whole_us ? whole_us : left_us;
}

static int64_t elapsed_of(const struct run_repo_row *row)
{
	int64_t elapsed_us = clock_now_us() - row->started_at_us;

	return row->started_at_us && elapsed_us > 0 ? elapsed_us : 0;
}

static void restore_instance(const struct task_repo_row *row, const struct dag_task *task,
                             struct run_info *info, struct engine_restored_instance *instance,
                             int64_t now_us)
{
	struct instance_info *kept = run_info_item(info, task->index, row->map_index);
	int attempt = row->attempt_state ? state_attempt_from_name(row->attempt_state) : -1;

	*instance = (struct engine_restored_instance){
		.id = row->id,
		.task = task->index,
		.map_index = row->map_index,
		.state = (enum task_state)state_task_from_name(row->state),
		.attempt = attempt < 0 ? ATTEMPT_NONE : (enum attempt_state)attempt,
		.cause = batch_cause_from_name(row->cause),
		.attempt_id = row->attempt,
		.fence = row->fence,
		.used_us = row->used_us,
		.wait_us = wait_of(row, now_us),
		.number = row->number,
		.tries = row->tries,
		.lost = row->lost,
		.clears = row->clears,
		.cancel = batch_cause_from_name(row->cancel),
		.clear = row->clear,
	};
	kept->queued_us = row->queued_at_us;
	kept->started_us = row->started_at_us;
	kept->ended_us = row->ended_at_us;
	kept->clears = row->clears;
	kept->log_bytes = row->log_bytes;
	kept->told = (uint8_t)instance->state;
	run_info_set_text(&kept->reason, row->reason);
	run_info_set_text(&kept->resume, row->resume);
}

static struct run_info *restore_info(const struct run_repo_row *row, const struct dag *dag,
                                     struct err *err)
{
	const char *text = row->params ? row->params : "{}";
	json_t *params = json_parse(text, strlen(text), err);
	struct run_info *info;

	if (!params)
		return NULL;
	info = run_info_new(dag, row->run_id, params);
	json_decref(params);
	info->id = row->id;
	info->backfill = row->backfill;
	run_info_set_type(info, row->type);
	run_info_set_note(info, row->note);
	run_info_set_by(info, row->triggered_by);
	run_info_set_text(&info->object, row->object);
	if (row->has & RUN_REPO_HAS_LOGICAL)
		info->logical_us = row->logical_at_us;
	if (row->has & RUN_REPO_HAS_INTERVAL) {
		info->interval_start_us = row->interval_start_us;
		info->interval_end_us = row->interval_end_us;
	}
	info->queued_us = row->queued_at_us;
	info->started_us = row->started_at_us;
	info->ended_us = row->ended_at_us;
	info->told = (uint8_t)state_run_from_name(row->state);
	return info;
}

static int restore_outputs(struct restoring *run, struct err *err)
{
	struct output_repo_rows outputs = {0};
	int result =
		output_repo_of_run(run->leader->reader, run->row->id, run->arena, &outputs, err);

	for (size_t i = 0; result == 0 && i < outputs.count; i++) {
		const struct output_repo_row *output = &outputs.items[i];
		const struct dag_task *task = dag_task(run->dag, output->task);
		json_t *value = json_parse(output->value, strlen(output->value), err);
		struct instance_info *info;

		if (!task || !value) {
			json_decref(value);
			continue;
		}
		info = run_info_item(run->info, task->index, output->map_index);
		if (!info->outputs)
			info->outputs = json_object();
		json_object_set_new(info->outputs, output->key, value);
	}
	return result;
}

/* The lists of mapped tasks, so that each item is what it was. */
static int restore_items(struct restoring *run, struct err *err)
{
	const struct task_repo_items *maps;
	size_t count = 0;

	maps = task_repo_items(run->leader->reader, run->row->id, run->arena, &count, err);
	for (size_t i = 0; maps && i < count; i++) {
		const struct dag_task *task = dag_task(run->dag, maps[i].task);
		json_t *items = json_parse(maps[i].items, strlen(maps[i].items), err);

		if (task && items)
			map_info_set(run->info, task->index, items, NULL);
		else
			json_decref(items);
	}
	return maps ? 0 : -1;
}

/* Attempts that were under way: told to the engine as soon as the run is there. */
static void end_attempt(struct leader *leader, const struct engine_restored_instance *instance)
{
	struct event event = {.type = EVENT_RETURNED,
	                      .attempt = {instance->attempt_id, instance->fence}};

	if (instance->attempt == ATTEMPT_STARTED)
		event = (struct event){.type = EVENT_LOST,
		                       .lost = {instance->attempt_id, instance->fence, 0}};
	else if (instance->attempt != ATTEMPT_CLAIMED)
		return;
	leader_step(leader, &event);
}

static void end_attempts(struct restoring *run)
{
	vec_foreach(const struct engine_restored_instance *, instance, &run->instances) {
		if (instance->attempt == ATTEMPT_STARTED)
			run_info_set_text(
				&run_info_item(run->info, instance->task, instance->map_index)
					 ->reason,
				"the server ended while it ran");
		end_attempt(run->leader, instance);
	}
}

/* Tasks that the version does not have are left out, and items of what it does not map. */
static void take_rows(struct restoring *run, const struct task_repo_row *rows, size_t count)
{
	int64_t now_us = clock_now_us();

	for (size_t i = 0; i < count; i++) {
		const struct dag_task *task = dag_task(run->dag, rows[i].task);

		if (task && (rows[i].map_index < 1 || (task->flags & DAG_MAPPED)))
			restore_instance(&rows[i], task, run->info, vec_push(&run->instances),
			                 now_us);
	}
}

/* Tasks that the run did not have. */
static void add_tasks(struct restoring *run)
{
	uint8_t *known = mem_alloc(run->dag->task_count);

	vec_foreach(const struct engine_restored_instance *, instance, &run->instances)
		known[instance->task] = 1;
	for (uint32_t i = 0; i < run->dag->task_count; i++) {
		if (known[i])
			continue;
		*vec_push(&run->instances) = (struct engine_restored_instance){
			.id = run->leader->ids.task++, .task = i, .map_index = -1, .is_new = 1};
	}
	free(known);
}

/* 0, and the run is the engine's; -1: nothing is left of it. */
static int adopt(struct restoring *run, struct err *err)
{
	const struct run_repo_row *row = run->row;
	struct engine_restored_run rows = {
		.id = row->id,
		.name = row->run_id,
		.dag = run->dag,
		.context = run->info,
		.state = (enum run_state)state_run_from_name(row->state),
		.cancel = batch_cause_from_name(row->cause),
		.elapsed_us = elapsed_of(row),
		.instances = run->instances.items,
		.instance_count = (uint32_t)run->instances.count,
	};

	if (engine_restore_run(run->leader->engine, &rows, clock_monotonic_us()) == ENGINE_OK)
		return 0;
	return err_set(err, ERR_DAMAGED, "its rows do not fit its DAG version");
}

static int restore(struct restoring *run, const struct task_repo_row *rows, size_t count,
                   struct err *err)
{
	run->info = restore_info(run->row, run->dag, err);
	if (!run->info || restore_items(run, err) < 0 || restore_outputs(run, err) < 0)
		goto failed;
	run_info_link(&run->leader->infos, run->info);
	take_rows(run, rows, count);
	add_tasks(run);
	if (adopt(run, err) == 0) {
		child_runs_adopt(run->leader, run->info, run->row->idempotency_key);
		return 0;
	}
failed:
	run_info_free(run->info);
	return -1;
}

/* Everything one restart reads, in one arena. */
struct rows {
	struct arena arena;
	struct run_repo_rows runs;
	struct task_repo_rows tasks;
	size_t next_task; /* of `tasks`, which are by run */
};

/* The instances of one run out of the list of all. */
static const struct task_repo_row *next_rows(struct rows *rows, int64_t run, size_t *count)
{
	const struct task_repo_rows *tasks = &rows->tasks;
	size_t first;

	while (rows->next_task < tasks->count && tasks->items[rows->next_task].run < run)
		rows->next_task++;
	first = rows->next_task;
	while (rows->next_task < tasks->count && tasks->items[rows->next_task].run == run)
		rows->next_task++;
	*count = rows->next_task - first;
	return tasks->items + first;
}

static int restore_one(struct leader *leader, struct rows *rows, const struct run_repo_row *row,
                       struct err *err)
{
	struct restoring run = {.leader = leader, .row = row, .arena = &rows->arena};
	const struct task_repo_row *tasks;
	int result = -1;
	size_t count;

	tasks = next_rows(rows, row->id, &count);
	run.dag = find_version(leader, row, &rows->arena, err);
	if (run.dag)
		result = restore(&run, tasks, count, err);
	if (result == 0)
		end_attempts(&run);
	vec_release(&run.instances);
	dag_release(run.dag);
	return result;
}

int restore_unfinished(struct leader *leader, struct err *err)
{
	struct rows rows = {0};
	int result = -1;

	arena_init(&rows.arena);
	if (run_repo_unfinished(leader->reader, &rows.arena, &rows.runs, err) < 0 ||
	    task_repo_unfinished(leader->reader, &rows.arena, &rows.tasks, err) < 0)
		goto released;
	FAULT("recovery-read");
	for (size_t i = 0; i < rows.runs.count; i++) {
		const struct run_repo_row *row = &rows.runs.items[i];

		/* one run that cannot be read must not keep the others from going on */
		if (restore_one(leader, &rows, row, err) < 0)
			log_error("scheduler", "run '%s' of '%s' cannot go on: %s", row->run_id,
			          row->dag, err->text);
	}
	if (rows.runs.count)
		log_info("scheduler", "%zu unfinished runs go on", rows.runs.count);
	result = 0;
released:
	arena_release(&rows.arena);
	return result;
}

/* --- what has ended --- */

struct run *restore_ended(struct leader *leader, const struct run_repo_row *row, struct dag *dag,
                          struct err *err)
{
	struct restoring run = {.leader = leader, .row = row};
	struct task_repo_rows rows = {0};
	struct run *restored = NULL;
	struct arena arena;

	arena_init(&arena);
	run.arena = &arena;
	run.dag = dag ? dag_reference(dag) : find_version(leader, row, &arena, err);
	if (run.dag && task_repo_list(leader->reader, row->id, &arena, &rows, err) == 0 &&
	    restore(&run, rows.items, rows.count, err) == 0)
		restored = engine_run(leader->engine, row->id);
	if (!restored)
		err_prefix(err, "run '%s' of '%s'", row->run_id, row->dag);
	vec_release(&run.instances);
	dag_release(run.dag);
	arena_release(&arena);
	return restored;
}

int restore_remove_tasks(struct leader *leader, const struct run *run, struct err *err)
{
	struct task_repo_rows rows = {0};
	struct arena arena;
	int result;

	arena_init(&arena);
	result = task_repo_list(leader->reader, run->id, &arena, &rows, err);
	for (size_t i = 0; result == 0 && i < rows.count; i++) {
		const struct task_repo_row *row = &rows.items[i];

		if (dag_task(run->dag, row->task))
			continue;
		*vec_push(&leader->next->tasks) = (struct task_repo_row){
			.id = row->id,
			.state = state_task_name(TASK_REMOVED),
			.reason = "the DAG has no such task any more",
			.attempt = row->attempt,
			.fence = row->fence,
			.used_us = row->used_us,
			.map_index = row->map_index,
			.number = row->number,
			.tries = row->tries,
			.lost = row->lost,
			.clears = row->clears,
		};
	}
	arena_release(&arena);
	return result;
}

/* recovery.c - what an earlier life left, taken up again */
#include "scheduler/service/recovery.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/clock.h"
#include "lib/fault.h"
#include "lib/file.h"
#include "lib/log.h"
#include "lib/mem.h"
#include "lib/str.h"
#include "lib/vec.h"
#include "scheduler/service/run_info.h"

enum {
	RUNNERS_FILE_BYTES = 64 * 1024 * 1024,
};

static void kill_noted(const char *line)
{
	struct process_identity identity = {0};
	long long ticks;
	int pid;

	/* NOLINTNEXTLINE(cert-err34-c): a line that does not fit names nobody */
	if (sscanf(line, "%d %lld %36s", &pid, &ticks, identity.boot_id) != 3)
		return;
	identity.pid = pid;
	identity.start_ticks = ticks;
	if (process_kill_leftover(&identity))
		log_warn("worker", "killed runner %d of an earlier life", pid);
}

static int kill_leftovers(struct leader *leader, struct err *err)
{
	auto_buf struct buf text = {0};
	char *rest, *line;

	if (file_exists(leader->runners_file) &&
	    file_read(leader->runners_file, RUNNERS_FILE_BYTES, &text, err) < 0)
		return -1;
	rest = text.data;
	while (rest && (line = strsep(&rest, "\n")))
		kill_noted(line);
	leader->runners_fd = open(leader->runners_file,
	                          O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0640);
	if (leader->runners_fd < 0)
		return err_errno(err, errno, "could not open '%s'", leader->runners_file);
	return 0;
}

/* A version that was stored, with its hash; NULL on error. */
static struct dag *read_stored(struct leader *leader, const char *name, const char *hash,
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

/* A file that has turned bad meanwhile: what was good stays. */
static void take_up_version(struct leader *leader, struct registry_dag *entry,
                            const struct dag_repo_row *row, struct arena *arena)
{
	struct err err;

	if (entry->dag || !row->hash || !str_equal(entry->file, row->file))
		return;
	entry->dag = read_stored(leader, row->dag, row->hash, arena, &err);
	if (!entry->dag)
		log_warn("dags", "DAG '%s' has no good version: %s", row->dag, err.text);
}

static void take_up_entry(struct leader *leader, struct registry_dag *entry,
                          const struct dag_repo_row *row, struct arena *arena)
{
	if (row->is_paused)
		entry->is_paused = 1;
	take_up_version(leader, entry, row, arena);
}

/* A DAG as an earlier life knew it: what is paused stays so, and whose file went meanwhile is marked. */
static void take_up_dag(struct leader *leader, const struct dag_repo_row *row,
                        struct arena *scratch)
{
	struct registry_dag *entry = registry_find(&leader->registry, row->dag);
	struct event event = {.type = EVENT_PAUSE, .pause = {row->dag, 1}};
	struct arena *arena = &leader->next->arena;
	struct dag_repo_row *gone;

	if (row->is_paused)
		leader_step(leader, &event);
	if (entry)
		take_up_entry(leader, entry, row, scratch);
	if (entry || row->is_missing)
		return;
	gone = vec_push(&leader->next->dags);
	*gone = *row;
	gone->dag = arena_strdup(arena, row->dag);
	gone->file = arena_strdup(arena, row->file);
	gone->hash = row->hash ? arena_strdup(arena, row->hash) : NULL;
	gone->faults = "[]";
	gone->is_missing = 1;
}

static int take_up_dags(struct leader *leader, struct err *err)
{
	struct dag_repo_rows rows = {0};
	struct arena arena;
	int result;

	arena_init(&arena);
	result = dag_repo_list(leader->reader, &arena, &rows, err);
	for (size_t i = 0; result == 0 && i < rows.count; i++)
		take_up_dag(leader, &rows.items[i], &arena);
	arena_release(&arena);
	return result;
}

/* Everything one restart reads, in one arena. */
struct rows {
	struct arena arena;
	struct run_repo_rows runs;
	struct task_repo_rows tasks;
	size_t next_task; /* of `tasks`, which are by run */
};

/* The version a run started with: the file as it is, if it is the same, else what was kept. */
static struct dag *find_version(struct leader *leader, const struct run_repo_row *row,
                                struct arena *arena, struct err *err)
{
	const struct registry_dag *entry = registry_find(&leader->registry, row->dag);

	if (entry && entry->dag && str_equal(entry->dag->hash, row->dag_version))
		return dag_reference(entry->dag);
	return read_stored(leader, row->dag, row->dag_version, arena, err);
}

static void restore_instance(const struct task_repo_row *row, const struct dag_task *task,
                             struct run_info *info, struct engine_restored_instance *instance,
                             int64_t now_us)
{
	struct instance_info *kept = &info->instances[task->index];
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
		.wait_us = row->due_at_us ? row->due_at_us - now_us : 0,
		.number = row->number,
		.tries = row->tries,
		.lost = row->lost,
		.clears = row->clears,
	};
	kept->queued_us = row->queued_at_us;
	kept->started_us = row->started_at_us;
	kept->ended_us = row->ended_at_us;
	run_info_set_text(&kept->reason, row->reason);
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
	return info;
}

static int restore_outputs(struct leader *leader, const struct run_repo_row *row,
                           const struct dag *dag, struct run_info *info, struct arena *arena,
                           struct err *err)
{
	struct output_repo_rows outputs = {0};
	int result = output_repo_of_run(leader->reader, row->id, arena, &outputs, err);

	for (size_t i = 0; result == 0 && i < outputs.count; i++) {
		const struct output_repo_row *output = &outputs.items[i];
		const struct dag_task *task = dag_task(dag, output->task);
		json_t *value = json_parse(output->value, strlen(output->value), err);

		if (!task || !value) {
			json_decref(value);
			continue;
		}
		if (!info->instances[task->index].outputs)
			info->instances[task->index].outputs = json_object();
		json_object_set_new(info->instances[task->index].outputs, output->key, value);
	}
	return result;
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

static void end_attempts(struct leader *leader, const struct engine_restored_run *run,
                         struct run_info *info)
{
	for (uint32_t i = 0; i < run->instance_count; i++) {
		const struct engine_restored_instance *instance = &run->instances[i];

		if (instance->attempt == ATTEMPT_STARTED)
			run_info_set_text(&info->instances[instance->task].reason,
			                  "the server ended while it ran");
		end_attempt(leader, instance);
	}
}

/* The instances of one run out of the list of all. */
static uint32_t take_instances(struct rows *rows, const struct run_repo_row *row,
                               const struct dag *dag, struct run_info *info,
                               struct engine_restored_instance *instances)
{
	int64_t now_us = clock_now_us();
	uint32_t count = 0;

	while (rows->next_task < rows->tasks.count &&
	       rows->tasks.items[rows->next_task].run <= row->id) {
		const struct task_repo_row *task_row = &rows->tasks.items[rows->next_task++];
		const struct dag_task *task = dag_task(dag, task_row->task);

		if (task && task_row->run == row->id && count < dag->task_count)
			restore_instance(task_row, task, info, &instances[count++], now_us);
	}
	return count;
}

static int restore_run(struct leader *leader, struct rows *rows, const struct run_repo_row *row,
                       struct err *err)
{
	struct dag *dag = find_version(leader, row, &rows->arena, err);
	struct run_info *info = dag ? restore_info(row, dag, err) : NULL;
	struct engine_restored_run run = {.id = row->id, .name = row->run_id, .dag = dag};
	struct engine_restored_instance *instances;

	if (!info || restore_outputs(leader, row, dag, info, &rows->arena, err) < 0) {
		run_info_free(info);
		dag_release(dag);
		return -1;
	}
	run_info_link(&leader->infos, info);
	instances = mem_array(dag->task_count, sizeof(*instances));
	run.context = info;
	run.state = (enum run_state)state_run_from_name(row->state);
	run.cancel = batch_cause_from_name(row->cause);
	run.elapsed_us = row->started_at_us ? clock_now_us() - row->started_at_us : 0;
	run.instances = instances;
	run.instance_count = take_instances(rows, row, dag, info, instances);
	if (engine_restore_run(leader->engine, &run, clock_monotonic_us()) == ENGINE_OK) {
		end_attempts(leader, &run, info);
	} else {
		err_set(err, ERR_DAMAGED, "its rows do not fit its DAG version");
		run_info_free(info);
		info = NULL;
	}
	free(instances);
	dag_release(dag);
	return info ? 0 : -1;
}

static int restore_runs(struct leader *leader, struct err *err)
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
		if (restore_run(leader, &rows, row, err) < 0)
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

int recovery_run(struct leader *leader, struct err *err)
{
	struct event tick = {.type = EVENT_TICK};

	if (kill_leftovers(leader, err) < 0)
		return -1;
	leader_reload(leader, LEADER_RELOAD_PLUGINS);
	if (take_up_dags(leader, err) < 0 || restore_runs(leader, err) < 0)
		return -1;
	/* a queued run may have a place free by now */
	leader_step(leader, &tick);
	return 0;
}

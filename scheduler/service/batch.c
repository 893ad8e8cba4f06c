/* batch.c - what one transaction of the journal stores */
#include "scheduler/service/batch.h"

#include <stdlib.h>

#include "lib/mem.h"
#include "lib/str.h"
#include "lib/vec.h"
#include "scheduler/core/engine.h"
#include "scheduler/service/callbacks.h"
#include "scheduler/service/run_info.h"

static const char *const cause_names[] = {
	[CAUSE_NONE] = NULL,
	[CAUSE_TASK] = "task",
	[CAUSE_RULE] = "rule",
	[CAUSE_WHEN] = "when",
	[CAUSE_NO_ITEMS] = "no_items",
	[CAUSE_TIMEOUT] = "timeout",
	[CAUSE_RUN_TIMEOUT] = "run_timeout",
	[CAUSE_PERSON] = "person",
	[CAUSE_MARK] = "mark",
	[CAUSE_LOST] = "lost",
	[CAUSE_BUG] = "bug",
};

enum cause batch_cause_from_name(const char *name)
{
	for (size_t i = CAUSE_TASK; name && i < countof(cause_names); i++) {
		if (str_equal(cause_names[i], name))
			return (enum cause)i;
	}
	return CAUSE_NONE;
}

struct batch *batch_new(void)
{
	struct batch *batch = mem_alloc(sizeof(*batch));

	arena_init(&batch->arena);
	job_queue_init(&batch->starts);
	return batch;
}

void batch_free(struct batch *batch)
{
	struct job *job;

	if (!batch)
		return;
	/* what was claimed and never stored */
	while ((job = job_queue_pop(&batch->starts)))
		job_free(job);
	vec_release(&batch->dags);
	vec_release(&batch->versions);
	vec_release(&batch->pauses);
	vec_release(&batch->schedules);
	vec_release(&batch->objects);
	vec_release(&batch->new_runs);
	vec_release(&batch->new_tasks);
	vec_release(&batch->maps);
	vec_release(&batch->attempts);
	vec_release(&batch->outputs);
	vec_release(&batch->tasks);
	vec_release(&batch->runs);
	vec_release(&batch->backfills);
	vec_release(&batch->joins);
	vec_release(&batch->retention);
	vec_release(&batch->notes);
	vec_release(&batch->commands);
	vec_release(&batch->messages);
	vec_release(&batch->deliveries);
	vec_release(&batch->cancels);
	vec_release(&batch->ended);
	arena_release(&batch->arena);
	free(batch);
}

void batch_refuse(struct batch *batch, const char *why)
{
	struct command *command = batch ? batch->answers : NULL;

	if (batch)
		batch->answers = NULL;
	while (command) {
		struct command *next = command->next;

		err_set(&command->err, ERR_STOPPING, "%s", why);
		command->done(command);
		command = next;
	}
}

static int has_only_attempts(const struct batch *batch)
{
	return !batch->dags.count && !batch->pauses.count && !batch->schedules.count &&
	       !batch->objects.count && !batch->new_runs.count && !batch->new_tasks.count &&
	       !batch->tasks.count && !batch->runs.count && !batch->backfills.count &&
	       !batch->retention.count && !batch->deliveries.count && !batch->cancels.count &&
	       !batch->answers;
}

int batch_is_empty(const struct batch *batch)
{
	return has_only_attempts(batch) && !batch->attempts.count;
}

int batch_has_only_starts(const struct batch *batch)
{
	vec_foreach(const struct batch_attempt *, attempt, &batch->attempts) {
		if (attempt->kind != BATCH_START)
			return 0;
	}
	return has_only_attempts(batch);
}

/* --- runs --- */

static const char *run_reason(struct batch *batch, const struct run *run)
{
	auto_buf struct buf text = {0};

	engine_explain_run(run, &text);
	return text.size ? arena_strdup(&batch->arena, text.data) : NULL;
}

static void fill_run(struct batch *batch, const struct run *run, struct run_repo_row *row)
{
	const struct run_info *info = run_info_of(run);

	*row = (struct run_repo_row){
		.id = run->id,
		.dag = run->dag->name,
		.run_id = run->name,
		.state = state_run_name(run->state),
		.type = info->type,
		.cause = cause_names[run->cancel],
		.reason = run_reason(batch, run),
		.dag_version = run->dag->hash,
		.triggered_by = *info->by ? info->by : NULL,
		.note = *info->note ? info->note : NULL,
		.object = info->object,
		.idempotency_key = info->key,
		.queued_at_us = info->queued_us,
		.started_at_us = info->started_us,
		.ended_at_us = info->ended_us,
	};
	if (info->logical_us != RUN_INFO_NO_DATE) {
		row->has |= RUN_REPO_HAS_LOGICAL;
		row->logical_at_us = info->logical_us;
	}
	if (info->interval_start_us != RUN_INFO_NO_DATE) {
		row->has |= RUN_REPO_HAS_INTERVAL;
		row->interval_start_us = info->interval_start_us;
		row->interval_end_us = info->interval_end_us;
	}
}

static void fill_task(struct batch *batch, const struct batch_source *source,
                      struct instance *instance, struct task_repo_row *row);

static void note_times(const struct instance *instance, int64_t now_us)
{
	struct instance_info *info = run_info_instance(instance);

	if (instance->state == TASK_QUEUED)
		info->queued_us = now_us;
	if (!state_task_is_finished(instance->state))
		info->ended_us = 0;
	else if (!info->ended_us)
		info->ended_us = now_us;
}

/* A new run stores all its instances, whatever the engine has touched so far. */
static void add_new_run(struct batch *batch, const struct batch_source *source, struct run *run)
{
	struct run_repo_row *row = vec_push(&batch->new_runs);
	auto_free char *params = json_text(run_info_of(run)->params);
	uint32_t task = 0, item = 0;
	struct instance *instance;

	fill_run(batch, run, row);
	row->params = arena_strdup(&batch->arena, params);
	while ((instance = run_next(run, &task, &item))) {
		note_times(instance, source->now_us);
		fill_task(batch, source, instance, vec_push(&batch->new_tasks));
	}
}

static void update_run(struct batch *batch, const struct batch_source *source,
                       const struct run *run)
{
	struct run_repo_row *row = vec_push(&batch->runs);

	fill_run(batch, run, row);
	/* one that was cleared has not started nor ended */
	if (!row->started_at_us)
		row->started_at_us = METADATA_CLEAR;
	if (!row->ended_at_us)
		row->ended_at_us = METADATA_CLEAR;
	callbacks_run(batch, source, run, row);
}

static void add_run(struct batch *batch, const struct batch_source *source, struct run *run)
{
	struct run_info *info = run_info_of(run);
	int is_new = !info->queued_us;

	if (is_new)
		info->queued_us = source->now_us;
	if (run->state != RUN_QUEUED && !info->started_us)
		info->started_us = source->now_us;
	if (state_run_is_finished(run->state)) {
		if (!info->ended_us)
			info->ended_us = source->now_us;
		*vec_push(&batch->ended) = run->id;
	}
	if (is_new)
		add_new_run(batch, source, run);
	if (!is_new || info->ended_us)
		update_run(batch, source, run);
}

/* --- task instances --- */

/* What the attempt said, else what the engine says; plain success and waiting in line say nothing. */
static const char *instance_reason(struct batch *batch, const struct batch_source *source,
                                   const struct instance *instance)
{
	const char *said = run_info_instance(instance)->reason;
	auto_buf struct buf text = {0};

	switch ((enum task_state)instance->state) {
	case TASK_NONE:
	case TASK_SCHEDULED:
	case TASK_QUEUED:
	case TASK_RUNNING:
		return NULL;
	case TASK_UP_FOR_RETRY:
	case TASK_UP_FOR_RESCHEDULE:
	case TASK_AWAITING_INPUT:
	case TASK_SUCCESS:
	case TASK_FAILED:
	case TASK_SKIPPED:
	case TASK_UPSTREAM_FAILED:
	case TASK_REMOVED:
	case TASK_CANCELLED:
	case TASK_STATE_COUNT:
		break;
	}
	if (instance->cause != CAUSE_TASK || !said)
		engine_explain(instance, source->engine_now_us, &text);
	if (text.size)
		return arena_strdup(&batch->arena, text.data);
	return said ? arena_strdup(&batch->arena, said) : NULL;
}

static void fill_task(struct batch *batch, const struct batch_source *source,
                      struct instance *instance, struct task_repo_row *row)
{
	const struct dag_task *task = instance->node->task;
	struct instance_info *info = run_info_instance(instance);
	int waits =
		instance->state == TASK_UP_FOR_RETRY || instance->state == TASK_UP_FOR_RESCHEDULE;

	*row = (struct task_repo_row){
		.id = instance->id,
		.run = instance->node->run->id,
		.task = task->name,
		.state = state_task_name(instance->state),
		.cause = cause_names[instance->cause],
		.reason = instance_reason(batch, source, instance),
		.operator= task->operator,
		.pool = * task->pool ? task->pool : NULL,
		.attempt = instance->attempt_id,
		.fence = instance->fence,
		.used_us = instance->used_us,
		.queued_at_us = info->queued_us,
		.started_at_us = info->started_us,
		.map_index = instance->map_index,
		.priority = task->priority,
		.number = instance->number,
		.tries = instance->tries,
		.lost = instance->lost,
		.clears = instance->clears,
		.cancel = cause_names[instance->cancel],
		.clear = (instance->flags & INSTANCE_CLEAR) != 0,
	};
	row->due_at_us = waits ? source->now_us + instance->timer.due_us - source->engine_now_us
	                       : METADATA_CLEAR;
	row->ended_at_us =
		state_task_is_finished(instance->state) ? info->ended_us : METADATA_CLEAR;
}

/* What its attempts before a clear have left is history. */
static void forget_cleared(struct instance *instance)
{
	struct instance_info *info = run_info_instance(instance);

	if (info->clears == instance->clears)
		return;
	info->clears = instance->clears;
	info->queued_us = info->started_us = info->ended_us = info->log_bytes = 0;
	run_info_set_text(&info->reason, NULL);
	run_info_set_text(&info->resume, NULL);
	json_decref(info->outputs);
	info->outputs = NULL;
}

static void add_instance(struct batch *batch, const struct batch_source *source,
                         struct instance *instance)
{
	int is_new = (instance->flags & INSTANCE_NEW) != 0;
	struct task_repo_row *row;

	forget_cleared(instance);
	note_times(instance, source->now_us);
	row = vec_push(is_new ? &batch->new_tasks : &batch->tasks);
	fill_task(batch, source, instance, row);
	if (!is_new && !row->queued_at_us)
		row->queued_at_us = METADATA_CLEAR;
	if (!is_new && !row->started_at_us)
		row->started_at_us = METADATA_CLEAR;
	callbacks_task(batch, source, instance, row);
}

/* --- attempts --- */

static struct job *make_job(const struct effects_attempt *attempt)
{
	struct job *job = mem_alloc(sizeof(*job));

	job->instance = attempt->instance;
	job->attempt = attempt->id;
	job->fence = attempt->fence;
	job->number = attempt->number;
	return job;
}

static void add_claim(struct batch *batch, const struct batch_source *source,
                      const struct effects_attempt *attempt)
{
	struct batch_attempt *added = vec_push(&batch->attempts);

	added->kind = attempt->before == ATTEMPT_AGAIN ? BATCH_CLAIM_AGAIN : BATCH_CLAIM;
	added->row = (struct attempt_repo_row){
		.id = attempt->id,
		.task_instance = attempt->instance->id,
		.fence = attempt->fence,
		.worker = source->worker,
		.claimed_at_us = source->now_us,
		.number = attempt->number,
	};
	job_queue_push(&batch->starts, make_job(attempt));
}

static void add_outputs(struct batch *batch, const struct effects_attempt *attempt)
{
	json_t *outputs = run_info_instance(attempt->instance)->outputs;
	const char *key;
	json_t *value;

	json_object_foreach(outputs, key, value)
	{
		auto_free char *text = json_text(value);

		*vec_push(&batch->outputs) = (struct output_repo_row){
			.attempt = attempt->id,
			.key = arena_strdup(&batch->arena, key),
			.value = arena_strdup(&batch->arena, text),
		};
	}
}

static int goes_on(const struct instance *instance)
{
	return instance->state == TASK_UP_FOR_RETRY || instance->state == TASK_SCHEDULED ||
	       instance->state == TASK_QUEUED;
}

static void tell_retry(struct batch *batch, const struct batch_source *source,
                       const struct effects_attempt *attempt)
{
	struct instance *instance = attempt->instance;
	struct task_repo_row row;

	if (attempt->state != ATTEMPT_FAILED || !instance->node->task->on[DAG_ON_RETRY].count ||
	    !goes_on(instance))
		return;
	fill_task(batch, source, instance, &row);
	callbacks_retry(batch, source, attempt, &row);
}

static void add_end(struct batch *batch, const struct batch_source *source,
                    const struct effects_attempt *attempt)
{
	const struct instance_info *info = run_info_instance(attempt->instance);
	struct batch_attempt *added = vec_push(&batch->attempts);

	added->kind = BATCH_FINISH;
	added->row = (struct attempt_repo_row){
		.id = attempt->id,
		.task_instance = attempt->instance->id,
		.fence = attempt->fence,
		.state = state_attempt_name(attempt->state),
		.cause = cause_names[attempt->cause],
		.used_us = attempt->used_us,
		.started_at_us = info->started_us,
		.ended_at_us = source->now_us,
		.number = attempt->number,
	};
	if (attempt->state == ATTEMPT_RETURNED)
		return;
	added->row.reason = info->reason ? arena_strdup(&batch->arena, info->reason) : NULL;
	added->row.resume = info->resume ? arena_strdup(&batch->arena, info->resume) : NULL;
	added->row.log_bytes = callbacks_log(batch, source, attempt);
	if (attempt->state == ATTEMPT_SUCCEEDED)
		add_outputs(batch, attempt);
	tell_retry(batch, source, attempt);
}

/* `started` rows are made where the runner is known, see attempts.c; here it only passes by. */
static void add_attempt(struct batch *batch, const struct batch_source *source,
                        const struct effects_attempt *attempt)
{
	if (attempt->state == ATTEMPT_CLAIMED)
		add_claim(batch, source, attempt);
	else if (attempt->state != ATTEMPT_STARTED)
		add_end(batch, source, attempt);
}

void batch_add_effects(struct batch *batch, const struct batch_source *source)
{
	const struct effects *effects = source->effects;

	batch->now_us = source->now_us;
	for (size_t i = 0; i < effects->attempts.count; i++)
		add_attempt(batch, source, &effects->attempts.items[i]);
	/* runs first: a new one takes its instances along, and they are new no longer */
	for (size_t i = 0; i < effects->runs.count; i++)
		add_run(batch, source, effects->runs.items[i]);
	for (size_t i = 0; i < effects->instances.count; i++)
		add_instance(batch, source, effects->instances.items[i]);
	for (size_t i = 0; i < effects->cancels.count; i++)
		*vec_push(&batch->cancels) = effects->cancels.items[i].id;
}

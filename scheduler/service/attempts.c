/* attempts.c - what runners say, told to the engine */
#include "scheduler/service/attempts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/file.h"
#include "lib/log.h"
#include "lib/mask.h"
#include "lib/mem.h"
#include "lib/str.h"
#include "lib/vec.h"
#include "scheduler/service/dispatch.h"
#include "scheduler/service/leader.h"
#include "scheduler/service/map_info.h"
#include "scheduler/service/requests.h"
#include "scheduler/service/run_info.h"

/* A mapped task whose list could not be made fails here, where it can be said. */
static int without_list(const struct leader *leader, const struct instance *instance,
                        struct err *err)
{
	const struct dag_task *task = instance->node->task;
	const char *fault = map_info_fault(run_info_of(instance->node->run), task->index);
	json_t *items;

	if (!(task->flags & DAG_MAPPED) || instance->map_index >= 0)
		return 0;
	if (fault)
		return err_set(err, ERR_INVALID, "%s", fault);
	/* a restart lies between */
	items = dispatch_items(leader->config, instance, err);
	if (!items)
		return -1;
	json_decref(items);
	return err_set(err, ERR_CONFLICT, "the list could not be made before, clear the task");
}

static int prepare(void *context, struct job *job, struct wire_start *start, struct arena *arena,
                   struct err *err)
{
	struct leader *leader = context;

	if (without_list(leader, job->instance, err) < 0)
		return err_prefix(err, "map");
	/* an expression that failed when the engine asked fails here, where it can be said */
	if (job->instance->node->task->when &&
	    dispatch_when(leader->config, job->instance, err) < 0)
		return err_prefix(err, "when");
	return dispatch_prepare(leader->config, job, start, arena, err);
}

static void started(void *context, struct job *job, const struct process_identity *process,
                    int64_t at_us)
{
	struct leader *leader = context;
	struct event event = {.type = EVENT_STARTED, .attempt = {job->attempt, job->fence}};
	struct instance_info *info = run_info_instance(job->instance);
	struct batch_attempt *added;

	if (leader_step(leader, &event) != ENGINE_OK)
		return;
	/* of several calls the first one's */
	if (!job->instance->used_us || !info->started_us)
		info->started_us = at_us;
	added = vec_push(&leader->next->attempts);
	added->kind = BATCH_START;
	added->row = (struct attempt_repo_row){
		.id = job->attempt,
		.task_instance = job->instance->id,
		.fence = job->fence,
		.worker = leader->worker,
		.pid = process->pid,
		.pid_started = process->start_ticks,
		.boot_id = arena_strdup(&leader->next->arena, process->boot_id),
		.started_at_us = info->started_us,
		.number = job->number,
	};
}

static void key_of(const struct job *job, char key[PROGRESS_KEY_SIZE])
{
	const struct instance *instance = job->instance;

	progress_key(key, instance->node->run->dag->name, instance->node->run->name,
	             instance->node->task->name, instance->map_index);
}

static void progress(void *context, struct job *job, const struct wire_progress *said)
{
	struct leader *leader = context;
	struct progress_value value = {.done = said->done, .total = said->total};
	auto_buf struct buf note = {0};
	char key[PROGRESS_KEY_SIZE];

	str_copy(value.unit, sizeof(value.unit), said->unit ? said->unit : "");
	if (said->note)
		mask_append(&note, said->note, strlen(said->note), job->secrets, MASK_CUT_BEHIND);
	str_copy(value.note, sizeof(value.note), buf_string(&note));
	key_of(job, key);
	progress_set(leader->progress, key, &value);
}

static void forget_progress(struct leader *leader, const struct job *job)
{
	char key[PROGRESS_KEY_SIZE];

	key_of(job, key);
	progress_remove(leader->progress, key);
}

static const enum finish_status finish_of[] = {
	[WIRE_OK] = FINISH_OK,     [WIRE_SKIP] = FINISH_SKIP,   [WIRE_AGAIN] = FINISH_AGAIN,
	[WIRE_FAIL] = FINISH_FAIL, [WIRE_RETRY] = FINISH_RETRY, [WIRE_CANCELLED] = FINISH_CANCELLED,
};

static void set_masked(char **text, const char *value, const json_t *secrets)
{
	auto_buf struct buf masked = {0};

	if (value)
		mask_append(&masked, value, strlen(value), secrets, MASK_CUT_BEHIND);
	run_info_set_text(text, value ? buf_string(&masked) : NULL);
}

/* It is stored, and must stay JSON. */
static void set_resume(char **text, const char *value, const json_t *secrets)
{
	struct err err;
	auto_json json_t *resume = value ? json_parse(value, strlen(value), &err) : NULL;
	auto_json json_t *masked = resume ? mask_json(resume, secrets) : NULL;
	auto_free char *stored = masked ? json_text(masked) : NULL;

	run_info_set_text(text, stored);
}

/* What the rows need, kept only when the engine took the message. */
static void note_end(struct job *job, const struct wire_finished *finished)
{
	struct instance_info *info = run_info_instance(job->instance);
	int is_first_call = !job->instance->used_us;

	if (!info->started_us || (!job->has_started && is_first_call))
		info->started_us = finished->started_us;
	info->ended_us = finished->ended_us;
	if (finished->log_bytes || is_first_call)
		info->log_bytes = finished->log_bytes;
	set_masked(&info->reason, finished->reason, job->secrets);
	set_resume(&info->resume, finished->resume, job->secrets);
	info->is_woken = 0;
	json_decref(info->outputs);
	info->outputs = finished->status == WIRE_OK && json_object_size(finished->outputs)
	                        ? mask_json(finished->outputs, job->secrets)
	                        : NULL;
}

/* Outputs must be there when the step looks at what follows: `when` of a task downstream reads them. */
static void finished(void *context, struct job *job, const struct wire_finished *said)
{
	struct leader *leader = context;
	struct event event = {
		.type = EVENT_FINISHED,
		.finished = {.id = job->attempt,
	                     .fence = job->fence,
	                     .status = finish_of[said->status],
	                     .again_after_us = said->again_after_ms * 1000},
	};

	forget_progress(leader, job);
	if (job->instance->attempt_id != job->attempt || job->instance->fence != job->fence) {
		log_warn("worker", "attempt %lld finished too late, nothing of it counts",
		         (long long)job->attempt);
		return;
	}
	/* what it waits for has ended since it looked */
	if (run_info_instance(job->instance)->is_woken)
		event.finished.again_after_us = 0;
	note_end(job, said);
	if (leader_step(leader, &event) != ENGINE_OK)
		log_warn("worker", "attempt %lld finished, but it was over already",
		         (long long)job->attempt);
}

static void lost(void *context, struct job *job, const char *reason)
{
	struct leader *leader = context;
	struct event event = {.type = EVENT_LOST, .lost = {job->attempt, job->fence, 0}};

	if (leader->is_draining)
		event.lost.flags |= LOST_PLANNED;
	forget_progress(leader, job);
	run_info_set_text(&run_info_instance(job->instance)->reason, reason);
	leader_step(leader, &event);
}

static void returned(void *context, struct job *job)
{
	struct leader *leader = context;
	struct event event = {.type = EVENT_RETURNED, .attempt = {job->attempt, job->fence}};

	leader_step(leader, &event);
}

static void request(void *context, struct job *job, const struct wire_request *asked)
{
	requests_take(context, job, asked);
}

/* A line per runner, so that the next life can end what this one left; see recovery.c. */
static void child_started(void *context, const struct process_identity *process)
{
	struct leader *leader = context;
	char line[128];
	int length = snprintf(line, sizeof(line), "%d %lld %s\n", (int)process->pid,
	                      (long long)process->start_ticks, process->boot_id);

	if (file_write_all(leader->runners_fd, line, (size_t)length) < 0)
		log_warn("worker", "could not note runner %d in '%s'", (int)process->pid,
		         leader->runners_file);
}

static void capacity(void *context, int64_t attempts)
{
	struct leader *leader = context;
	struct event event = {.type = EVENT_CAPACITY, .pool = {"", attempts}};

	leader_step(leader, &event);
}

const struct fleet_events attempts_events = {
	.prepare = prepare,
	.started = started,
	.progress = progress,
	.finished = finished,
	.lost = lost,
	.returned = returned,
	.request = request,
	.child_started = child_started,
	.capacity = capacity,
};

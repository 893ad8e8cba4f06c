/* reference_attempt.c - what the reference hears of attempts */
#include "tests/sim/reference_attempt.h"

#include "tests/sim/reference_flow.h"

static struct ref_item *find_attempt(const struct reference *ref, int64_t id, int64_t fence)
{
	struct ref_item *item;

	item_foreach(ref, item)
	{
		if (reference_model_live(item) && item->attempt_id == id && item->fence == fence)
			return item;
	}
	return NULL;
}

static void begin(struct reference *ref, struct ref_item *item)
{
	const struct dag_task *task = item->node->task;

	if (item->attempt != ATTEMPT_CLAIMED)
		return;
	item->attempt = ATTEMPT_STARTED;
	reference_model_state(ref, item, TASK_RUNNING, CAUSE_NONE);
	item->started_us = ref->now_us;
	if (task->timeout_ms > 0 && !item->cancel)
		reference_model_due(ref, item,
		                    ref->now_us + task->timeout_ms * 1000 - item->used_us);
}

static uint64_t next_random(struct reference *ref)
{
	uint64_t z = ref->random += UINT64_C(0x9E3779B97F4A7C15);

	z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
	return z ^ (z >> 31);
}

static int64_t jitter(struct reference *ref, const struct ref_item *item)
{
	const struct dag_task *task = item->node->task;
	double delay_ms = (double)task->retry_delay_ms;

	for (uint32_t i = 1; i < item->tries; i++)
		delay_ms *= 2;
	if (task->retry_max_delay_ms > 0 && delay_ms > (double)task->retry_max_delay_ms)
		delay_ms = (double)task->retry_max_delay_ms;
	return (int64_t)(next_random(ref) % (uint64_t)(delay_ms * 1000 + 1));
}

static void wait_for(struct reference *ref, struct ref_item *item, enum task_state state,
                     int64_t delay_us, enum cause cause)
{
	reference_model_state(ref, item, state, cause);
	if (state != TASK_AWAITING_INPUT && delay_us <= 0)
		reference_model_state(ref, item, TASK_SCHEDULED, cause);
	else if (state != TASK_AWAITING_INPUT)
		reference_model_due(ref, item, ref->now_us + delay_us);
}

static void end(struct reference *ref, struct ref_item *item, enum attempt_state attempt,
                enum task_state state, enum cause cause)
{
	item->attempt = attempt;
	reference_model_state(ref, item, state, cause);
}

static void retry(struct reference *ref, struct ref_item *item, enum cause cause)
{
	item->tries++;
	item->attempt = ATTEMPT_FAILED;
	if ((int32_t)item->tries <= item->node->task->retries)
		wait_for(ref, item, TASK_UP_FOR_RETRY, jitter(ref, item), cause);
	else
		reference_model_state(ref, item, TASK_FAILED, cause);
}

static void end_cancelled(struct reference *ref, struct ref_item *item, enum attempt_state attempt)
{
	end(ref, item, attempt, TASK_CANCELLED, item->cancel);
	if (!item->clear)
		return;
	reference_flow_clear(ref, item);
	reference_flow_collapse(ref, item->node);
	reference_flow_decide(ref, item->node);
}

static int is_cancelled(const struct ref_item *item)
{
	return item->cancel == CAUSE_PERSON || item->cancel == CAUSE_RUN_TIMEOUT;
}

static void finish(struct reference *ref, struct ref_item *item,
                   const struct event_finished *finished)
{
	enum finish_status status = finished->status;

	if (is_cancelled(item)) {
		end_cancelled(ref, item, ATTEMPT_CANCELLED);
	} else if (status == FINISH_OK) {
		end(ref, item, ATTEMPT_SUCCEEDED, TASK_SUCCESS, CAUSE_TASK);
	} else if (status == FINISH_SKIP) {
		end(ref, item, ATTEMPT_SKIPPED, TASK_SKIPPED, CAUSE_TASK);
	} else if (item->cancel == CAUSE_TIMEOUT) {
		retry(ref, item, CAUSE_TIMEOUT);
	} else if (status == FINISH_RETRY) {
		retry(ref, item, CAUSE_TASK);
	} else if (status == FINISH_AGAIN || status == FINISH_AWAIT) {
		item->attempt = ATTEMPT_AGAIN;
		wait_for(ref, item,
		         status == FINISH_AGAIN ? TASK_UP_FOR_RESCHEDULE : TASK_AWAITING_INPUT,
		         finished->again_after_us, CAUSE_TASK);
	} else {
		end(ref, item, ATTEMPT_FAILED, TASK_FAILED, CAUSE_TASK);
	}
}

enum engine_answer reference_attempt_finished(struct reference *ref, const struct event *event)
{
	struct ref_item *item = find_attempt(ref, event->finished.id, event->finished.fence);

	if (!item)
		return ENGINE_STALE;
	begin(ref, item);
	item->used_us += ref->now_us > item->started_us ? ref->now_us - item->started_us : 1;
	finish(ref, item, &event->finished);
	return ENGINE_OK;
}

enum engine_answer reference_attempt_started(struct reference *ref, const struct event *event)
{
	struct ref_item *item = find_attempt(ref, event->attempt.id, event->attempt.fence);

	if (!item)
		return ENGINE_STALE;
	begin(ref, item);
	return ENGINE_OK;
}

enum engine_answer reference_attempt_lost(struct reference *ref, const struct event *event)
{
	struct ref_item *item = find_attempt(ref, event->lost.id, event->lost.fence);

	if (!item)
		return ENGINE_STALE;
	begin(ref, item);
	if (is_cancelled(item)) {
		end_cancelled(ref, item, ATTEMPT_LOST);
		return ENGINE_OK;
	}
	if (item->cancel == CAUSE_TIMEOUT) {
		retry(ref, item, CAUSE_TIMEOUT);
		return ENGINE_OK;
	}
	if (event->lost.flags & LOST_PLANNED) {
		end(ref, item, ATTEMPT_LOST, TASK_SCHEDULED, CAUSE_NONE);
		return ENGINE_OK;
	}
	item->lost++;
	end(ref, item, ATTEMPT_LOST, item->lost > ref->max_lost ? TASK_FAILED : TASK_SCHEDULED,
	    CAUSE_LOST);
	return ENGINE_OK;
}

enum engine_answer reference_attempt_returned(struct reference *ref, const struct event *event)
{
	struct ref_item *item = find_attempt(ref, event->attempt.id, event->attempt.fence);

	if (!item)
		return ENGINE_STALE;
	if (item->attempt != ATTEMPT_CLAIMED)
		return ENGINE_CONFLICT;
	if (item->cancel)
		end_cancelled(ref, item, item->used_us > 0 ? ATTEMPT_CANCELLED : ATTEMPT_RETURNED);
	else
		end(ref, item, item->used_us > 0 ? ATTEMPT_AGAIN : ATTEMPT_RETURNED, TASK_SCHEDULED,
		    CAUSE_NONE);
	return ENGINE_OK;
}

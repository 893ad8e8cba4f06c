/* engine_attempt.c - what is heard of attempts, and what time does to them */
#include "scheduler/core/engine_attempt.h"

#include "lib/compiler.h"
#include "scheduler/core/engine_change.h"
#include "scheduler/core/engine_flow.h"

#define MS_IN_US      INT64_C(1000)
#define MOST_DELAY_MS (INT64_C(1) << 40) /* 34 years; what doubles must end somewhere */

/* The instance whose live attempt this is, or NULL when attempt or fence is over. */
static struct instance *live(const struct engine *engine, int64_t attempt, int64_t fence)
{
	struct instance *instance = idmap_get(&engine->attempts, attempt);

	return instance && instance->fence == fence ? instance : NULL;
}

static void begin(struct engine *engine, struct instance *instance)
{
	int64_t timeout_us = instance->node->task->timeout_ms * MS_IN_US;

	if (instance->attempt != ATTEMPT_CLAIMED)
		return;
	engine_change_attempt(engine, instance, ATTEMPT_STARTED, CAUSE_NONE);
	engine_change_task(engine, instance, TASK_RUNNING, CAUSE_NONE);
	instance->started_us = engine->now_us;
	if (timeout_us > 0 && !instance->cancel)
		timer_set(&engine->timers, &instance->timer,
		          engine->now_us + timeout_us - instance->used_us);
}

enum engine_answer engine_attempt_started(struct engine *engine, const struct event *event)
{
	struct instance *instance = live(engine, event->attempt.id, event->attempt.fence);

	if (!instance)
		return ENGINE_STALE;
	begin(engine, instance);
	return ENGINE_OK;
}

/* splitmix64, by Sebastiano Vigna, public domain */
static uint64_t next_random(struct engine *engine)
{
	uint64_t z = engine->random += UINT64_C(0x9E3779B97F4A7C15);

	z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
	return z ^ (z >> 31);
}

/* Doubles with each try, with full jitter: anything between nothing and all of it. */
static int64_t retry_delay_us(struct engine *engine, const struct instance *instance)
{
	const struct dag_task *task = instance->node->task;
	int64_t most_ms = task->retry_max_delay_ms > 0 && task->retry_max_delay_ms < MOST_DELAY_MS
	                          ? task->retry_max_delay_ms
	                          : MOST_DELAY_MS;
	int64_t delay_ms = task->retry_delay_ms;

	for (uint32_t i = 1; i < instance->tries && delay_ms < most_ms && delay_ms > 0; i++)
		delay_ms *= 2;
	if (delay_ms > most_ms)
		delay_ms = most_ms;
	return (int64_t)(next_random(engine) % (uint64_t)(delay_ms * MS_IN_US + 1));
}

/* To a waiting state, and at once on from there when there is nothing to wait for. */
static void wait_for(struct engine *engine, struct instance *instance, enum task_state state,
                     int64_t delay_us, enum cause cause)
{
	engine_change_task(engine, instance, state, cause);
	if (state == TASK_AWAITING_INPUT)
		return;
	if (delay_us > 0)
		timer_set(&engine->timers, &instance->timer, engine->now_us + delay_us);
	else
		engine_change_task(engine, instance, TASK_SCHEDULED, cause);
}

static void end(struct engine *engine, struct instance *instance, enum attempt_state attempt,
                enum task_state task, enum cause cause)
{
	engine_change_attempt(engine, instance, attempt, cause);
	engine_change_task(engine, instance, task, cause);
}

static void end_cancelled(struct engine *engine, struct instance *instance)
{
	struct node *node = instance->node;

	engine_flow_cancel_idle(engine, instance, instance->cancel);
	if (!(instance->flags & INSTANCE_CLEAR))
		return;
	engine_flow_clear(engine, instance);
	engine_flow_collapse(engine, node);
	engine_flow_decide(engine, node);
}

static void fail(struct engine *engine, struct instance *instance, enum cause cause)
{
	end(engine, instance, ATTEMPT_FAILED, TASK_FAILED, cause);
}

static void retry(struct engine *engine, struct instance *instance, enum cause cause)
{
	if (++instance->tries > (uint32_t)instance->node->task->retries) {
		fail(engine, instance, cause);
		return;
	}
	engine_change_attempt(engine, instance, ATTEMPT_FAILED, cause);
	wait_for(engine, instance, TASK_UP_FOR_RETRY, retry_delay_us(engine, instance), cause);
}

static void again(struct engine *engine, struct instance *instance, enum task_state state,
                  int64_t delay_us)
{
	engine_change_attempt(engine, instance, ATTEMPT_AGAIN, CAUSE_TASK);
	wait_for(engine, instance, state, delay_us, CAUSE_TASK);
}

static void finish(struct engine *engine, struct instance *instance,
                   const struct event_finished *finished)
{
	switch (finished->status) {
	case FINISH_OK:
		end(engine, instance, ATTEMPT_SUCCEEDED, TASK_SUCCESS, CAUSE_TASK);
		break;
	case FINISH_SKIP:
		end(engine, instance, ATTEMPT_SKIPPED, TASK_SKIPPED, CAUSE_TASK);
		break;
	case FINISH_AGAIN:
		again(engine, instance, TASK_UP_FOR_RESCHEDULE, finished->again_after_us);
		break;
	case FINISH_AWAIT:
		again(engine, instance, TASK_AWAITING_INPUT, 0);
		break;
	case FINISH_RETRY:
		retry(engine, instance, CAUSE_TASK);
		break;
	case FINISH_FAIL:
	case FINISH_CANCELLED:
		fail(engine, instance, CAUSE_TASK);
		break;
	}
}

static int was_done(enum finish_status status)
{
	return status == FINISH_OK || status == FINISH_SKIP;
}

enum engine_answer engine_attempt_finished(struct engine *engine, const struct event *event)
{
	const struct event_finished *finished = &event->finished;
	struct instance *instance = live(engine, finished->id, finished->fence);
	int64_t call_us;

	if (!instance)
		return ENGINE_STALE;
	begin(engine, instance);
	call_us = engine->now_us - instance->started_us;
	instance->used_us += call_us > 0 ? call_us : 1;
	if (instance->cancel == CAUSE_PERSON || instance->cancel == CAUSE_RUN_TIMEOUT) {
		engine_change_attempt(engine, instance, ATTEMPT_CANCELLED, instance->cancel);
		end_cancelled(engine, instance);
	} else if (instance->cancel == CAUSE_BUG) {
		fail(engine, instance, CAUSE_BUG);
	} else if (instance->cancel == CAUSE_TIMEOUT && !was_done(finished->status)) {
		retry(engine, instance, CAUSE_TIMEOUT);
	} else {
		finish(engine, instance, finished);
	}
	return ENGINE_OK;
}

enum engine_answer engine_attempt_lost(struct engine *engine, const struct event *event)
{
	struct instance *instance = live(engine, event->lost.id, event->lost.fence);

	if (!instance)
		return ENGINE_STALE;
	begin(engine, instance);
	if (instance->cancel == CAUSE_PERSON || instance->cancel == CAUSE_RUN_TIMEOUT) {
		engine_change_attempt(engine, instance, ATTEMPT_LOST, instance->cancel);
		end_cancelled(engine, instance);
	} else if (instance->cancel == CAUSE_BUG) {
		fail(engine, instance, CAUSE_BUG);
	} else if (instance->cancel == CAUSE_TIMEOUT) {
		retry(engine, instance, CAUSE_TIMEOUT);
	} else if (event->lost.flags & LOST_PLANNED) {
		end(engine, instance, ATTEMPT_LOST, TASK_SCHEDULED, CAUSE_NONE);
	} else {
		int is_last = ++instance->lost > engine->settings.max_lost;

		end(engine, instance, ATTEMPT_LOST, is_last ? TASK_FAILED : TASK_SCHEDULED,
		    CAUSE_LOST);
	}
	return ENGINE_OK;
}

enum engine_answer engine_attempt_returned(struct engine *engine, const struct event *event)
{
	struct instance *instance = live(engine, event->attempt.id, event->attempt.fence);

	if (!instance)
		return ENGINE_STALE;
	if (instance->attempt != ATTEMPT_CLAIMED)
		return ENGINE_CONFLICT;
	/* of a call after MR_AGAIN only the call is returned, not the attempt */
	engine_change_attempt(engine, instance,
	                      instance->used_us > 0 ? ATTEMPT_AGAIN : ATTEMPT_RETURNED, CAUSE_NONE);
	if (instance->cancel)
		end_cancelled(engine, instance);
	else
		engine_change_task(engine, instance, TASK_SCHEDULED, CAUSE_NONE);
	return ENGINE_OK;
}

enum engine_answer engine_attempt_tick(struct engine *engine, const struct event *event)
{
	struct timer *timer;

	(void)event;
	while ((timer = timer_take(&engine->timers, engine->now_us))) {
		struct instance *instance = container_of(timer, struct instance, timer);

		if (timer->kind == TIMER_RUN)
			engine_flow_cancel(engine, container_of(timer, struct run, timer),
			                   CAUSE_RUN_TIMEOUT);
		else if (state_task_is_live(instance->state))
			engine_change_cancel(engine, instance, CAUSE_TIMEOUT);
		else
			engine_change_task(engine, instance, TASK_SCHEDULED, CAUSE_NONE);
	}
	while (engine->restored.count > 0)
		engine_flow_line(engine, engine->restored.items[--engine->restored.count]);
	return ENGINE_OK;
}

enum engine_answer engine_attempt_wake(struct engine *engine, const struct event *event)
{
	const struct event_instance *what = &event->instance;
	struct run *run = idmap_get(&engine->runs, what->run);
	struct instance *instance = run ? run_instance(run, what->task, what->map_index) : NULL;

	if (!instance)
		return ENGINE_UNKNOWN;
	if (instance->state != TASK_UP_FOR_RETRY && instance->state != TASK_UP_FOR_RESCHEDULE &&
	    instance->state != TASK_AWAITING_INPUT)
		return ENGINE_CONFLICT;
	engine_change_task(engine, instance, TASK_SCHEDULED, CAUSE_NONE);
	return ENGINE_OK;
}

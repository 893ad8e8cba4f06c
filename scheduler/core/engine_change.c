/* engine_change.c - the only place where states change */
#include "scheduler/core/engine_change.h"

#include "lib/vec.h"

static void refuse(struct engine *engine, struct effects_bug bug, struct instance *instance)
{
	*vec_push(&engine->effects->bugs) = bug;
	if (instance && state_task_is_live(instance->state))
		engine_change_cancel(engine, instance, CAUSE_BUG);
}

/* Items that a smaller second expansion left over do not count. */
static int counts(const struct instance *instance)
{
	return instance->map_index < 1 || (uint32_t)instance->map_index < instance->node->count;
}

/* `state` is a finished one. */
static void tally(struct rule_counters *counters, enum task_state state, uint32_t by)
{
	if (state == TASK_SUCCESS)
		counters->success += by;
	else if (state == TASK_UPSTREAM_FAILED)
		counters->upstream_failed += by;
	else if (state == TASK_FAILED || state == TASK_CANCELLED)
		counters->failed += by;
	else
		counters->skipped += by;
}

void engine_change_tally(struct instance *instance, uint32_t by)
{
	const struct dag_task *task = instance->node->task;
	struct run *run = instance->node->run;

	if (!state_task_is_finished(instance->state))
		return;
	run->unfinished -= by;
	if (!counts(instance))
		return;
	if (task->downstream_count == 0)
		run->leaves[instance->state] += by;
	for (uint32_t i = 0; i < task->downstream_count; i++)
		tally(&run->nodes[task->downstream[i]].upstream, instance->state, by);
}

static void leave(struct engine *engine, struct instance *instance, enum task_state to)
{
	timer_stop(&engine->timers, &instance->timer);
	if (instance->ready.link.place)
		ready_remove(instance);
	if (state_task_is_live(instance->state) && !state_task_is_live(to)) {
		ready_give_back(instance);
		idmap_remove(&engine->attempts, instance->attempt_id);
		instance->cancel = CAUSE_NONE;
	}
	/* a newcomer goes to the end; who lost its attempt keeps its age */
	if (to != TASK_SCHEDULED && !state_task_is_live(to))
		instance->ready.age = 0;
}

static void hold_active(struct instance *instance)
{
	int is_active = instance->state != TASK_NONE && !state_task_is_finished(instance->state);
	int was_active = instance->flags & INSTANCE_IS_ACTIVE;

	if (is_active && !was_active) {
		instance->flags |= INSTANCE_IS_ACTIVE;
		instance->node->active++;
	} else if (!is_active && was_active) {
		instance->flags &= (uint8_t)~INSTANCE_IS_ACTIVE;
		instance->node->active--;
	}
}

static void enter(struct engine *engine, struct instance *instance)
{
	struct run *run = instance->node->run;

	if (instance->state == TASK_SCHEDULED)
		ready_push(&engine->ready, instance);
	if (!state_task_is_finished(instance->state))
		return;
	*vec_push(&engine->settled) = instance;
	if (run->unfinished == 0)
		*vec_push(&engine->ended) = run;
}

void engine_change_task(struct engine *engine, struct instance *instance, enum task_state to,
                        enum cause cause)
{
	enum task_state from = instance->state;

	if (!state_task_allows(from, to)) {
		struct effects_bug bug = {instance->node->run->id, instance->id, "task",
		                          state_task_name(from), state_task_name(to)};

		refuse(engine, bug, instance);
		return;
	}
	leave(engine, instance, to);
	engine_change_tally(instance, -1U);
	instance->state = (uint8_t)to;
	instance->cause = (uint8_t)cause;
	engine_change_tally(instance, 1);
	hold_active(instance);
	enter(engine, instance);
	effects_instance(engine->effects, instance);
}

void engine_change_attempt(struct engine *engine, struct instance *instance, enum attempt_state to,
                           enum cause cause)
{
	enum attempt_state from = instance->attempt;

	if (!state_attempt_allows(from, to)) {
		struct effects_bug bug = {instance->node->run->id, instance->id, "attempt",
		                          state_attempt_name(from), state_attempt_name(to)};

		refuse(engine, bug, instance);
		return;
	}
	instance->attempt = (uint8_t)to;
	effects_attempt(engine->effects, instance, from, cause);
}

void engine_change_run(struct engine *engine, struct run *run, enum run_state to)
{
	if (!state_run_allows(run->state, to)) {
		struct effects_bug bug = {run->id, 0, "run", state_run_name(run->state),
		                          state_run_name(to)};

		refuse(engine, bug, NULL);
		return;
	}
	engine_core_unlist(run);
	run->state = (uint8_t)to;
	engine_core_list(run);
	effects_run(engine->effects, run);
}

void engine_change_cancel(struct engine *engine, struct instance *instance, enum cause cause)
{
	int first = instance->cancel == CAUSE_NONE;

	effects_instance(engine->effects, instance);
	if (first || instance->cancel == CAUSE_TIMEOUT)
		instance->cancel = (uint8_t)cause;
	if (!first)
		return;
	timer_stop(&engine->timers, &instance->timer);
	*vec_push(&engine->effects->cancels) = (struct effects_cancel){
		.instance = instance,
		.id = instance->attempt_id,
		.fence = instance->fence,
		.cause = cause,
	};
}

void engine_change_count(struct node *node, uint32_t count)
{
	uint32_t more = count - node->count;

	for (uint32_t i = 0; i < node->task->downstream_count; i++)
		node->run->nodes[node->task->downstream[i]].upstream.total += more;
	node->count = count;
}

/* engine_flow.c - what follows: nodes decided, runs started and ended, attempts claimed */
#include "scheduler/core/engine_flow.h"

#include "lib/limits.h"
#include "lib/vec.h"
#include "scheduler/core/engine_change.h"

/* Items of an earlier expansion come back; nothing counts them yet. */
static void revive(struct engine *engine, struct node *node, uint32_t count)
{
	for (uint32_t i = 0; i < count - 1; i++) {
		if (node->more[i]->state == TASK_REMOVED)
			engine_change_task(engine, node->more[i], TASK_NONE, CAUSE_NONE);
		else
			effects_instance(engine->effects, node->more[i]);
	}
	engine_change_count(node, count);
}

static void expand(struct engine *engine, struct node *node)
{
	const struct engine_rim *rim = &engine->settings.rim;
	int64_t items = rim->items(rim->context, node->first);
	uint32_t count = items > 0 && items <= LIMIT_MAP_ITEMS ? (uint32_t)items : 1;

	if (items == 0)
		engine_change_task(engine, node->first, TASK_SKIPPED, CAUSE_NO_ITEMS);
	if (items > 0 && items <= LIMIT_MAP_ITEMS)
		node->first->map_index = 0;
	if (count > 1 + node->more_count)
		run_grow(node, count, rim->new_ids(rim->context, count - 1 - node->more_count));
	revive(engine, node, count);
}

static void admit(struct engine *engine, struct instance *instance)
{
	const struct engine_rim *rim = &engine->settings.rim;

	if (instance->node->task->when && !rim->when(rim->context, instance))
		engine_change_task(engine, instance, TASK_SKIPPED, CAUSE_WHEN);
	else
		engine_change_task(engine, instance, TASK_SCHEDULED, CAUSE_NONE);
}

static int holds_back(const struct node *node)
{
	return (node->task->flags & DAG_MAPPED) && node->task->max_active > 0 &&
	       node->active >= (uint32_t)node->task->max_active;
}

static void let_run(struct engine *engine, struct node *node)
{
	if ((node->task->flags & DAG_MAPPED) && node->first->state == TASK_NONE &&
	    node->first->map_index < 0)
		expand(engine, node);
	while (node->next_item < node->count && !holds_back(node)) {
		struct instance *instance = run_item(node, node->next_item++);

		if (instance->state == TASK_NONE)
			admit(engine, instance);
	}
}

static void let_end(struct engine *engine, struct node *node, enum task_state state)
{
	while (node->next_item < node->count) {
		struct instance *instance = run_item(node, node->next_item++);

		if (instance->state == TASK_NONE)
			engine_change_task(engine, instance, state, CAUSE_RULE);
	}
}

void engine_flow_decide(struct engine *engine, struct node *node)
{
	struct run *run = node->run;

	if (node->next_item >= node->count || node->collapse || run->state != RUN_RUNNING ||
	    run->cancel)
		return;
	switch (rule_decide(node->task->rule, &node->upstream)) {
	case RULE_WAIT:
		break;
	case RULE_RUN:
		let_run(engine, node);
		break;
	case RULE_SKIP:
		let_end(engine, node, TASK_SKIPPED);
		break;
	case RULE_UPSTREAM_FAILED:
		let_end(engine, node, TASK_UPSTREAM_FAILED);
		break;
	}
}

void engine_flow_clear(struct engine *engine, struct instance *instance)
{
	struct node *node = instance->node;
	uint32_t item = instance->map_index > 0 ? (uint32_t)instance->map_index : 0;

	engine_change_task(engine, instance, TASK_NONE, CAUSE_NONE);
	instance->flags &= (uint8_t)~INSTANCE_CLEAR;
	instance->fence++;
	instance->clears++;
	instance->tries = instance->lost = 0;
	if (item < node->next_item)
		node->next_item = item;
}

void engine_flow_collapse(struct engine *engine, struct node *node)
{
	if (!node->collapse || node->active > 0)
		return;
	node->collapse = 0;
	engine_change_count(node, 1);
	for (uint32_t i = 0; i < node->more_count; i++) {
		if (node->more[i]->state == TASK_NONE)
			engine_change_task(engine, node->more[i], TASK_REMOVED, CAUSE_NONE);
	}
	node->first->map_index = -1;
	effects_instance(engine->effects, node->first);
}

static void start(struct engine *engine, struct run *run)
{
	engine_change_run(engine, run, RUN_RUNNING);
	run->started_us = engine->now_us;
	if (run->dag->timeout_ms > 0)
		timer_set(&engine->timers, &run->timer,
		          engine->now_us + run->dag->timeout_ms * 1000);
	if (run->unfinished == 0)
		*vec_push(&engine->ended) = run;
	for (uint32_t i = 0; i < run->dag->task_count; i++)
		engine_flow_decide(engine, &run->nodes[i]);
}

void engine_flow_line(struct engine *engine, struct line *line)
{
	while (line->queued && !line->paused) {
		int32_t most = line->queued->dag->max_active_runs;

		if (most > 0 && line->running_count >= (uint32_t)most)
			break;
		start(engine, line->queued);
	}
}

static enum run_state verdict_of(const struct run *run)
{
	if (run->cancel == CAUSE_MARK)
		return (enum run_state)run->state;
	if (run->cancel == CAUSE_PERSON)
		return RUN_CANCELLED;
	if (run->cancel == CAUSE_RUN_TIMEOUT || run->leaves[TASK_FAILED] ||
	    run->leaves[TASK_UPSTREAM_FAILED])
		return RUN_FAILED;
	return run->leaves[TASK_CANCELLED] ? RUN_CANCELLED : RUN_SUCCESS;
}

/* Also after a mark: the leaves of a finished run may say something else now. */
static void end(struct engine *engine, struct run *run)
{
	enum run_state verdict = verdict_of(run);
	int was_finished = state_run_is_finished(run->state);

	if (run->unfinished > 0 || run->state == verdict ||
	    (run->state == RUN_QUEUED && !run->cancel))
		return;
	timer_stop(&engine->timers, &run->timer);
	engine_change_run(engine, run, verdict);
	if (!was_finished)
		engine_flow_line(engine, run->line);
}

void engine_flow_cancel_idle(struct engine *engine, struct instance *instance, enum cause cause)
{
	if (instance->attempt == ATTEMPT_AGAIN)
		engine_change_attempt(engine, instance, ATTEMPT_CANCELLED, cause);
	engine_change_task(engine, instance, TASK_CANCELLED, cause);
}

void engine_flow_cancel(struct engine *engine, struct run *run, enum cause cause)
{
	uint32_t task = 0, item = 0;
	struct instance *instance;

	run->cancel = (uint8_t)cause;
	timer_stop(&engine->timers, &run->timer);
	effects_run(engine->effects, run);
	while ((instance = run_next(run, &task, &item))) {
		instance->flags &= (uint8_t)~INSTANCE_CLEAR;
		instance->node->collapse = 0;
		if (state_task_is_finished(instance->state))
			continue;
		engine->effects->affected++;
		if (state_task_is_live(instance->state))
			engine_change_cancel(engine, instance, cause);
		else
			engine_flow_cancel_idle(engine, instance, cause);
	}
}

static void claim(struct engine *engine, struct instance *instance)
{
	enum attempt_state before = instance->attempt;

	if (before != ATTEMPT_AGAIN) {
		instance->attempt = ATTEMPT_NONE;
		instance->attempt_id = engine->next_attempt_id++;
		instance->number += before != ATTEMPT_RETURNED;
		instance->used_us = 0;
	}
	instance->fence++;
	idmap_set(&engine->attempts, instance->attempt_id, instance);
	engine_change_task(engine, instance, TASK_QUEUED, CAUSE_NONE);
	engine_change_attempt(engine, instance, ATTEMPT_CLAIMED, CAUSE_NONE);
}

static void follow(struct engine *engine, const struct instance *instance)
{
	struct node *node = instance->node;

	for (uint32_t i = 0; i < node->task->downstream_count; i++)
		engine_flow_decide(engine, &node->run->nodes[node->task->downstream[i]]);
	/* max_active may have held back its sisters */
	engine_flow_decide(engine, node);
}

void engine_flow_settle(struct engine *engine)
{
	struct instance *instance;

	for (;;) {
		if (engine->settled_done < engine->settled.count)
			follow(engine, engine->settled.items[engine->settled_done++]);
		else if (engine->ended_done < engine->ended.count)
			end(engine, engine->ended.items[engine->ended_done++]);
		else
			break;
	}
	engine->settled.count = engine->settled_done = 0;
	engine->ended.count = engine->ended_done = 0;
	while ((instance = ready_take(&engine->ready)))
		claim(engine, instance);
}

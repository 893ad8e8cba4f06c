/* engine_command.c - what people ask of runs: cancel, clear, mark */
#include "scheduler/core/engine_command.h"

#include <stdlib.h>

#include "lib/compiler.h"
#include "lib/mem.h"
#include "lib/vec.h"
#include "scheduler/core/engine_change.h"
#include "scheduler/core/engine_flow.h"

/* Steps through the instances an event names; start with *item = 0. */
static struct instance *next_named(const struct run *run, const struct event_instance *what,
                                   uint32_t *item)
{
	const struct node *node = &run->nodes[what->task];

	if (what->map_index != EVENT_ALL_ITEMS)
		return (*item)++ == 0 ? run_instance(run, what->task, what->map_index) : NULL;
	return *item < node->count ? run_item(node, (*item)++) : NULL;
}

/* Nothing that was to happen to the node after its attempts still does. */
static void cancel_one(struct engine *engine, struct instance *instance)
{
	instance->flags &= (uint8_t)~INSTANCE_CLEAR;
	instance->node->collapse = 0;
	if (state_task_is_live(instance->state))
		engine_change_cancel(engine, instance, CAUSE_PERSON);
	else
		engine_flow_cancel_idle(engine, instance, CAUSE_PERSON);
}

static enum engine_answer answer_of(const struct engine *engine, int found)
{
	if (engine->effects->affected > 0)
		return ENGINE_OK;
	return found ? ENGINE_CONFLICT : ENGINE_UNKNOWN;
}

enum engine_answer engine_command_cancel(struct engine *engine, const struct event *event)
{
	const struct event_instance *what = &event->instance;
	struct run *run = idmap_get(&engine->runs, what->run);
	struct instance *instance;
	uint32_t item = 0;
	int found = 0;

	if (!run)
		return ENGINE_UNKNOWN;
	if (what->task == EVENT_ALL_TASKS) {
		if (state_run_is_finished(run->state))
			return ENGINE_CONFLICT;
		if (!run->cancel)
			engine_flow_cancel(engine, run, CAUSE_PERSON);
		return ENGINE_OK;
	}
	if (what->task >= run->dag->task_count)
		return ENGINE_UNKNOWN;
	while ((instance = next_named(run, what, &item))) {
		found = 1;
		if (state_task_is_finished(instance->state))
			continue;
		engine->effects->affected++;
		cancel_one(engine, instance);
	}
	return answer_of(engine, found);
}

enum engine_answer engine_command_mark(struct engine *engine, const struct event *event)
{
	const struct event_instance *what = &event->mark.what;
	struct run *run = idmap_get(&engine->runs, what->run);
	struct instance *instance;
	uint32_t item = 0;
	int found = 0;

	if (!run || what->task >= run->dag->task_count)
		return ENGINE_UNKNOWN;
	while ((instance = next_named(run, what, &item))) {
		found = 1;
		if (!state_task_is_finished(instance->state) ||
		    !state_task_allows(instance->state, event->mark.state))
			continue;
		engine->effects->affected++;
		engine_change_task(engine, instance, event->mark.state, CAUSE_MARK);
	}
	/* its counts are stored with it, once it has ended */
	if (engine->effects->affected > 0 && state_run_is_finished(run->state))
		effects_run(engine->effects, run);
	return answer_of(engine, found);
}

enum engine_answer engine_command_mark_run(struct engine *engine, const struct event *event)
{
	struct run *run = idmap_get(&engine->runs, event->mark_run.run);

	if (!run)
		return ENGINE_UNKNOWN;
	if (!state_run_is_finished(run->state) ||
	    !state_run_allows(run->state, event->mark_run.state))
		return ENGINE_CONFLICT;
	run->cancel = CAUSE_MARK;
	engine_change_run(engine, run, event->mark_run.state);
	return ENGINE_OK;
}

static void select_downstream(const struct dag *dag, uint8_t *selected)
{
	struct {
		uint32_t *items;
		size_t count, capacity;
	} stack = {0};

	for (uint32_t i = 0; i < dag->task_count; i++) {
		if (selected[i])
			*vec_push(&stack) = i;
	}
	while (stack.count > 0) {
		const struct dag_task *task = &dag->tasks[stack.items[--stack.count]];

		for (uint32_t i = 0; i < task->downstream_count; i++) {
			if (selected[task->downstream[i]])
				continue;
			selected[task->downstream[i]] = 1;
			*vec_push(&stack) = task->downstream[i];
		}
	}
	vec_release(&stack);
}

/* A byte for each task, free it; NULL when a task does not exist. */
static uint8_t *select_tasks(const struct dag *dag, const struct event_clear *clear)
{
	uint8_t *selected = mem_alloc(dag->task_count);

	for (uint32_t i = 0; clear->task_count == 0 && i < dag->task_count; i++)
		selected[i] = 1;
	for (uint32_t i = 0; i < clear->task_count; i++) {
		if (clear->tasks[i] >= dag->task_count) {
			free(selected);
			return NULL;
		}
		selected[clear->tasks[i]] = 1;
	}
	if (clear->flags & CLEAR_DOWNSTREAM)
		select_downstream(dag, selected);
	return selected;
}

static int is_cleared_by(const struct instance *instance, uint32_t flags)
{
	enum task_state state = instance->state;

	if (flags & CLEAR_ONLY_FAILED)
		return state == TASK_FAILED || state == TASK_UPSTREAM_FAILED ||
		       state == TASK_CANCELLED;
	return state != TASK_NONE && !(instance->flags & INSTANCE_CLEAR);
}

static void clear_one(struct engine *engine, struct instance *instance)
{
	if (state_task_is_live(instance->state)) {
		instance->flags |= INSTANCE_CLEAR;
		engine_change_cancel(engine, instance, CAUSE_PERSON);
		return;
	}
	if (!state_task_is_finished(instance->state))
		engine_flow_cancel_idle(engine, instance, CAUSE_PERSON);
	engine_flow_clear(engine, instance);
}

static void clear_node(struct engine *engine, struct node *node, uint32_t flags)
{
	uint32_t count = node->count;

	/* its list may be another one the next time */
	if (!(flags & (CLEAR_ONLY_FAILED | CLEAR_DRY_RUN)) && (node->task->flags & DAG_MAPPED))
		node->collapse = 1;
	for (uint32_t i = 0; i < count; i++) {
		struct instance *instance = run_item(node, i);

		if (!is_cleared_by(instance, flags))
			continue;
		*vec_push(&engine->effects->selected) = instance;
		engine->effects->affected++;
		if (!(flags & CLEAR_DRY_RUN))
			clear_one(engine, instance);
	}
	engine_flow_collapse(engine, node);
}

/* Tasks that joined with another version: their rows are new. */
static void announce_new(struct engine *engine, const struct run *run)
{
	uint32_t task = 0, item = 0;
	struct instance *instance;

	while ((instance = run_next(run, &task, &item))) {
		if (instance->flags & INSTANCE_NEW)
			effects_instance(engine->effects, instance);
	}
}

/* A finished run takes its place in the line again; one that is under way goes on from here. */
static void go_on(struct engine *engine, struct run *run, const uint8_t *selected)
{
	if (state_run_is_finished(run->state)) {
		announce_new(engine, run);
		run->cancel = CAUSE_NONE;
		run->started_us = 0;
		engine_change_run(engine, run, RUN_QUEUED);
		engine_flow_line(engine, run->line);
		return;
	}
	for (uint32_t i = 0; i < run->dag->task_count; i++) {
		if (selected[i])
			engine_flow_decide(engine, &run->nodes[i]);
	}
}

static int has_joined(const struct run *run)
{
	return state_run_is_finished(run->state) && run->unfinished > 0;
}

enum engine_answer engine_command_clear(struct engine *engine, const struct event *event)
{
	const struct event_clear *clear = &event->clear;
	struct run *run = idmap_get(&engine->runs, clear->run);
	uint8_t *selected;

	if (!run)
		return ENGINE_UNKNOWN;
	if (run->cancel && !state_run_is_finished(run->state))
		return ENGINE_CONFLICT;
	selected = select_tasks(run->dag, clear);
	if (!selected)
		return ENGINE_UNKNOWN;
	for (uint32_t i = 0; i < run->dag->task_count; i++) {
		if (selected[i])
			clear_node(engine, &run->nodes[i], clear->flags);
	}
	/* one that was restored with another version may have tasks that never ran */
	if ((engine->effects->affected > 0 || has_joined(run)) && !(clear->flags & CLEAR_DRY_RUN))
		go_on(engine, run, selected);
	free(selected);
	return ENGINE_OK;
}

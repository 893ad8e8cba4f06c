/* reference_command.c - what people ask of the reference */
#include "tests/sim/reference_command.h"

#include "tests/sim/reference_flow.h"

static struct ref_item *find_item(const struct reference *ref, const struct event_instance *what)
{
	struct ref_run *run = reference_model_run(ref, what->run);

	if (!run || what->task >= run->dag->task_count)
		return NULL;
	for (uint32_t i = 0; i < run->nodes[what->task].count; i++) {
		if (run->nodes[what->task].items[i].map_index == what->map_index)
			return &run->nodes[what->task].items[i];
	}
	return NULL;
}

enum engine_answer reference_command_wake(struct reference *ref, const struct event *event)
{
	struct ref_item *item = find_item(ref, &event->instance);

	if (!item)
		return ENGINE_UNKNOWN;
	if (item->state != TASK_UP_FOR_RETRY && item->state != TASK_UP_FOR_RESCHEDULE &&
	    item->state != TASK_AWAITING_INPUT)
		return ENGINE_CONFLICT;
	reference_model_state(ref, item, TASK_SCHEDULED, CAUSE_NONE);
	return ENGINE_OK;
}

typedef int (*change_fn)(struct reference *ref, struct ref_item *item, const struct event *event);

/* Does `change` to every instance the event names. */
static enum engine_answer each(struct reference *ref, const struct event_instance *what,
                               const struct event *event, change_fn change)
{
	struct ref_run *run = reference_model_run(ref, what->run);
	struct ref_item *item = find_item(ref, what);
	int met = 0;

	if (!run || what->task >= run->dag->task_count)
		return ENGINE_UNKNOWN;
	if (what->map_index != EVENT_ALL_ITEMS) {
		if (!item)
			return ENGINE_UNKNOWN;
		return change(ref, item, event) ? ENGINE_OK : ENGINE_CONFLICT;
	}
	for (uint32_t i = 0; i < run->nodes[what->task].count; i++)
		met |= change(ref, &run->nodes[what->task].items[i], event);
	return met ? ENGINE_OK : ENGINE_CONFLICT;
}

static int cancel_one(struct reference *ref, struct ref_item *item, const struct event *event)
{
	(void)event;
	if (reference_model_finished(item))
		return 0;
	reference_flow_cancel_item(ref, item, CAUSE_PERSON);
	return 1;
}

static int mark_one(struct reference *ref, struct ref_item *item, const struct event *event)
{
	if (!reference_model_finished(item) || item->state == event->mark.state)
		return 0;
	reference_model_state(ref, item, event->mark.state, CAUSE_MARK);
	return 1;
}

enum engine_answer reference_command_mark(struct reference *ref, const struct event *event)
{
	return each(ref, &event->mark.what, event, mark_one);
}

enum engine_answer reference_command_mark_run(struct reference *ref, const struct event *event)
{
	struct ref_run *run = reference_model_run(ref, event->mark_run.run);

	if (!run)
		return ENGINE_UNKNOWN;
	if (!state_run_is_finished(run->state) || run->state == event->mark_run.state)
		return ENGINE_CONFLICT;
	run->cancel = CAUSE_MARK;
	run->state = event->mark_run.state;
	return ENGINE_OK;
}

enum engine_answer reference_command_cancel(struct reference *ref, const struct event *event)
{
	struct ref_run *run = reference_model_run(ref, event->instance.run);

	if (!run || event->instance.task != EVENT_ALL_TASKS)
		return each(ref, &event->instance, event, cancel_one);
	if (state_run_is_finished(run->state))
		return ENGINE_CONFLICT;
	if (!run->cancel)
		reference_flow_cancel_run(ref, run, CAUSE_PERSON);
	return ENGINE_OK;
}

static int is_downstream(const struct dag *dag, uint32_t task, const struct event_clear *clear)
{
	for (uint32_t i = 0; i < clear->task_count; i++) {
		if (clear->tasks[i] == task)
			return 1;
	}
	if (clear->task_count == 0)
		return 1;
	for (uint32_t u = 0; u < dag->tasks[task].upstream_count; u++) {
		if ((clear->flags & CLEAR_DOWNSTREAM) &&
		    is_downstream(dag, dag->tasks[task].upstream[u], clear))
			return 1;
	}
	return 0;
}

static int clear_one(struct reference *ref, struct ref_item *item, uint32_t flags)
{
	enum task_state state = item->state;

	if (state == TASK_NONE || item->clear)
		return 0;
	if ((flags & CLEAR_ONLY_FAILED) && state != TASK_FAILED && state != TASK_UPSTREAM_FAILED &&
	    state != TASK_CANCELLED)
		return 0;
	if (flags & CLEAR_DRY_RUN)
		return 1;
	if (reference_model_live(item)) {
		item->clear = 1;
		reference_flow_cancel_live(item, CAUSE_PERSON);
		return 1;
	}
	if (!reference_model_finished(item))
		reference_flow_cancel_idle(ref, item, CAUSE_PERSON);
	reference_flow_clear(ref, item);
	return 1;
}

static int clear_node(struct reference *ref, struct ref_node *node, uint32_t flags)
{
	int met = 0;

	if (!(flags & (CLEAR_ONLY_FAILED | CLEAR_DRY_RUN)) && (node->task->flags & DAG_MAPPED))
		node->collapse = 1;
	for (uint32_t i = 0; i < node->count; i++)
		met |= clear_one(ref, &node->items[i], flags);
	reference_flow_collapse(ref, node);
	return met;
}

enum engine_answer reference_command_clear(struct reference *ref, const struct event *event)
{
	const struct event_clear *what = &event->clear;
	struct ref_run *run = reference_model_run(ref, what->run);
	int met = 0;

	if (!run)
		return ENGINE_UNKNOWN;
	if (run->cancel && !state_run_is_finished(run->state))
		return ENGINE_CONFLICT;
	for (uint32_t t = 0; t < run->dag->task_count; t++) {
		if (is_downstream(run->dag, t, what))
			met |= clear_node(ref, &run->nodes[t], what->flags);
	}
	/* tasks that joined with another version never ran */
	met |= state_run_is_finished(run->state) && !reference_model_done(run);
	if (!met || (what->flags & CLEAR_DRY_RUN))
		return ENGINE_OK;
	if (state_run_is_finished(run->state)) {
		run->cancel = CAUSE_NONE;
		run->state = RUN_QUEUED;
		run->place = ++ref->place;
		reference_flow_start(ref, run->dag->name);
		return ENGINE_OK;
	}
	for (uint32_t t = 0; t < run->dag->task_count; t++) {
		if (is_downstream(run->dag, t, what))
			reference_flow_decide(ref, &run->nodes[t]);
	}
	return ENGINE_OK;
}

/* reference.c - a second engine: slow, small and obviously right */
#include "tests/sim/reference.h"

#include <stdlib.h>

#include "lib/mem.h"
#include "lib/str.h"
#include "lib/vec.h"
#include "tests/sim/reference_attempt.h"
#include "tests/sim/reference_command.h"
#include "tests/sim/reference_flow.h"

struct reference *reference_new(const struct reference_rim *rim, uint32_t max_lost, uint64_t random)
{
	struct reference *ref = mem_alloc(sizeof(*ref));

	ref->rim = *rim;
	ref->max_lost = max_lost;
	ref->random = random;
	ref->next_attempt_id = 1;
	return ref;
}

static void free_run(struct ref_run *run)
{
	dag_release(run->dag);
	free(run->nodes);
	free(run);
}

static void free_settings(struct ref_settings *settings)
{
	vec_foreach(struct ref_setting *, setting, settings)
		free(setting->name);
	vec_release(settings);
}

void reference_free(struct reference *ref)
{
	vec_foreach(struct ref_run **, run, &ref->runs)
		free_run(*run);
	vec_release(&ref->runs);
	vec_release(&ref->settled);
	vec_release(&ref->ended);
	free_settings(&ref->pools);
	free_settings(&ref->queues);
	free_settings(&ref->paused);
	free(ref);
}

static enum engine_answer tick(struct reference *ref, const struct event *event)
{
	struct ref_due due;

	(void)event;
	for (due = reference_model_next_due(ref); due.due_us <= ref->now_us;
	     due = reference_model_next_due(ref)) {
		if (due.run) {
			reference_flow_cancel_run(ref, due.run, CAUSE_RUN_TIMEOUT);
		} else if (reference_model_live(due.item)) {
			reference_flow_cancel_live(due.item, CAUSE_TIMEOUT);
		} else {
			reference_model_state(ref, due.item, TASK_SCHEDULED, CAUSE_NONE);
		}
	}
	return ENGINE_OK;
}

static void init_node(struct ref_run *run, uint32_t task)
{
	struct ref_node *node = &run->nodes[task];

	node->run = run;
	node->task = &run->dag->tasks[task];
	node->allocated = node->count = 1;
	node->items[0].node = node;
	node->items[0].map_index = -1;
	node->items[0].due_us = TIMER_NEVER;
}

static enum engine_answer created(struct reference *ref, const struct event *event)
{
	struct dag *dag = event->created.dag;
	struct ref_run *run;

	if (reference_model_run(ref, event->created.run))
		return ENGINE_CONFLICT;
	run = mem_alloc(sizeof(*run));
	run->id = event->created.run;
	run->dag = dag_reference(dag);
	run->due_us = TIMER_NEVER;
	run->place = ++ref->place;
	run->nodes = mem_array(dag->task_count, sizeof(*run->nodes));
	for (uint32_t t = 0; t < dag->task_count; t++)
		init_node(run, t);
	*vec_push(&ref->runs) = run;
	reference_flow_start(ref, dag->name);
	return ENGINE_OK;
}

static enum engine_answer pool(struct reference *ref, const struct event *event)
{
	if (!*event->pool.name)
		return ENGINE_CONFLICT;
	reference_model_set(&ref->pools, event->pool.name, event->pool.slots);
	return ENGINE_OK;
}

static enum engine_answer capacity(struct reference *ref, const struct event *event)
{
	reference_model_set(&ref->queues, event->pool.name, event->pool.slots);
	return ENGINE_OK;
}

static enum engine_answer pause_dag(struct reference *ref, const struct event *event)
{
	reference_model_set(&ref->paused, event->pause.dag, event->pause.paused);
	reference_flow_start(ref, event->pause.dag);
	return ENGINE_OK;
}

typedef enum engine_answer (*handler_fn)(struct reference *ref, const struct event *event);

static const handler_fn handlers[EVENT_COUNT] = {
	[EVENT_RUN_CREATED] = created,
	[EVENT_STARTED] = reference_attempt_started,
	[EVENT_FINISHED] = reference_attempt_finished,
	[EVENT_LOST] = reference_attempt_lost,
	[EVENT_RETURNED] = reference_attempt_returned,
	[EVENT_TICK] = tick,
	[EVENT_WAKE] = reference_command_wake,
	[EVENT_CANCEL] = reference_command_cancel,
	[EVENT_CLEAR] = reference_command_clear,
	[EVENT_MARK] = reference_command_mark,
	[EVENT_MARK_RUN] = reference_command_mark_run,
	[EVENT_POOL] = pool,
	[EVENT_CAPACITY] = capacity,
	[EVENT_PAUSE] = pause_dag,
};

enum engine_answer reference_step(struct reference *ref, const struct event *event, int64_t now_us)
{
	enum engine_answer answer;

	if (now_us > ref->now_us)
		ref->now_us = now_us;
	answer = handlers[event->type](ref, event);
	reference_flow_settle(ref);
	return answer;
}

void reference_forget(struct reference *ref, int64_t id)
{
	for (size_t i = 0; i < ref->runs.count; i++) {
		if (ref->runs.items[i]->id != id)
			continue;
		free_run(ref->runs.items[i]);
		for (size_t j = i + 1; j < ref->runs.count; j++)
			ref->runs.items[j - 1] = ref->runs.items[j];
		ref->runs.count--;
		return;
	}
}

static void take_items(struct ref_node *node, const struct ref_node *before)
{
	int is_mapped = (node->task->flags & DAG_MAPPED) != 0;

	node->allocated = is_mapped ? before->allocated : 1;
	node->count = is_mapped ? before->count : 1;
	for (uint32_t i = 0; i < node->allocated; i++) {
		node->items[i] = before->items[i];
		node->items[i].node = node;
	}
}

void reference_change_version(struct reference *ref, int64_t id, struct dag *dag)
{
	struct ref_run *run = reference_model_run(ref, id);
	struct ref_node *before = run->nodes;
	uint32_t count = run->dag->task_count;

	run->nodes = mem_array(dag->task_count, sizeof(*run->nodes));
	dag_release(run->dag);
	run->dag = dag_reference(dag);
	for (uint32_t t = 0; t < dag->task_count; t++) {
		init_node(run, t);
		if (t < count)
			take_items(&run->nodes[t], &before[t]);
	}
	free(before);
}

uint64_t reference_place(const struct reference *ref, int64_t run)
{
	return reference_model_run(ref, run)->place;
}

static void restart_item(struct reference *ref, struct ref_item *item)
{
	int64_t timeout_us = item->node->task->timeout_ms * 1000;

	if (item->state == TASK_SCHEDULED || reference_model_live(item))
		item->age = item->state == TASK_SCHEDULED ? ++ref->age : 0;
	if (reference_model_live(item))
		item->started_us = ref->now_us;
	if (item->state == TASK_RUNNING && timeout_us > 0 && !item->cancel)
		item->due_us = ref->now_us + timeout_us - item->used_us;
	item->due_order = ++ref->due_order;
}

void reference_restart(struct reference *ref, int64_t now_us)
{
	if (now_us > ref->now_us)
		ref->now_us = now_us;
	vec_foreach(struct ref_run **, run, &ref->runs) {
		for (uint32_t t = 0; t < (*run)->dag->task_count; t++) {
			for (uint32_t i = 0; i < (*run)->nodes[t].allocated; i++)
				restart_item(ref, &(*run)->nodes[t].items[i]);
		}
		(*run)->due_order = ++ref->due_order;
	}
}

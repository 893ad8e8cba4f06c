/* reference_flow.c - what follows an event in the reference */
#include "tests/sim/reference_flow.h"

#include <assert.h>

#include "lib/str.h"
#include "lib/vec.h"

static struct rule_counters count_upstream(const struct ref_node *node)
{
	struct rule_counters sum = {0};

	for (uint32_t u = 0; u < node->task->upstream_count; u++) {
		const struct ref_node *upstream = &node->run->nodes[node->task->upstream[u]];

		for (uint32_t i = 0; i < upstream->count; i++) {
			enum task_state state = upstream->items[i].state;

			sum.total++;
			sum.success += state == TASK_SUCCESS;
			sum.failed += state == TASK_FAILED || state == TASK_CANCELLED;
			sum.upstream_failed += state == TASK_UPSTREAM_FAILED;
			sum.skipped += state == TASK_SKIPPED || state == TASK_REMOVED;
		}
	}
	return sum;
}

static uint32_t count_active(const struct ref_node *node)
{
	uint32_t active = 0;

	for (uint32_t i = 0; i < node->allocated; i++)
		active += node->items[i].state != TASK_NONE &&
		          !reference_model_finished(&node->items[i]);
	return active;
}

static void expand(struct reference *ref, struct ref_node *node)
{
	struct ref_item *first = &node->items[0];
	int64_t items =
		ref->rim.items(ref->rim.context, node->run->id, node->task->index, first->clears);

	if (items == 0)
		reference_model_state(ref, first, TASK_SKIPPED, CAUSE_NO_ITEMS);
	if (items > 0)
		first->map_index = 0;
	node->count = items > 0 ? (uint32_t)items : 1;
	assert(node->count <= REF_MOST_ITEMS);
	for (; node->allocated < node->count; node->allocated++) {
		node->items[node->allocated].map_index = (int32_t)node->allocated;
		node->items[node->allocated].node = node;
		node->items[node->allocated].due_us = TIMER_NEVER;
	}
	for (uint32_t i = 1; i < node->count; i++) {
		if (node->items[i].state == TASK_REMOVED)
			reference_model_state(ref, &node->items[i], TASK_NONE, CAUSE_NONE);
	}
}

static void let_run(struct reference *ref, struct ref_node *node)
{
	int is_mapped = (node->task->flags & DAG_MAPPED) != 0;
	uint32_t most =
		is_mapped && node->task->max_active ? (uint32_t)node->task->max_active : UINT32_MAX;

	if (is_mapped && node->items[0].state == TASK_NONE && node->items[0].map_index < 0)
		expand(ref, node);
	for (uint32_t i = 0; i < node->count; i++) {
		struct ref_item *item = &node->items[i];

		if (item->state != TASK_NONE || count_active(node) >= most)
			continue;
		if (node->task->when &&
		    !ref->rim.when(ref->rim.context, node->run->id, node->task->index,
		                   item->map_index, item->clears))
			reference_model_state(ref, item, TASK_SKIPPED, CAUSE_WHEN);
		else
			reference_model_state(ref, item, TASK_SCHEDULED, CAUSE_NONE);
	}
}

static void let_end(struct reference *ref, struct ref_node *node, enum task_state state)
{
	for (uint32_t i = 0; i < node->count; i++) {
		if (node->items[i].state == TASK_NONE)
			reference_model_state(ref, &node->items[i], state, CAUSE_RULE);
	}
}

void reference_flow_decide(struct reference *ref, struct ref_node *node)
{
	struct rule_counters upstream = count_upstream(node);
	enum rule_verdict verdict = rule_decide(node->task->rule, &upstream);

	if (node->run->state != RUN_RUNNING || node->run->cancel || node->collapse)
		return;
	if (verdict == RULE_RUN)
		let_run(ref, node);
	else if (verdict == RULE_SKIP)
		let_end(ref, node, TASK_SKIPPED);
	else if (verdict == RULE_UPSTREAM_FAILED)
		let_end(ref, node, TASK_UPSTREAM_FAILED);
}

static void decide_all(struct reference *ref, struct ref_run *run)
{
	for (uint32_t t = 0; t < run->dag->task_count; t++)
		reference_flow_decide(ref, &run->nodes[t]);
}

static struct ref_run *first_queued(const struct reference *ref, const char *dag)
{
	struct ref_run *first = NULL;

	for (size_t i = 0; i < ref->runs.count; i++) {
		struct ref_run *run = ref->runs.items[i];

		if (run->state == RUN_QUEUED && str_equal(run->dag->name, dag) &&
		    (!first || run->place < first->place))
			first = run;
	}
	return first;
}

static int32_t count_running(const struct reference *ref, const char *dag)
{
	int32_t count = 0;

	for (size_t i = 0; i < ref->runs.count; i++)
		count += ref->runs.items[i]->state == RUN_RUNNING &&
		         str_equal(ref->runs.items[i]->dag->name, dag);
	return count;
}

void reference_flow_start(struct reference *ref, const char *dag)
{
	struct ref_run *run;

	while ((run = first_queued(ref, dag)) && !reference_model_setting(&ref->paused, dag, 0)) {
		if (run->dag->max_active_runs > 0 &&
		    count_running(ref, dag) >= run->dag->max_active_runs)
			return;
		run->state = RUN_RUNNING;
		run->started_us = ref->now_us;
		if (run->dag->timeout_ms > 0)
			run->due_us = ref->now_us + run->dag->timeout_ms * 1000;
		run->due_order = ++ref->due_order;
		if (reference_model_done(run))
			*vec_push(&ref->ended) = run;
		decide_all(ref, run);
	}
}

static enum run_state verdict_of(const struct ref_run *run)
{
	int failed = 0, cancelled = 0;

	for (uint32_t t = 0; t < run->dag->task_count; t++) {
		for (uint32_t i = 0; i < run->nodes[t].count; i++) {
			enum task_state state = run->nodes[t].items[i].state;

			if (run->dag->tasks[t].downstream_count > 0)
				continue;
			failed |= state == TASK_FAILED || state == TASK_UPSTREAM_FAILED;
			cancelled |= state == TASK_CANCELLED;
		}
	}
	if (run->cancel == CAUSE_MARK)
		return run->state;
	if (run->cancel == CAUSE_PERSON)
		return RUN_CANCELLED;
	if (run->cancel == CAUSE_RUN_TIMEOUT || failed)
		return RUN_FAILED;
	return cancelled ? RUN_CANCELLED : RUN_SUCCESS;
}

static void end_run(struct reference *ref, struct ref_run *run)
{
	enum run_state before = run->state, verdict = verdict_of(run);

	if (!reference_model_done(run) || before == verdict ||
	    (before == RUN_QUEUED && !run->cancel))
		return;
	run->due_us = TIMER_NEVER;
	run->state = verdict;
	if (before == RUN_QUEUED || before == RUN_RUNNING)
		reference_flow_start(ref, run->dag->name);
}

static void follow(struct reference *ref, struct ref_node *node)
{
	for (uint32_t d = 0; d < node->task->downstream_count; d++)
		reference_flow_decide(ref, &node->run->nodes[node->task->downstream[d]]);
	reference_flow_decide(ref, node);
}

static int same_lane(const struct ref_item *a, const struct ref_item *b)
{
	return str_equal(a->node->task->pool, b->node->task->pool) &&
	       str_equal(a->node->task->worker_queue, b->node->task->worker_queue);
}

static int goes_before(const struct ref_item *a, const struct ref_item *b)
{
	int32_t pa = a->node->task->priority, pb = b->node->task->priority;

	return pa != pb ? pa > pb : a->age < b->age;
}

static int has_room(const struct reference *ref, const struct ref_item *candidate)
{
	const struct dag_task *task = candidate->node->task;
	int64_t pool =
		*task->pool ? reference_model_setting(&ref->pools, task->pool, -1) : INT64_MAX;
	int64_t queue = reference_model_setting(&ref->queues, task->worker_queue, -1);
	const struct ref_item *item;

	item_foreach(ref, item)
	{
		const struct dag_task *other = item->node->task;

		if (!reference_model_live(item))
			continue;
		if (*other->pool && str_equal(other->pool, task->pool))
			pool -= other->pool_slots;
		if (str_equal(other->worker_queue, task->worker_queue))
			queue--;
	}
	return pool >= task->pool_slots && queue > 0;
}

static int is_first_in_lane(const struct reference *ref, const struct ref_item *candidate)
{
	const struct ref_item *item;

	item_foreach(ref, item)
	{
		if (item != candidate && item->state == TASK_SCHEDULED &&
		    same_lane(item, candidate) && goes_before(item, candidate))
			return 0;
	}
	return 1;
}

static struct ref_item *next_claim(const struct reference *ref)
{
	struct ref_item *best = NULL, *item;

	item_foreach(ref, item)
	{
		if (item->state == TASK_SCHEDULED && (!best || goes_before(item, best)) &&
		    is_first_in_lane(ref, item) && has_room(ref, item))
			best = item;
	}
	return best;
}

static void claim(struct reference *ref, struct ref_item *item)
{
	if (item->attempt != ATTEMPT_AGAIN) {
		item->attempt_id = ref->next_attempt_id++;
		item->number += item->attempt != ATTEMPT_RETURNED;
		item->used_us = 0;
	}
	item->fence++;
	item->attempt = ATTEMPT_CLAIMED;
	reference_model_state(ref, item, TASK_QUEUED, CAUSE_NONE);
}

void reference_flow_settle(struct reference *ref)
{
	struct ref_item *item;
	size_t settled = 0, ended = 0;

	while (settled < ref->settled.count || ended < ref->ended.count) {
		if (settled < ref->settled.count)
			follow(ref, ref->settled.items[settled++]);
		else
			end_run(ref, ref->ended.items[ended++]);
	}
	ref->settled.count = ref->ended.count = 0;
	while ((item = next_claim(ref)))
		claim(ref, item);
}

void reference_flow_cancel_live(struct ref_item *item, enum cause cause)
{
	if (item->cancel == CAUSE_NONE)
		item->due_us = TIMER_NEVER;
	if (item->cancel == CAUSE_NONE || item->cancel == CAUSE_TIMEOUT)
		item->cancel = cause;
}

void reference_flow_cancel_idle(struct reference *ref, struct ref_item *item, enum cause cause)
{
	if (item->attempt == ATTEMPT_AGAIN)
		item->attempt = ATTEMPT_CANCELLED;
	reference_model_state(ref, item, TASK_CANCELLED, cause);
}

void reference_flow_cancel_item(struct reference *ref, struct ref_item *item, enum cause cause)
{
	item->clear = 0;
	item->node->collapse = 0;
	if (reference_model_live(item))
		reference_flow_cancel_live(item, cause);
	else
		reference_flow_cancel_idle(ref, item, cause);
}

void reference_flow_cancel_run(struct reference *ref, struct ref_run *run, enum cause cause)
{
	run->cancel = cause;
	run->due_us = TIMER_NEVER;
	for (uint32_t t = 0; t < run->dag->task_count; t++) {
		for (uint32_t i = 0; i < run->nodes[t].allocated; i++) {
			if (!reference_model_finished(&run->nodes[t].items[i]))
				reference_flow_cancel_item(ref, &run->nodes[t].items[i], cause);
		}
		run->nodes[t].collapse = 0;
	}
}

void reference_flow_collapse(struct reference *ref, struct ref_node *node)
{
	for (uint32_t i = 0; i < node->count; i++) {
		if (node->items[i].state != TASK_NONE || !node->collapse)
			return;
	}
	node->collapse = 0;
	node->items[0].map_index = -1;
	for (uint32_t i = 1; i < node->count; i++)
		reference_model_state(ref, &node->items[i], TASK_REMOVED, CAUSE_NONE);
	node->count = 1;
}

void reference_flow_clear(struct reference *ref, struct ref_item *item)
{
	reference_model_state(ref, item, TASK_NONE, CAUSE_NONE);
	item->clear = 0;
	item->fence++;
	item->clears++;
	item->tries = item->lost = 0;
}

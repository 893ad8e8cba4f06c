/* reference_model.c - what the reference remembers, and plain questions about it */
#include "tests/sim/reference_model.h"

#include <assert.h>

#include "lib/mem.h"
#include "lib/str.h"
#include "lib/vec.h"

int reference_model_finished(const struct ref_item *item)
{
	return item->state >= TASK_SUCCESS;
}

int reference_model_live(const struct ref_item *item)
{
	return item->state == TASK_QUEUED || item->state == TASK_RUNNING;
}

int reference_model_done(const struct ref_run *run)
{
	for (uint32_t t = 0; t < run->dag->task_count; t++) {
		for (uint32_t i = 0; i < run->nodes[t].allocated; i++) {
			if (!reference_model_finished(&run->nodes[t].items[i]))
				return 0;
		}
	}
	return 1;
}

struct ref_run *reference_model_run(const struct reference *ref, int64_t id)
{
	for (size_t i = 0; i < ref->runs.count; i++) {
		if (ref->runs.items[i]->id == id)
			return ref->runs.items[i];
	}
	return NULL;
}

struct ref_item *reference_model_next(const struct reference *ref, struct ref_walk *walk)
{
	for (; walk->run < ref->runs.count; walk->run++, walk->task = 0) {
		const struct ref_run *run = ref->runs.items[walk->run];

		for (; walk->task < run->dag->task_count; walk->task++, walk->item = 0) {
			if (walk->item < run->nodes[walk->task].allocated)
				return &run->nodes[walk->task].items[walk->item++];
		}
	}
	return NULL;
}

int64_t reference_model_setting(const struct ref_settings *settings, const char *name,
                                int64_t otherwise)
{
	for (size_t i = 0; i < settings->count; i++) {
		if (str_equal(settings->items[i].name, name))
			return settings->items[i].value;
	}
	return otherwise;
}

void reference_model_set(struct ref_settings *settings, const char *name, int64_t value)
{
	vec_foreach(struct ref_setting *, setting, settings) {
		if (str_equal(setting->name, name)) {
			setting->value = value;
			return;
		}
	}
	*vec_push(settings) = (struct ref_setting){mem_strdup(name), value};
}

void reference_model_due(struct reference *ref, struct ref_item *item, int64_t due_us)
{
	item->due_us = due_us;
	item->due_order = ++ref->due_order;
}

void reference_model_state(struct reference *ref, struct ref_item *item, enum task_state to,
                           enum cause cause)
{
	assert(state_task_allows(item->state, to));
	if (reference_model_live(item) && to != TASK_QUEUED && to != TASK_RUNNING)
		item->cancel = CAUSE_NONE;
	if (to != TASK_SCHEDULED && to != TASK_QUEUED && to != TASK_RUNNING)
		item->age = 0;
	item->due_us = TIMER_NEVER;
	item->state = to;
	item->cause = cause;
	if (to == TASK_SCHEDULED && !item->age)
		item->age = ++ref->age;
	if (!reference_model_finished(item))
		return;
	*vec_push(&ref->settled) = item->node;
	if (reference_model_done(item->node->run))
		*vec_push(&ref->ended) = item->node->run;
}

static void earlier(struct ref_due *first, struct ref_due other)
{
	if (other.due_us < first->due_us ||
	    (other.due_us == first->due_us && other.order < first->order))
		*first = other;
}

struct ref_due reference_model_next_due(const struct reference *ref)
{
	struct ref_due first = {TIMER_NEVER, 0, NULL, NULL};
	struct ref_item *item;

	item_foreach(ref, item)
		earlier(&first, (struct ref_due){item->due_us, item->due_order, item, NULL});
	vec_foreach(struct ref_run **, run, &ref->runs)
		earlier(&first, (struct ref_due){(*run)->due_us, (*run)->due_order, NULL, *run});
	return first;
}

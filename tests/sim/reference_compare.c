/* reference_compare.c - whether the engine is where the reference is */
#include "lib/compiler.h"
#include "lib/vec.h"
#include "tests/sim/reference_model.h"

struct field {
	const char *name;
	int64_t fast, slow;
};

static int compare_fields(const struct field *fields, size_t count, struct buf *text)
{
	for (size_t i = 0; i < count; i++) {
		if (fields[i].fast == fields[i].slow)
			continue;
		buf_printf(text, "%s is %lld, should be %lld", fields[i].name,
		           (long long)fields[i].fast, (long long)fields[i].slow);
		return -1;
	}
	return 0;
}

static int compare_item(const struct ref_item *item, const struct instance *instance,
                        struct buf *text)
{
	int64_t due_us = instance->timer.link.place ? instance->timer.due_us : TIMER_NEVER;
	int has_age = item->state == TASK_SCHEDULED;
	const struct field fields[] = {
		{"state", instance->state, item->state},
		{"attempt", instance->attempt, item->attempt},
		{"attempt_id", instance->attempt_id, item->attempt_id},
		{"fence", instance->fence, item->fence},
		{"number", instance->number, item->number},
		{"tries", instance->tries, item->tries},
		{"lost", instance->lost, item->lost},
		{"clears", instance->clears, item->clears},
		{"cause", instance->cause, item->cause},
		{"cancel", instance->cancel, item->cancel},
		{"clear", (instance->flags & INSTANCE_CLEAR) != 0, item->clear},
		{"used_us", instance->used_us, item->used_us},
		{"due_us", due_us, item->due_us},
		{"map_index", instance->map_index, item->map_index},
		{"is ready", instance->ready.link.place != 0, has_age},
	};

	return compare_fields(fields, countof(fields), text);
}

static int compare_run(const struct ref_run *slow, const struct run *fast, struct buf *text)
{
	const struct field fields[] = {
		{"state", fast->state, slow->state},
		{"cancel", fast->cancel, slow->cancel},
		{"due_us", fast->timer.link.place ? fast->timer.due_us : TIMER_NEVER, slow->due_us},
	};

	if (compare_fields(fields, countof(fields), text) < 0)
		return -1;
	for (uint32_t t = 0; t < slow->dag->task_count; t++) {
		const struct ref_node *node = &slow->nodes[t];

		for (uint32_t i = 0; i < node->allocated; i++) {
			if (i > fast->nodes[t].more_count)
				return -1;
			if (compare_item(&node->items[i], run_item(&fast->nodes[t], i), text) == 0)
				continue;
			buf_printf(text, " in task %s item %u", node->task->name, i);
			return -1;
		}
	}
	return 0;
}

int reference_compare(const struct reference *ref, const struct engine *engine, int64_t next_due_us,
                      struct buf *text)
{
	vec_foreach(struct ref_run **, run, &ref->runs) {
		const struct run *fast = engine_run(engine, (*run)->id);

		if (fast && compare_run(*run, fast, text) == 0)
			continue;
		buf_printf(text, " in run %lld%s", (long long)(*run)->id,
		           fast ? "" : ": not there");
		return -1;
	}
	if (reference_model_next_due(ref).due_us == next_due_us)
		return 0;
	buf_printf(text, "next_due_us is %lld, should be %lld", (long long)next_due_us,
	           (long long)reference_model_next_due(ref).due_us);
	return -1;
}

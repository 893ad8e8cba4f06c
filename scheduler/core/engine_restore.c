/* engine_restore.c - adopts runs from the database as if they had lived through it */
#include <stdlib.h>

#include "lib/limits.h"
#include "lib/mem.h"
#include "lib/vec.h"
#include "scheduler/core/engine_change.h"
#include "scheduler/core/engine_core.h"

static int fits(const struct engine_restored_run *rows)
{
	uint32_t known = 0;

	for (uint32_t i = 0; i < rows->instance_count; i++) {
		const struct engine_restored_instance *row = &rows->instances[i];

		if (row->task >= rows->dag->task_count || row->map_index > LIMIT_MAP_ITEMS)
			return 0;
		known += row->map_index < 1;
	}
	return known == rows->dag->task_count;
}

static void fill(struct instance *instance, const struct engine_restored_instance *row)
{
	instance->id = row->id;
	instance->map_index = row->map_index;
	instance->state = (uint8_t)row->state;
	instance->attempt = (uint8_t)row->attempt;
	instance->cause = (uint8_t)row->cause;
	instance->cancel = (uint8_t)row->cancel;
	instance->flags =
		(uint8_t)((row->clear ? INSTANCE_CLEAR : 0) | (row->is_new ? INSTANCE_NEW : 0));
	/* only a node that was cleared whole has live instances to clear */
	if (row->clear && (instance->node->task->flags & DAG_MAPPED))
		instance->node->collapse = 1;
	instance->attempt_id = row->attempt_id;
	instance->fence = row->fence;
	instance->used_us = row->used_us;
	instance->number = row->number;
	instance->tries = row->tries;
	instance->lost = row->lost;
	instance->clears = row->clears;
}

/* Takes the place its state says: what engine_change_task() does on the way there. */
static void place(struct engine *engine, struct instance *instance, int64_t wait_us)
{
	struct run *run = instance->node->run;
	enum task_state state = instance->state;
	int64_t timeout_us = instance->node->task->timeout_ms * 1000;

	engine_change_tally(instance, 1);
	if (state_task_is_finished(state) || state == TASK_NONE)
		return;
	instance->flags |= INSTANCE_IS_ACTIVE;
	instance->node->active++;
	if (state == TASK_SCHEDULED)
		ready_push(&engine->ready, instance);
	if (state == TASK_UP_FOR_RETRY || state == TASK_UP_FOR_RESCHEDULE)
		timer_set(&engine->timers, &instance->timer,
		          engine->now_us + (wait_us > 0 ? wait_us : 0));
	if (!state_task_is_live(state))
		return;
	ready_hold(instance);
	idmap_set(&engine->attempts, instance->attempt_id, instance);
	instance->started_us = engine->now_us;
	if (!instance->cancel)
		instance->cancel = run->cancel;
	/* what it had used of its time before we stopped is not known */
	if (state == TASK_RUNNING && timeout_us > 0 && !instance->cancel)
		timer_set(&engine->timers, &instance->timer,
		          engine->now_us + timeout_us - instance->used_us);
}

static uint32_t item_of(const struct engine_restored_instance *row)
{
	return row->map_index > 0 ? (uint32_t)row->map_index : 0;
}

static struct instance *instance_of(struct run *run, const struct engine_restored_instance *row)
{
	return run_item(&run->nodes[row->task], item_of(row));
}

/* As many items as there are rows of, and those count that were not removed. */
static void make_items(struct run *run, const struct engine_restored_run *rows)
{
	uint32_t *highest = mem_array(run->dag->task_count, sizeof(*highest));

	for (uint32_t i = 0; i < rows->instance_count; i++) {
		const struct engine_restored_instance *row = &rows->instances[i];

		if (item_of(row) > highest[row->task])
			highest[row->task] = item_of(row);
		if (row->state != TASK_REMOVED && item_of(row) >= run->nodes[row->task].count)
			engine_change_count(&run->nodes[row->task], item_of(row) + 1);
	}
	for (uint32_t i = 0; i < run->dag->task_count; i++) {
		if (highest[i])
			run_grow(&run->nodes[i], highest[i] + 1, 0);
	}
	free(highest);
}

static void restore_instances(struct engine *engine, struct run *run,
                              const struct engine_restored_run *rows)
{
	/* first how many there are, for what is removed does not count */
	make_items(run, rows);
	for (uint32_t i = 0; i < rows->instance_count; i++)
		fill(instance_of(run, &rows->instances[i]), &rows->instances[i]);
	for (uint32_t i = 0; i < rows->instance_count; i++)
		place(engine, instance_of(run, &rows->instances[i]), rows->instances[i].wait_us);
}

enum engine_answer engine_restore_run(struct engine *engine, const struct engine_restored_run *rows,
                                      int64_t now_us)
{
	struct run *run;

	if (idmap_get(&engine->runs, rows->id) || !fits(rows))
		return ENGINE_CONFLICT;
	if (now_us > engine->now_us)
		engine->now_us = now_us;
	run = run_new(rows->id, rows->name, rows->dag, rows->instances[0].id);
	run->context = rows->context;
	run->state = (uint8_t)rows->state;
	run->cancel = (uint8_t)rows->cancel;
	run->flags = RUN_IS_KNOWN;
	engine_core_adopt(engine, run);
	restore_instances(engine, run, rows);
	if (run->state == RUN_QUEUED)
		*vec_push(&engine->restored) = run->line;
	if (run->state != RUN_RUNNING)
		return ENGINE_OK;
	run->started_us = engine->now_us - rows->elapsed_us;
	if (run->dag->timeout_ms > 0 && !run->cancel)
		timer_set(&engine->timers, &run->timer,
		          run->started_us + run->dag->timeout_ms * 1000);
	return ENGINE_OK;
}

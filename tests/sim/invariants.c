/* invariants.c - what must hold after every step */
#include "tests/sim/invariants.h"

#include <check.h>

#include "lib/str.h"
#include "lib/vec.h"
#include "scheduler/core/engine_core.h"
#include "tests/sim/sim_rows.h"

void invariants_fail(struct sim *sim, const char *format, ...)
{
	struct buf text = {0};
	va_list arguments;

	va_start(arguments, format);
	buf_vprintf(&text, format, arguments);
	va_end(arguments);
	ck_abort_msg("%s: %s", sim->story, buf_string(&text));
}

static void check_explained(struct sim *sim, const struct instance *instance)
{
	enum task_state state = instance->state;

	if (state == TASK_RUNNING || state_task_is_finished(state))
		return;
	buf_clear(&sim->text);
	engine_explain(instance, sim->now_us, &sim->text);
	if (sim->text.size == 0)
		invariants_fail(sim, "nothing explains why %s is %s", instance->node->task->name,
		                state_task_name(state));
}

static int has_next_event(const struct instance *instance)
{
	return instance->ready.link.place || instance->timer.link.place ||
	       state_task_is_live(instance->state) || instance->state == TASK_AWAITING_INPUT;
}

static void check_run(struct sim *sim, const struct run *run)
{
	uint32_t task = 0, item = 0, unfinished = 0;
	struct instance *instance;
	int moves = 0;

	while ((instance = run_next(run, &task, &item))) {
		unfinished += !state_task_is_finished(instance->state);
		moves |= has_next_event(instance);
		check_explained(sim, instance);
	}
	if (unfinished != run->unfinished)
		invariants_fail(sim, "run counts %u unfinished, has %u", run->unfinished,
		                unfinished);
	if (state_run_is_finished(run->state) && unfinished > 0)
		invariants_fail(sim, "a finished run has %u unfinished instances", unfinished);
	if (run->state == RUN_RUNNING && !moves)
		invariants_fail(sim, "a running run is stuck");
	buf_clear(&sim->text);
	engine_explain_run(run, &sim->text);
	if (run->state == RUN_QUEUED && sim->text.size == 0)
		invariants_fail(sim, "nothing explains why a run is queued");
}

static int64_t slots_in_use(const struct sim *sim, const struct lane *lane)
{
	int64_t used = 0;

	for (size_t i = 0; i < sim->engine->runs.capacity; i++) {
		const struct run *run = sim->engine->runs.entries[i].value;
		uint32_t task = 0, item = 0;
		const struct instance *instance;

		while (run && (instance = run_next(run, &task, &item))) {
			if (instance->node->lane->pool == lane->pool &&
			    state_task_is_live(instance->state))
				used += instance->node->task->pool_slots;
		}
	}
	return used;
}

/* Nothing was claimed beyond a cap, nor against its trigger rule. */
static void check_claim(struct sim *sim, const struct effects_attempt *change)
{
	const struct node *node = change->instance->node;
	const struct lane *lane = node->lane;

	if (change->state != ATTEMPT_CLAIMED || change->fence != change->instance->fence)
		return;
	if (*lane->pool->name && slots_in_use(sim, lane) != lane->pool->used)
		invariants_fail(sim, "pool %s counts %lld slots, %lld are in use", lane->pool->name,
		                (long long)lane->pool->used, (long long)slots_in_use(sim, lane));
	if (sim->flags & SIM_HOLD)
		return;
	if (lane->pool->used > lane->pool->slots || lane->queue->used > lane->queue->limit)
		invariants_fail(sim, "%s was claimed beyond a cap", node->task->name);
	if (!(sim->flags & SIM_FOREIGN) &&
	    rule_decide(node->task->rule, &node->upstream) != RULE_RUN)
		invariants_fail(sim, "%s was claimed against its trigger rule", node->task->name);
}

static void check_started(struct sim *sim, const struct run *run)
{
	int32_t most = run->dag->max_active_runs;

	if (run->state == RUN_RUNNING && most > 0 && run->line->running_count > (uint32_t)most)
		invariants_fail(sim, "%u runs are running, max_active_runs is %d",
		                run->line->running_count, (int)most);
}

void invariants_step(struct sim *sim)
{
	for (size_t i = 0; i < sim->engine->runs.capacity; i++) {
		const struct run *run = sim->engine->runs.entries[i].value;

		if (run)
			check_run(sim, run);
	}
	vec_foreach(struct effects_attempt *, change, &sim->effects.attempts)
		check_claim(sim, change);
	vec_foreach(struct run **, run, &sim->effects.runs)
		check_started(sim, *run);
	vec_foreach(struct effects_bug *, bug, &sim->effects.bugs)
		invariants_fail(sim, "illegal change of a %s from %s to %s", bug->what, bug->from,
		                bug->to);
}

void invariants_answer(struct sim *sim, const struct event *event)
{
	if (event->type != EVENT_STARTED && event->type != EVENT_FINISHED &&
	    event->type != EVENT_LOST && event->type != EVENT_RETURNED)
		return;
	vec_foreach(const struct sim_attempt *, attempt, &sim->attempts) {
		if (attempt->id == event->attempt.id && attempt->fence == event->attempt.fence)
			return;
	}
	invariants_fail(sim, "message %d of attempt %lld with fence %lld was taken",
	                (int)event->type, (long long)event->attempt.id,
	                (long long)event->attempt.fence);
}

void invariants_claim(struct sim *sim, const struct effects_attempt *change)
{
	const struct node *node = change->instance->node;
	struct sim_row *row = sim_rows_find(sim, node->run->id, change->instance->id);

	if (change->fence <= row->claimed_fence)
		invariants_fail(sim, "%s was claimed with fence %lld after %lld", node->task->name,
		                (long long)change->fence, (long long)row->claimed_fence);
	row->claimed_fence = change->fence;
	vec_foreach(const struct sim_attempt *, attempt, &sim->attempts) {
		if (attempt->run == node->run->id && attempt->task == node->task->index &&
		    attempt->map_index == change->instance->map_index)
			invariants_fail(sim, "%s was claimed while its attempt %lld runs",
			                node->task->name, (long long)attempt->id);
	}
}

static void check_row(struct sim *sim, const struct sim_row *known, const struct instance *instance)
{
	const struct engine_restored_instance *row = &known->row;

	if (row->id != instance->id || row->state != instance->state ||
	    row->fence != instance->fence || row->attempt != instance->attempt ||
	    row->attempt_id != instance->attempt_id || row->map_index != instance->map_index ||
	    row->tries != instance->tries || row->lost != instance->lost ||
	    row->clears != instance->clears || row->cancel != instance->cancel ||
	    row->clear != ((instance->flags & INSTANCE_CLEAR) != 0))
		invariants_fail(sim, "the row of %s was not written (%s, is %s)",
		                instance->node->task->name, state_task_name(row->state),
		                state_task_name(instance->state));
}

void invariants_rows(struct sim *sim)
{
	vec_foreach(struct sim_run **, known, &sim->runs) {
		const struct run *run = engine_run(sim->engine, (*known)->id);
		uint32_t task = 0, item = 0;
		size_t rows = 0;
		const struct instance *instance;

		if ((*known)->state != run->state || (*known)->cancel != run->cancel)
			invariants_fail(sim, "the row of a run was not written");
		while ((instance = run_next(run, &task, &item))) {
			for (size_t i = 0; i < (*known)->rows.count; i++) {
				if ((*known)->rows.items[i].row.id != instance->id)
					continue;
				check_row(sim, &(*known)->rows.items[i], instance);
				rows++;
			}
		}
		if (rows != (*known)->rows.count)
			invariants_fail(sim, "%zu rows, %zu instances found", (*known)->rows.count,
			                rows);
	}
}

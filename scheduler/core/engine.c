/* engine.c - decides what runs, when, and what follows */
#include "scheduler/core/engine.h"

#include <assert.h>
#include <stdlib.h>

#include "lib/mem.h"
#include "lib/str.h"
#include "lib/vec.h"
#include "scheduler/core/engine_attempt.h"
#include "scheduler/core/engine_change.h"
#include "scheduler/core/engine_command.h"
#include "scheduler/core/engine_flow.h"

static enum engine_answer run_created(struct engine *engine, const struct event *event)
{
	const struct event_created *created = &event->created;
	struct run *run;

	if (idmap_get(&engine->runs, created->run))
		return ENGINE_CONFLICT;
	run = run_new(created->run, created->name, created->dag, created->first_instance);
	run->context = created->context;
	engine_core_adopt(engine, run);
	effects_run(engine->effects, run);
	engine_flow_line(engine, run->line);
	return ENGINE_OK;
}

static enum engine_answer pool_changed(struct engine *engine, const struct event *event)
{
	if (!*event->pool.name)
		return ENGINE_CONFLICT;
	ready_set_pool(&engine->ready, event->pool.name, event->pool.slots);
	return ENGINE_OK;
}

static enum engine_answer capacity_changed(struct engine *engine, const struct event *event)
{
	ready_set_queue(&engine->ready, event->pool.name, event->pool.slots);
	return ENGINE_OK;
}

static enum engine_answer pause_changed(struct engine *engine, const struct event *event)
{
	struct line *line = engine_core_line(engine, event->pause.dag);

	line->paused = event->pause.paused;
	engine_flow_line(engine, line);
	return ENGINE_OK;
}

typedef enum engine_answer (*handler_fn)(struct engine *engine, const struct event *event);

static const handler_fn handlers[EVENT_COUNT] = {
	[EVENT_RUN_CREATED] = run_created,          [EVENT_STARTED] = engine_attempt_started,
	[EVENT_FINISHED] = engine_attempt_finished, [EVENT_LOST] = engine_attempt_lost,
	[EVENT_RETURNED] = engine_attempt_returned, [EVENT_TICK] = engine_attempt_tick,
	[EVENT_WAKE] = engine_attempt_wake,         [EVENT_CANCEL] = engine_command_cancel,
	[EVENT_CLEAR] = engine_command_clear,       [EVENT_MARK] = engine_command_mark,
	[EVENT_MARK_RUN] = engine_command_mark_run, [EVENT_POOL] = pool_changed,
	[EVENT_CAPACITY] = capacity_changed,        [EVENT_PAUSE] = pause_changed,
};

struct engine *engine_new(const struct engine_settings *settings)
{
	struct engine *engine = mem_alloc(sizeof(*engine));

	assert(settings->first_attempt_id > 0);
	engine->settings = *settings;
	engine->random = settings->random;
	engine->next_attempt_id = settings->first_attempt_id;
	return engine;
}

void engine_free(struct engine *engine)
{
	const struct map_entry *entry;
	size_t at = 0;

	if (!engine)
		return;
	for (size_t i = 0; i < engine->runs.capacity; i++)
		run_free(engine->runs.entries[i].value);
	while ((entry = map_next(&engine->lines, &at))) {
		struct line *line = entry->value;

		free(line->dag);
		free(line);
	}
	map_release(&engine->lines);
	idmap_release(&engine->runs);
	idmap_release(&engine->attempts);
	ready_release(&engine->ready);
	timer_release(&engine->timers);
	vec_release(&engine->restored);
	vec_release(&engine->settled);
	vec_release(&engine->ended);
	free(engine);
}

enum engine_answer engine_step(struct engine *engine, const struct event *event, int64_t now_us,
                               struct effects *effects)
{
	enum engine_answer answer;

	if (now_us > engine->now_us)
		engine->now_us = now_us;
	engine->effects = effects;
	effects->affected = 0;
	effects->selected.count = 0;
	answer = handlers[event->type](engine, event);
	engine_flow_settle(engine);
	effects->next_due_us = timer_next(&engine->timers);
	engine->effects = NULL;
	return answer;
}

struct run *engine_run(const struct engine *engine, int64_t id)
{
	return idmap_get(&engine->runs, id);
}

void engine_forget(struct engine *engine, int64_t id)
{
	struct run *run = idmap_get(&engine->runs, id);

	if (!run)
		return;
	assert(state_run_is_finished(run->state) && !(run->flags & RUN_IS_CHANGED));
	idmap_remove(&engine->runs, id);
	run_free(run);
}

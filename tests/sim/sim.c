/* sim.c - an engine, its reference, and a world around them */
#include "tests/sim/sim.h"

#include <stdlib.h>
#include <string.h>

#include "lib/mem.h"
#include "lib/str.h"
#include "lib/vec.h"
#include "scheduler/core/engine_core.h"
#include "tests/sim/invariants.h"
#include "tests/sim/sim_rows.h"

enum {
	MAX_LOST = 3,
	MOST_RANDOM_ITEMS = 5,
};

static uint64_t mix(uint64_t a, uint64_t b)
{
	uint64_t z = (a ^ (b + UINT64_C(0x9E3779B97F4A7C15) + (a << 6) + (a >> 2)));

	z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
	return z ^ (z >> 31);
}

static int answer_when(void *context, int64_t run, uint32_t task, int32_t map_index,
                       uint32_t clears)
{
	const struct sim *sim = context;

	if (!(sim->flags & SIM_RANDOM))
		return sim->when[task];
	return mix(mix(sim->salt + (uint64_t)run, task), (uint64_t)map_index + clears * 100) % 4 >
	       0;
}

static int64_t answer_items(void *context, int64_t run, uint32_t task, uint32_t clears)
{
	const struct sim *sim = context;

	if (!(sim->flags & SIM_RANDOM))
		return sim->items[task];
	return (int64_t)(mix(mix(sim->salt + (uint64_t)run, task), clears) % MOST_RANDOM_ITEMS) - 1;
}

static int rim_when(void *context, const struct instance *instance)
{
	return answer_when(context, instance->node->run->id, instance->node->task->index,
	                   instance->map_index, instance->clears);
}

static int64_t rim_items(void *context, const struct instance *instance)
{
	return answer_items(context, instance->node->run->id, instance->node->task->index,
	                    instance->clears);
}

static int64_t rim_new_ids(void *context, uint32_t count)
{
	struct sim *sim = context;

	sim->next_instance_id += count;
	return sim->next_instance_id - count;
}

static struct engine *make_engine(struct sim *sim, uint64_t random, int64_t first_attempt_id)
{
	struct engine_settings settings = {
		.rim = {sim, rim_when, rim_items, rim_new_ids},
		.max_lost = MAX_LOST,
		.random = random,
		.first_attempt_id = first_attempt_id,
	};

	return engine_new(&settings);
}

struct sim *sim_new_empty(uint64_t random, const char *story)
{
	struct sim *sim = mem_alloc(sizeof(*sim));
	struct reference_rim rim = {sim, answer_when, answer_items};

	sim->story = story;
	sim->salt = random;
	sim->next_run_id = sim->next_instance_id = 1;
	sim->engine = make_engine(sim, random, 1);
	sim->reference = reference_new(&rim, MAX_LOST, random);
	for (size_t i = 0; i < SIM_MOST_TASKS; i++) {
		sim->when[i] = 1;
		sim->items[i] = 2;
	}
	return sim;
}

struct sim *sim_new(const char *graph, const char *options)
{
	struct sim *sim = sim_new_empty(1, graph);

	sim->dag = sim_dag(graph, options);
	sim_capacity(sim, "", 100);
	return sim;
}

void sim_free(struct sim *sim)
{
	effects_clear(&sim->effects);
	effects_release(&sim->effects);
	engine_free(sim->engine);
	reference_free(sim->reference);
	vec_foreach(struct sim_run **, run, &sim->runs)
		sim_rows_free(*run);
	vec_release(&sim->runs);
	vec_release(&sim->attempts);
	vec_release(&sim->settings);
	vec_release(&sim->cancelled);
	buf_release(&sim->text);
	dag_release(sim->dag);
	free(sim);
}

/* -- the world -- */

static struct sim_attempt *find_attempt(struct sim *sim, int64_t id)
{
	vec_foreach(struct sim_attempt *, attempt, &sim->attempts) {
		if (attempt->id == id)
			return attempt;
	}
	return NULL;
}

static void drop_attempt(struct sim *sim, int64_t id)
{
	struct sim_attempt *attempt = find_attempt(sim, id);

	if (!attempt)
		return;
	memmove(attempt, attempt + 1,
	        (size_t)(sim->attempts.items + sim->attempts.count - attempt - 1) *
	                sizeof(*attempt));
	sim->attempts.count--;
}

static void take_attempt(struct sim *sim, const struct effects_attempt *change)
{
	const struct instance *instance = change->instance;

	if (change->state != ATTEMPT_STARTED)
		drop_attempt(sim, change->id);
	if (change->state != ATTEMPT_CLAIMED)
		return;
	invariants_claim(sim, change);
	*vec_push(&sim->attempts) = (struct sim_attempt){
		.id = change->id,
		.fence = change->fence,
		.run = instance->node->run->id,
		.task = instance->node->task->index,
		.map_index = instance->map_index,
	};
}

void sim_commit(struct sim *sim)
{
	struct effects *effects = &sim->effects;

	vec_foreach(struct run **, run, &effects->runs)
		sim_rows_write_run(sim, *run);
	vec_foreach(struct instance **, instance, &effects->instances)
		sim_rows_write_instance(sim, *instance);
	vec_foreach(struct effects_attempt *, change, &effects->attempts)
		take_attempt(sim, change);
	vec_foreach(struct effects_cancel *, cancel, &effects->cancels)
		*vec_push(&sim->cancelled) = cancel->id;
	effects_clear(effects);
	invariants_rows(sim);
}

static void start_all(struct sim *sim)
{
	for (size_t i = 0; i < sim->attempts.count; i++) {
		struct sim_attempt *attempt = &sim->attempts.items[i];
		struct event event = {.type = EVENT_STARTED,
		                      .attempt = {attempt->id, attempt->fence}};

		if (attempt->started)
			continue;
		attempt->started = 1;
		(void)sim_step(sim, &event);
	}
}

enum engine_answer sim_step(struct sim *sim, const struct event *event)
{
	enum engine_answer fast = engine_step(sim->engine, event, sim->now_us, &sim->effects);
	enum engine_answer slow = reference_step(sim->reference, event, sim->now_us);

	sim->steps++;
	if (event->type == EVENT_CLEAR || event->type == EVENT_MARK ||
	    event->type == EVENT_MARK_RUN)
		sim->flags |= SIM_FOREIGN;
	if (fast != slow)
		invariants_fail(sim, "event %d is answered %d, should be %d", (int)event->type,
		                (int)fast, (int)slow);
	buf_clear(&sim->text);
	if (fast == ENGINE_OK)
		invariants_answer(sim, event);
	if (reference_compare(sim->reference, sim->engine, sim->effects.next_due_us, &sim->text) <
	    0)
		invariants_fail(sim, "after event %d %s", (int)event->type, buf_string(&sim->text));
	invariants_step(sim);
	if (sim->flags & SIM_HOLD)
		return fast;
	sim_commit(sim);
	if (!(sim->flags & SIM_MANUAL))
		start_all(sim);
	return fast;
}

/* -- restart -- */

/* The queued one whose place is the next after `after`. */
static struct sim_run *next_queued(struct sim *sim, uint64_t after)
{
	struct sim_run *next = NULL;
	uint64_t best = UINT64_MAX;

	vec_foreach(struct sim_run **, run, &sim->runs) {
		uint64_t place = reference_place(sim->reference, (*run)->id);

		if ((*run)->state == RUN_QUEUED && place > after && place < best) {
			next = *run;
			best = place;
		}
	}
	return next;
}

static void set_again(struct sim *sim, const struct sim_setting *setting)
{
	struct event event = {.type = setting->type};

	if (setting->type == EVENT_PAUSE)
		event.pause = (struct event_pause){setting->name, (int)setting->value};
	else
		event.pool = (struct event_slots){setting->name, setting->value};
	(void)engine_step(sim->engine, &event, sim->now_us, &sim->effects);
}

void sim_restart(struct sim *sim)
{
	struct engine *old = sim->engine;
	struct event event = {.type = EVENT_TICK};
	struct sim_run *run;

	/* the engine's time stands still when the clock goes back; a restart believes the clock */
	if (sim->now_us < old->now_us)
		sim->now_us = old->now_us;
	sim_commit(sim);
	sim->engine = make_engine(sim, old->random, old->next_attempt_id);
	engine_free(old);
	vec_foreach(struct sim_setting *, setting, &sim->settings)
		set_again(sim, setting);
	vec_foreach(struct sim_run **, known, &sim->runs) {
		if ((*known)->state != RUN_QUEUED)
			sim_rows_restore(sim, *known);
	}
	for (run = next_queued(sim, 0); run;
	     run = next_queued(sim, reference_place(sim->reference, run->id)))
		sim_rows_restore(sim, run);
	reference_restart(sim->reference, sim->now_us);
	(void)sim_step(sim, &event);
}

/* -- the small language -- */

int64_t sim_create(struct sim *sim, struct dag *dag)
{
	struct event event = {.type = EVENT_RUN_CREATED};

	event.created.run = sim->last_run = sim->next_run_id++;
	event.created.name = "run";
	event.created.dag = dag;
	event.created.first_instance = sim->next_instance_id;
	sim->next_instance_id += dag->task_count;
	(void)sim_step(sim, &event);
	return event.created.run;
}

int64_t sim_run(struct sim *sim)
{
	return sim_create(sim, sim->dag);
}

static struct event_instance instance_of(struct sim *sim, const char *name)
{
	struct event_instance what = {sim->last_run, EVENT_ALL_TASKS, -1};
	size_t length = strcspn(name, "[");

	for (uint32_t i = 0; i < sim->dag->task_count; i++) {
		if (strncmp(sim->dag->tasks[i].name, name, length) == 0 &&
		    !sim->dag->tasks[i].name[length])
			what.task = i;
	}
	if (what.task == EVENT_ALL_TASKS)
		invariants_fail(sim, "no task %s", name);
	if (str_equal(name + length, "[*]"))
		what.map_index = EVENT_ALL_ITEMS;
	else if (name[length])
		what.map_index = (int32_t)strtol(name + length + 1, NULL, 10);
	return what;
}

struct instance *sim_instance(struct sim *sim, const char *name)
{
	struct event_instance what = instance_of(sim, name);
	struct instance *instance =
		run_instance(engine_run(sim->engine, what.run), what.task, what.map_index);

	if (!instance)
		invariants_fail(sim, "no instance %s", name);
	return instance;
}

static enum engine_answer finish(struct sim *sim, const char *task, enum finish_status status,
                                 int64_t after_us)
{
	const struct instance *instance = sim_instance(sim, task);
	struct event event = {.type = EVENT_FINISHED};

	event.finished =
		(struct event_finished){instance->attempt_id, instance->fence, status, after_us};
	return sim_step(sim, &event);
}

enum engine_answer sim_finish(struct sim *sim, const char *task, enum finish_status status)
{
	return finish(sim, task, status, 0);
}

enum engine_answer sim_again(struct sim *sim, const char *task, int64_t after_ms)
{
	return finish(sim, task, FINISH_AGAIN, after_ms * 1000);
}

static enum engine_answer about_attempt(struct sim *sim, const char *task, enum event_type type)
{
	const struct instance *instance = sim_instance(sim, task);
	struct event event = {.type = type, .attempt = {instance->attempt_id, instance->fence}};

	return sim_step(sim, &event);
}

enum engine_answer sim_start(struct sim *sim, const char *task)
{
	return about_attempt(sim, task, EVENT_STARTED);
}

enum engine_answer sim_return(struct sim *sim, const char *task)
{
	return about_attempt(sim, task, EVENT_RETURNED);
}

enum engine_answer sim_lose(struct sim *sim, const char *task, uint32_t flags)
{
	const struct instance *instance = sim_instance(sim, task);
	struct event event = {.type = EVENT_LOST};

	event.lost = (struct event_lost){instance->attempt_id, instance->fence, flags};
	return sim_step(sim, &event);
}

enum engine_answer sim_pass(struct sim *sim, int64_t ms)
{
	struct event event = {.type = EVENT_TICK};

	sim->now_us += ms * 1000;
	return sim_step(sim, &event);
}

enum engine_answer sim_cancel(struct sim *sim, const char *task)
{
	struct event event = {.type = EVENT_CANCEL};

	event.instance = (struct event_instance){sim->last_run, EVENT_ALL_TASKS, EVENT_ALL_ITEMS};
	if (task)
		event.instance = instance_of(sim, task);
	return sim_step(sim, &event);
}

enum engine_answer sim_wake(struct sim *sim, const char *task)
{
	struct event event = {.type = EVENT_WAKE, .instance = instance_of(sim, task)};

	return sim_step(sim, &event);
}

enum engine_answer sim_clear(struct sim *sim, const char *names, uint32_t flags)
{
	struct event event = {.type = EVENT_CLEAR};
	uint32_t tasks[SIM_MOST_TASKS], count = 0;
	char *text = mem_strdup(names), *rest = text, *name;
	enum engine_answer answer;

	while ((name = strsep(&rest, " "))) {
		if (*name)
			tasks[count++] = instance_of(sim, name).task;
	}
	event.clear = (struct event_clear){sim->last_run, tasks, count, flags};
	answer = sim_step(sim, &event);
	free(text);
	return answer;
}

enum engine_answer sim_mark(struct sim *sim, const char *task, enum task_state state)
{
	struct event event = {.type = EVENT_MARK};

	event.mark = (struct event_mark){instance_of(sim, task), state};
	return sim_step(sim, &event);
}

enum engine_answer sim_mark_run(struct sim *sim, enum run_state state)
{
	struct event event = {.type = EVENT_MARK_RUN, .mark_run = {sim->last_run, state}};

	return sim_step(sim, &event);
}

/* Remembers a setting for the next restart. */
static void set(struct sim *sim, enum event_type type, const char *name, int64_t value)
{
	struct sim_setting *setting = NULL;

	vec_foreach(struct sim_setting *, known, &sim->settings) {
		if (known->type == type && str_equal(known->name, name))
			setting = known;
	}
	if (!setting)
		setting = vec_push(&sim->settings);
	setting->type = type;
	(void)str_copy(setting->name, sizeof(setting->name), name);
	setting->value = value;
}

void sim_pool(struct sim *sim, const char *pool, int64_t slots)
{
	struct event event = {.type = EVENT_POOL, .pool = {pool, slots}};

	set(sim, EVENT_POOL, pool, slots);
	(void)sim_step(sim, &event);
}

void sim_capacity(struct sim *sim, const char *queue, int64_t limit)
{
	struct event event = {.type = EVENT_CAPACITY, .pool = {queue, limit}};

	set(sim, EVENT_CAPACITY, queue, limit);
	(void)sim_step(sim, &event);
}

void sim_pause(struct sim *sim, const char *dag, int paused)
{
	struct event event = {.type = EVENT_PAUSE, .pause = {dag, paused}};

	set(sim, EVENT_PAUSE, dag, paused);
	(void)sim_step(sim, &event);
}

void sim_forget(struct sim *sim, int64_t id)
{
	sim_commit(sim);
	engine_forget(sim->engine, id);
	reference_forget(sim->reference, id);
	for (size_t i = 0; i < sim->runs.count; i++) {
		if (sim->runs.items[i]->id != id)
			continue;
		sim_rows_free(sim->runs.items[i]);
		/* in order: a restart restores them so */
		memmove(&sim->runs.items[i], &sim->runs.items[i + 1],
		        (sim->runs.count - i - 1) * sizeof(struct sim_run *));
		sim->runs.count--;
		return;
	}
}

void sim_change_version(struct sim *sim, int64_t id, struct dag *dag)
{
	sim_commit(sim);
	engine_forget(sim->engine, id);
	sim_rows_change_version(sim, id, dag);
	reference_change_version(sim->reference, id, dag);
}

const char *sim_states(struct sim *sim)
{
	const struct run *run = engine_run(sim->engine, sim->last_run);
	uint32_t task = 0, item = 0;
	const struct instance *instance;

	buf_clear(&sim->text);
	while ((instance = run_next(run, &task, &item))) {
		buf_printf(&sim->text, "%s%s", sim->text.size ? " " : "",
		           instance->node->task->name);
		if (instance->map_index >= 0)
			buf_printf(&sim->text, "[%d]", (int)instance->map_index);
		buf_printf(&sim->text, "=%s", state_task_name(instance->state));
	}
	return buf_string(&sim->text);
}

const char *sim_why(struct sim *sim, const char *task)
{
	const struct instance *instance = sim_instance(sim, task);

	buf_clear(&sim->text);
	engine_explain(instance, sim->now_us, &sim->text);
	return buf_string(&sim->text);
}

const char *sim_run_why(struct sim *sim, int64_t run)
{
	buf_clear(&sim->text);
	engine_explain_run(engine_run(sim->engine, run), &sim->text);
	return buf_string(&sim->text);
}

enum run_state sim_run_state(struct sim *sim, int64_t run)
{
	return engine_run(sim->engine, run)->state;
}

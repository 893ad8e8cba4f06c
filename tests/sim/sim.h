/* sim.h - an engine, its reference, and a world around them
 *
 * The world plays the service: it keeps the rows that effects announce, the attempts that run, and
 * can restart the engine from the rows. Every step goes to the engine and to the reference; both must
 * answer and end up the same, and what invariants.h lists must hold; else the test aborts and says
 * what happened. Attempts start by themselves unless SIM_MANUAL.
 */
#ifndef TESTS_SIM_SIM_H
#define TESTS_SIM_SIM_H

#include <stddef.h>
#include <stdint.h>

#include "lib/buf.h"
#include "scheduler/core/engine.h"
#include "tests/sim/reference.h"
#include "tests/sim/sim_dag.h"

enum {
	SIM_MANUAL = 1 << 0,  /* the test sends STARTED itself */
	SIM_RANDOM = 1 << 1,  /* `when` and `map` answer by chance, not by `answers` */
	SIM_HOLD = 1 << 2,    /* effects pile up until sim_commit() */
	SIM_FOREIGN = 1 << 3, /* somebody cleared or marked: rules need not hold in hindsight */
};

#define SIM_MOST_TASKS 16

/* A row of task_instance. */
struct sim_row {
	struct engine_restored_instance row;
	int64_t due_us;
	int64_t claimed_fence; /* of the latest claim */
};

/* A row of run. */
struct sim_run {
	int64_t id;
	struct dag *dag;
	enum run_state state;
	enum cause cancel;
	int64_t started_us;
	struct {
		struct sim_row *items;
		size_t count, capacity;
	} rows;
};

/* An attempt that a runner has, as the world knows it. */
struct sim_attempt {
	int64_t id, fence;
	int64_t run;
	uint32_t task;
	int32_t map_index;
	int started;
};

struct sim_setting {
	enum event_type type; /* POOL, CAPACITY, PAUSE */
	char name[16];
	int64_t value;
};

struct sim {
	struct engine *engine;
	struct reference *reference;
	struct effects effects;
	struct dag *dag; /* of sim_new(); NULL in walks */
	uint32_t flags;
	int64_t now_us;
	int64_t steps; /* so far */
	int64_t next_run_id, next_instance_id, last_run;
	uint64_t salt; /* of random answers */
	int when[SIM_MOST_TASKS];
	int64_t items[SIM_MOST_TASKS];
	struct {
		struct sim_run **items;
		size_t count, capacity;
	} runs;
	struct {
		struct sim_attempt *items;
		size_t count, capacity;
	} attempts;
	struct {
		struct sim_setting *items;
		size_t count, capacity;
	} settings;
	struct {
		int64_t *items;
		size_t count, capacity;
	} cancelled; /* attempts, by effects */
	struct buf text;
	const char *story; /* said when something is wrong */
};

/* An engine without DAG and room: the walk's. `random` moves its jitter and its answers. */
struct sim *sim_new_empty(uint64_t random, const char *story);
/* One DAG (sim_dag.h), room for 100 attempts, no run yet. Tasks have `when` true and 2 items. */
struct sim *sim_new(const char *graph, const char *options);
void sim_free(struct sim *sim);

enum engine_answer sim_step(struct sim *sim, const struct event *event);
/* Writes the rows and starts the attempts of all steps so far. */
void sim_commit(struct sim *sim);
/* The engine is thrown away and made anew from the rows. */
void sim_restart(struct sim *sim);

/* The small language. Tasks are named "load", items of mapped ones "load[2]". */
int64_t sim_run(struct sim *sim);
int64_t sim_create(struct sim *sim, struct dag *dag);
enum engine_answer sim_finish(struct sim *sim, const char *task, enum finish_status status);
enum engine_answer sim_again(struct sim *sim, const char *task, int64_t after_ms);
enum engine_answer sim_start(struct sim *sim, const char *task);
enum engine_answer sim_lose(struct sim *sim, const char *task, uint32_t flags);
enum engine_answer sim_return(struct sim *sim, const char *task);
enum engine_answer sim_pass(struct sim *sim, int64_t ms);
enum engine_answer sim_cancel(struct sim *sim, const char *task); /* NULL: the run */
enum engine_answer sim_wake(struct sim *sim, const char *task);
/* `names`: of tasks, with blanks between, "" for all. */
enum engine_answer sim_clear(struct sim *sim, const char *names, uint32_t flags);
enum engine_answer sim_mark(struct sim *sim, const char *task, enum task_state state);
enum engine_answer sim_mark_run(struct sim *sim, enum run_state state);
void sim_pool(struct sim *sim, const char *pool, int64_t slots);
void sim_capacity(struct sim *sim, const char *queue, int64_t limit);
void sim_pause(struct sim *sim, const char *dag, int paused);
void sim_forget(struct sim *sim, int64_t id);
/* A finished run takes up another version of its DAG; what is new in it waits for a clear. */
void sim_change_version(struct sim *sim, int64_t id, struct dag *dag);
struct instance *sim_instance(struct sim *sim, const char *name);

/* Of the last run: "load=failed clean=running". Valid until the next call of these three. */
const char *sim_states(struct sim *sim);
const char *sim_why(struct sim *sim, const char *task);
const char *sim_run_why(struct sim *sim, int64_t run);
enum run_state sim_run_state(struct sim *sim, int64_t run);

#endif

/* engine.h - decides what runs, when, and what follows
 *
 * One function, engine_step(): an event and the time in, effects out. No I/O, no clock, no randomness
 * but its own generator: the same events at the same times give the same effects. Work per event is
 * O(out-degree of the task). Finishing a task, scheduling, queueing and claiming what follows are the
 * effects of one step.
 *
 * Life of an attempt: a step lists it in effects->attempts as CLAIMED; the rim commits, starts it, and
 * sends STARTED and FINISHED (or RETURNED, LOST). A claimed attempt may finish without STARTED. An
 * attempt being cancelled, by a person, its timeout or the run's, keeps its state and its slots until
 * the rim says that its process is gone.
 *
 * Time is any clock in microseconds that goes forward (lib/clock.h: clock_monotonic_us); going back
 * counts as standing still. What people read in rows is stamped by the rim with the wall clock.
 *
 * Runs stay in memory until engine_forget(). To clear or mark a run that was forgotten, restore it
 * first. One thread owns an engine.
 */
#ifndef SCHEDULER_CORE_ENGINE_H
#define SCHEDULER_CORE_ENGINE_H

#include <stdint.h>

#include "lib/buf.h"
#include "scheduler/core/effects.h"
#include "scheduler/core/event.h"
#include "scheduler/core/run.h"

struct engine;

/* What the engine must ask while it decides. Called inside engine_step(), which they must not call;
 * they may read the instance, its run and run->context. NULL where no DAG uses it. */
struct engine_rim {
	void *context;
	/* `when` of the instance's task, which has one: 0 skips. Where the expression fails answer 1, and
	 * report the failure with FINISHED when the attempt is to start. */
	int (*when)(void *context, const struct instance *instance);
	/* How many items `map` of a mapped task has, or -1 when the expression fails: then the task runs
	 * unmapped, to fail as above. */
	int64_t (*items)(void *context, const struct instance *instance);
	/* The first of `count` new, consecutive ids of task instances. */
	int64_t (*new_ids)(void *context, uint32_t count);
};

struct engine_settings {
	struct engine_rim rim;
	uint32_t max_lost;        /* losses an instance survives */
	uint64_t random;          /* where the generator of jitter starts */
	int64_t first_attempt_id; /* larger than any attempt row's; at least 1 */
};

enum engine_answer {
	ENGINE_OK,
	ENGINE_STALE,    /* this attempt, or this fence of it, is over: whoever sent it must stop */
	ENGINE_UNKNOWN,  /* no such run or instance in memory */
	ENGINE_CONFLICT, /* its state does not allow it */
};

struct engine *engine_new(const struct engine_settings *settings);
void engine_free(struct engine *engine);

/* Adds to `effects`. Anything but ENGINE_OK has changed nothing. */
enum engine_answer engine_step(struct engine *engine, const struct event *event, int64_t now_us,
                               struct effects *effects);

/* The run of this id in memory, or NULL. */
struct run *engine_run(const struct engine *engine, int64_t id);
/* Drops a run that is finished and no longer in any effects. */
void engine_forget(struct engine *engine, int64_t id);

/* One line why the instance is not running, or ended as it did, appended to `text`; nothing when it
 * runs, has succeeded, or ended for a reason its own attempt gave (CAUSE_TASK). */
void engine_explain(const struct instance *instance, int64_t now_us, struct buf *text);
/* The same of a run that is queued, or was cancelled or timed out. */
void engine_explain_run(const struct run *run, struct buf *text);

/* Rows of a run, from the database. */
struct engine_restored_instance {
	int64_t id;
	uint32_t task;     /* index in dag->tasks */
	int32_t map_index; /* items of one task in order of index */
	enum task_state state;
	enum attempt_state attempt; /* of the latest attempt, NONE before the first */
	enum cause cause;
	int64_t attempt_id, fence, used_us;
	int64_t wait_us; /* until its due time, of up_for_retry and up_for_reschedule; may be negative */
	uint32_t number, tries, lost, clears;
	enum cause cancel; /* of a live one: why its attempt was being cancelled, or NONE */
	int clear;         /* it was to go back to `none` after that */
	int is_new;        /* of a task that the run did not have: insert its row */
};

struct engine_restored_run {
	int64_t id;
	const char *name;
	struct dag *dag;
	void *context;
	enum run_state state;
	enum cause cancel; /* of struct run */
	enum cause cause;
	int64_t elapsed_us; /* since it started running */
	/* Every task at least once; in any order but for the items of one task. */
	const struct engine_restored_instance *instances;
	uint32_t instance_count;
};

/* Adopts a run as if it had lived through it: a running task stays running until FINISHED or LOST
 * comes for its attempt. Pools and pauses are told first; runs that wait in line are restored in the
 * order in which they queued; EVENT_TICK after the last one starts what has a place free by now.
 * ENGINE_CONFLICT: a run of this id is there, or the rows do not fit the DAG. */
enum engine_answer engine_restore_run(struct engine *engine, const struct engine_restored_run *rows,
                                      int64_t now_us);

#endif

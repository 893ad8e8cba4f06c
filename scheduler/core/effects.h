/* effects.h - what the rim has to do after engine_step()
 *
 * Effects of several steps add up, each instance and run once, until effects_clear(): one batch of
 * the journal. Rows first, in one transaction; then the acts: start what is claimed, cancel what is
 * to be cancelled. Pointers are the engine's and hold what is true after the last step. Owns its
 * arrays and reuses them. One thread.
 */
#ifndef SCHEDULER_CORE_EFFECTS_H
#define SCHEDULER_CORE_EFFECTS_H

#include <stddef.h>
#include <stdint.h>

#include "scheduler/core/run.h"

/* One change of an attempt row, in the order they happened; of STARTED and an end in one batch only
 * the end is there. CLAIMED: insert it (`before` is AGAIN: update state and fence of row `id`) and
 * send `start` after the commit. Else: update; `fence` is the one it was claimed with. */
struct effects_attempt {
	struct instance *instance;
	int64_t id;
	int64_t fence;
	int64_t used_us; /* by its calls so far, known once one has ended */
	uint32_t number;
	enum attempt_state state, before;
	enum cause cause; /* of its end, CAUSE_NONE for claimed and started */
};

struct effects_cancel {
	struct instance *instance;
	int64_t id;
	int64_t fence;
	enum cause cause; /* PERSON, TIMEOUT, RUN_TIMEOUT, BUG */
};

/* An illegal transition that was asked for and refused: a bug, to be logged. */
struct effects_bug {
	int64_t run, instance;
	const char *what; /* "task", "attempt" or "run" */
	const char *from, *to;
};

struct effects {
	/* Rows. A run without RUN_IS_KNOWN is new: insert it and all its instances as they are
	 * (run_next), none of which is in `instances`. Instances: insert with INSTANCE_NEW, else
	 * update. */
	struct {
		struct run **items;
		size_t count, capacity;
	} runs;
	struct {
		struct instance **items;
		size_t count, capacity;
	} instances;
	struct {
		struct effects_attempt *items;
		size_t count, capacity;
	} attempts;
	/* Acts. Answer a cancel with FINISHED once the process is gone, with RETURNED when it never began. */
	struct {
		struct effects_cancel *items;
		size_t count, capacity;
	} cancels;
	/* Answers of the last step: what a clear has cleared or would clear; how many instances a
	 * cancel, clear or mark has met. */
	struct {
		struct instance **items;
		size_t count, capacity;
	} selected;
	size_t affected;
	struct {
		struct effects_bug *items;
		size_t count, capacity;
	} bugs;
	/* Send EVENT_TICK then; TIMER_NEVER: no need. */
	int64_t next_due_us;
};

/* Zero-initialised is valid and empty. */
void effects_release(struct effects *effects);
/* Before a run in it is forgotten, and after each batch. */
void effects_clear(struct effects *effects);

/* For the engine alone. */
void effects_run(struct effects *effects, struct run *run);
void effects_instance(struct effects *effects, struct instance *instance);
/* The attempt of `instance` is in a new state, after `before`. */
void effects_attempt(struct effects *effects, struct instance *instance, enum attempt_state before,
                     enum cause cause);

#endif

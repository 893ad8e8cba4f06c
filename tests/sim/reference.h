/* reference.h - a second engine: slow, small and obviously right
 *
 * It knows the same events and decides the same things, but keeps no counters, queues, heaps or lists:
 * whatever it needs it counts anew over all instances. What the fast engine has kept step by step is
 * compared with it after every step. Owns all it needs; takes references of DAGs.
 */
#ifndef TESTS_SIM_REFERENCE_H
#define TESTS_SIM_REFERENCE_H

#include "lib/buf.h"
#include "scheduler/core/engine.h"

/* The same questions as struct engine_rim has, without pointers into the engine. */
struct reference_rim {
	void *context;
	int (*when)(void *context, int64_t run, uint32_t task, int32_t map_index, uint32_t clears);
	int64_t (*items)(void *context, int64_t run, uint32_t task, uint32_t clears);
};

struct reference;

struct reference *reference_new(const struct reference_rim *rim, uint32_t max_lost,
                                uint64_t random);
void reference_free(struct reference *reference);
enum engine_answer reference_step(struct reference *reference, const struct event *event,
                                  int64_t now_us);
void reference_forget(struct reference *reference, int64_t id);
/* A finished run is read again with another version of its DAG: tasks are the same by their number. */
void reference_change_version(struct reference *reference, int64_t id, struct dag *dag);
/* What a restart forgets: the age of what is ready, how long an attempt has run already. */
void reference_restart(struct reference *reference, int64_t now_us);
/* Where the run stands among the queued ones: larger is later. */
uint64_t reference_place(const struct reference *reference, int64_t run);
/* 0 when the engine is in the same state, else -1 and the first difference in `text`. */
int reference_compare(const struct reference *reference, const struct engine *engine,
                      int64_t next_due_us, struct buf *text);

#endif

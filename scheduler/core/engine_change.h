/* engine_change.h - the only place where states change
 *
 * A state is membership in one list: the ready queue, the holders of room, the timers, the counters
 * of what is downstream. Each function asks state.h, moves the thing from list to list and notes the
 * row. An illegal change is refused and reported; it stops the attempt. For engine*.c alone.
 */
#ifndef SCHEDULER_CORE_ENGINE_CHANGE_H
#define SCHEDULER_CORE_ENGINE_CHANGE_H

#include "scheduler/core/engine_core.h"

void engine_change_task(struct engine *engine, struct instance *instance, enum task_state to,
                        enum cause cause);
void engine_change_attempt(struct engine *engine, struct instance *instance, enum attempt_state to,
                           enum cause cause);
/* Keeps the lists of its line. */
void engine_change_run(struct engine *engine, struct run *run, enum run_state to);

/* Asks the rim to end a live attempt; the first of several reasons but a timeout stays. */
void engine_change_cancel(struct engine *engine, struct instance *instance, enum cause cause);

/* How many instances of `node` count now; the counters of what is downstream follow. */
void engine_change_count(struct node *node, uint32_t count);

/* Adds or takes away (by = -1) an instance in its state from what counts it. */
void engine_change_tally(struct instance *instance, uint32_t by);

#endif

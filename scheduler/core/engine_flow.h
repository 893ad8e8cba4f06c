/* engine_flow.h - what follows: nodes decided, runs started and ended, attempts claimed
 *
 * For engine*.c alone. The consequences of one event spread in waves, breadth first, downstream tasks
 * in the order of the DAG; each node is decided with what is known when its turn comes.
 */
#ifndef SCHEDULER_CORE_ENGINE_FLOW_H
#define SCHEDULER_CORE_ENGINE_FLOW_H

#include "scheduler/core/engine_core.h"

/* Asks the trigger rule about all instances of the node that are still `none`. */
void engine_flow_decide(struct engine *engine, struct node *node);

/* Starts queued runs of a DAG while it may have more running. */
void engine_flow_line(struct engine *engine, struct line *line);

/* Takes a finished instance back to `none`. */
void engine_flow_clear(struct engine *engine, struct instance *instance);

/* A mapped node that was cleared whole goes back to one instance once nothing of it is active. */
void engine_flow_collapse(struct engine *engine, struct node *node);

/* Cancels all of a run that is not finished. */
void engine_flow_cancel(struct engine *engine, struct run *run, enum cause cause);

/* Brings an instance that has no live attempt to `cancelled`. */
void engine_flow_cancel_idle(struct engine *engine, struct instance *instance, enum cause cause);

/* Follows up everything the event has settled, then claims what can be claimed. */
void engine_flow_settle(struct engine *engine);

#endif

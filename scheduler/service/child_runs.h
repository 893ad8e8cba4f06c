/* child_runs.h - runs that tasks have started
 *
 * A task instance has one run of each DAG it asks for, however often it asks; after a clear it gets
 * another. Which one that is stands in the run's idempotency key, so a restart finds it. The end of a
 * child wakes the task that waits for it; when the task ends otherwise than by success, or is
 * cancelled or cleared, its children are cancelled. Children may have children, LIMIT_RUN_DEPTH deep.
 * On the loop's thread.
 */
#ifndef SCHEDULER_SERVICE_CHILD_RUNS_H
#define SCHEDULER_SERVICE_CHILD_RUNS_H

#include "scheduler/service/leader.h"

/* Requests of operators; a start is answered after its commit. */
void child_runs_start(struct leader *leader, struct job *job, const struct wire_request *request);
void child_runs_state(struct leader *leader, struct job *job, const struct wire_request *request);

/* A run that was made or restored: `key` is its idempotency key, NULL: none. */
void child_runs_adopt(struct leader *leader, struct run_info *info, const char *key);
/* It has ended and is about to be forgotten. */
void child_runs_ended(struct leader *leader, struct run_info *info);
/* Cancels the children of what the collected effects have ended. Before each batch. */
void child_runs_follow(struct leader *leader);

#endif

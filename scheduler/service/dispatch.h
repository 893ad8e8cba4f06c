/* dispatch.h - from a claimed attempt to its start frame
 *
 * Renders `with` against the run as it is now; secrets come from files or the environment and are
 * noted for masking. One thread.
 */
#ifndef SCHEDULER_SERVICE_DISPATCH_H
#define SCHEDULER_SERVICE_DISPATCH_H

#include "lib/arena.h"
#include "lib/config.h"
#include "scheduler/service/job.h"
#include "scheduler/wire/wire.h"

/* Fills `start` but for attempt, fence and plugin; `start->params` is a new reference, the rest
 * lives in `arena`, `job` or the run. Sets job->log and job->secrets. -1: an expression failed. */
MUST_CHECK int dispatch_prepare(const struct config *config, struct job *job,
                                struct wire_start *start, struct arena *arena, struct err *err);

/* What `when` of the instance's task says: 1 runs, 0 skips, -1 with the error. */
MUST_CHECK int dispatch_when(const struct config *config, const struct instance *instance,
                             struct err *err);

/* The list of a mapped task: a new reference, or NULL with the error. */
MUST_CHECK json_t *dispatch_items(const struct config *config, const struct instance *instance,
                                  struct err *err);

#endif

/* host_runs.h - the group "runs" of the host table
 *
 * The service makes the runs and knows how they are; see scheduler/service/child_runs.h.
 */
#ifndef SCHEDULER_RUNNER_HOST_RUNS_H
#define SCHEDULER_RUNNER_HOST_RUNS_H

#include "plugins/plugin.h"

mr_status host_runs_start(struct mr_task *task, const char *dag, const char *params,
                          const char **run_id);
mr_status host_runs_state(struct mr_task *task, const char *run_id, const char **json);

#endif

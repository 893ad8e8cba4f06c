/* host_watermark.h - what a task remembers: contracts in plugins/plugin.h
 *
 * A watermark belongs to `dag/task/name`: all runs and map indexes of the task share it.
 */
#ifndef SCHEDULER_RUNNER_HOST_WATERMARK_H
#define SCHEDULER_RUNNER_HOST_WATERMARK_H

#include "plugins/plugin.h"

/* Reads in the task's open transaction where there is one. */
mr_status host_watermark_get(struct mr_task *task, const char *name, const char **json);
/* `null` forgets it. */
mr_status host_watermark_set(struct mr_task *task, struct mr_db *db, const char *name,
                             const char *json);

#endif

/* host_later.h - host calls of the ABI that this version of the host refuses
 *
 * restore: each returns MR_FAIL, and error() says that it cannot be done.
 */
#ifndef SCHEDULER_RUNNER_HOST_LATER_H
#define SCHEDULER_RUNNER_HOST_LATER_H

#include "plugins/plugin.h"

mr_status host_later_restore_open(struct mr_task *task, const char *const *tables, size_t count,
                                  const struct mr_restore_options *options,
                                  struct mr_restore **restore);
mr_status host_later_restore_rows(struct mr_task *task, struct mr_restore *restore,
                                  const struct mr_rows *rows);
mr_status host_later_restore_commit(struct mr_task *task, struct mr_restore *restore,
                                    struct mr_counts *counts);
void host_later_restore_close(struct mr_task *task, struct mr_restore *restore);

#endif

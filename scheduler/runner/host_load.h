/* host_load.h - the group "load" of the host table: contracts in plugins/plugin.h */
#ifndef SCHEDULER_RUNNER_HOST_LOAD_H
#define SCHEDULER_RUNNER_HOST_LOAD_H

#include "plugins/plugin.h"

mr_status host_load_open(struct mr_task *task, const char *table,
                         const struct mr_load_options *options, struct mr_load **load);
mr_status host_load_file(struct mr_task *task, struct mr_load *load, const char *uri,
                         const struct mr_file_options *options);
mr_status host_load_rows(struct mr_task *task, struct mr_load *load, const struct mr_rows *rows);
mr_status host_load_resume(struct mr_task *task, struct mr_load *load, int64_t *line);
mr_status host_load_commit(struct mr_task *task, struct mr_load *load, struct mr_counts *counts);
mr_status host_load_result(struct mr_task *task, struct mr_load *load, const char **json);
void host_load_close(struct mr_task *task, struct mr_load *load);

#endif

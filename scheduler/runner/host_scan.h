/* host_scan.h - the group "scan" of the host table: contracts in plugins/plugin.h */
#ifndef SCHEDULER_RUNNER_HOST_SCAN_H
#define SCHEDULER_RUNNER_HOST_SCAN_H

#include "plugins/plugin.h"

mr_status host_scan_describe(struct mr_task *task, const char *table, const char **json);
mr_status host_scan_open(struct mr_task *task, const char *const *tables, size_t count,
                         const struct mr_scan_options *options, struct mr_scan **scan);
mr_status host_scan_next(struct mr_task *task, struct mr_scan *scan, const struct mr_rows **rows);
void host_scan_close(struct mr_task *task, struct mr_scan *scan);

#endif

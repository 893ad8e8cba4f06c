/* host_dump.h - the group "dump" of the host table: contract in plugins/plugin.h */
#ifndef SCHEDULER_RUNNER_HOST_DUMP_H
#define SCHEDULER_RUNNER_HOST_DUMP_H

#include "plugins/plugin.h"

mr_status host_dump_file(struct mr_task *task, const char *uri,
                         const struct mr_dump_options *options, struct mr_dump_result *result);

#endif

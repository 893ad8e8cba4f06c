/* host_table.h - the host table as plugins see it */
#ifndef SCHEDULER_RUNNER_HOST_TABLE_H
#define SCHEDULER_RUNNER_HOST_TABLE_H

#include "plugins/plugin.h"

extern const struct mr_host host_table;

#endif

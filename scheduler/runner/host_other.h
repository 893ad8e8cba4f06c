/* host_other.h - the group "other" of the host table: contracts in plugins/plugin.h */
#ifndef SCHEDULER_RUNNER_HOST_OTHER_H
#define SCHEDULER_RUNNER_HOST_OTHER_H

#include "plugins/plugin.h"

mr_status host_other_secret(struct mr_task *task, const char *name, const char **value);
mr_status host_other_temp_dir(struct mr_task *task, const char **path);

#endif

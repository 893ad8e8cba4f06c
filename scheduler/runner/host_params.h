/* host_params.h - the group "parameters" of the host table: contracts in plugins/plugin.h */
#ifndef SCHEDULER_RUNNER_HOST_PARAMS_H
#define SCHEDULER_RUNNER_HOST_PARAMS_H

#include "plugins/plugin.h"

mr_status host_params_text(struct mr_task *task, const char *name, const char **value);
mr_status host_params_int(struct mr_task *task, const char *name, int64_t *value);
mr_status host_params_float(struct mr_task *task, const char *name, double *value);
mr_status host_params_bool(struct mr_task *task, const char *name, int32_t *value);
mr_status host_params_json(struct mr_task *task, const char *name, const char **json);
mr_status host_params_output(struct mr_task *task, const char *key, const char *json);

#endif

/* transform.h - the operator sql.transform */
#ifndef PLUGINS_SQL_TRANSFORM_H
#define PLUGINS_SQL_TRANSFORM_H

#include "plugins/plugin.h"

enum { TRANSFORM_PARAMS = 5, TRANSFORM_OUTPUTS = 3 };

extern const struct mr_param transform_params[TRANSFORM_PARAMS];
extern const struct mr_output transform_outputs[TRANSFORM_OUTPUTS];

mr_status transform_run(struct mr_task *task);

#endif

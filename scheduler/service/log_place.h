/* log_place.h - where the log of an attempt is: `dag=…/run=…/task=…[/map=…]/attempt=N.log`
 *
 * Below `state_dir`/logs here, and below `logs.upload` in the object store. Pure.
 */
#ifndef SCHEDULER_SERVICE_LOG_PLACE_H
#define SCHEDULER_SERVICE_LOG_PLACE_H

#include "lib/buf.h"
#include "lib/config.h"
#include "scheduler/core/run.h"

void log_place_name(const struct instance *instance, uint32_t number, struct buf *name);
/* The file of this name. */
void log_place_path(const struct config *config, const char *name, struct buf *path);

#endif

/* reload.h - DAG files and plugins as they are now: read again, stored, told to who has to know
 *
 * On the loop's thread.
 */
#ifndef SCHEDULER_SERVICE_RELOAD_H
#define SCHEDULER_SERVICE_RELOAD_H

#include "scheduler/service/leader.h"

enum {
	RELOAD_PLUGINS = 1 << 0, /* and all DAG files with them, changed or not */
};

/* Reads the DAG files that have changed. */
void reload(struct leader *leader, unsigned flags);

/* Has a process of its own list the operators of all plugins while we go on; the next reload of plugins
 * waits for it. */
void reload_describe(struct leader *leader);

#endif

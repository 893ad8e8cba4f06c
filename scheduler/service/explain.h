/* explain.h - one true line for everything that is not running
 *
 * Handlers of commands.h; they change nothing and are answered at once (1), or refused (-1). On the
 * loop's thread.
 */
#ifndef SCHEDULER_SERVICE_EXPLAIN_H
#define SCHEDULER_SERVICE_EXPLAIN_H

#include "scheduler/service/command.h"
#include "scheduler/service/leader.h"

MUST_CHECK int explain_run(struct leader *leader, struct command *command);
MUST_CHECK int explain_dag(struct leader *leader, struct command *command);

#endif

/* recovery.h - what an earlier life left, taken up again
 *
 * Every run that had not ended goes on: its instances are as their rows say, attempts that were under
 * way are lost (or returned, when they had not begun), nothing of them runs any more.
 */
#ifndef SCHEDULER_SERVICE_RECOVERY_H
#define SCHEDULER_SERVICE_RECOVERY_H

#include "scheduler/service/leader.h"

/* Before the first turn: kills every runner that is noted in leader->runners_file and empties the file,
 * which stays open; reads plugins and DAG files; takes up what is paused and what had not ended. */
MUST_CHECK int recovery_run(struct leader *leader, struct err *err);

#endif

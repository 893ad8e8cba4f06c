/* backfills.h - makes the runs of a span of time, one after the other
 *
 * A backfill has the logical dates that the schedule of its DAG, as it was when the backfill was asked
 * for, gives in [from, to]. For each, in order, a run is made with the DAG as it is by then; one that is
 * there already is skipped, or cleared where that was asked for. At most `max_active` of its runs are
 * unfinished at a time. What it has done is stored with the run it made, so a restart goes on behind it.
 * When a run cannot be made it pauses and says why. On the loop's thread.
 */
#ifndef SCHEDULER_SERVICE_BACKFILLS_H
#define SCHEDULER_SERVICE_BACKFILLS_H

#include "lib/compiler.h"
#include "lib/err.h"
#include "scheduler/service/command.h"

struct leader;
struct backfills;

/* Makes leader->backfills and takes up those that have not ended, once the runs are restored. */
MUST_CHECK int backfills_start(struct leader *leader, struct err *err);
/* NULL is fine, here and below. */
void backfills_free(struct backfills *backfills);

/* A run has ended, a backfill is stored, or a DAG is another one: look at the next turn. */
void backfills_look(struct backfills *backfills);
/* Makes what can be made. */
void backfills_turn(struct leader *leader);

/* Handlers of commands.h: 0 answered with the commit, 1 answer it at once, -1 refused. A plan changes
 * nothing and is in command->answer; else made_run_id is the backfill's id. */
MUST_CHECK int backfills_create(struct leader *leader, struct command *command);
MUST_CHECK int backfills_set(struct leader *leader, struct command *command);

#endif

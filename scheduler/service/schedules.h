/* schedules.h - fires DAGs: at their times, after other DAGs, for new objects
 *
 * The wall clock may jump: what is due is looked at each second at the latest, every fire behind the
 * last one and up to now is made, and what has fired does not fire again. On the loop's thread.
 */
#ifndef SCHEDULER_SERVICE_SCHEDULES_H
#define SCHEDULER_SERVICE_SCHEDULES_H

#include "lib/buf.h"
#include "lib/compiler.h"
#include "lib/err.h"
#include "scheduler/service/leader.h"

struct schedules;

struct schedules *schedules_new(struct leader *leader);
/* Run the loop until its handles are closed. NULL is fine. */
void schedules_free(struct schedules *schedules);

/* Takes up what an earlier life has fired and catches up, once DAGs and runs are there. */
MUST_CHECK int schedules_start(struct schedules *schedules, struct err *err);
/* DAG files were read again. */
void schedules_reload(struct schedules *schedules);
/* A DAG was paused or unpaused. */
void schedules_set_paused(struct schedules *schedules, const char *dag, int is_paused);
/* A run was made, by whomever; a run has ended, and that is stored. */
void schedules_run_made(struct schedules *schedules, const char *dag);
void schedules_run_ended(struct schedules *schedules, const struct run *run);

/* One line: why a DAG does not fire now, or when it will. */
void schedules_explain(const struct schedules *schedules, const char *dag, struct buf *text);

#endif

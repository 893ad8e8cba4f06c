/* backfill_plan.h - which runs a backfill means, and what becomes of those that are there
 *
 * Pure but for the allocation.
 */
#ifndef SCHEDULER_SERVICE_BACKFILL_PLAN_H
#define SCHEDULER_SERVICE_BACKFILL_PLAN_H

#include <stddef.h>
#include <stdint.h>

#include "lib/arena.h"
#include "lib/compiler.h"
#include "lib/err.h"
#include "lib/json.h"
#include "scheduler/core/dag.h"
#include "scheduler/service/command.h"
#include "storage/repo/backfill_repo.h"

struct backfill_plan {
	int64_t *times; /* logical dates, in the order in which they come */
	size_t count;
};

/* Memory is the arena's. ERR_INVALID: the DAG has no schedule of times, or the span is none;
 * ERR_LIMIT: more than LIMIT_BACKFILL_RUNS. */
MUST_CHECK int backfill_plan_make(const struct dag *dag, const int64_t span_us[2],
                                  const char *order, struct arena *arena,
                                  struct backfill_plan *plan, struct err *err);

enum backfill_plan_action { BACKFILL_PLAN_CREATE, BACKFILL_PLAN_RERUN, BACKFILL_PLAN_SKIP };

/* `run` is the one of that logical date, NULL when there is none; `existing` is skip, failed or all. */
enum backfill_plan_action backfill_plan_action(const char *existing,
                                               const struct backfill_repo_run *run);

/* What it would do: a backfill as it is shown, with its runs; a new reference. `runs` are those of the
 * span, by logical date. */
json_t *backfill_plan_json(const struct command *command, const struct backfill_plan *plan,
                           const struct backfill_repo_runs *runs);

#endif

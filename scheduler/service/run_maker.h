/* run_maker.h - makes runs, whoever wants one: people, schedules, backfills, other runs
 *
 * What is taken counts as well when it is still on its way into the database, where the reader cannot
 * see it yet. On the loop's thread.
 */
#ifndef SCHEDULER_SERVICE_RUN_MAKER_H
#define SCHEDULER_SERVICE_RUN_MAKER_H

#include <stdint.h>

#include "lib/compiler.h"
#include "lib/err.h"
#include "lib/json.h"
#include "lib/limits.h"
#include "scheduler/core/dag.h"
#include "scheduler/service/leader.h"

struct run_maker_order {
	struct dag *dag;
	const char *type;   /* manual, scheduled, backfill or triggered */
	const char *run_id; /* checked and free */
	const char *by;     /* who or what asked for it; "" when unknown */
	const char *note;   /* "" when none */
	const char *object; /* the URI that fired it, NULL: none */
	const char *key;    /* idempotency key, NULL: none */
	json_t *params;     /* complete; the run takes a reference */
	int64_t logical_us; /* these three: RUN_INFO_NO_DATE for none */
	int64_t interval_start_us, interval_end_us;
};

/* Whether the DAG has a run of this id, or of this logical date: 1, 0, or -1. */
MUST_CHECK int run_maker_has_id(struct leader *leader, const char *dag, const char *run_id,
                                struct err *err);
MUST_CHECK int run_maker_has_logical(struct leader *leader, const char *dag, int64_t logical_us,
                                     struct err *err);

/* A free id such as `manual__2026-11-21T08:42:00.123456Z`, with `-2`, `-3`, … while that is taken. */
MUST_CHECK int run_maker_name(struct leader *leader, const char *dag, const char *type,
                              int64_t moment_us, char run_id[LIMIT_NAME_BYTES + 1],
                              struct err *err);

/* The run begins with the commit of the batch that collects; gives its row id. */
int64_t run_maker_make(struct leader *leader, const struct run_maker_order *order);

#endif

/* schedule.h - when a DAG is to run: what `schedule:` and the keys around it say
 *
 * By times (`schedule: "0 3 * * *"`, a list of cron texts, `{every: 15m}`), after other DAGs
 * (`{after: [a, b]}`, `{after: "a and (b or c)"}`), for each new object (`{object: uri}`), or by hand
 * (null). A fire of times is a run whose logical date is the moment of the fire and whose interval
 * goes from the fire before to this one.
 *
 * Part of a DAG, in its arena, immutable. Pure: zones were loaded when the file was read. Moments are
 * microseconds since the epoch.
 */
#ifndef SCHEDULER_CORE_SCHEDULE_H
#define SCHEDULER_CORE_SCHEDULE_H

#include <stddef.h>
#include <stdint.h>

#include "lib/buf.h"
#include "lib/tz.h"
#include "scheduler/core/cron.h"

#define SCHEDULE_NEVER CRON_NEVER

enum schedule_kind {
	SCHEDULE_BY_HAND,
	SCHEDULE_TIMES,
	SCHEDULE_AFTER,
	SCHEDULE_OBJECT,
};

/* A step of an `after` condition, in the order of a stack machine: a name pushes its truth, `and` and
 * `or` take two and push one. */
struct schedule_step {
	enum { SCHEDULE_DAG, SCHEDULE_AND, SCHEDULE_OR } kind;
	uint32_t dag; /* index in `dags` */
};

struct schedule {
	enum schedule_kind kind;
	const struct tz *zone;
	int64_t start_us, end_us; /* no fire before or after; INT64_MIN and INT64_MAX: none */
	const struct cron *crons; /* times */
	size_t cron_count;
	const char *const *dags; /* after: each once */
	size_t dag_count;
	const struct schedule_step *steps;
	size_t step_count;
	const char *object; /* the URI prefix */
};

/* The first fire of times after a moment, start and end held; SCHEDULE_NEVER when there is none. */
int64_t schedule_next(const struct schedule *schedule, int64_t after_us);
/* The last one before a moment, start and end not held; INT64_MIN when there is none. */
int64_t schedule_previous(const struct schedule *schedule, int64_t before_us);

/* What a fire is about: `[start, end)`. The first fire of all has an interval of no length. */
struct schedule_interval {
	int64_t start_us, end_us;
};

struct schedule_interval schedule_interval(const struct schedule *schedule, int64_t fire_us);

/* Logical times in [from, to], both included, oldest first; a backfill walks them:
 *   for (t = schedule_first(s, from); t <= to; t = schedule_next(s, t)) …
 * SCHEDULE_NEVER is later than any `to`. */
int64_t schedule_first(const struct schedule *schedule, int64_t from_us);

/* Whether the condition of an `after` holds; `is_done` has a truth for each of `dags`. */
int schedule_after_holds(const struct schedule *schedule, const uint8_t *is_done);

#endif

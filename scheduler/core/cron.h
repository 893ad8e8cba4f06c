/* cron.h - when a cron text fires
 *
 * Made by cron_parse() (cron_parse.h, which tells what may be written) or cron_every().
 *
 * Daylight saving is decided by the hour field. `*`, with a step or without, follows elapsed time: it
 * fires whenever the clocks show a time that fits. A fixed hour is wall time: each time of day comes
 * once; all those the clocks leap over in spring become one fire at the first valid instant, and of
 * those that come twice in autumn only the first pass counts. `@every` counts multiples since the
 * epoch in any zone.
 *
 * Pure; a cron is a value without pointers. Moments are microseconds since the epoch.
 */
#ifndef SCHEDULER_CORE_CRON_H
#define SCHEDULER_CORE_CRON_H

#include <stdint.h>

#include "lib/tz.h"

#define CRON_NEVER INT64_MAX

enum cron_flags {
	CRON_LAST_DAY = 1 << 0,    /* the last day of the month fits */
	CRON_ANY_DAY = 1 << 1,     /* day of month is not restricted */
	CRON_ANY_WEEKDAY = 1 << 2, /* day of week is not restricted */
	CRON_ELAPSED = 1 << 3,     /* follows elapsed time, not the wall */
};

/* Sets of values as bits. */
struct cron {
	uint64_t seconds, minutes;
	uint32_t hours, days, months;
	uint8_t weekdays, last_weekdays; /* Sunday is bit 0 */
	uint8_t nth[7];                  /* by weekday: bit n for the n-th of its month */
	uint8_t flags;
	int64_t every_us; /* `@every`: nothing else counts. 0: fields */
};

/* `@every` of that many microseconds, a second or more. */
void cron_every(struct cron *cron, int64_t every_us);

/* The first fire after a moment, always later than it; CRON_NEVER when there is none up to the year
 * 9999. */
int64_t cron_next(const struct cron *cron, const struct tz *zone, int64_t after_us);

#endif

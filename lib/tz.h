/* tz.h - time zones by their IANA names, as tables of offsets
 *
 * Read from the machine's zone files (RFC 8536, /usr/share/zoneinfo) once a process and never freed,
 * so a table is good for ever and for every thread. The rule at a file's end is unrolled to the year
 * 2200; after that the last offset stays. UTC needs no file. Moments are seconds since the epoch.
 *
 * `passed_s` is what makes wall time usable: the local time up to which the clocks of the zone have
 * been before the span. Where it is less than the local time at which the span begins, clocks were
 * set forward and the times between never were; where it is more, the times up to it come again.
 */
#ifndef LIB_TZ_H
#define LIB_TZ_H

#include <stddef.h>
#include <stdint.h>

#include "lib/compiler.h"
#include "lib/err.h"

/* A time without change: from `start_s` until the next span starts. */
struct tz_span {
	int64_t start_s;  /* INT64_MIN in the first */
	int64_t passed_s; /* local; INT64_MIN in the first */
	int32_t offset_s; /* local time minus UTC */
};

struct tz {
	const char *name;
	struct tz_span *spans; /* two neighbours differ in their offset */
	size_t count;          /* at least 1 */
};

/* NULL with ERR_INVALID when the machine does not know the zone. Offsets such as `+02:00` are not
 * names. */
const struct tz *tz_load(const char *name, struct err *err);
const struct tz *tz_utc(void);

/* The index of the span that a moment is in. */
size_t tz_span(const struct tz *tz, int64_t moment_s);

#endif

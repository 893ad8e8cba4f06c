/* tz_rule.h - the rule at the end of a zone file: which offset, and when clocks change every year
 *
 * POSIX TZ with the extensions of RFC 8536 §3.3.1, such as `CET-1CEST,M3.5.0,M10.5.0/3`. Pure.
 */
#ifndef LIB_TZ_RULE_H
#define LIB_TZ_RULE_H

#include <stdint.h>

#include "lib/compiler.h"

/* A day of every year and the local time on it. */
struct tz_rule_day {
	enum { TZ_RULE_MONTH, TZ_RULE_JULIAN, TZ_RULE_DAY } kind; /* Mm.w.d, Jn, n */
	int month, week, day;
	int32_t time_s; /* may be negative or above a day */
};

struct tz_rule {
	int32_t standard_s, summer_s; /* local time minus UTC */
	int has_summer;
	struct tz_rule_day begin, end; /* of summer time */
};

/* 0, or -1 when the text is none. */
MUST_CHECK int tz_rule_parse(const char *text, struct tz_rule *rule);

/* When clocks change to summer time and back in a year, in UTC. */
int64_t tz_rule_begin(const struct tz_rule *rule, int year);
int64_t tz_rule_end(const struct tz_rule *rule, int year);

#endif

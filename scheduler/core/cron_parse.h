/* cron_parse.h - cron texts
 *
 * 5 fields (minute, hour, day of month, month, day of week) or 6 with seconds first; names, ranges,
 * steps, lists, `L` (last day of month), `5L` (last Friday), `5#2` (second Friday), `?`, the aliases
 * `@hourly` to `@yearly`, `@every 90s`. Day of month and day of week: when both are restricted
 * (anything but `*` or `?`, so `*` with a step too) either may match. 0 and 7 are Sunday, `n/step` runs
 * to 6. `W` is refused, and so is what never comes (30 February). Pure.
 */
#ifndef SCHEDULER_CORE_CRON_PARSE_H
#define SCHEDULER_CORE_CRON_PARSE_H

#include <stddef.h>

#include "lib/compiler.h"
#include "lib/err.h"
#include "scheduler/core/cron.h"

/* -1: ERR_INVALID, and the byte of the text that is meant in *offset. */
MUST_CHECK int cron_parse(const char *text, struct cron *cron, size_t *offset, struct err *err);

#endif

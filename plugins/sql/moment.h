/* moment.h - dates and times as text. Pure. */
#ifndef PLUGINS_SQL_MOMENT_H
#define PLUGINS_SQL_MOMENT_H

#include <stdint.h>

#define MOMENT_US_PER_DAY (INT64_C(86400) * 1000000)

/* `2021-02-01`, or with `T12:28:13`, a fraction and `Z` or an offset, to microseconds since the epoch.
 * 1, or 0 when it is none. */
int moment_parse(const char *text, int64_t *us);

#endif

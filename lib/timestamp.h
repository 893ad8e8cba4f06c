/* timestamp.h - moments as text
 *
 * Moments are int64_t microseconds since the epoch, UTC; days are days since the epoch. Formats are
 * RFC 3339; what is read is ISO 8601 as formats.md §2 of the design says: date alone, or date, `T`,
 * `t` or blank, time with seconds optional, up to 9 digits of fraction (cut to microseconds), zone
 * `Z`, `z`, `+02`, `+0200`, `+02:00` or none (UTC); years 0001 to 9999. Pure.
 */
#ifndef LIB_TIMESTAMP_H
#define LIB_TIMESTAMP_H

#include <stddef.h>
#include <stdint.h>

#include "lib/compiler.h"

enum {
	TIMESTAMP_SIZE = 28, /* `2021-02-01T12:28:13.000000Z` and NUL */
	TIMESTAMP_DATE_SIZE = 11,
};

/* 0, or -1 when it is not a moment in range. */
MUST_CHECK int timestamp_parse(const char *text, size_t size, int64_t *moment_us);
MUST_CHECK int timestamp_parse_date(const char *text, size_t size, int32_t *days);

/* Always 27 characters: how SQLite stores it and run ids show it. */
void timestamp_format(int64_t moment_us, char text[TIMESTAMP_SIZE]);
/* The fraction only when it is not zero: how JSON and CSV show it. */
void timestamp_format_short(int64_t moment_us, char text[TIMESTAMP_SIZE]);
void timestamp_format_date(int32_t days, char text[TIMESTAMP_DATE_SIZE]);

#endif

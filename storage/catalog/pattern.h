/* pattern.h - a POSIX extended regular expression over characters
 *
 * Compiled twice: by bytes for ASCII text, which is several times faster, and by UTF-8 characters for
 * the rest, so that `.` is one character. A pattern matches anywhere in the text unless it is anchored.
 * Back references are refused: they cost exponential time. Any thread may match.
 */
#ifndef STORAGE_CATALOG_PATTERN_H
#define STORAGE_CATALOG_PATTERN_H

#include <stddef.h>

#include "lib/compiler.h"
#include "lib/err.h"

struct pattern;

/* NULL with the reason when it is no valid expression. */
MUST_CHECK struct pattern *pattern_new(const char *text, struct err *err);
void pattern_free(struct pattern *pattern);

/* The expression as written. */
const char *pattern_text(const struct pattern *pattern);

int pattern_matches(const struct pattern *pattern, const char *text, size_t size);

#endif

/* str.h - questions about text
 *
 * Pure. Text is NUL-terminated UTF-8 unless a length is given.
 */
#ifndef LIB_STR_H
#define LIB_STR_H

#include <stddef.h>
#include <stdint.h>

#include "lib/compiler.h"
#include "lib/err.h"

int str_equal(const char *a, const char *b);
int str_starts_with(const char *text, const char *prefix);
int str_ends_with(const char *text, const char *suffix);

/* Copies what fits and always terminates; returns 0, or -1 when it was cut. */
int str_copy(char *to, size_t to_size, const char *from);

/* Whole text or ERR_INVALID. Integers are decimal with an optional sign. */
MUST_CHECK int str_to_int(const char *text, int64_t *value, struct err *err);
MUST_CHECK int str_to_float(const char *text, double *value, struct err *err);
/* `90s`, `15m`, `2h`, `1d`, `250ms`, or seconds as a bare number. Never negative. */
MUST_CHECK int str_to_duration_ms(const char *text, int64_t *value_ms, struct err *err);
/* `512`, `64KiB`, `32MiB`, `1GiB`; K, M, G mean the same. */
MUST_CHECK int str_to_size_bytes(const char *text, int64_t *value_bytes, struct err *err);

/* The first byte that is not well-formed UTF-8 (no surrogates, no overlong forms), or `size`. */
size_t str_utf8_valid(const char *text, size_t size);
/* Characters of well-formed UTF-8. */
size_t str_utf8_length(const char *text, size_t size);

/* For "did you mean": the candidate that is nearest and near enough, or NULL. */
const char *str_nearest(const char *text, const char *const *candidates, size_t count);

#endif

/* value_parse.h - how text and JSON become a typed value
 *
 * The rules of formats.md §2 "Values" for loader, API and plugins alike. Text and bytes of the result
 * are slices of what was parsed, or of the arena where they had to be changed (base64, upper-case
 * uuid, long decimals), so plain fields allocate nothing. Text must be well-formed UTF-8 without NUL
 * before it comes here (value_check_text). Thread safe as the arena is.
 */
#ifndef STORAGE_CATALOG_VALUE_PARSE_H
#define STORAGE_CATALOG_VALUE_PARSE_H

#include <stddef.h>
#include <stdint.h>

#include "lib/arena.h"
#include "lib/compiler.h"
#include "lib/json.h"
#include "storage/catalog/flaw.h"
#include "storage/catalog/value.h"

struct column;

/* One field that is not NULL. 0, or -1 with the flaw. */
MUST_CHECK int value_parse(const struct column *column, const char *text, size_t size,
                           struct arena *arena, struct value *value, struct flaw *flaw);

/* NULL was given: fine unless the column is required. */
MUST_CHECK int value_parse_null(const struct column *column, struct value *value,
                                struct flaw *flaw);

/* Nothing was given: the default, else as NULL. `now_us` is what `{current: …}` means. */
MUST_CHECK int value_parse_missing(const struct column *column, int64_t now_us, struct value *value,
                                   struct flaw *flaw);

/* A JSON value; null is NULL. Text is read as value_parse() does where the column is not text. The
 * slice lives as long as `json` or the arena. */
MUST_CHECK int value_parse_json(const struct column *column, const json_t *json,
                                struct arena *arena, struct value *value, struct flaw *flaw);

/* A value that is typed already: of the kind this column stores, and within its constraints. */
MUST_CHECK int value_parse_check(const struct column *column, const struct value *value,
                                 struct flaw *flaw);

#endif

/* json.h - JSON documents, by jansson
 *
 * Documents that come in are bounded: size by the caller, depth by LIMIT_JSON_DEPTH, no duplicate
 * keys, no NUL in strings, integers within 64 bits. Use jansson's own json_object_get() and friends
 * on the result; names here do not collide with it. The hot path writes with lib/json_writer.h.
 */
#ifndef LIB_JSON_H
#define LIB_JSON_H

#include <jansson.h>

#include "lib/buf.h"
#include "lib/compiler.h"
#include "lib/err.h"

/* Any JSON value (scalars too). The error says `line 3, column 14: …`. NULL on error; the caller
 * owns a reference. */
MUST_CHECK json_t *json_parse(const char *text, size_t size, struct err *err);

/* Compact, keys in their order. */
void json_append(struct buf *buf, const json_t *value);
/* Heap string, compact. */
char *json_text(const json_t *value);
/* Two blanks of indent, for people. */
char *json_text_pretty(const json_t *value);

/* Members that may be missing: "" / 0 / `fallback` then. */
const char *json_get_text(const json_t *object, const char *key, const char *fallback);
int64_t json_get_int(const json_t *object, const char *key, int64_t fallback);

#define auto_json __attribute__((cleanup(json_release_pointer)))
void json_release_pointer(json_t **value);

#endif

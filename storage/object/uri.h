/* uri.h - names of objects and files
 *
 * `objects://bucket/key` is an object of the configured store, `<name>://bucket/key` of a named one,
 * `file:///path` a local file. Keys are raw: `%`, `?` and `#` mean nothing (formats.md §5). Texts of
 * a parsed URI are the arena's. Pure.
 */
#ifndef STORAGE_OBJECT_URI_H
#define STORAGE_OBJECT_URI_H

#include "lib/arena.h"
#include "lib/compiler.h"
#include "lib/err.h"

struct uri {
	const char *text;   /* as it was given */
	const char *store;  /* "objects", a configured name, or "file" */
	const char *bucket; /* "" for a file */
	const char *key;    /* of a file its absolute path; "" only after uri_parse_prefix() */
};

/* ERR_USAGE says what is wrong with the text. */
MUST_CHECK int uri_parse(const char *text, struct arena *arena, struct uri *uri, struct err *err);

/* The same, but the key may be missing or end in a slash: what a list starts with. */
MUST_CHECK int uri_parse_prefix(const char *text, struct arena *arena, struct uri *uri,
                                struct err *err);

/* A bucket is 1 to 63 of `[A-Za-z0-9._-]` and begins with a letter or digit. */
MUST_CHECK int uri_check_bucket(const char *bucket, struct err *err);

/* A key is 1 to LIMIT_OBJECT_KEY_BYTES bytes of UTF-8. */
MUST_CHECK int uri_check_key(const char *key, struct err *err);

/* Whether the text begins with a scheme, `name://`; a plain path does not. */
int uri_has_scheme(const char *text);

#endif

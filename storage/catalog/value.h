/* value.h - one typed value, and how it is shown
 *
 * A value is plain data; its text and bytes are borrowed. What a kind means is said by the column's
 * type. Values are made from text and JSON by value_parse.h. Shapes: formats.md §3. Pure.
 */
#ifndef STORAGE_CATALOG_VALUE_H
#define STORAGE_CATALOG_VALUE_H

#include <stddef.h>
#include <stdint.h>

#include "lib/buf.h"
#include "lib/compiler.h"
#include "lib/json_writer.h"
#include "storage/catalog/flaw.h"

struct column;

#define VALUE_ID_MAX             INT64_C(9007199254740991) /* 2^53 - 1: every JSON reader keeps it exact */
#define VALUE_DECIMAL_INT_DIGITS 18                        /* decimals up to here are VALUE_INT */

enum value_kind {
	VALUE_UNSET, /* not given: the column's default, or NULL */
	VALUE_NULL,
	VALUE_INT, /* int; bool 0/1; date in days; timestamp in us; decimal * 10^scale (<= 18 digits) */
	VALUE_FLOAT,
	VALUE_TEXT,  /* string, text, json, uuid (lower case), decimal of more than 18 digits */
	VALUE_BYTES, /* bytes, decoded */
};

struct value {
	enum value_kind kind;
	uint32_t size; /* of text or bytes */
	union {
		int64_t integer;
		double real;
		const char *text; /* not NUL-terminated */
	} as;
};

/* The first thing wrong with raw text as UTF-8 without NUL, FLAW_NONE when it is fine. */
enum flaw_code value_check_text(const char *text, size_t size);

/* As JSON of formats.md §3. */
void value_write_json(const struct column *column, const struct value *value,
                      struct json_writer *writer);

/* As plain text: what value_parse() reads back; NULL is nothing. */
void value_append_text(const struct column *column, const struct value *value, struct buf *buf);

/* As one CSV field, quoted where needed: NULL is empty, the empty text `""`. */
void value_append_csv(const struct column *column, const struct value *value, struct buf *buf);

/* Same kind, same contents; NULL equals NULL. */
int value_equal(const struct value *a, const struct value *b);

/* Constructors. Text is borrowed and shorter than 4 GiB. */
struct value value_null(void);
struct value value_int(int64_t integer);
struct value value_float(double real);
struct value value_text(const char *text, size_t size);
struct value value_bytes(const void *bytes, size_t size);

#endif

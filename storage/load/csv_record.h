/* csv_record.h - where a CSV record ends, and its fields
 *
 * RFC 4180 with LF or CRLF. A quote opens a field at its very start and nowhere else, so a bare quote
 * in an unquoted field cannot swallow the lines that follow: such a record ends at its line end and is
 * flawed. Fields without doubled quotes are slices of the text; nothing is copied or allocated for
 * them. Pure; one record belongs to one thread.
 */
#ifndef STORAGE_LOAD_CSV_RECORD_H
#define STORAGE_LOAD_CSV_RECORD_H

#include <stddef.h>
#include <stdint.h>

#include "lib/buf.h"
#include "lib/compiler.h"
#include "storage/catalog/flaw.h"

struct csv_dialect {
	char delimiter, quote;
};

struct csv_field {
	const char *text;  /* without quotes; not NUL-terminated */
	const char *start; /* in the record, its quote included */
	uint32_t size;
	int is_quoted;
};

enum { CSV_RECORD_FIELDS = 2048 }; /* of one record; more are counted only */

struct csv_record {
	const char *raw; /* as it stands in the text, without its line end */
	size_t raw_size;
	size_t line_ends; /* in the whole of it, its own included */
	struct csv_field *fields;
	size_t field_count; /* CSV_RECORD_FIELDS of them are in `fields` */
	size_t capacity;
	enum flaw_code flaw; /* FLAW_QUOTE, FLAW_LINE_END or FLAW_NONE */
	struct buf unescaped;
};

void csv_record_init(struct csv_record *record);
void csv_record_release(struct csv_record *record);

enum { CSV_RECORD_MORE = 0, CSV_RECORD_OPEN_QUOTE = -1 };

/* Splits the record at the start of `text` and gives its size with its line end. CSV_RECORD_MORE: the
 * record goes on behind `size`; CSV_RECORD_OPEN_QUOTE: it would, but `is_end` says there is no more.
 * An empty line is a record with `raw_size` 0. `size` is not 0. Slices point into `text`. */
int64_t csv_record_split(struct csv_record *record, struct csv_dialect dialect, const char *text,
                         size_t size, int is_end);

/* Appends a field as RFC 4180 writes it: quoted when `quoted` or where the text needs it. */
void csv_record_append_field(struct buf *buf, const char *text, size_t size, int quoted);

#endif

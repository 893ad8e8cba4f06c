/* record_check.h - from fields to checked values, or to what is wrong with them
 *
 * One checker per load. The first flaw of a record gives its code, column and detail; further ones
 * follow in the detail behind `; `. Entries that are handed out are good until the next call. One
 * thread.
 */
#ifndef STORAGE_LOAD_RECORD_CHECK_H
#define STORAGE_LOAD_RECORD_CHECK_H

#include "lib/arena.h"
#include "lib/buf.h"
#include "storage/catalog/catalog.h"
#include "storage/load/csv_layout.h"
#include "storage/load/csv_record.h"
#include "storage/load/load.h"
#include "storage/load/stage.h"

struct record_check {
	struct arena arena; /* of values that had to be changed */
	struct value *values;
	struct buf raw, detail, text;
	struct flaw flaw;
	const char *null_text;
	size_t null_size;
};

void record_check_init(struct record_check *check, size_t width, const char *null_text);
void record_check_release(struct record_check *check);

/* Whether the record is a row of the layout: fills all of the entry but its line and pointer. */
void record_check_record(struct record_check *check, const struct csv_layout *layout,
                         const struct csv_record *record, struct stage_entry *entry);

/* The same of typed values, `rows->width` of them. */
void record_check_values(struct record_check *check, const struct load_rows *rows,
                         const struct value *values, struct stage_entry *entry);

#endif

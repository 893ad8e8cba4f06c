/* load_fill.h - filling an empty table without its indexes
 *
 * For load_write.c. Rows whose keys were certainly not seen before in this load are inserted while the
 * indexes are gone; the few others wait until they are back, and then go through the usual way in their
 * order. The result is the same as row by row: a row can only collide with one of equal keys, and all
 * rows with equal keys but the first of them wait.
 */
#ifndef STORAGE_LOAD_LOAD_FILL_H
#define STORAGE_LOAD_LOAD_FILL_H

#include "lib/compiler.h"
#include "lib/err.h"
#include "storage/load/key_filter.h"
#include "storage/load/load_state.h"
#include "storage/repo/table_indexes.h"

enum {
	LOAD_FILL_ROWS = 20000, /* below that nothing is gained */
	/* as much again is sorted at a time, which is fastest when it stays in the processor's cache */
	LOAD_FILL_CACHE_BYTES = 2 * 1024 * 1024,
};

struct load_fill {
	struct table_indexes indexes;
	struct key_filter *filter;
	struct stage waiting;
};

/* In the open transaction: takes the indexes away, where that is worth it and can be done. 1, 0, -1. */
MUST_CHECK int load_fill_begin(struct load_fill *fill, struct load *load, struct err *err);

/* 1: the row waits; 0: write it now; -1. */
MUST_CHECK int load_fill_wait(struct load_fill *fill, const struct stage_entry *entry,
                              struct err *err);

/* The indexes are back; what waits is read from `waiting`. */
MUST_CHECK int load_fill_end(struct load_fill *fill, struct load *load, struct err *err);

/* Also of one that was not begun. */
void load_fill_release(struct load_fill *fill);

#endif

/* load_parents.h - which of the rows that a load refers to are not there
 *
 * For load_copy.c: reads the prepared rows once and asks the database for their parents, many at a
 * time. Memory grows with the parents that are missing, up to a bound. One thread.
 */
#ifndef STORAGE_LOAD_LOAD_PARENTS_H
#define STORAGE_LOAD_LOAD_PARENTS_H

#include <stddef.h>
#include <stdint.h>

#include "lib/compiler.h"
#include "lib/err.h"
#include "storage/load/load_state.h"

enum {
	LOAD_PARENTS_BATCH = 8192,          /* are asked for at once */
	LOAD_PARENTS_MISSING_MAX = 1 << 20, /* of all columns together */
	/* that many are kept by locks on rows, more by one on their table */
	LOAD_PARENTS_ROW_LOCKS = 10000,
};

struct load_parent;

struct load_parents {
	struct load_parent
		*items; /* by column that refers to something, in the order of the table */
	size_t count;
	int64_t missing; /* ids, of all columns together */
};

void load_parents_init(struct load_parents *parents, const struct load *load);
void load_parents_release(struct load_parents *parents);

/* Which parents stay until the transaction ends: all that were found, as long as they are few, none. */
enum load_parents_keep { LOAD_PARENTS_KEEP_NONE, LOAD_PARENTS_KEEP_SOME, LOAD_PARENTS_KEEP_ALL };

/* In the open transaction. 1; 0: too many are missing; -1. */
MUST_CHECK int load_parents_find(struct load_parents *parents, struct load *load,
                                 enum load_parents_keep keep, struct err *err);

/* The first column of the row whose parent is missing, and that parent; NULL when none is. */
const struct column *load_parents_missing(const struct load_parents *parents,
                                          const struct value *values, int64_t *id);

#endif

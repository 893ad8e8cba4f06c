/* table_indexes.h - takes the indexes of an empty table away while it is filled
 *
 * Filling an index row by row jumps about in it; making it of all rows at once sorts. Inside one write
 * transaction nobody else sees the table without its indexes. Whoever fills it must see to it that no
 * two rows have the same values of a unique key: making the index again fails then.
 */
#ifndef STORAGE_REPO_TABLE_INDEXES_H
#define STORAGE_REPO_TABLE_INDEXES_H

#include <stddef.h>

#include "lib/arena.h"
#include "lib/compiler.h"
#include "lib/err.h"
#include "storage/catalog/catalog.h"
#include "storage/db/db.h"

struct table_indexes {
	char **names, **sql; /* what makes them again; the arena's */
	size_t count;
};

/* 1: they are gone; 0: they stay, because the table has rows, has unique indexes that the catalog does
 * not know, or the database does better without; -1. In the caller's write transaction. */
MUST_CHECK int table_indexes_drop(struct db *db, const struct table *table, struct arena *arena,
                                  struct table_indexes *indexes, struct err *err);

/* In the same transaction. */
MUST_CHECK int table_indexes_make(struct db *db, const struct table_indexes *indexes,
                                  struct err *err);

#endif

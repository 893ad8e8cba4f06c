/* bulk_keys.h - takes the constraints and indexes of an empty table of PostgreSQL away, and brings them back
 *
 * An index made of all rows at once sorts them; one that is filled row by row jumps about. The table is
 * locked for this transaction alone, so nobody ever sees it without its constraints. One thread.
 */
#ifndef STORAGE_REPO_BULK_KEYS_H
#define STORAGE_REPO_BULK_KEYS_H

#include <stddef.h>

#include "lib/arena.h"
#include "lib/compiler.h"
#include "lib/err.h"
#include "storage/catalog/catalog.h"
#include "storage/db/db.h"

struct bulk_keys {
	struct {
		const char **items;
		size_t count, capacity;
	} making; /* statements; their texts are the arena's */
};

enum bulk_keys_flags { BULK_KEYS_REFERENCES = 1 << 0 /* foreign keys, too */ };

/* In the caller's write transaction, behind a savepoint: on any error roll back to it. ERR_BUSY: the
 * locks did not come within a second; ERR_CONFLICT: the table has rows, or something that could not be
 * brought back. */
MUST_CHECK int bulk_keys_drop(struct db *db, const struct table *table, unsigned flags,
                              struct arena *arena, struct bulk_keys *keys, struct err *err);
MUST_CHECK int bulk_keys_make(struct db *db, const struct bulk_keys *keys, struct err *err);
void bulk_keys_release(struct bulk_keys *keys);

#endif

/* bulk_look.h - what PostgreSQL says of a table before many rows go into it
 *
 * For the loader: what stands there, what the role may, which parents there are. In the caller's
 * write transaction. One thread.
 */
#ifndef STORAGE_REPO_BULK_LOOK_H
#define STORAGE_REPO_BULK_LOOK_H

#include <stddef.h>
#include <stdint.h>

#include "lib/compiler.h"
#include "lib/err.h"
#include "storage/catalog/catalog.h"
#include "storage/db/db.h"

/* What the database says of a table and of who asks. */
struct bulk_look {
	int is_plain; /* neither partitioned, nor with rules or policies */
	int has_triggers;
	int is_empty;
	int is_referred;        /* by another table */
	int64_t references;     /* foreign keys of the catalog */
	int has_own_references; /* foreign keys the catalog does not know */
	int may_stage;          /* temporary tables, and the generator of ids */
	int may_keep;           /* rows of parents, by locks */
	int may_replicate;      /* foreign keys that are proven can go unchecked */
};

/* -1 on errors of the database. */
MUST_CHECK int bulk_look_table(struct db *db, const struct table *table, struct bulk_look *look,
                               struct err *err);

enum bulk_look_keep { BULK_LOOK_ONLY, BULK_LOOK_KEEP };

struct bulk_look_ids {
	const int64_t *items;
	size_t count;
};

/* Which of these ids are rows of `parent` that are not hidden: their ids go to `found`, which has room
 * for all. With BULK_LOOK_KEEP they stay there until the transaction ends. How many, or -1. */
MUST_CHECK int64_t bulk_look_parents(struct db *db, const struct table *parent,
                                     const struct bulk_look_ids *ids, enum bulk_look_keep keep,
                                     int64_t *found, struct err *err);
/* Nobody changes the parent until the transaction ends. */
MUST_CHECK int bulk_look_keep_all(struct db *db, const struct table *parent, struct err *err);

#endif

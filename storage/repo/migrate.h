/* migrate.h - brings the data database to what the catalog declares
 *
 * Compares the catalog with what is recorded in the database (`millrace_migration`: the shape of each
 * table as it was migrated, and a checksum) and with the columns that are really there. Each table is
 * changed in one transaction; processes that migrate at once take turns, the later one finds nothing
 * to do. The program's own tables of the data database (storage.md §2) are made first.
 *
 * Errors: ERR_CONFLICT a step would destroy data and was not allowed, cannot be done in place, or the
 * database is of a newer version of the program · ERR_DAMAGED a record that does not match its
 * checksum · those of storage/db.
 */
#ifndef STORAGE_REPO_MIGRATE_H
#define STORAGE_REPO_MIGRATE_H

#include <stddef.h>
#include <stdint.h>

#include "lib/arena.h"
#include "lib/compiler.h"
#include "lib/err.h"
#include "storage/catalog/catalog.h"
#include "storage/db/db.h"

enum migrate_kind {
	MIGRATE_ADDITIVE,
	MIGRATE_DESTRUCTIVE, /* drops a column or a table */
	MIGRATE_IMPOSSIBLE,  /* no SQL of ours does it: `what` says why */
};

struct migrate_step {
	enum migrate_kind kind;
	const char *table; /* "" for the program's own tables */
	const char *what;  /* "add column 'x' to table 't'" */
	const char *sql;   /* "" where there is none */
};

struct migrate_plan {
	struct arena arena; /* owns the steps */
	struct migrate_step *items;
	size_t count, capacity;
};

void migrate_plan_init(struct migrate_plan *plan);
void migrate_plan_release(struct migrate_plan *plan);

/* What migrate_up() would do. Changes nothing. */
MUST_CHECK int migrate_plan(struct db *db, const struct catalog *catalog, struct migrate_plan *plan,
                            struct err *err);

enum migrate_flags { MIGRATE_ALLOW_DESTRUCTIVE = 1 << 0 };

/* Does it, and adds what was done to `plan`. Without MIGRATE_ALLOW_DESTRUCTIVE tables that are gone
 * from the catalog stay as they are, and a table with a destructive step gets its additive ones and
 * then fails. */
MUST_CHECK int migrate_up(struct db *db, const struct catalog *catalog, unsigned flags,
                          int64_t now_us, struct migrate_plan *plan, struct err *err);

/* ERR_CONFLICT, with what to do, when something is due that migrate_up() would add. */
MUST_CHECK int migrate_check(struct db *db, const struct catalog *catalog, struct err *err);

#endif

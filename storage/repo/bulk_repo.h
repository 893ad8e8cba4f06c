/* bulk_repo.h - many rows into one table of PostgreSQL at once
 *
 * For the loader: rows are copied into a temporary table with their number; queries over all of them
 * find which are not simply to be inserted, one statement inserts all others. What each row comes to
 * is what table_writer.h would make of it, row by row in the order of numbers:
 *
 *   bulk_repo_init() → bulk_repo_stage() → db_copy_row()… → bulk_repo_judge() → bulk_repo_store()
 *   → bulk_repo_verdicts()
 *
 * Rows whose outcome depends on others that are not settled themselves are left undecided: the caller
 * gives them to table_writer_row() afterwards, in their order. Everything runs in the caller's write
 * transaction and leaves with it. One thread.
 */
#ifndef STORAGE_REPO_BULK_REPO_H
#define STORAGE_REPO_BULK_REPO_H

#include <stdint.h>

#include "lib/arena.h"
#include "lib/compiler.h"
#include "lib/err.h"
#include "storage/catalog/catalog.h"
#include "storage/db/db.h"
#include "storage/db/db_copy.h"
#include "storage/repo/table_writer.h"

struct bulk_repo {
	struct db *db;
	const struct table *table;
	struct table_writer_shape shape;
	int has_ids;     /* rows give them */
	int is_empty;    /* the table has no rows */
	int64_t copied;  /* rows in the stage; the caller's */
	int64_t touches; /* how often something is in the way of a row */
	int64_t verdicts, updates;
};

void bulk_repo_init(struct bulk_repo *bulk, struct db *db, const struct table *table,
                    const struct table_writer *writer);

/* Makes the temporary table and opens the copy into it. Rows have: number, suspect (whether an earlier
 * row may have one of its keys), then the columns the writer was given. */
enum { BULK_REPO_STAGE_LEADING = 2 };
MUST_CHECK struct db_copy *bulk_repo_stage(struct bulk_repo *bulk, struct arena *arena,
                                           struct err *err);

/* Finds the rows that are not simply to be inserted. */
MUST_CHECK int bulk_repo_judge(struct bulk_repo *bulk, int has_suspects, struct err *err);

/* Inserts the others, and makes the updates that are settled. `unchecked`: the foreign keys are proven.
 * ERR_DUPLICATE, ERR_BUSY and ERR_STALE: other sessions wrote meanwhile, judge again. */
MUST_CHECK int bulk_repo_store(struct bulk_repo *bulk, int unchecked, struct err *err);

enum bulk_repo_kind {
	BULK_REPO_UNDECIDED,
	BULK_REPO_SKIPPED,
	BULK_REPO_DUPLICATE,
	BULK_REPO_DUPLICATE_IN_INPUT,
	BULK_REPO_UPDATED,
};

struct bulk_repo_verdict {
	int64_t number;
	enum bulk_repo_kind kind;
	int key;     /* 0: id, else 1 + index in table->keys */
	int64_t hit; /* the row that has it */
};

/* The next ones behind that number, at most `count`: how many, or -1. */
MUST_CHECK int64_t bulk_repo_verdicts(struct bulk_repo *bulk, int64_t behind,
                                      struct bulk_repo_verdict *verdicts, size_t count,
                                      struct err *err);

/* Opens a copy straight into the table; rows have the writer's inserted columns, then version. As
 * above, names are the arena's. */
MUST_CHECK struct db_copy *bulk_repo_direct(struct bulk_repo *bulk, struct arena *arena,
                                            struct err *err);
/* Foreign keys are checked, or not, from here to the end of the transaction. */
MUST_CHECK int bulk_repo_check_references(struct db *db, int checked, struct err *err);
/* Large work, however long it takes. */
MUST_CHECK int bulk_repo_settings(struct db *db, struct err *err);

#endif

/* row_batch.h - rows that go into a table many to a statement
 *
 * For rows of which it is known that nothing is in their way: of one that cannot be stored only the
 * failure of its whole statement tells. What a statement costs by itself, and AUTOINCREMENT's look at
 * its own table with it, is paid once for all its rows. Rows run in the caller's write transaction. One
 * thread.
 */
#ifndef STORAGE_REPO_ROW_BATCH_H
#define STORAGE_REPO_ROW_BATCH_H

#include <stddef.h>

#include "lib/compiler.h"
#include "lib/err.h"
#include "storage/catalog/catalog.h"
#include "storage/db/db.h"
#include "storage/repo/table_sql.h"

enum {
	ROW_BATCH_ROWS = 48,           /* in one statement, at most */
	ROW_BATCH_BYTES = 1024 * 1024, /* of their texts, about */
	ROW_BATCH_VALUES = 8192,       /* in one statement, about */
};

struct row_batch;

/* `columns` and what it points to is borrowed until row_batch_close(). NULL on error. */
MUST_CHECK struct row_batch *row_batch_open(struct db *db, const struct table *table,
                                            const struct table_sql_columns *columns,
                                            struct err *err);
void row_batch_close(struct row_batch *batch);

/* Copies a row, given by column position; stores all kept ones when they are enough. */
MUST_CHECK int row_batch_add(struct row_batch *batch, const struct value *row, struct err *err);

/* Stores what is kept. */
MUST_CHECK int row_batch_flush(struct row_batch *batch, struct err *err);

/* Forgets what is kept. */
void row_batch_clear(struct row_batch *batch);

#endif

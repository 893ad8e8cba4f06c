/* row_reader.h - rows of a statement of table_sql.h
 *
 * One reader serves all rows of a statement; each read overwrites the last row. Memory is the arena's.
 */
#ifndef STORAGE_REPO_ROW_READER_H
#define STORAGE_REPO_ROW_READER_H

#include "lib/arena.h"
#include "lib/compiler.h"
#include "lib/err.h"
#include "storage/catalog/catalog.h"
#include "storage/db/db.h"
#include "storage/repo/table_repo.h"

struct row_reader {
	const struct table *table;
	struct value *values;
	/* by column position; NULL altogether when nothing is expanded */
	struct value **parent_values;
	struct table_row *parents;
	const struct table_row **expanded;
};

void row_reader_init(struct row_reader *reader, const struct table *table, int expand,
                     struct arena *arena);

/* The row the statement stands on. Texts are good until its next step. */
MUST_CHECK int row_reader_read(struct row_reader *reader, struct db_stmt *stmt,
                               struct table_row *row, struct err *err);

/* Copies the texts of the last row into the arena. */
void row_reader_keep(struct row_reader *reader, struct arena *arena);

#endif

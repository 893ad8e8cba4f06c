/* db_copy.h - many rows into one table at once, where the database has a way for that
 *
 * PostgreSQL's COPY in its binary format ("COPY" of its manual, "Binary Format"; the formats of single
 * values: src/backend/utils/adt, the functions named *recv). Rows run in the caller's write
 * transaction and nothing else does on its connection until the copy ends. A row that breaks a
 * constraint fails the whole copy. One thread.
 */
#ifndef STORAGE_DB_DB_COPY_H
#define STORAGE_DB_DB_COPY_H

#include "storage/db/db.h"

struct db_copy;

struct db_copy_column {
	const char *name;
	enum db_type type; /* what the column keeps; numbers with many digits may come as DB_TEXT */
};

/* Whether this database has a way. */
int db_copy_is_there(const struct db *db);

/* `table` in SQL's own words (quoted where that is needed). Columns are borrowed until the end. NULL
 * on error. */
MUST_CHECK struct db_copy *db_copy_open(struct db *db, const char *table,
                                        const struct db_copy_column *columns, size_t count,
                                        struct err *err);
/* One value for each column. */
MUST_CHECK int db_copy_row(struct db_copy *copy, const struct db_value *values, struct err *err);
/* Ends and frees it. -1 when a row was refused, or the copy was broken off. */
MUST_CHECK int db_copy_finish(struct db_copy *copy, int64_t *rows, struct err *err);
/* Breaks it off and frees it; then the transaction can only be rolled back. NULL is fine. */
void db_copy_abort(struct db_copy *copy);

#endif

/* ddl.h - what makes tables, in the words of one database
 *
 * Databases differ in a table of words (ddl.c); the rest is said once. How a catalog type is kept:
 * formats.md §3. Texts are appended without a semicolon. Pure.
 */
#ifndef STORAGE_REPO_DDL_H
#define STORAGE_REPO_DDL_H

#include <stddef.h>

#include "lib/arena.h"
#include "lib/buf.h"
#include "storage/catalog/catalog.h"
#include "storage/db/db.h"

void ddl_create_table(enum db_dialect dialect, const struct table *table, struct buf *sql);
void ddl_drop_table(const char *table, struct buf *sql);

/* What is stored under a column whatever its checks are: two columns with one kind can hold each
 * other's values as they are. `text`, `int`, `decimal(10,2)`, … */
void ddl_storage_kind(const struct column *column, struct buf *kind);

/* Whether a table that has rows can get this column. */
int ddl_can_add_column(const struct column *column);
void ddl_add_column(enum db_dialect dialect, const char *table, const struct column *column,
                    struct buf *sql);
void ddl_drop_column(const char *table, const char *column, struct buf *sql);

/* An index on columns in this order. */
struct ddl_index {
	const char *const *columns;
	size_t count;
	int is_unique;
};

/* Readable, and never the same for two indexes of a database. */
const char *ddl_index_name(const char *table, const struct ddl_index *index, struct arena *arena);
void ddl_create_index(const char *name, const char *table, const struct ddl_index *index,
                      struct buf *sql);
void ddl_drop_index(const char *name, struct buf *sql);

/* A query that has a row when the table named $1 exists. */
const char *ddl_table_exists(enum db_dialect dialect);
/* The same of one of the program's own (own_table.h). */
const char *ddl_own_table_exists(enum db_dialect dialect);

#endif

/* table_sql.h - the statements of one table, built from the catalog
 *
 * Identifiers come from the catalog and are quoted, values are bound as $1, $2, …. Texts live in the
 * arena they were built in. Immutable afterwards. Rows are read with the columns of the table first, in
 * their order, then those of each table referred to, when `expand` is in the name.
 */
#ifndef STORAGE_REPO_TABLE_SQL_H
#define STORAGE_REPO_TABLE_SQL_H

#include <stddef.h>

#include "lib/arena.h"
#include "storage/catalog/catalog.h"

/* Which rows a text is about. */
enum { TABLE_SQL_EXPAND = 1, TABLE_SQL_INCLUDE_DELETED = 2, TABLE_SQL_VARIANTS = 4 };

struct table_sql {
	const struct table *table;
	/* one row, $1 is its id; hidden ones too. By TABLE_SQL_EXPAND. */
	const char *get[2];
	/* by id, behind $1, at most $2, after leaving out $3 */
	const char *list[TABLE_SQL_VARIANTS];
	const char *count; /* of rows that are not hidden */
	/* all columns in their order; a row that collides is not stored; gives the id */
	const char *insert, *insert_without_id;
	/* the declared columns are $1 and on, then updated_at, id, version */
	const char *update;
	const char *revive, *soft_delete; /* the moment is $1, the id $2 */
	const char *hard_delete;          /* the id is $1 */
	const char *clear;
	const char *has_id; /* as keys[i] */
	/* by key: id and created_at of the row that has the values $1 and on */
	const char *const *keys;
	/* by column position: whether $1 is a row of the table referred to; NULL where there is none */
	const char *const *parents;
	/* the same where others write at the same time: that row stays as it is until we commit */
	const char *const *held_parents;
};

/* Columns to write: those that have the same value in all rows, and the others. */
struct table_sql_columns {
	const struct column *const *same, *const *other;
	size_t same_count, other_count;
};

struct table_sql *table_sql_new(const struct table *table, struct arena *arena);

/* INSERT of these columns, their values are $1 and on; the row's version is 1. */
const char *table_sql_insert(const struct table *table, const struct column *const *columns,
                             size_t count, struct arena *arena);
/* INSERT of so many rows at once: $1 and on are the values that are the same in all rows, then row by row
 * come the others. */
const char *table_sql_insert_rows(const struct table *table,
                                  const struct table_sql_columns *columns, size_t rows,
                                  struct arena *arena);
/* UPDATE of these columns and of updated_at, the next parameter; the id is the last. */
const char *table_sql_update(const struct table *table, const struct column *const *columns,
                             size_t count, struct arena *arena);
/* Counts rows of `child` other than $1 itself that refer to $1 with this column. */
const char *table_sql_count_children(const struct table *child, const struct column *column,
                                     struct arena *arena);
/* Counts rows of `child` that refer to any row. */
const char *table_sql_count_referring(const struct table *child, const struct column *column,
                                      struct arena *arena);

#endif

/* table_diff.h - the steps from one shape of a table to another
 *
 * Pure: shapes in, steps out. Order: indexes go, columns go, columns come, indexes come.
 */
#ifndef STORAGE_REPO_TABLE_DIFF_H
#define STORAGE_REPO_TABLE_DIFF_H

#include "storage/catalog/catalog.h"
#include "storage/db/db.h"
#include "storage/repo/migrate.h"
#include "storage/repo/table_shape.h"

void table_diff_add_step(struct migrate_plan *plan, enum migrate_kind kind, const char *table,
                         const char *what, const char *sql);

/* The steps that make a table that is not there. */
void table_diff_create(enum db_dialect dialect, const struct table *table,
                       const struct table_shape *shape, struct migrate_plan *plan);

/* The steps that change one that has rows. */
void table_diff_change(enum db_dialect dialect, const struct table *table,
                       const struct table_shape *old, const struct table_shape *new,
                       struct migrate_plan *plan);

#endif

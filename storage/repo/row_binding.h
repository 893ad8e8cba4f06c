/* row_binding.h - values of the catalog to and from statements
 *
 * What a value means is said by its column; how the database keeps it is the driver's (formats.md §3).
 * Not thread safe: a statement belongs to one thread.
 */
#ifndef STORAGE_REPO_ROW_BINDING_H
#define STORAGE_REPO_ROW_BINDING_H

#include "lib/compiler.h"
#include "lib/err.h"
#include "storage/catalog/catalog.h"
#include "storage/db/db.h"

/* What the column keeps, and the value as a driver takes it; VALUE_UNSET is NULL. Text is borrowed. */
enum db_type row_binding_type(const struct column *column);
struct db_value row_binding_value(const struct column *column, const struct value *value);

/* VALUE_UNSET binds NULL. Text is borrowed until the statement ends. */
void row_binding_set(struct db_stmt *stmt, int index, const struct column *column,
                     const struct value *value);

/* Text is good until the statement's next step. ERR_DAMAGED when what is stored is of another type. */
MUST_CHECK int row_binding_get(struct db_stmt *stmt, int index, const struct column *column,
                               struct value *value, struct err *err);

#endif

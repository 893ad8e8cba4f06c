/* table_shape.h - what of a table is visible to the database
 *
 * Recorded as JSON when a table was migrated and compared with the catalog the next time. Checks that
 * only the program makes (lengths, ranges, patterns) are not part of it. Both kinds of shape live in
 * an arena.
 */
#ifndef STORAGE_REPO_TABLE_SHAPE_H
#define STORAGE_REPO_TABLE_SHAPE_H

#include <stddef.h>

#include "lib/arena.h"
#include "lib/compiler.h"
#include "lib/err.h"
#include "storage/catalog/catalog.h"
#include "storage/repo/ddl.h"

struct table_shape_column {
	const char *name, *kind;
	const char *references; /* "" when it is none */
	int is_required;
};

struct table_shape {
	struct table_shape_column *columns; /* the declared ones */
	size_t column_count;
	struct ddl_index *indexes;
	size_t index_count;
};

void table_shape_of(const struct table *table, struct arena *arena, struct table_shape *shape);

const char *table_shape_to_json(const struct table_shape *shape, struct arena *arena);
/* ERR_DAMAGED when the text is no shape. */
MUST_CHECK int table_shape_from_json(const char *json, struct arena *arena,
                                     struct table_shape *shape, struct err *err);

/* NULL when there is none. */
const struct table_shape_column *table_shape_column(const struct table_shape *shape,
                                                    const char *name);
int table_shape_has_index(const struct table_shape *shape, const struct ddl_index *index);

#endif

/* row_json.h - rows of the catalog's tables as JSON
 *
 * The shape of formats.md §3: id, the declared columns, expanded references beside theirs, then
 * created_at, updated_at, deleted_at, version, is_active. Thread safe.
 */
#ifndef API_ROW_JSON_H
#define API_ROW_JSON_H

#include <stddef.h>
#include <stdint.h>

#include "api/respond.h"
#include "lib/arena.h"
#include "lib/json.h"
#include "lib/json_writer.h"
#include "storage/catalog/catalog.h"
#include "storage/repo/table_repo.h"

void row_json_write(const struct table_row *row, struct json_writer *writer);

/* What was wrong with a body, all of it. */
struct row_json_faults {
	struct respond_fault *items;
	size_t count, capacity;
};

/* A JSON object as values by column.position, defaults filled in; id stays unset when it is not given.
 * Values may point into `object`. Returns how many faults there are; their texts and the values are
 * the arena's, `faults->items` is freed by vec_release(). */
size_t row_json_read(const struct table *table, const json_t *object, int64_t now_us,
                     struct arena *arena, struct value *values, struct row_json_faults *faults);

#endif

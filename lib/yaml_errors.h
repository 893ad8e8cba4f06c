/* yaml_errors.h - faults of files, collected so that the user sees all of them at once
 *
 *   dags/load.yaml:14:3: unknown key 'schedul', did you mean 'schedule'?
 *      14 |   schedul: null
 *         |   ^^^^^^^
 *
 * Texts are copied into the collection and live as long as it does. At most LIMIT_YAML_ERRORS are
 * kept. Not thread safe.
 */
#ifndef LIB_YAML_ERRORS_H
#define LIB_YAML_ERRORS_H

#include <stddef.h>
#include <stdint.h>

#include "lib/arena.h"
#include "lib/buf.h"
#include "lib/json.h"

struct yaml_error {
	const char *file;
	uint32_t line, column; /* from 1; 0 when the file could not be read at all */
	uint32_t length;       /* of the caret line in characters, at least 1 */
	const char *text;
	const char *source; /* the line itself, "" when there is none */
};

struct yaml_errors {
	struct arena arena; /* texts live here */
	struct yaml_error *items;
	size_t count, capacity;
};

void yaml_errors_init(struct yaml_errors *errors);
void yaml_errors_release(struct yaml_errors *errors);
/* Copies the error and its texts. */
void yaml_errors_add(struct yaml_errors *errors, const struct yaml_error *error);
/* In the order of files as they came, then of lines. */
void yaml_errors_sort(struct yaml_errors *errors);
/* All of them as in the example above, one behind the other. */
void yaml_errors_format(const struct yaml_errors *errors, struct buf *buf);
/* `[{"file", "line", "column", "text"}]`, a new reference. */
json_t *yaml_errors_json(const struct yaml_errors *errors);

#endif

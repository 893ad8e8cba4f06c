/* source.h - typed members of a catalog file
 *
 * Every reader reports what is wrong with a member at its place and then says that there is none, so
 * that reading goes on and the user sees all faults at once. Texts are copied into the arena.
 */
#ifndef STORAGE_CATALOG_SOURCE_H
#define STORAGE_CATALOG_SOURCE_H

#include <stddef.h>
#include <stdint.h>

#include "lib/arena.h"
#include "lib/yaml.h"

/* One file being read. */
struct source {
	const struct yaml *yaml;
	struct yaml_errors *errors;
	struct arena *arena;
};

struct source_range {
	int64_t min, max;
};

/* The member, which must be there; NULL when it is not. */
const struct yaml_node *source_needed(const struct source *source, const struct yaml_node *map,
                                      const char *key);
/* NULL when absent or wrong. */
const struct yaml_node *source_list(const struct source *source, const struct yaml_node *map,
                                    const char *key);
const char *source_text(const struct source *source, const struct yaml_node *map, const char *key);
/* 1 and the number, or 0. */
int source_int(const struct source *source, const struct yaml_node *map, const char *key,
               struct source_range range, int64_t *value);
int source_flag(const struct source *source, const struct yaml_node *map, const char *key,
                int fallback);

/* The text of a node that names a table, a column or a report: 1 to LIMIT_IDENTIFIER_BYTES bytes
 * without control characters; NULL when it is no such name. */
const char *source_name(const struct source *source, const struct yaml_node *node);

#endif

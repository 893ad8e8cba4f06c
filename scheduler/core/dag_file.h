/* dag_file.h - reading keys of a DAG file, each fault with its place
 *
 * Shared by the readers of DAG keys, tasks and parameters. A reader gives 0 when it stored a value,
 * and -1 when it did not: the value was null, which counts as not given, or a fault was told.
 * Texts are copied into the DAG's arena.
 */
#ifndef SCHEDULER_CORE_DAG_FILE_H
#define SCHEDULER_CORE_DAG_FILE_H

#include <stddef.h>
#include <stdint.h>

#include "lib/map.h"
#include "lib/yaml.h"
#include "scheduler/core/dag.h"
#include "scheduler/core/expr_check.h"

struct dag_file {
	struct dag *dag;
	struct yaml_errors *errors;
	struct expr_names names; /* what expressions may name */
	struct map tasks;        /* name to struct dag_task */
};

typedef void (*dag_file_fn)(struct dag_file *file, const struct yaml_node *node, void *target);

struct dag_file_key {
	const char *name;
	dag_file_fn read; /* NULL: comes later, and is refused until then */
};

/* Reads a map by a table of keys; unknown ones are faults. */
void dag_file_keys(struct dag_file *file, const struct yaml_node *map,
                   const struct dag_file_key *keys, size_t key_count, void *target);

enum {
	DAG_FILE_DOTS = 1 << 0, /* a name may hold dots */
};

int dag_file_kind(struct dag_file *file, const struct yaml_node *node, enum yaml_kind kind);
int dag_file_text(struct dag_file *file, const struct yaml_node *node, const char **value);
/* Letters, digits, `_` and `-`, at most LIMIT_NAME_BYTES, not beginning with `-` or a dot. */
int dag_file_name(struct dag_file *file, const struct yaml_node *node, unsigned flags,
                  const char **value);
int dag_file_is_name(const char *text, unsigned flags);
int dag_file_int(struct dag_file *file, const struct yaml_node *node, int32_t low, int32_t high,
                 int32_t *value);
int dag_file_bool(struct dag_file *file, const struct yaml_node *node, int *value);
int dag_file_duration(struct dag_file *file, const struct yaml_node *node, int64_t *value_ms);
/* The index of a name in `names`. */
int dag_file_choice(struct dag_file *file, const struct yaml_node *node, const char *const *names,
                    size_t count, int *value);

#endif

/* dag_keys.h - the keys of a DAG file above its tasks */
#ifndef SCHEDULER_CORE_DAG_KEYS_H
#define SCHEDULER_CORE_DAG_KEYS_H

#include "scheduler/core/dag_file.h"

/* Reads all keys but `tasks` and `defaults`, whose nodes it hands on; NULL where one is missing. */
struct dag_keys {
	const struct yaml_node *tasks, *defaults;
};

void dag_keys_read(struct dag_file *file, const struct yaml_node *root, struct dag_keys *keys);

#endif

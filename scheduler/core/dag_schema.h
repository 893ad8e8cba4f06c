/* dag_schema.h - the JSON-Schema words of a parameter in a DAG file, each fault with its place */
#ifndef SCHEDULER_CORE_DAG_SCHEMA_H
#define SCHEDULER_CORE_DAG_SCHEMA_H

#include "lib/compiler.h"
#include "scheduler/core/dag_file.h"

/* Checks the words, and the default against them. -1 when a fault was told. */
MUST_CHECK int dag_schema_read(struct dag_file *file, const struct yaml_node *node);

#endif

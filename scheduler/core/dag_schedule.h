/* dag_schedule.h - the keys of a DAG file that say when it runs: schedule, timezone, start and end */
#ifndef SCHEDULER_CORE_DAG_SCHEDULE_H
#define SCHEDULER_CORE_DAG_SCHEDULE_H

#include "scheduler/core/dag_file.h"

/* Readers for the table of keys; `target` is not used. */
void dag_schedule_read(struct dag_file *file, const struct yaml_node *node, void *target);
void dag_schedule_read_timezone(struct dag_file *file, const struct yaml_node *node, void *target);
void dag_schedule_read_start(struct dag_file *file, const struct yaml_node *node, void *target);
void dag_schedule_read_end(struct dag_file *file, const struct yaml_node *node, void *target);

/* What no key shows alone; `root` is the file's map. After all keys. */
void dag_schedule_check(struct dag_file *file, const struct yaml_node *root);

#endif

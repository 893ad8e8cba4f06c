/* dag_tasks.h - the tasks of a DAG file and what needs what */
#ifndef SCHEDULER_CORE_DAG_TASKS_H
#define SCHEDULER_CORE_DAG_TASKS_H

#include "scheduler/core/dag_file.h"

/* `defaults` may be NULL. Fills dag->tasks, with both ends of every edge. */
void dag_tasks_read(struct dag_file *file, const struct yaml_node *tasks,
                    const struct yaml_node *defaults);

#endif

/* dag_cycle.h - tasks that wait for each other in a circle */
#ifndef SCHEDULER_CORE_DAG_CYCLE_H
#define SCHEDULER_CORE_DAG_CYCLE_H

#include "scheduler/core/dag_file.h"

/* Tells one circle, task by task. Edges must be there. O(tasks + edges). */
void dag_cycle_check(struct dag_file *file);

#endif

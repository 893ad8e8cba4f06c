/* task_alone.h - a DAG cut down to one of its tasks, so that it can be tried without the others */
#ifndef CLI_TASK_ALONE_H
#define CLI_TASK_ALONE_H

#include "lib/json.h"

/* `source` is a DAG file as JSON. The task needs nothing and waits for nothing; others are left only
 * where its expressions may name them, and are skipped. Schedule and callbacks are gone. A new
 * reference; NULL when there is no such task. */
json_t *task_alone_make(const json_t *source, const char *task);

#endif

/* dag_callbacks.h - whom a DAG and its tasks tell how it went: `on_success`, `on_failure`, `on_retry`
 *
 * Each is a list of `{webhook: URL, secret: NAME}` and `{command: [argv, …]}`. URL and arguments may hold
 * expressions; a secret stands there by itself, so that it can be put in when the message leaves and is
 * stored nowhere. What stands under `defaults` holds for tasks that say nothing.
 */
#ifndef SCHEDULER_CORE_DAG_CALLBACKS_H
#define SCHEDULER_CORE_DAG_CALLBACKS_H

#include "scheduler/core/dag_file.h"

/* After all names are known; nodes may be NULL. Fills `on` of the DAG and of each task. */
void dag_callbacks_read(struct dag_file *file, const struct yaml_node *root,
                        const struct yaml_node *defaults);

/* For tables of keys: the name is known, dag_callbacks_read() does the work. */
void dag_callbacks_key(struct dag_file *file, const struct yaml_node *node, void *target);

/* NULL when it is a URL to send to, else why not; only http and https are. */
const char *dag_callbacks_url_fault(const char *url);

#endif

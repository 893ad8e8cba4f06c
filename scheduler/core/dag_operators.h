/* dag_operators.h - the tasks of a DAG held against what operators declare
 *
 * `descriptors` is what `millrace runner --describe` printed: an array of plugins. Told are operators
 * and parameters that are not declared, required ones that are missing, and literals of a wrong type;
 * what an expression gives is known in the run only. Pure.
 */
#ifndef SCHEDULER_CORE_DAG_OPERATORS_H
#define SCHEDULER_CORE_DAG_OPERATORS_H

#include "lib/json.h"
#include "lib/yaml.h"
#include "scheduler/core/dag.h"

/* Adds faults with their places. */
void dag_operators_check(const struct yaml *yaml, const json_t *descriptors,
                         struct yaml_errors *errors);

/* dag_parse() and the check in one, so that a file with faults of both kinds shows all of them. The
 * DAG may be given beside faults: then only its use of operators is wrong. `descriptors` may be NULL:
 * not known yet. */
struct dag *dag_operators_parse(const char *path, const struct buf *text, const json_t *descriptors,
                                struct yaml_errors *errors);

/* The operator `<plugin>.<operator>` of the descriptors, borrowed, or NULL; `plugin` too when not
 * NULL. */
const json_t *dag_operators_find(const json_t *descriptors, const char *name,
                                 const json_t **plugin);

#endif

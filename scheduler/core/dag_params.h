/* dag_params.h - the parameters of a run: what was given, with defaults, held against the DAG
 *
 * Pure.
 */
#ifndef SCHEDULER_CORE_DAG_PARAMS_H
#define SCHEDULER_CORE_DAG_PARAMS_H

#include "lib/compiler.h"
#include "lib/err.h"
#include "lib/json.h"
#include "scheduler/core/dag.h"

/* All parameters of a run as a new object, or NULL when `given` (an object, or NULL: nothing) does
 * not fit. Every fault is added to `faults`, an array, as `{"pointer", "code", "detail"}`; the error
 * tells the first and how many there are. `faults` may be NULL. */
MUST_CHECK json_t *dag_params_complete(const struct dag *dag, const json_t *given, json_t *faults,
                                       struct err *err);

/* Adds `key=value` as somebody typed it to `given`: formats.md §1, by the parameter's type.
 * `schemas` is what dag_params_json() gave. */
MUST_CHECK int dag_params_set(const json_t *schemas, const char *text, json_t *given,
                              struct err *err);

/* Name to schema, as the DAG declares them; a new reference. */
json_t *dag_params_json(const struct dag *dag);

#endif

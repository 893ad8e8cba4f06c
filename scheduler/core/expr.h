/* expr.h - the expressions of DAG files: `params.rows > 10 and run.type == 'manual'`
 *
 * Grammar, by falling precedence:
 *   path      params.x  tasks.load.outputs.rows  x['key']  x[0]
 *   literals  1  -2.5  'text'  "text"  true false null  [1, 2]      escapes \n \t \r \\ \' \"
 *   calls     default(a, b)  …                              all: scheduler/core/expr_function.c
 *   == != < <= > >= in, not in                                       one of them, not chained
 *   not, and, or
 * Values are JSON. Empty text, lists and maps, 0, null and false count as false. A missing key is
 * null. No assignment, no loops, no I/O; text, depth and results are bounded (lib/limits.h).
 * An expression lives in the arena it was parsed into and is immutable.
 */
#ifndef SCHEDULER_CORE_EXPR_H
#define SCHEDULER_CORE_EXPR_H

#include <stddef.h>

#include "lib/arena.h"
#include "lib/compiler.h"
#include "lib/err.h"

struct expr;

/* NULL when it is not an expression; `*fault_at` is then the byte at which it goes wrong. */
MUST_CHECK const struct expr *expr_parse(struct arena *arena, const char *text, size_t size,
                                         size_t *fault_at, struct err *err);

/* Where the `}}` that ends an expression stands (quotes are respected), or `size`. */
size_t expr_end(const char *text, size_t size);

#endif

/* expr_check.h - whether an expression names only what there is
 *
 * Held against what a DAG file declares when it is loaded, so that a wrong name is found before a
 * run is. Pure.
 */
#ifndef SCHEDULER_CORE_EXPR_CHECK_H
#define SCHEDULER_CORE_EXPR_CHECK_H

#include <stddef.h>

#include "lib/compiler.h"
#include "lib/map.h"
#include "scheduler/core/expr.h"

enum {
	EXPR_CHECK_ITEM = 1 << 0,          /* `item` and `index` are known: a mapped task */
	EXPR_CHECK_STORED = 1 << 1,        /* its value is stored: no secrets */
	EXPR_CHECK_PLAIN_SECRETS = 1 << 2, /* a secret is a whole expression, never a part of one */
};

struct expr_names {
	const char *const *params;
	size_t param_count;
	const char *const *tasks; /* for suggestions */
	size_t task_count;
	const struct map *task_map; /* the same by name */
	unsigned flags;
};

/* Told of each fault: its byte in the text, and what it is. */
typedef void (*expr_fault_fn)(void *context, size_t offset, const char *text);

void expr_check(const struct expr *expr, const struct expr_names *names, expr_fault_fn fault,
                void *context);

#endif

/* expr_eval.h - what an expression is worth
 *
 * Results are new references. They may share parts with the scope: read them, do not change them.
 */
#ifndef SCHEDULER_CORE_EXPR_EVAL_H
#define SCHEDULER_CORE_EXPR_EVAL_H

#include <stddef.h>

#include "lib/buf.h"
#include "lib/compiler.h"
#include "lib/err.h"
#include "lib/json.h"
#include "scheduler/core/expr.h"

/* A new reference, or NULL with the error. */
typedef json_t *(*expr_lookup_fn)(void *context, const char *name, struct err *err);

/* What the names of an expression stand for. Everything is borrowed. */
struct expr_scope {
	json_t *params; /* an object */
	json_t *run;    /* id, dag, logical_date, interval_start, interval_end, type, object */
	json_t *vars;   /* an object, or NULL: none */
	json_t *item;   /* NULL: not a mapped task */
	int index;      /* of the map, -1 when not mapped */
	/* `{"state": text, "outputs": object}`; asked for tasks that exist only; NULL: no tasks here */
	expr_lookup_fn task;
	/* A string. Whoever answers notes the value, so that logs can mask it. NULL: no secrets here */
	expr_lookup_fn secret;
	void *context; /* of the two */
};

MUST_CHECK json_t *expr_eval(const struct expr *expr, const struct expr_scope *scope,
                             struct err *err);

/* Whether a value counts as true. */
int expr_eval_truth(const json_t *value);

/* "text", "a list", … for error texts. */
const char *expr_eval_type_name(const json_t *value);

/* Bytes that the value has as JSON at least; counting ends where it is over `most`. */
int64_t expr_eval_size(const json_t *value, int64_t most);

/* How a value stands inside text: text as it is, null as nothing, lists and maps as JSON. */
void expr_eval_format(struct buf *buf, const json_t *value);

#endif

/* expr_function.h - the functions expressions may call
 *
 * One table: name, how many arguments, what it does. All are pure. Text they make is at most
 * LIMIT_EXPRESSION_TEXT_BYTES long. `lower` and `upper` know the letters of ASCII.
 */
#ifndef SCHEDULER_CORE_EXPR_FUNCTION_H
#define SCHEDULER_CORE_EXPR_FUNCTION_H

#include <stddef.h>

#include "lib/compiler.h"
#include "lib/err.h"
#include "lib/json.h"

struct expr_function {
	const char *name;
	const char *usage; /* `replace(text, from, to)`, for error texts */
	size_t argument_count;
	/* A new reference, or NULL with the error; arguments are borrowed. */
	json_t *(*call)(json_t *const *arguments, struct err *err);
};

/* NULL when there is none; `*nearest` is then a name like it, or NULL. */
const struct expr_function *expr_function_find(const char *name, const char **nearest);

#endif

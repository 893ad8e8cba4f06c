/* operators.h - the operators that the plugins offer
 *
 * The scheduler never loads a plugin: `millrace runner --describe` does, over all files at once, and
 * one by one only when that crashed. What a plugin of the project offers wins over an installed one of
 * the same name. A table is immutable; operators point into it and live as long as its last
 * reference. Not thread safe.
 */
#ifndef SCHEDULER_SERVICE_OPERATORS_H
#define SCHEDULER_SERVICE_OPERATORS_H

#include <stddef.h>
#include <sys/types.h>

#include "lib/arena.h"
#include "lib/err.h"
#include "lib/json.h"
#include "lib/map.h"

enum {
	OPERATOR_WARM = 1 << 0, /* may run many attempts in one process */
};

struct operator
{
	const char *name;   /* `<plugin>.<operator>` */
	const char *plugin; /* path of the .so */
	unsigned flags;
};

struct operators {
	struct arena arena;
	json_t *descriptors; /* as --describe prints them, one per plugin, failed ones too */
	struct map by_name;

	/* Between operators_start() and operators_finish(). */
	const char *program;
	const char **files;
	size_t file_count;
	pid_t pid; /* of the describing process, 0: none */
	int fd;    /* its output */
	struct err err;
};

/* Starts describing every .so of the folders, earlier ones first; the table is empty until
 * operators_finish() has waited for the result. */
struct operators *operators_start(const char *program, const char *const *folders, size_t count);
void operators_finish(struct operators *operators);

/* Both. Describes every .so of the folders, earlier ones first. Blocks for as long as that takes (tens of
 * milliseconds). A plugin that cannot be described is in `descriptors` with its error. */
struct operators *operators_describe(const char *program, const char *const *folders, size_t count);
/* Also of a table that was started and not finished. NULL is fine. */
void operators_free(struct operators *operators);

/* NULL when there is none of this name. */
const struct operator* operators_get(const struct operators *operators, const char *name);

#endif

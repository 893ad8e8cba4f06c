/* call.h - one call of a command: its arguments, options, and what most commands need
 *
 * Made by parse.c, used by cmd_*.c. Texts are argv's or the arena's. One thread.
 */
#ifndef CLI_CALL_H
#define CLI_CALL_H

#include <stddef.h>
#include <stdint.h>

#include "cli/verb.h"
#include "lib/arena.h"
#include "lib/compiler.h"
#include "lib/config.h"
#include "lib/err.h"

enum call_format { FORMAT_TABLE, FORMAT_JSON, FORMAT_JSONL, FORMAT_CSV };

struct call_option {
	const struct verb_option *option;
	const char *value; /* "" of a switch */
};

struct call {
	struct arena arena;
	const struct verb *verb;
	struct {
		char **items;
		size_t count, capacity;
	} arguments;
	struct {
		struct call_option *items;
		size_t count, capacity;
	} options;
	enum call_format format;
	struct config *config; /* NULL until call_config() */
};

void call_init(struct call *call);
void call_release(struct call *call);

/* The last value given, or NULL; "" for a switch. */
const char *call_option(const struct call *call, const char *name);
int call_has(const struct call *call, const char *name);
/* One after the other, from *position = 0; NULL behind the last. */
const char *call_next_option(const struct call *call, const char *name, size_t *position);
/* NULL when it was not given. */
const char *call_argument(const struct call *call, size_t index);

/* The settings with their faults, NULL when there are any; the call keeps them. */
struct config *call_read_config(struct call *call, struct yaml_errors *errors);
/* The settings, read once. NULL after saying all that is wrong with them: exit EXIT_BAD. */
struct config *call_config(struct call *call);

/* This program's own file. */
const char *call_program(struct call *call);

/* Says the error on stderr and gives the exit status that fits. */
int call_fail(const struct err *err);
int call_usage(const char *format, ...) PRINTF_LIKE(1, 2);
/* Talk: a line on stderr, nothing with --quiet. */
void call_say(const struct call *call, const char *format, ...) PRINTF_LIKE(2, 3);

/* Whether to go on with something destructive: `--yes`, or a person said so. -1 when nobody can be
 * asked: exit EXIT_USAGE. */
int call_confirm(const struct call *call, const char *format, ...) PRINTF_LIKE(2, 3);

#endif

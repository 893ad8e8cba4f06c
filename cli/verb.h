/* verb.h - what a command is: one row of the table in verbs.c
 *
 * Parser, help and completion read the table; nothing about a command is said anywhere else.
 */
#ifndef CLI_VERB_H
#define CLI_VERB_H

#include <stddef.h>

struct call;

enum {
	OPTION_REPEATED = 1 << 0,
	OPTION_GLOBAL = 1 << 1, /* known to every command */
};

struct verb_option {
	const char *name; /* without `--` */
	char letter;      /* 0: none */
	unsigned flags;
	const char *value; /* what stands for its value in help; NULL: a switch */
	const char *help;
};

enum {
	VERB_HIDDEN = 1 << 0,
};

/* Exit statuses, the same for all commands. */
enum verb_exit {
	EXIT_OK = 0,
	EXIT_FAILED = 1,
	EXIT_USAGE = 2,
	EXIT_BAD = 3, /* the thing looked at is bad: a run failed, a file is invalid */
	EXIT_DENIED = 4,
	EXIT_NOT_FOUND = 5,
	EXIT_CONFLICT = 6,
	EXIT_UNAVAILABLE = 7,
	EXIT_TIMEOUT = 124,
	EXIT_INTERRUPTED = 130,
};

struct verb {
	const char *name;      /* `dags trigger`, `load` */
	const char *arguments; /* `DAG [FILE]…`: in brackets optional, with `…` any number */
	const char *help;      /* one line */
	int (*run)(struct call *call); /* gives the exit status */
	const struct verb_option *options;
	size_t option_count;
	const char *examples[3]; /* NULL at the end */
	const char *exits;       /* what 3 means here, NULL when it does not happen */
	unsigned flags;
};

/* A family of commands: the first word of their names. */
struct verb_group {
	const char *name, *help;
};

#endif

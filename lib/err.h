/* err.h - errors as values
 *
 * A function that can fail returns 0 or -1 and takes `struct err *err` last. The text is for the
 * user: lower case, no full stop, names in single quotes, the cause after a colon. Whoever passes
 * an error up adds where it happened, once, with err_prefix(). Only the top of a call chain logs.
 * An err is a plain value: no ownership, no threads, may be copied.
 */
#ifndef LIB_ERR_H
#define LIB_ERR_H

#include "lib/compiler.h"

/* What kind of failure. Three tables and nothing else read it: HTTP status (api/respond.c),
 * whether to try again (err_is_transient) and the exit status (cli/). */
enum err_code {
	ERR_NONE,
	ERR_FAILED,   /* it did not work, and no code below says more */
	ERR_INTERNAL, /* a bug of ours */
	ERR_USAGE,    /* the caller asked for it in the wrong way */
	ERR_INVALID,  /* the thing looked at is bad: a file, a row, a parameter */
	ERR_DENIED,   /* permission */
	ERR_NOT_FOUND,
	ERR_GONE,            /* was there, is deleted */
	ERR_CONFLICT,        /* its state does not allow it */
	ERR_DUPLICATE,       /* a unique key is taken */
	ERR_FOREIGN_KEY,     /* the row referred to does not exist, or is still referred to */
	ERR_LIMIT,           /* over a named limit */
	ERR_STALE,           /* another owner has taken over: fence or epoch does not match */
	ERR_BUSY,            /* locked by somebody else for now */
	ERR_UNAVAILABLE,     /* database, store or server cannot be reached */
	ERR_STOPPING,        /* the server is about to end and takes nothing new */
	ERR_OUTCOME_UNKNOWN, /* connection lost after the write was sent */
	ERR_NO_SPACE,        /* disk or quota full */
	ERR_DAMAGED,         /* stored data is not what was written */
	ERR_TIMEOUT,
	ERR_CANCELLED,
	ERR_COUNT,
};

struct err {
	enum err_code code;
	char text[252];
};

/* Sets code and text, returns -1 so that callers can write `return err_set(err, …)`. */
int err_set(struct err *err, enum err_code code, const char *format, ...) PRINTF_LIKE(3, 4);

/* As err_set, with the code and the text of `errno_value` behind a colon. */
int err_errno(struct err *err, int errno_value, const char *format, ...) PRINTF_LIKE(3, 4);

/* Puts text and `: ` in front of what is there, keeps the code, returns -1. */
int err_prefix(struct err *err, const char *format, ...) PRINTF_LIKE(2, 3);

/* Whether trying the same again later can work. */
int err_is_transient(enum err_code code);

/* The code's name in lower case, e.g. "not_found", for logs and JSON. */
const char *err_name(enum err_code code);

#endif

/* follow.h - waiting for a run, with or without showing what it does */
#ifndef CLI_FOLLOW_H
#define CLI_FOLLOW_H

#include "cli/client.h"

enum {
	FOLLOW_SHOW = 1 << 0, /* tasks as they change, progress of what runs */
};

/* Until the run ends; the Run with its tasks, a new reference. ERR_TIMEOUT after `timeout_ms` (0:
 * never); the run goes on then, as it does when the caller is interrupted. */
MUST_CHECK json_t *follow_run(struct call *call, struct client *client, const char *path,
                              unsigned flags, int64_t timeout_ms, struct err *err);

/* --timeout, 0 when it was not given; -1 after saying what is wrong with it. */
MUST_CHECK int follow_timeout(const struct call *call, int64_t *timeout_ms);
/* The same as --follow and --timeout say; NULL after saying why not, with the exit status. */
MUST_CHECK json_t *follow_as_asked(struct call *call, struct client *client, const char *path,
                                   int *status);

/* Prints a Run with its tasks: members and a table, or in the format asked for. Gives the exit
 * status: EXIT_BAD when it did not succeed. */
int follow_print(const struct call *call, const json_t *run);
int follow_has_ended(const json_t *run);

#endif

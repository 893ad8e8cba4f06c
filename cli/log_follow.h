/* log_follow.h - the logs of a run as they come
 *
 * Lines of all its tasks, each with the task in front, until the run has ended; of one task, as it is
 * written. An attempt that follows another is announced on stderr. Nothing done here touches the run.
 */
#ifndef CLI_LOG_FOLLOW_H
#define CLI_LOG_FOLLOW_H

#include "cli/client.h"

struct log_follow_wanted {
	const char *dag, *run;
	const char *task;  /* NULL: all */
	int64_t map_index; /* of the task; -1: all of it */
};

/* The exit status: EXIT_BAD when the run, or the task that was named, did not succeed. */
int log_follow(struct call *call, struct client *client, const struct log_follow_wanted *wanted);

#endif

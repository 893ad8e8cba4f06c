/* retention.h - old runs go, with their logs and outputs, a little at a time
 *
 * Looks soon after the start and then every few minutes for runs that ended longer ago than the settings
 * or their DAG allow; the last ones of a DAG and those that have not ended stay whatever their age. Rows go
 * through the journal, some hundred in a transaction, so a leader that was replaced deletes nothing.
 * Logs go after the commit: the folder is moved aside at once, so that a new run of the name begins with
 * an empty one, and removed by another thread. Old checkpoints of loads go there too. On the loop's
 * thread.
 */
#ifndef SCHEDULER_SERVICE_RETENTION_H
#define SCHEDULER_SERVICE_RETENTION_H

#include <stdint.h>

struct leader;
struct retention;

/* Once the leader has taken up what was left, before its loop runs. */
struct retention *retention_start(struct leader *leader);
/* Then run the loop until its handles are closed. NULL is fine. */
void retention_stop(struct retention *retention);

/* A batch that deleted something is stored. NULL is fine. */
void retention_committed(struct retention *retention);
/* Whether this run is going: nothing new may happen to it. */
int retention_takes(const struct retention *retention, int64_t run);

#endif

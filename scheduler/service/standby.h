/* standby.h - a server that waits while another leads (scheduler.md §6 of the design)
 *
 * The leader moves its lease every 2 s. Who has watched it stand still for 8 s, by a monotonic clock
 * and awake all the while, may lead; so may who finds that nobody does. Everything is for one thread,
 * whose loop standby_wait() has for itself.
 */
#ifndef SCHEDULER_SERVICE_STANDBY_H
#define SCHEDULER_SERVICE_STANDBY_H

#include "scheduler/service/lead.h"

struct standby;

/* `who` leads by now; called when that changes. */
typedef void (*standby_fn)(void *context, const char *who);

/* Looks once. NULL on error. */
MUST_CHECK struct standby *standby_open(const struct config *config, struct err *err);
void standby_close(struct standby *standby);

/* 1: another leads. 0: the lease of standby_epoch() may be taken. */
int standby_must_wait(const struct standby *standby);
int64_t standby_epoch(const struct standby *standby);

/* Until the lease may be taken: 0; 1: SIGTERM or SIGINT came. A database that cannot be reached is
 * waited for. */
int standby_wait(struct standby *standby, standby_fn tell, void *context);

#endif

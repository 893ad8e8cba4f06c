/* service.h - the scheduler as a service: one loop, one leader, until a signal ends it
 *
 * service_open() takes the state directory for itself and opens the metadata database;
 * service_run() takes up what an earlier life left and works until SIGTERM or SIGINT (a second one
 * ends it at once), reloading at SIGHUP. Both are for the main thread; what is marked *any thread* may
 * be called from others between the two calls' begin and service_close().
 */
#ifndef SCHEDULER_SERVICE_SERVICE_H
#define SCHEDULER_SERVICE_SERVICE_H

#include "lib/config.h"
#include "lib/err.h"
#include "scheduler/service/command.h"
#include "scheduler/service/progress.h"

struct service;

enum service_state {
	SERVICE_STARTING,
	SERVICE_READY,
	SERVICE_IN_TROUBLE, /* the journal cannot be stored for now */
	SERVICE_DRAINING,
	SERVICE_STANDBY, /* another leads on the metadata database */
};

struct service_events {
	/* On the main thread. `reason` is "" when there is none. */
	void (*state)(void *context, enum service_state state, const char *reason);
	/* Any thread: puts the log of this name, its file at `path`, into the object store. NULL: logs stay
	 * here. */
	int (*upload_log)(void *context, const char *name, const char *path, struct err *err);
	void *context;
};

/* ERR_CONFLICT names the process that has the state directory. NULL on error. */
struct service *service_open(struct config *config, const struct service_events *events,
                             struct err *err);
/* Another leads: service_stand_by() comes before service_run(). */
int service_must_stand_by(const struct service *service);
/* Until this one leads: 0; 1: it was told to end; -1. */
MUST_CHECK int service_stand_by(struct service *service, struct err *err);
/* Until it was told to end. */
MUST_CHECK int service_run(struct service *service, struct err *err);
void service_close(struct service *service);

/* Any thread. ERR_BUSY when too many wait, ERR_UNAVAILABLE when it is ending. */
MUST_CHECK int service_submit(struct service *service, struct command *command, struct err *err);
/* Any thread. Nobody submits any more: it may end once it was told to. */
void service_release(struct service *service);
/* Any thread. How far a running task has come: 1 when something is known, else 0. */
int service_progress(struct service *service, const char *key, struct progress_value *value);

#endif

/* schedule_objects.h - looks for new objects below the URI of an `object` schedule
 *
 * Each object (URI and etag) fires once. Listing happens on a thread of libuv's pool, everything else on
 * the loop's. The first look of all finds what was there before the schedule: `catchup` says what of
 * that fires.
 */
#ifndef SCHEDULER_SERVICE_SCHEDULE_OBJECTS_H
#define SCHEDULER_SERVICE_SCHEDULE_OBJECTS_H

#include "scheduler/service/schedule_entry.h"

struct schedule_objects;

/* `find` gives the schedule of a DAG when a look has ended, NULL when there is none any more. */
struct schedule_objects *schedule_objects_new(struct leader *leader,
                                              struct schedule_entry *(*find)(void *context,
                                                                             const char *dag),
                                              void *context);
/* Looks under way end without a trace; run the loop until then. NULL is fine. */
void schedule_objects_free(struct schedule_objects *objects);

/* Starts a look, unless one is under way. */
void schedule_objects_look(struct schedule_objects *objects, struct schedule_entry *entry);

#endif

/* schedule_entry.h - the schedule of one DAG: what it has fired, what comes next, and its runs
 *
 * A fire is the run and the row of the schedule in one batch, so it is recorded before it takes effect,
 * and one logical date has one run whoever restarts. On the loop's thread.
 */
#ifndef SCHEDULER_SERVICE_SCHEDULE_ENTRY_H
#define SCHEDULER_SERVICE_SCHEDULE_ENTRY_H

#include <stdint.h>

#include "lib/arena.h"
#include "lib/buf.h"
#include "lib/map.h"
#include "scheduler/service/leader.h"

struct schedule_entry {
	struct leader *leader;
	char *name, *spec; /* of the DAG; JSON of its schedule and zone */
	struct dag *dag;
	int is_paused;
	int is_seen;   /* by the reload that is under way */
	int has_fired; /* last_us is of a fire, or of a change of the schedule */

	int64_t seen_at_us; /* when this spec was seen first */
	int64_t last_us;    /* times: nothing up to here fires any more; after: when it last ran */
	int64_t next_us;    /* times; SCHEDULE_NEVER: none */
	int64_t stored_next_us;
	int is_stored;

	uint8_t *is_done; /* after: which of its DAGs have succeeded since it last ran */

	struct schedule_entry_objects {
		int64_t due_us; /* the next look, monotonic */
		int is_listing;
		char *trouble;      /* of the last look, NULL: none */
		struct arena arena; /* of what follows */
		struct map seen;    /* "uri\netag" of each that has fired */
	} objects;
};

/* As the row of an earlier life says, NULL: there is none. Catch-up is done unless it is paused. NULL
 * on error. */
struct schedule_entry *schedule_entry_new(struct leader *leader, struct dag *dag,
                                          const struct schedule_repo_row *row, int is_paused,
                                          struct err *err);
void schedule_entry_free(struct schedule_entry *entry);

/* The file has changed; not the spec. */
void schedule_entry_set_dag(struct schedule_entry *entry, struct dag *dag);
/* JSON of a DAG's schedule and zone; free() it. */
char *schedule_entry_spec(const struct dag *dag);

/* It may fire again: what it has missed follows `catchup`. */
void schedule_entry_resume(struct schedule_entry *entry);

/* Fires what is due, a handful at a time. 1 when there is more, 0, or -1. */
MUST_CHECK int schedule_entry_fire_times(struct schedule_entry *entry, int64_t now_us,
                                         struct err *err);
/* A DAG has succeeded, or its own has run: for conditions. */
void schedule_entry_note_success(struct schedule_entry *entry, const char *dag);
void schedule_entry_note_run(struct schedule_entry *entry);
/* Fires when the condition holds. */
MUST_CHECK int schedule_entry_fire_after(struct schedule_entry *entry, struct err *err);
/* Fires for an object; 0 also when it has fired before. */
MUST_CHECK int schedule_entry_fire_object(struct schedule_entry *entry, const char *uri,
                                          const char *etag, struct err *err);
/* It counts as fired without a run. */
void schedule_entry_skip_object(struct schedule_entry *entry, const char *uri, const char *etag);
int schedule_entry_has_object(const struct schedule_entry *entry, const char *uri,
                              const char *etag);

/* How many runs of the DAG may still be made before some end. */
uint32_t schedule_entry_room(const struct schedule_entry *entry);
/* Stores the row with the next batch. */
void schedule_entry_store(struct schedule_entry *entry);
/* The same when the next fire is another than the stored. */
void schedule_entry_store_next(struct schedule_entry *entry);

/* One line: why it does not fire now, or when it will. */
void schedule_entry_explain(const struct schedule_entry *entry, struct buf *text);

#endif

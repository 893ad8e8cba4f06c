/* event_repo.h - state changes in the order they were stored, to be followed
 *
 * Conventions: metadata.h. Rows name what changed and to which state; who shows them reads the rest.
 */
#ifndef STORAGE_REPO_EVENT_REPO_H
#define STORAGE_REPO_EVENT_REPO_H

#include <stddef.h>

#include "storage/repo/metadata.h"

struct event_repo_row {
	int64_t seq;      /* grows; given by the database */
	const char *kind; /* run, task, dag */
	const char *dag;
	int64_t run;           /* 0: none */
	int64_t task_instance; /* 0: none */
	const char *state;
	int64_t at_us;
};

struct event_repo_rows {
	struct event_repo_row *items;
	size_t count;
};

MUST_CHECK int event_repo_add(struct db *db, const struct event_repo_row *row, struct err *err);
/* Those behind `seq`, in order. */
MUST_CHECK int event_repo_after(struct db *db, int64_t seq, size_t limit, struct arena *arena,
                                struct event_repo_rows *rows, struct err *err);
/* The highest one given so far, 0 before the first. */
MUST_CHECK int event_repo_last(struct db *db, int64_t *seq, struct err *err);
/* Forgets those before that time. */
MUST_CHECK int event_repo_trim(struct db *db, int64_t before_us, struct err *err);

#endif

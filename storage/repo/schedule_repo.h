/* schedule_repo.h - what schedules have done: the last fire of each DAG, the next, the objects seen
 *
 * Conventions: metadata.h; a moment may be any, so "none" has a flag of its own. Rows are apart from
 * the runs, so that a fire is remembered when its run is not.
 */
#ifndef STORAGE_REPO_SCHEDULE_REPO_H
#define STORAGE_REPO_SCHEDULE_REPO_H

#include <stddef.h>

#include "storage/repo/metadata.h"

enum schedule_repo_has {
	SCHEDULE_REPO_HAS_LAST = 1 << 0,
	SCHEDULE_REPO_HAS_NEXT = 1 << 1,
};

struct schedule_repo_row {
	const char *dag;
	const char *spec; /* JSON: the schedule and its zone */
	unsigned has;     /* of enum schedule_repo_has */
	int64_t last_fire_us, next_fire_us;
	int64_t seen_at_us; /* when this spec was seen first */
};

struct schedule_repo_rows {
	struct schedule_repo_row *items;
	size_t count;
};

/* An object that has fired. */
struct schedule_repo_object {
	const char *dag, *uri, *etag;
	int64_t seen_at_us;
};

struct schedule_repo_objects {
	struct schedule_repo_object *items;
	size_t count;
};

/* New or changed. */
MUST_CHECK int schedule_repo_put(struct db *db, const struct schedule_repo_row *row,
                                 struct err *err);
/* Fine when there is none. */
MUST_CHECK int schedule_repo_remove(struct db *db, const char *dag, struct err *err);
/* 1 found, 0 not, -1. */
MUST_CHECK int schedule_repo_get(struct db *db, const char *dag, struct arena *arena,
                                 struct schedule_repo_row *row, struct err *err);
MUST_CHECK int schedule_repo_list(struct db *db, struct arena *arena,
                                  struct schedule_repo_rows *rows, struct err *err);

MUST_CHECK int schedule_repo_put_object(struct db *db, const struct schedule_repo_object *object,
                                        struct err *err);
MUST_CHECK int schedule_repo_objects(struct db *db, const char *dag, struct arena *arena,
                                     struct schedule_repo_objects *objects, struct err *err);

/* When the newest success of a DAG ended, 0 when there is none among its last hundred. */
MUST_CHECK int schedule_repo_last_success(struct db *db, const char *dag, int64_t *ended_us,
                                          struct err *err);
/* When its newest run was made, 0 when there is none. */
MUST_CHECK int schedule_repo_last_run(struct db *db, const char *dag, int64_t *queued_us,
                                      struct err *err);

#endif

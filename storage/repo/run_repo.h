/* run_repo.h - runs: one execution of a DAG each
 *
 * Conventions: metadata.h. Lists are newest first, by id.
 */
#ifndef STORAGE_REPO_RUN_REPO_H
#define STORAGE_REPO_RUN_REPO_H

#include <stddef.h>

#include "storage/repo/metadata.h"

enum run_repo_has {
	RUN_REPO_HAS_LOGICAL = 1,  /* logical_at_us counts, 0 included */
	RUN_REPO_HAS_INTERVAL = 2, /* the interval counts */
};

struct run_repo_row {
	int64_t id;
	const char *dag, *run_id;
	const char *state, *type;
	const char *cause, *reason; /* why it waits or ended as it did */
	const char *dag_version;    /* hash of the file it started with */
	const char *params;         /* JSON object */
	const char *triggered_by, *note;
	const char *idempotency_key; /* of the request that made it */
	const char *object;          /* the URI that fired it */
	const char *counts;          /* JSON object, instances by state; NULL until it has ended */
	unsigned has;
	int64_t logical_at_us, interval_start_us, interval_end_us;
	int64_t queued_at_us, started_at_us, ended_at_us;
	int64_t backfill; /* row id of the one that wants it, 0: none; read only (backfill_repo.h) */
};

struct run_repo_rows {
	struct run_repo_row *items;
	size_t count;
};

/* ERR_DUPLICATE says what is taken: run id, logical date or idempotency key. `counts` is not taken. */
MUST_CHECK int run_repo_insert(struct db *db, const struct run_repo_row *row, struct err *err);

/* State, cause, reason, version (NULL: as it was), start and end (0: as it was; METADATA_CLEAR) of the row
 * `id`. With an end the
 * counts are taken from the task instances, so write those first. */
MUST_CHECK int run_repo_update(struct db *db, const struct run_repo_row *row, struct err *err);
MUST_CHECK int run_repo_set_note(struct db *db, int64_t id, const char *note, struct err *err);

/* 1 found, 0 not, -1. */
MUST_CHECK int run_repo_get(struct db *db, int64_t id, struct arena *arena,
                            struct run_repo_row *row, struct err *err);
MUST_CHECK int run_repo_by_name(struct db *db, const char *dag, const char *run_id,
                                struct arena *arena, struct run_repo_row *row, struct err *err);
MUST_CHECK int run_repo_by_key(struct db *db, const char *dag, const char *idempotency_key,
                               struct arena *arena, struct run_repo_row *row, struct err *err);
/* Whether the DAG has a run of this logical date: 1, 0, or -1. */
MUST_CHECK int run_repo_has_logical(struct db *db, const char *dag, int64_t logical_at_us,
                                    struct err *err);
/* All runs of this id, whatever their DAG. */
MUST_CHECK int run_repo_find(struct db *db, const char *run_id, struct arena *arena,
                             struct run_repo_rows *rows, struct err *err);

struct run_repo_filter {
	const char *dag, *run_id, *state, *type; /* NULL: any */
	int64_t before_id; /* the last id of the page before; 0: from the newest */
	size_t limit;
};

MUST_CHECK int run_repo_list(struct db *db, const struct run_repo_filter *filter,
                             struct arena *arena, struct run_repo_rows *rows, struct err *err);
/* All that have not ended, oldest first. */
MUST_CHECK int run_repo_unfinished(struct db *db, struct arena *arena, struct run_repo_rows *rows,
                                   struct err *err);

/* JSON object of the run's task instances by state, counted now. NULL on error. */
MUST_CHECK const char *run_repo_counts(struct db *db, int64_t id, struct arena *arena,
                                       struct err *err);

#endif

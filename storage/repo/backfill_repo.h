/* backfill_repo.h - backfills: the runs of a span of time, made one after the other
 *
 * Conventions: metadata.h. The leading scheduler alone writes them, in the transaction that makes their
 * runs. Lists are newest first.
 */
#ifndef STORAGE_REPO_BACKFILL_REPO_H
#define STORAGE_REPO_BACKFILL_REPO_H

#include <stddef.h>

#include "storage/repo/metadata.h"

struct backfill_repo_row {
	int64_t id;
	const char *backfill_id; /* what people call it */
	const char *dag;
	const char *dag_version; /* whose schedule gives the logical dates */
	const char *state;       /* running, paused, success, failed or cancelled */
	const char *reason;      /* why it is paused, NULL when a person did it */
	const char *order;       /* asc or desc */
	const char *existing;    /* skip, failed or all */
	const char *by;
	int64_t from_us, to_us; /* logical dates, both included */
	int64_t next_us;        /* the logical date that comes next; total == done: none */
	int64_t max_active;
	int64_t total;   /* logical dates */
	int64_t made;    /* of them: runs made or run again */
	int64_t skipped; /* of them: whose run was there */
	int64_t created_at_us, ended_at_us;
};

struct backfill_repo_rows {
	struct backfill_repo_row *items;
	size_t count;
};

/* New or changed, by id: state, reason, next_us, made, skipped and ended_at_us change. */
MUST_CHECK int backfill_repo_put(struct db *db, const struct backfill_repo_row *row,
                                 struct err *err);
/* 1 found, 0 not, -1. */
MUST_CHECK int backfill_repo_get(struct db *db, const char *backfill_id, struct arena *arena,
                                 struct backfill_repo_row *row, struct err *err);
/* Of one DAG, or of all with NULL. */
MUST_CHECK int backfill_repo_list(struct db *db, const char *dag, size_t limit, struct arena *arena,
                                  struct backfill_repo_rows *rows, struct err *err);
/* All that have not ended. */
MUST_CHECK int backfill_repo_unfinished(struct db *db, struct arena *arena,
                                        struct backfill_repo_rows *rows, struct err *err);
/* The next free row id. */
MUST_CHECK int backfill_repo_next_id(struct db *db, int64_t *id, struct err *err);

/* A run as backfills see it. */
struct backfill_repo_run {
	int64_t id, logical_us;
	const char *run_id, *state;
	int has_ended;
};

struct backfill_repo_runs {
	struct backfill_repo_run *items;
	size_t count;
};

/* The run belongs to the backfill from now on. */
MUST_CHECK int backfill_repo_join(struct db *db, int64_t run, int64_t backfill, struct err *err);
/* Its runs by logical date. */
MUST_CHECK int backfill_repo_runs(struct db *db, int64_t backfill, struct arena *arena,
                                  struct backfill_repo_runs *runs, struct err *err);
/* All runs of a DAG with logical dates from … to, both included, by logical date. */
MUST_CHECK int backfill_repo_span(struct db *db, const char *dag, const int64_t span_us[2],
                                  struct arena *arena, struct backfill_repo_runs *runs,
                                  struct err *err);
/* Members of a JSON object, each behind a comma: its runs by state. NULL on error. */
MUST_CHECK const char *backfill_repo_counts(struct db *db, int64_t backfill, struct arena *arena,
                                            struct err *err);

#endif

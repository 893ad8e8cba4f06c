/* retention_repo.h - what is old enough goes, a little at a time
 *
 * Conventions: metadata.h. A run goes with its task instances, attempts and outputs; a large one in
 * several transactions, its own row last. With that row comes one in `retired`, which stays until its
 * logs are gone too (retention_repo_forget), so that whatever is killed in between, somebody knows of
 * them. Nothing here touches a run that has not ended.
 */
#ifndef STORAGE_REPO_RETENTION_REPO_H
#define STORAGE_REPO_RETENTION_REPO_H

#include <stddef.h>

#include "storage/repo/metadata.h"

struct retention_repo_rule {
	const char *dag;
	int64_t before_us; /* runs that ended before */
	int64_t keep_last; /* but never these newest ones */
};

struct retention_repo_runs {
	int64_t *items;
	size_t count;
};

enum retention_repo_kind {
	RETENTION_REPO_RUN,    /* a run, or some of its rows */
	RETENTION_REPO_FORGET, /* its logs are gone */
	RETENTION_REPO_REST,   /* versions, events and backfills that nobody refers to */
};

struct retention_repo_act {
	enum retention_repo_kind kind;
	int64_t run;
	int64_t before_us;
};

struct retention_repo_retired {
	int64_t run;
	const char *dag, *run_id;
};

struct retention_repo_retireds {
	struct retention_repo_retired *items;
	size_t count;
};

/* Row ids of runs that may go, at most `limit`, the oldest first. */
MUST_CHECK int retention_repo_find(struct db *db, const struct retention_repo_rule *rule,
                                   size_t limit, struct arena *arena,
                                   struct retention_repo_runs *runs, struct err *err);
/* Runs whose logs have to go, at most `limit`. */
MUST_CHECK int retention_repo_retired(struct db *db, size_t limit, struct arena *arena,
                                      struct retention_repo_retireds *rows, struct err *err);

/* In the transaction that is open; deletes some hundred rows and leaves the rest for another time. */
MUST_CHECK int retention_repo_do(struct db *db, const struct retention_repo_act *acts, size_t count,
                                 struct err *err);

#endif

/* dag_repo.h - DAGs that have been seen, and every version that ran
 *
 * Conventions: metadata.h. A DAG whose file is gone keeps its row and its history.
 */
#ifndef STORAGE_REPO_DAG_REPO_H
#define STORAGE_REPO_DAG_REPO_H

#include <stddef.h>

#include "storage/repo/metadata.h"

struct dag_repo_row {
	const char *dag, *file;
	const char *hash; /* of the file: the latest good version, NULL before the first */
	const char
		*faults; /* JSON array of {file, line, column, text}: what is wrong with it now */
	int is_missing;  /* the file is gone */
	int is_paused;
	int64_t seen_at_us; /* first */
};

struct dag_repo_rows {
	struct dag_repo_row *items;
	size_t count;
};

struct dag_repo_version {
	const char *hash, *dag;
	const char *definition; /* JSON */
	const char *source;     /* the file as it was written, NULL in rows of older programs */
	int64_t created_at_us;
};

/* New or changed; whether it is paused stays as it is. */
MUST_CHECK int dag_repo_put(struct db *db, const struct dag_repo_row *row, struct err *err);
/* ERR_NOT_FOUND when it was never seen. */
MUST_CHECK int dag_repo_set_paused(struct db *db, const char *dag, int is_paused, struct err *err);
/* 1 found, 0 not, -1. */
MUST_CHECK int dag_repo_get(struct db *db, const char *dag, struct arena *arena,
                            struct dag_repo_row *row, struct err *err);
/* All, by name; those whose file is gone too. */
MUST_CHECK int dag_repo_list(struct db *db, struct arena *arena, struct dag_repo_rows *rows,
                             struct err *err);

/* A version that is there already stays as it is; that the DAG had it is remembered (version_repo.h). */
MUST_CHECK int dag_repo_put_version(struct db *db, const struct dag_repo_version *version,
                                    struct err *err);
/* 1 found, 0 not, -1. */
MUST_CHECK int dag_repo_get_version(struct db *db, const char *hash, struct arena *arena,
                                    struct dag_repo_version *version, struct err *err);

#endif

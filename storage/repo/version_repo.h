/* version_repo.h - the versions that the file of a DAG has had
 *
 * Conventions: metadata.h. Written by dag_repo_put_version(). Newest first, by when the DAG was first
 * seen with it.
 */
#ifndef STORAGE_REPO_VERSION_REPO_H
#define STORAGE_REPO_VERSION_REPO_H

#include <stddef.h>

#include "storage/repo/metadata.h"

struct version_repo_row {
	const char *hash; /* SHA-256 of the file, hex */
	int64_t created_at_us;
	int64_t runs;   /* that started with it and are kept */
	int is_current; /* what a run gets that starts now */
};

struct version_repo_rows {
	struct version_repo_row *items;
	size_t count;
};

MUST_CHECK int version_repo_list(struct db *db, const char *dag, struct arena *arena,
                                 struct version_repo_rows *rows, struct err *err);

#endif

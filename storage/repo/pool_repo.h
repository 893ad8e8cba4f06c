/* pool_repo.h - pools: how many slots tasks that name them share
 *
 * Conventions: metadata.h.
 */
#ifndef STORAGE_REPO_POOL_REPO_H
#define STORAGE_REPO_POOL_REPO_H

#include <stddef.h>

#include "storage/repo/metadata.h"

struct pool_repo_row {
	const char *pool;
	int64_t slots;
};

struct pool_repo_rows {
	struct pool_repo_row *items;
	size_t count;
};

MUST_CHECK int pool_repo_put(struct db *db, const struct pool_repo_row *row, struct err *err);
/* Fine when it is not there. */
MUST_CHECK int pool_repo_remove(struct db *db, const char *pool, struct err *err);
/* By name. */
MUST_CHECK int pool_repo_list(struct db *db, struct arena *arena, struct pool_repo_rows *rows,
                              struct err *err);

#endif

/* row_check.h - what other rows have to say about a row
 *
 * Asked before a write, because a database that refuses names neither the missing parent nor the row
 * that is in the way, and knows nothing of soft deletes. Inside the write's transaction the answer
 * holds until its end.
 */
#ifndef STORAGE_REPO_ROW_CHECK_H
#define STORAGE_REPO_ROW_CHECK_H

#include <stdint.h>

#include "lib/compiler.h"
#include "lib/err.h"
#include "storage/catalog/catalog.h"
#include "storage/db/db.h"
#include "storage/repo/table_repo.h"
#include "storage/repo/table_sql.h"

struct row_check {
	struct db *db;
	const struct table_sql *sql;
	struct table_reject *reject; /* may be NULL */
};

/* A row that has the values of a key. */
struct row_check_hit {
	int64_t id, created_at_us;
};

/* Every row that `values` refer to is there and not hidden. ERR_FOREIGN_KEY. */
MUST_CHECK int row_check_parents(const struct row_check *check, const struct value *values,
                                 struct err *err);

/* No row but `own_id` (0: none at all) has one of the unique keys. ERR_DUPLICATE. */
MUST_CHECK int row_check_keys(const struct row_check *check, const struct value *values,
                              int64_t own_id, struct err *err);

/* The row with these values of the key at `index` of table->keys: 1, 0 (also where one is NULL), -1. */
MUST_CHECK int row_check_find(const struct row_check *check, size_t index,
                              const struct value *values, struct row_check_hit *hit,
                              struct err *err);
/* The same by id. */
MUST_CHECK int row_check_find_id(const struct row_check *check, int64_t id,
                                 struct row_check_hit *hit, struct err *err);

/* Fails with ERR_DUPLICATE, because `hit` has the values of this key. */
int row_check_taken(const struct row_check *check, const struct table_key *key,
                    const struct value *values, const struct row_check_hit *hit, struct err *err);

/* The texts of what was found, without a column's name. */
void row_check_parent_flaw(const struct column *column, int64_t id, struct flaw *flaw);
void row_check_taken_flaw(const struct table_key *key, const struct value *values,
                          const struct row_check_hit *hit, struct flaw *flaw);

#endif

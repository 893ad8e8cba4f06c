/* output_repo.h - what attempts have put out: values by key
 *
 * Conventions: metadata.h. Only outputs of an instance's latest attempt, and only once it has
 * succeeded, are seen by others.
 */
#ifndef STORAGE_REPO_OUTPUT_REPO_H
#define STORAGE_REPO_OUTPUT_REPO_H

#include <stddef.h>

#include "storage/repo/metadata.h"

struct output_repo_row {
	int64_t attempt;
	const char *key;
	const char *value; /* JSON */
	/* where it belongs; read only */
	int64_t task_instance;
	const char *task;
	int32_t map_index;
};

struct output_repo_rows {
	struct output_repo_row *items;
	size_t count;
};

/* The last value of a key counts. */
MUST_CHECK int output_repo_put(struct db *db, const struct output_repo_row *row, struct err *err);
/* Of the succeeded instances of a run, by instance, then key. */
MUST_CHECK int output_repo_of_run(struct db *db, int64_t run, struct arena *arena,
                                  struct output_repo_rows *rows, struct err *err);
/* Of one attempt, whatever its state, by key. */
MUST_CHECK int output_repo_list(struct db *db, int64_t attempt, struct arena *arena,
                                struct output_repo_rows *rows, struct err *err);

#endif

/* command_repo.h - what people want of runs: trigger, cancel, clear, pause, mark
 *
 * Conventions: metadata.h. Anybody may add one; the leading scheduler alone carries it out.
 */
#ifndef STORAGE_REPO_COMMAND_REPO_H
#define STORAGE_REPO_COMMAND_REPO_H

#include <stddef.h>

#include "storage/repo/metadata.h"

struct command_repo_row {
	int64_t id;
	const char *kind;
	const char *args;  /* JSON object */
	const char *by;    /* who asked */
	const char *state; /* pending, done, refused */
	const char *result;
	int64_t created_at_us, ended_at_us;
};

struct command_repo_rows {
	struct command_repo_row *items;
	size_t count;
};

MUST_CHECK int command_repo_insert(struct db *db, const struct command_repo_row *row,
                                   struct err *err);
/* id, state, result, ended_at. ERR_STALE when it is not pending any more. */
MUST_CHECK int command_repo_finish(struct db *db, const struct command_repo_row *row,
                                   struct err *err);
/* Oldest first. */
MUST_CHECK int command_repo_pending(struct db *db, struct arena *arena,
                                    struct command_repo_rows *rows, struct err *err);

#endif

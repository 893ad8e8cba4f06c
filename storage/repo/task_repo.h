/* task_repo.h - task instances: one task of one run, and one item of a mapped one
 *
 * Conventions: metadata.h. The leading scheduler alone writes them.
 */
#ifndef STORAGE_REPO_TASK_REPO_H
#define STORAGE_REPO_TASK_REPO_H

#include <stddef.h>

#include "storage/repo/metadata.h"

struct task_repo_row {
	int64_t id, run;
	const char *task;
	const char *state;
	const char *cause, *reason; /* why it waits or ended as it did */
	const char *operator, * pool;
	int64_t attempt;   /* id of the latest, 0 before the first */
	int64_t fence;     /* of the latest claim or clear */
	int64_t used_us;   /* by earlier calls of the latest attempt */
	int64_t due_at_us; /* of a retry or reschedule */
	int64_t queued_at_us, started_at_us, ended_at_us;
	int32_t map_index; /* -1 when not mapped */
	int32_t priority;
	uint32_t number; /* of the latest attempt */
	uint32_t tries, lost, clears;
	const char *cancel; /* why its attempt is being cancelled, NULL: it is not */
	int clear;          /* it runs again after that */
	/* of the latest attempt; read only */
	const char *attempt_state;
	const char *resume; /* what it told itself for its next call */
	int64_t log_bytes;
	int64_t attempt_ended_at_us; /* 0 while it runs */
};

struct task_repo_key {
	int64_t run;
	const char *task;
	int32_t map_index;
};

struct task_repo_rows {
	struct task_repo_row *items;
	size_t count;
};

/* Quick for many: one statement for all of them. */
MUST_CHECK int task_repo_insert(struct db *db, const struct task_repo_row *rows, size_t count,
                                struct err *err);

/* By id, everything that changes; of the four times 0 leaves what is there. */
MUST_CHECK int task_repo_update(struct db *db, const struct task_repo_row *row, struct err *err);

/* The list of a mapped task, as JSON, with the row of its first instance. */
MUST_CHECK int task_repo_set_items(struct db *db, int64_t id, const char *items, struct err *err);
struct task_repo_items {
	const char *task;
	const char *items; /* JSON array */
};
/* Of all tasks of a run that were mapped; NULL on error. */
MUST_CHECK const struct task_repo_items *task_repo_items(struct db *db, int64_t run,
                                                         struct arena *arena, size_t *count,
                                                         struct err *err);

/* Of a run, by id: in the order of the file, mapped items behind. */
MUST_CHECK int task_repo_list(struct db *db, int64_t run, struct arena *arena,
                              struct task_repo_rows *rows, struct err *err);
/* 1 found, 0 not, -1. */
MUST_CHECK int task_repo_get(struct db *db, const struct task_repo_key *key, struct arena *arena,
                             struct task_repo_row *row, struct err *err);
/* Of all runs that have not ended, by run, then id. */
MUST_CHECK int task_repo_unfinished(struct db *db, struct arena *arena, struct task_repo_rows *rows,
                                    struct err *err);

#endif

/* attempt_repo.h - attempts: one try of a task instance each
 *
 * Conventions: metadata.h. Every write after the claim names the fence it was claimed with and meets
 * the row only while it is claimed or started (between two calls: to cancel it); ERR_STALE: another owner has taken over, and whoever
 * writes must stop what it runs.
 */
#ifndef STORAGE_REPO_ATTEMPT_REPO_H
#define STORAGE_REPO_ATTEMPT_REPO_H

#include <stddef.h>

#include "storage/repo/metadata.h"

struct attempt_repo_row {
	int64_t id, task_instance;
	int64_t fence;
	const char *state;
	const char *cause, *reason; /* why it ended as it did */
	const char *worker;
	const char *exit;   /* how its process ended: `exit 1`, `signal 9` */
	const char *resume; /* what an attempt that goes on later told itself */
	const char *boot_id;
	int64_t pid, pid_started; /* the process and its start time in clock ticks since boot */
	int64_t used_us;
	int64_t log_bytes;
	int64_t lease_until_us, seen_at_us; /* of remote workers; else 0 */
	int64_t claimed_at_us, started_at_us, ended_at_us;
	uint32_t number;
};

struct attempt_repo_rows {
	struct attempt_repo_row *items;
	size_t count;
};

/* A new one, claimed: id, task_instance, number, fence, worker, claimed_at. */
MUST_CHECK int attempt_repo_insert(struct db *db, const struct attempt_repo_row *row,
                                   struct err *err);
/* One that goes on (state `again`): claimed again under a new fence. */
MUST_CHECK int attempt_repo_claim_again(struct db *db, const struct attempt_repo_row *row,
                                        struct err *err);
/* id, fence, worker, pid, pid_started, boot_id, started_at. */
MUST_CHECK int attempt_repo_start(struct db *db, const struct attempt_repo_row *row,
                                  struct err *err);
/* id, fence, state, cause, reason, exit, resume, used_us, log_bytes, ended_at, and started_at when
 * its start was not stored before. */
MUST_CHECK int attempt_repo_finish(struct db *db, const struct attempt_repo_row *row,
                                   struct err *err);

/* 1 found, 0 not, -1. */
MUST_CHECK int attempt_repo_get(struct db *db, int64_t id, struct arena *arena,
                                struct attempt_repo_row *row, struct err *err);
/* Of a task instance, first try first. */
MUST_CHECK int attempt_repo_list(struct db *db, int64_t task_instance, struct arena *arena,
                                 struct attempt_repo_rows *rows, struct err *err);
/* Of all task instances of a run, by task instance, first try first. */
MUST_CHECK int attempt_repo_of_run(struct db *db, int64_t run, struct arena *arena,
                                   struct attempt_repo_rows *rows, struct err *err);
/* Claimed or started ones of runs that have not ended: what a restart finds running. */
MUST_CHECK int attempt_repo_live(struct db *db, struct arena *arena, struct attempt_repo_rows *rows,
                                 struct err *err);

#endif

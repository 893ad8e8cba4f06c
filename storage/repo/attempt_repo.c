/* attempt_repo.c - attempts: one try of a task instance each */
#include "storage/repo/attempt_repo.h"

#define SELECT_ATTEMPT                                                                               \
	"SELECT a.id, a.task_instance, a.fence, a.state, a.cause, a.reason, a.worker, a.exit,"       \
	" a.resume, a.boot_id, a.pid, a.pid_started, a.used_us, a.log_bytes, a.lease_until, a.seen," \
	" a.claimed_at, a.started_at, a.ended_at, a.number FROM attempt a "

static const char stale[] = "the attempt belongs to another owner by now";

int attempt_repo_insert(struct db *db, const struct attempt_repo_row *row, struct err *err)
{
	struct db_stmt *stmt = db_cached(
		db,
		"INSERT INTO attempt (id, task_instance, number, fence, state, worker, claimed_at)"
		" VALUES ($1, $2, $3, $4, 'claimed', $5, $6)",
		err);

	if (!stmt)
		return -1;
	db_bind_int(stmt, 1, row->id);
	db_bind_int(stmt, 2, row->task_instance);
	db_bind_int(stmt, 3, row->number);
	db_bind_int(stmt, 4, row->fence);
	db_bind_text(stmt, 5, row->worker);
	db_bind_int(stmt, 6, row->claimed_at_us);
	return db_run(stmt, err);
}

int attempt_repo_claim_again(struct db *db, const struct attempt_repo_row *row, struct err *err)
{
	struct db_stmt *stmt = db_cached(
		db,
		"UPDATE attempt SET state = 'claimed', fence = $2, worker = $3, claimed_at = $4,"
		" pid = NULL, pid_started = NULL, boot_id = NULL, exit = NULL, cause = NULL,"
		" reason = NULL, ended_at = NULL WHERE id = $1 AND state = 'again' AND fence < $2",
		err);

	if (!stmt)
		return -1;
	db_bind_int(stmt, 1, row->id);
	db_bind_int(stmt, 2, row->fence);
	db_bind_text(stmt, 3, row->worker);
	db_bind_int(stmt, 4, row->claimed_at_us);
	return metadata_change_one(db, stmt, stale, err);
}

int attempt_repo_start(struct db *db, const struct attempt_repo_row *row, struct err *err)
{
	/* the first call's start is the attempt's */
	struct db_stmt *stmt = db_cached(
		db,
		"UPDATE attempt SET state = 'started', worker = $3, pid = $4, pid_started = $5,"
		" boot_id = $6, started_at = coalesce(started_at, $7)"
		" WHERE id = $1 AND fence = $2 AND state = 'claimed'",
		err);

	if (!stmt)
		return -1;
	db_bind_int(stmt, 1, row->id);
	db_bind_int(stmt, 2, row->fence);
	db_bind_text(stmt, 3, row->worker);
	db_bind_int(stmt, 4, row->pid);
	db_bind_int(stmt, 5, row->pid_started);
	db_bind_text(stmt, 6, row->boot_id);
	metadata_bind_optional(stmt, 7, row->started_at_us);
	return metadata_change_one(db, stmt, stale, err);
}

int attempt_repo_finish(struct db *db, const struct attempt_repo_row *row, struct err *err)
{
	struct db_stmt *stmt = db_cached(
		db,
		"UPDATE attempt SET state = $3, cause = $4, reason = $5, exit = $6, resume = $7,"
		" used_us = $8, log_bytes = $9, ended_at = $10,"
		" started_at = coalesce(started_at, $11)"
		" WHERE id = $1 AND fence = $2 AND (state IN ('claimed', 'started')"
		" OR (state = 'again' AND $3 = 'cancelled'))",
		err);

	if (!stmt)
		return -1;
	db_bind_int(stmt, 1, row->id);
	db_bind_int(stmt, 2, row->fence);
	db_bind_text(stmt, 3, row->state);
	db_bind_text(stmt, 4, row->cause);
	db_bind_text(stmt, 5, row->reason);
	db_bind_text(stmt, 6, row->exit);
	db_bind_text(stmt, 7, row->resume);
	db_bind_int(stmt, 8, row->used_us);
	db_bind_int(stmt, 9, row->log_bytes);
	metadata_bind_optional(stmt, 10, row->ended_at_us);
	metadata_bind_optional(stmt, 11, row->started_at_us);
	return metadata_change_one(db, stmt, stale, err);
}

static void read_row(struct db_stmt *stmt, struct arena *arena, void *item)
{
	struct attempt_repo_row *row = item;

	*row = (struct attempt_repo_row){
		.id = db_column_int(stmt, 0),
		.task_instance = db_column_int(stmt, 1),
		.fence = db_column_int(stmt, 2),
		.state = metadata_text(stmt, 3, arena),
		.cause = metadata_text(stmt, 4, arena),
		.reason = metadata_text(stmt, 5, arena),
		.worker = metadata_text(stmt, 6, arena),
		.exit = metadata_text(stmt, 7, arena),
		.resume = metadata_text(stmt, 8, arena),
		.boot_id = metadata_text(stmt, 9, arena),
		.pid = db_column_int(stmt, 10),
		.pid_started = db_column_int(stmt, 11),
		.used_us = db_column_int(stmt, 12),
		.log_bytes = db_column_int(stmt, 13),
		.lease_until_us = db_column_int(stmt, 14),
		.seen_at_us = db_column_int(stmt, 15),
		.claimed_at_us = db_column_int(stmt, 16),
		.started_at_us = db_column_int(stmt, 17),
		.ended_at_us = db_column_int(stmt, 18),
		.number = (uint32_t)db_column_int(stmt, 19),
	};
}

static const struct metadata_shape shape = {sizeof(struct attempt_repo_row), read_row};

static int read_all(struct db_stmt *stmt, struct arena *arena, struct attempt_repo_rows *rows,
                    struct err *err)
{
	rows->items = metadata_all(stmt, &shape, arena, &rows->count, err);
	return rows->items ? 0 : -1;
}

int attempt_repo_get(struct db *db, int64_t id, struct arena *arena, struct attempt_repo_row *row,
                     struct err *err)
{
	struct db_stmt *stmt = metadata_by_id(db, SELECT_ATTEMPT "WHERE a.id = $1", id, err);

	return metadata_one(stmt, &shape, arena, row, err);
}

int attempt_repo_list(struct db *db, int64_t task_instance, struct arena *arena,
                      struct attempt_repo_rows *rows, struct err *err)
{
	struct db_stmt *stmt = metadata_by_id(
		db, SELECT_ATTEMPT "WHERE a.task_instance = $1 ORDER BY a.id", task_instance, err);

	return read_all(stmt, arena, rows, err);
}

int attempt_repo_of_run(struct db *db, int64_t run, struct arena *arena,
                        struct attempt_repo_rows *rows, struct err *err)
{
	struct db_stmt *stmt =
		metadata_by_id(db,
	                       SELECT_ATTEMPT "JOIN task_instance t ON t.id = a.task_instance"
	                                      " WHERE t.run = $1 ORDER BY t.id, a.id",
	                       run, err);

	return read_all(stmt, arena, rows, err);
}

int attempt_repo_live(struct db *db, struct arena *arena, struct attempt_repo_rows *rows,
                      struct err *err)
{
	/* by way of the unfinished runs: an index on the state would cost every attempt two writes */
	struct db_stmt *stmt = db_cached(db,
	                                 SELECT_ATTEMPT "JOIN task_instance t ON t.attempt = a.id"
	                                                " JOIN run r ON r.id = t.run"
	                                                " WHERE r.ended_at IS NULL"
	                                                " AND a.state IN ('claimed', 'started')"
	                                                " ORDER BY a.id",
	                                 err);

	return read_all(stmt, arena, rows, err);
}

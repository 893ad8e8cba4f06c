/* task_repo.c - task instances: one task of one run, and one item of a mapped one */
#include "storage/repo/task_repo.h"

#define SELECT_TASK                                                                                \
	"SELECT t.id, t.run, t.task, t.state, t.cause, t.reason, t.operator, t.pool, t.attempt,"   \
	" t.fence, t.used_us, t.due_at, t.queued_at, t.started_at, t.ended_at, t.map_index,"       \
	" t.priority, t.number, t.tries, t.lost, t.clears, a.state, t.cancel,"                     \
	" t.clear, a.resume, a.log_bytes, a.ended_at"                                              \
	" FROM task_instance t LEFT JOIN attempt a ON a.id = t.attempt "

int task_repo_insert(struct db *db, const struct task_repo_row *rows, size_t count, struct err *err)
{
	struct db_stmt *stmt = db_cached(
		db,
		"INSERT INTO task_instance (id, run, task, map_index, state, cause, reason, operator,"
		" pool, priority, attempt, number, tries, lost, clears, fence, used_us, due_at,"
		" queued_at, started_at, ended_at)"
		" VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17,"
		" $18, $19, $20, $21)",
		err);

	if (!stmt)
		return -1;
	for (const struct task_repo_row *row = rows; row < rows + count; row++) {
		const int64_t integers[] = {row->priority, row->attempt, row->number, row->tries,
		                            row->lost,     row->clears,  row->fence,  row->used_us};
		const int64_t times[] = {row->due_at_us, row->queued_at_us, row->started_at_us,
		                         row->ended_at_us};

		db_bind_int(stmt, 1, row->id);
		db_bind_int(stmt, 2, row->run);
		db_bind_text(stmt, 3, row->task);
		db_bind_int(stmt, 4, row->map_index);
		db_bind_text(stmt, 5, row->state);
		db_bind_text(stmt, 6, row->cause);
		db_bind_text(stmt, 7, row->reason);
		db_bind_text(stmt, 8, row->operator);
		db_bind_text(stmt, 9, row->pool);
		for (size_t i = 0; i < countof(integers); i++)
			db_bind_int(stmt, 10 + (int)i, integers[i]);
		for (size_t i = 0; i < countof(times); i++)
			metadata_bind_optional(stmt, 18 + (int)i, times[i]);
		if (db_run(stmt, err) < 0)
			return -1;
	}
	return 0;
}

int task_repo_update(struct db *db, const struct task_repo_row *row, struct err *err)
{
	struct db_stmt *stmt = db_cached(
		db,
		"UPDATE task_instance SET state = $2, cause = $3, reason = $4, attempt = $5, number = $6,"
		" tries = $7, lost = $8, clears = $9, fence = $10, used_us = $11,"
		" due_at = CASE CAST($12 AS BIGINT) WHEN 0 THEN due_at WHEN -1 THEN NULL ELSE $12 END,"
		" queued_at = CASE CAST($13 AS BIGINT) WHEN 0 THEN queued_at WHEN -1 THEN NULL ELSE $13 END,"
		" started_at = CASE CAST($14 AS BIGINT) WHEN 0 THEN started_at WHEN -1 THEN NULL ELSE $14 END,"
		" ended_at = CASE CAST($15 AS BIGINT) WHEN 0 THEN ended_at WHEN -1 THEN NULL ELSE $15 END,"
		" map_index = $16, cancel = $17, clear = $18 WHERE id = $1",
		err);
	const int64_t integers[] = {row->attempt,       row->number,      row->tries,
	                            row->lost,          row->clears,      row->fence,
	                            row->used_us,       row->due_at_us,   row->queued_at_us,
	                            row->started_at_us, row->ended_at_us, row->map_index};

	if (!stmt)
		return -1;
	db_bind_int(stmt, 1, row->id);
	db_bind_text(stmt, 2, row->state);
	db_bind_text(stmt, 3, row->cause);
	db_bind_text(stmt, 4, row->reason);
	for (size_t i = 0; i < countof(integers); i++)
		db_bind_int(stmt, 5 + (int)i, integers[i]);
	db_bind_text(stmt, 17, row->cancel);
	db_bind_int(stmt, 18, row->clear);
	return metadata_change_one(db, stmt, "the task instance is gone", err);
}

int task_repo_set_items(struct db *db, int64_t id, const char *items, struct err *err)
{
	struct db_stmt *stmt =
		db_cached(db, "UPDATE task_instance SET items = $2 WHERE id = $1", err);

	if (!stmt)
		return -1;
	db_bind_int(stmt, 1, id);
	db_bind_text(stmt, 2, items);
	return metadata_change_one(db, stmt, "the task instance is gone", err);
}

static void read_items(struct db_stmt *stmt, struct arena *arena, void *item)
{
	struct task_repo_items *row = item;

	row->task = metadata_text(stmt, 0, arena);
	row->items = metadata_text(stmt, 1, arena);
}

const struct task_repo_items *task_repo_items(struct db *db, int64_t run, struct arena *arena,
                                              size_t *count, struct err *err)
{
	static const struct metadata_shape items_shape = {sizeof(struct task_repo_items),
	                                                  read_items};
	struct db_stmt *stmt = metadata_by_id(
		db, "SELECT task, items FROM task_instance WHERE run = $1 AND items IS NOT NULL",
		run, err);

	return metadata_all(stmt, &items_shape, arena, count, err);
}

static void read_row(struct db_stmt *stmt, struct arena *arena, void *item)
{
	struct task_repo_row *row = item;
	*row = (struct task_repo_row){
		.id = db_column_int(stmt, 0),
		.run = db_column_int(stmt, 1),
		.task = metadata_text(stmt, 2, arena),
		.state = metadata_text(stmt, 3, arena),
		.cause = metadata_text(stmt, 4, arena),
		.reason = metadata_text(stmt, 5, arena),
		.operator= metadata_text(stmt, 6, arena),
		.pool = metadata_text(stmt, 7, arena),
		.attempt = db_column_int(stmt, 8),
		.fence = db_column_int(stmt, 9),
		.used_us = db_column_int(stmt, 10),
		.due_at_us = db_column_int(stmt, 11),
		.queued_at_us = db_column_int(stmt, 12),
		.started_at_us = db_column_int(stmt, 13),
		.ended_at_us = db_column_int(stmt, 14),
		.map_index = (int32_t)db_column_int(stmt, 15),
		.priority = (int32_t)db_column_int(stmt, 16),
		.number = (uint32_t)db_column_int(stmt, 17),
		.tries = (uint32_t)db_column_int(stmt, 18),
		.lost = (uint32_t)db_column_int(stmt, 19),
		.clears = (uint32_t)db_column_int(stmt, 20),
		.attempt_state = metadata_text(stmt, 21, arena),
		.resume = metadata_text(stmt, 24, arena),
		.log_bytes = db_column_int(stmt, 25),
		.attempt_ended_at_us = db_column_int(stmt, 26),
		.cancel = metadata_text(stmt, 22, arena),
		.clear = (int)db_column_int(stmt, 23),
	};
}

static const struct metadata_shape shape = {sizeof(struct task_repo_row), read_row};

static int read_all(struct db_stmt *stmt, struct arena *arena, struct task_repo_rows *rows,
                    struct err *err)
{
	rows->items = metadata_all(stmt, &shape, arena, &rows->count, err);
	return rows->items ? 0 : -1;
}

int task_repo_list(struct db *db, int64_t run, struct arena *arena, struct task_repo_rows *rows,
                   struct err *err)
{
	struct db_stmt *stmt =
		metadata_by_id(db, SELECT_TASK "WHERE t.run = $1 ORDER BY t.id", run, err);

	return read_all(stmt, arena, rows, err);
}

int task_repo_get(struct db *db, const struct task_repo_key *key, struct arena *arena,
                  struct task_repo_row *row, struct err *err)
{
	struct db_stmt *stmt = db_cached(
		db, SELECT_TASK "WHERE t.run = $1 AND t.task = $2 AND t.map_index = $3", err);

	if (!stmt)
		return -1;
	db_bind_int(stmt, 1, key->run);
	db_bind_text(stmt, 2, key->task);
	db_bind_int(stmt, 3, key->map_index);
	return metadata_one(stmt, &shape, arena, row, err);
}

int task_repo_unfinished(struct db *db, struct arena *arena, struct task_repo_rows *rows,
                         struct err *err)
{
	struct db_stmt *stmt =
		db_cached(db,
	                  /* not a join: that would be walked from the instances of all runs */
	                  SELECT_TASK "WHERE t.run IN (SELECT id FROM run WHERE ended_at IS NULL)"
	                              " ORDER BY t.run, t.id",
	                  err);

	return read_all(stmt, arena, rows, err);
}

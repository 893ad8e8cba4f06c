/* outbox_repo.c - messages that are to leave */
#include "storage/repo/outbox_repo.h"

#define COLUMNS                                                                                    \
	"id, kind, run, task_instance, target, place, body, state, tries, due_at, reason,"         \
	" created_at, ended_at"

int outbox_repo_add(struct db *db, const struct outbox_repo_row *row, struct err *err)
{
	struct db_stmt *stmt = db_cached(
		db,
		"INSERT INTO outbox (kind, run, task_instance, target, place, body, state, due_at,"
		" reason, created_at, ended_at)"
		" VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
		err);

	if (!stmt)
		return -1;
	db_bind_text(stmt, 1, row->kind);
	metadata_bind_optional(stmt, 2, row->run);
	metadata_bind_optional(stmt, 3, row->task_instance);
	db_bind_text(stmt, 4, row->target);
	db_bind_text(stmt, 5, row->place);
	db_bind_text(stmt, 6, row->body);
	db_bind_text(stmt, 7, row->state);
	db_bind_int(stmt, 8, row->due_at_us);
	db_bind_text(stmt, 9, row->reason);
	db_bind_int(stmt, 10, row->created_at_us);
	metadata_bind_optional(stmt, 11, row->ended_at_us);
	return db_run(stmt, err);
}

static void read_row(struct db_stmt *stmt, struct arena *arena, void *item)
{
	struct outbox_repo_row *row = item;

	*row = (struct outbox_repo_row){
		.id = db_column_int(stmt, 0),
		.kind = metadata_text(stmt, 1, arena),
		.run = db_column_int(stmt, 2),
		.task_instance = db_column_int(stmt, 3),
		.target = metadata_text(stmt, 4, arena),
		.place = metadata_text(stmt, 5, arena),
		.body = metadata_text(stmt, 6, arena),
		.state = metadata_text(stmt, 7, arena),
		.tries = db_column_int(stmt, 8),
		.due_at_us = db_column_int(stmt, 9),
		.reason = metadata_text(stmt, 10, arena),
		.created_at_us = db_column_int(stmt, 11),
		.ended_at_us = db_column_int(stmt, 12),
	};
}

int outbox_repo_due(struct db *db, const struct outbox_repo_wanted *wanted, struct arena *arena,
                    struct outbox_repo_rows *rows, struct err *err)
{
	static const struct metadata_shape shape = {sizeof(struct outbox_repo_row), read_row};
	struct db_stmt *stmt =
		db_cached(db,
	                  "SELECT " COLUMNS " FROM outbox WHERE state = 'pending' AND due_at <= $1"
	                  " AND place NOT IN ($2, $3, $4, $5) ORDER BY due_at, id LIMIT $6",
	                  err);

	if (!stmt)
		return -1;
	db_bind_int(stmt, 1, wanted->now_us);
	/* no place is called like this */
	for (int i = 0; i < OUTBOX_REPO_BUSY; i++)
		db_bind_text(stmt, 2 + i, wanted->busy[i] ? wanted->busy[i] : " ");
	db_bind_int(stmt, 2 + OUTBOX_REPO_BUSY, (int64_t)wanted->limit);
	rows->items = metadata_all(stmt, &shape, arena, &rows->count, err);
	return rows->items ? 0 : -1;
}

int outbox_repo_next_due(struct db *db, int64_t now_us, int64_t *due_us, struct err *err)
{
	struct db_stmt *stmt = db_cached(
		db, "SELECT min(due_at) FROM outbox WHERE state = 'pending' AND due_at > $1", err);

	if (!stmt)
		return -1;
	db_bind_int(stmt, 1, now_us);
	if (db_step(stmt, err) < 0)
		return -1;
	*due_us = db_column_int(stmt, 0);
	db_reset(stmt);
	return 0;
}

int outbox_repo_update(struct db *db, const struct outbox_repo_row *row, struct err *err)
{
	struct db_stmt *stmt =
		db_cached(db,
	                  "UPDATE outbox SET state = $2, tries = $3, due_at = $4, reason = $5,"
	                  " ended_at = $6, body = CASE $2 WHEN 'pending' THEN body ELSE '' END"
	                  " WHERE id = $1",
	                  err);

	if (!stmt)
		return -1;
	db_bind_int(stmt, 1, row->id);
	db_bind_text(stmt, 2, row->state);
	db_bind_int(stmt, 3, row->tries);
	db_bind_int(stmt, 4, row->due_at_us);
	db_bind_text(stmt, 5, row->reason);
	metadata_bind_optional(stmt, 6, row->ended_at_us);
	return db_run(stmt, err);
}

int outbox_repo_trim(struct db *db, int64_t before_us, struct err *err)
{
	struct db_stmt *stmt = db_cached(db, "DELETE FROM outbox WHERE ended_at < $1", err);

	if (!stmt)
		return -1;
	db_bind_int(stmt, 1, before_us);
	return db_run(stmt, err);
}

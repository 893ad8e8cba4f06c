/* event_repo.c - state changes in the order they were stored, to be followed */
#include "storage/repo/event_repo.h"

int event_repo_add(struct db *db, const struct event_repo_row *row, struct err *err)
{
	struct db_stmt *stmt =
		db_cached(db,
	                  "INSERT INTO event (kind, dag, run, task_instance, state, at)"
	                  " VALUES ($1, $2, $3, $4, $5, $6)",
	                  err);

	if (!stmt)
		return -1;
	db_bind_text(stmt, 1, row->kind);
	db_bind_text(stmt, 2, row->dag);
	metadata_bind_optional(stmt, 3, row->run);
	metadata_bind_optional(stmt, 4, row->task_instance);
	db_bind_text(stmt, 5, row->state);
	db_bind_int(stmt, 6, row->at_us);
	return db_run(stmt, err);
}

static void read_row(struct db_stmt *stmt, struct arena *arena, void *item)
{
	struct event_repo_row *row = item;

	*row = (struct event_repo_row){
		.seq = db_column_int(stmt, 0),
		.kind = metadata_text(stmt, 1, arena),
		.dag = metadata_text(stmt, 2, arena),
		.run = db_column_int(stmt, 3),
		.task_instance = db_column_int(stmt, 4),
		.state = metadata_text(stmt, 5, arena),
		.at_us = db_column_int(stmt, 6),
	};
}

int event_repo_after(struct db *db, int64_t seq, size_t limit, struct arena *arena,
                     struct event_repo_rows *rows, struct err *err)
{
	static const struct metadata_shape shape = {sizeof(struct event_repo_row), read_row};
	struct db_stmt *stmt = db_cached(db,
	                                 "SELECT seq, kind, dag, run, task_instance, state, at"
	                                 " FROM event WHERE seq > $1 ORDER BY seq LIMIT $2",
	                                 err);

	if (!stmt)
		return -1;
	db_bind_int(stmt, 1, seq);
	db_bind_int(stmt, 2, (int64_t)limit);
	rows->items = metadata_all(stmt, &shape, arena, &rows->count, err);
	return rows->items ? 0 : -1;
}

int event_repo_last(struct db *db, int64_t *seq, struct err *err)
{
	struct db_stmt *stmt = db_cached(db, "SELECT max(seq) FROM event", err);

	if (!stmt || db_step(stmt, err) < 0)
		return -1;
	*seq = db_column_int(stmt, 0);
	db_reset(stmt);
	return 0;
}

int event_repo_trim(struct db *db, int64_t before_us, struct err *err)
{
	/* the last one stays: the numbers behind it must go on */
	struct db_stmt *stmt = db_cached(
		db, "DELETE FROM event WHERE at < $1 AND seq < (SELECT max(seq) FROM event)", err);

	if (!stmt)
		return -1;
	db_bind_int(stmt, 1, before_us);
	return db_run(stmt, err);
}

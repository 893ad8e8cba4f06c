/* command_repo.c - what people want of runs */
#include "storage/repo/command_repo.h"

int command_repo_insert(struct db *db, const struct command_repo_row *row, struct err *err)
{
	struct db_stmt *stmt = db_cached(
		db,
		"INSERT INTO command (id, kind, args, \"by\", state, result, created_at, ended_at)"
		" VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
		err);

	if (!stmt)
		return -1;
	db_bind_int(stmt, 1, row->id);
	db_bind_text(stmt, 2, row->kind);
	db_bind_text(stmt, 3, row->args);
	db_bind_text(stmt, 4, row->by);
	db_bind_text(stmt, 5, row->state);
	db_bind_text(stmt, 6, row->result);
	db_bind_int(stmt, 7, row->created_at_us);
	metadata_bind_optional(stmt, 8, row->ended_at_us);
	return db_run(stmt, err);
}

int command_repo_finish(struct db *db, const struct command_repo_row *row, struct err *err)
{
	struct db_stmt *stmt = db_cached(db,
	                                 "UPDATE command SET state = $2, result = $3, ended_at = $4"
	                                 " WHERE id = $1 AND state = 'pending'",
	                                 err);

	if (!stmt)
		return -1;
	db_bind_int(stmt, 1, row->id);
	db_bind_text(stmt, 2, row->state);
	db_bind_text(stmt, 3, row->result);
	metadata_bind_optional(stmt, 4, row->ended_at_us);
	return metadata_change_one(db, stmt, "the command was carried out already", err);
}

static void read_row(struct db_stmt *stmt, struct arena *arena, void *item)
{
	struct command_repo_row *row = item;

	*row = (struct command_repo_row){
		.id = db_column_int(stmt, 0),
		.kind = metadata_text(stmt, 1, arena),
		.args = metadata_text(stmt, 2, arena),
		.by = metadata_text(stmt, 3, arena),
		.state = metadata_text(stmt, 4, arena),
		.result = metadata_text(stmt, 5, arena),
		.created_at_us = db_column_int(stmt, 6),
		.ended_at_us = db_column_int(stmt, 7),
	};
}

int command_repo_pending(struct db *db, struct arena *arena, struct command_repo_rows *rows,
                         struct err *err)
{
	static const struct metadata_shape shape = {sizeof(struct command_repo_row), read_row};
	struct db_stmt *stmt = db_cached(
		db,
		"SELECT id, kind, args, \"by\", state, result, created_at, ended_at FROM command"
		" WHERE state = 'pending' ORDER BY id",
		err);

	rows->items = metadata_all(stmt, &shape, arena, &rows->count, err);
	return rows->items ? 0 : -1;
}

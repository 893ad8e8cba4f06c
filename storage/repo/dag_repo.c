/* dag_repo.c - DAGs that have been seen, and every version that ran */
#include "storage/repo/dag_repo.h"

#define SELECT_DAG "SELECT dag, file, hash, faults, is_missing, is_paused, seen_at FROM dag "

int dag_repo_put(struct db *db, const struct dag_repo_row *row, struct err *err)
{
	struct db_stmt *stmt = db_cached(
		db,
		"INSERT INTO dag (dag, file, hash, faults, is_missing, is_paused, seen_at)"
		" VALUES ($1, $2, $3, $4, $5, $6, $7)"
		" ON CONFLICT (dag) DO UPDATE SET file = $2, hash = COALESCE($3, dag.hash),"
		" faults = $4, is_missing = $5",
		err);

	if (!stmt)
		return -1;
	db_bind_text(stmt, 1, row->dag);
	db_bind_text(stmt, 2, row->file);
	db_bind_text(stmt, 3, row->hash);
	db_bind_text(stmt, 4, row->faults ? row->faults : "[]");
	db_bind_int(stmt, 5, row->is_missing);
	db_bind_int(stmt, 6, row->is_paused);
	db_bind_int(stmt, 7, row->seen_at_us);
	return db_run(stmt, err);
}

int dag_repo_set_paused(struct db *db, const char *dag, int is_paused, struct err *err)
{
	struct db_stmt *stmt = db_cached(db, "UPDATE dag SET is_paused = $2 WHERE dag = $1", err);

	if (!stmt)
		return -1;
	db_bind_text(stmt, 1, dag);
	db_bind_int(stmt, 2, is_paused);
	if (db_run(stmt, err) < 0)
		return -1;
	return db_changes(db) > 0 ? 0 : err_set(err, ERR_NOT_FOUND, "there is no DAG '%s'", dag);
}

static void read_row(struct db_stmt *stmt, struct arena *arena, void *item)
{
	struct dag_repo_row *row = item;

	*row = (struct dag_repo_row){
		.dag = metadata_text(stmt, 0, arena),
		.file = metadata_text(stmt, 1, arena),
		.hash = metadata_text(stmt, 2, arena),
		.faults = metadata_text(stmt, 3, arena),
		.is_missing = (int)db_column_int(stmt, 4),
		.is_paused = (int)db_column_int(stmt, 5),
		.seen_at_us = db_column_int(stmt, 6),
	};
}

static const struct metadata_shape shape = {sizeof(struct dag_repo_row), read_row};

int dag_repo_get(struct db *db, const char *dag, struct arena *arena, struct dag_repo_row *row,
                 struct err *err)
{
	struct db_stmt *stmt = db_cached(db, SELECT_DAG "WHERE dag = $1", err);

	if (!stmt)
		return -1;
	db_bind_text(stmt, 1, dag);
	return metadata_one(stmt, &shape, arena, row, err);
}

int dag_repo_list(struct db *db, struct arena *arena, struct dag_repo_rows *rows, struct err *err)
{
	struct db_stmt *stmt = db_cached(db, SELECT_DAG "ORDER BY dag", err);

	rows->items = metadata_all(stmt, &shape, arena, &rows->count, err);
	return rows->items ? 0 : -1;
}

static int put_history(struct db *db, const struct dag_repo_version *version, struct err *err)
{
	struct db_stmt *stmt = db_cached(db,
	                                 "INSERT INTO dag_history (dag, hash, seen_at)"
	                                 " VALUES ($1, $2, $3) ON CONFLICT (dag, hash) DO NOTHING",
	                                 err);

	if (!stmt)
		return -1;
	db_bind_text(stmt, 1, version->dag);
	db_bind_text(stmt, 2, version->hash);
	db_bind_int(stmt, 3, version->created_at_us);
	return db_run(stmt, err);
}

int dag_repo_put_version(struct db *db, const struct dag_repo_version *version, struct err *err)
{
	struct db_stmt *stmt =
		db_cached(db,
	                  "INSERT INTO dag_version (hash, dag, definition, source, created_at)"
	                  " VALUES ($1, $2, $3, $4, $5)"
	                  " ON CONFLICT (hash) DO UPDATE SET source = $4"
	                  " WHERE dag_version.source IS NULL",
	                  err);

	if (!stmt)
		return -1;
	db_bind_text(stmt, 1, version->hash);
	db_bind_text(stmt, 2, version->dag);
	db_bind_text(stmt, 3, version->definition);
	db_bind_text(stmt, 4, version->source);
	db_bind_int(stmt, 5, version->created_at_us);
	return db_run(stmt, err) < 0 ? -1 : put_history(db, version, err);
}

static void read_version(struct db_stmt *stmt, struct arena *arena, void *item)
{
	struct dag_repo_version *version = item;

	*version = (struct dag_repo_version){
		.hash = metadata_text(stmt, 0, arena),
		.dag = metadata_text(stmt, 1, arena),
		.definition = metadata_text(stmt, 2, arena),
		.created_at_us = db_column_int(stmt, 3),
		.source = metadata_text(stmt, 4, arena),
	};
}

int dag_repo_get_version(struct db *db, const char *hash, struct arena *arena,
                         struct dag_repo_version *version, struct err *err)
{
	static const struct metadata_shape version_shape = {sizeof(*version), read_version};
	struct db_stmt *stmt = db_cached(
		db,
		"SELECT hash, dag, definition, created_at, source FROM dag_version WHERE hash = $1",
		err);

	if (!stmt)
		return -1;
	db_bind_text(stmt, 1, hash);
	return metadata_one(stmt, &version_shape, arena, version, err);
}

/* pool_repo.c - pools: how many slots tasks that name them share */
#include "storage/repo/pool_repo.h"

int pool_repo_put(struct db *db, const struct pool_repo_row *row, struct err *err)
{
	struct db_stmt *stmt = db_cached(db,
	                                 "INSERT INTO pool (pool, slots) VALUES ($1, $2)"
	                                 " ON CONFLICT (pool) DO UPDATE SET slots = $2",
	                                 err);

	if (!stmt)
		return -1;
	db_bind_text(stmt, 1, row->pool);
	db_bind_int(stmt, 2, row->slots);
	return db_run(stmt, err);
}

int pool_repo_remove(struct db *db, const char *pool, struct err *err)
{
	struct db_stmt *stmt = db_cached(db, "DELETE FROM pool WHERE pool = $1", err);

	if (!stmt)
		return -1;
	db_bind_text(stmt, 1, pool);
	return db_run(stmt, err);
}

static void read_row(struct db_stmt *stmt, struct arena *arena, void *item)
{
	struct pool_repo_row *row = item;

	row->pool = metadata_text(stmt, 0, arena);
	row->slots = db_column_int(stmt, 1);
}

int pool_repo_list(struct db *db, struct arena *arena, struct pool_repo_rows *rows, struct err *err)
{
	static const struct metadata_shape shape = {sizeof(struct pool_repo_row), read_row};
	struct db_stmt *stmt = db_cached(db, "SELECT pool, slots FROM pool ORDER BY pool", err);

	rows->items = metadata_all(stmt, &shape, arena, &rows->count, err);
	return rows->items ? 0 : -1;
}

/* version_repo.c - the versions that the file of a DAG has had */
#include "storage/repo/version_repo.h"

static void read_row(struct db_stmt *stmt, struct arena *arena, void *item)
{
	struct version_repo_row *row = item;

	*row = (struct version_repo_row){
		.hash = metadata_text(stmt, 0, arena),
		.created_at_us = db_column_int(stmt, 1),
		.runs = db_column_int(stmt, 2),
		.is_current = (int)db_column_int(stmt, 3),
	};
}

int version_repo_list(struct db *db, const char *dag, struct arena *arena,
                      struct version_repo_rows *rows, struct err *err)
{
	static const struct metadata_shape shape = {sizeof(struct version_repo_row), read_row};
	struct db_stmt *stmt =
		db_cached(db,
	                  "SELECT h.hash, h.seen_at, COALESCE(r.runs, 0),"
	                  " CASE WHEN d.hash = h.hash THEN 1 ELSE 0 END FROM dag_history h"
	                  " LEFT JOIN (SELECT dag_version, count(*) AS runs FROM run WHERE dag = $1"
	                  " GROUP BY dag_version) r ON r.dag_version = h.hash"
	                  " LEFT JOIN dag d ON d.dag = h.dag"
	                  " WHERE h.dag = $1 ORDER BY h.seen_at DESC, h.hash",
	                  err);

	if (stmt)
		db_bind_text(stmt, 1, dag);
	rows->items = metadata_all(stmt, &shape, arena, &rows->count, err);
	return rows->items ? 0 : -1;
}

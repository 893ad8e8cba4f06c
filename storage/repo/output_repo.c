/* output_repo.c - what attempts have put out: values by key */
#include "storage/repo/output_repo.h"

#define SELECT_OUTPUT                                                                              \
	"SELECT o.attempt, o.key, o.value, t.id, t.task, t.map_index FROM output o"                \
	" JOIN attempt a ON a.id = o.attempt JOIN task_instance t ON t.id = a.task_instance "

int output_repo_put(struct db *db, const struct output_repo_row *row, struct err *err)
{
	struct db_stmt *stmt =
		db_cached(db,
	                  "INSERT INTO output (attempt, key, value) VALUES ($1, $2, $3)"
	                  " ON CONFLICT (attempt, key) DO UPDATE SET value = $3",
	                  err);

	if (!stmt)
		return -1;
	db_bind_int(stmt, 1, row->attempt);
	db_bind_text(stmt, 2, row->key);
	db_bind_text(stmt, 3, row->value);
	return db_run(stmt, err);
}

static void read_row(struct db_stmt *stmt, struct arena *arena, void *item)
{
	struct output_repo_row *row = item;

	*row = (struct output_repo_row){
		.attempt = db_column_int(stmt, 0),
		.key = metadata_text(stmt, 1, arena),
		.value = metadata_text(stmt, 2, arena),
		.task_instance = db_column_int(stmt, 3),
		.task = metadata_text(stmt, 4, arena),
		.map_index = (int32_t)db_column_int(stmt, 5),
	};
}

static int read_all(struct db_stmt *stmt, struct arena *arena, struct output_repo_rows *rows,
                    struct err *err)
{
	static const struct metadata_shape shape = {sizeof(struct output_repo_row), read_row};

	rows->items = metadata_all(stmt, &shape, arena, &rows->count, err);
	return rows->items ? 0 : -1;
}

int output_repo_of_run(struct db *db, int64_t run, struct arena *arena,
                       struct output_repo_rows *rows, struct err *err)
{
	struct db_stmt *stmt =
		metadata_by_id(db,
	                       SELECT_OUTPUT "WHERE t.run = $1 AND t.state = 'success'"
	                                     " AND o.attempt = t.attempt ORDER BY t.id, o.key",
	                       run, err);

	return read_all(stmt, arena, rows, err);
}

int output_repo_list(struct db *db, int64_t attempt, struct arena *arena,
                     struct output_repo_rows *rows, struct err *err)
{
	struct db_stmt *stmt = metadata_by_id(
		db, SELECT_OUTPUT "WHERE o.attempt = $1 ORDER BY o.key", attempt, err);

	return read_all(stmt, arena, rows, err);
}

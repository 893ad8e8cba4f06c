/* backfill_repo.c - backfills: the runs of a span of time, made one after the other */
#include "storage/repo/backfill_repo.h"

#include "lib/buf.h"
#include "lib/compiler.h"

#define COLUMNS                                                                                    \
	"id, backfill_id, dag, dag_version, state, reason, \"order\", existing, \"by\", from_at,"  \
	" to_at, next_at, max_active, total, made, skipped, created_at, ended_at"

#define SELECT_BACKFILL "SELECT " COLUMNS " FROM backfill "

int backfill_repo_put(struct db *db, const struct backfill_repo_row *row, struct err *err)
{
	struct db_stmt *stmt = db_cached(
		db,
		"INSERT INTO backfill (" COLUMNS ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9,"
		" $10, $11, $12, $13, $14, $15, $16, $17, $18) ON CONFLICT (id) DO UPDATE SET"
		" state = excluded.state, reason = excluded.reason, next_at = excluded.next_at,"
		" made = excluded.made, skipped = excluded.skipped, ended_at = excluded.ended_at",
		err);
	const char *texts[] = {row->backfill_id, row->dag,   row->dag_version, row->state,
	                       row->reason,      row->order, row->existing,    row->by};
	const int64_t numbers[] = {row->from_us, row->to_us, row->next_us, row->max_active,
	                           row->total,   row->made,  row->skipped};

	if (!stmt)
		return -1;
	db_bind_int(stmt, 1, row->id);
	for (size_t i = 0; i < countof(texts); i++)
		db_bind_text(stmt, 2 + (int)i, texts[i]);
	for (size_t i = 0; i < countof(numbers); i++)
		db_bind_int(stmt, 10 + (int)i, numbers[i]);
	metadata_bind_optional(stmt, 17, row->created_at_us);
	metadata_bind_optional(stmt, 18, row->ended_at_us);
	return db_run(stmt, err);
}

static void read_row(struct db_stmt *stmt, struct arena *arena, void *item)
{
	struct backfill_repo_row *row = item;
	const char **texts[] = {&row->backfill_id, &row->dag,   &row->dag_version, &row->state,
	                        &row->reason,      &row->order, &row->existing,    &row->by};
	int64_t *numbers[] = {&row->from_us,    &row->to_us,         &row->next_us,
	                      &row->max_active, &row->total,         &row->made,
	                      &row->skipped,    &row->created_at_us, &row->ended_at_us};

	row->id = db_column_int(stmt, 0);
	for (size_t i = 0; i < countof(texts); i++)
		*texts[i] = metadata_text(stmt, 1 + (int)i, arena);
	for (size_t i = 0; i < countof(numbers); i++)
		*numbers[i] = db_column_int(stmt, 9 + (int)i);
}

static const struct metadata_shape shape = {sizeof(struct backfill_repo_row), read_row};

int backfill_repo_get(struct db *db, const char *backfill_id, struct arena *arena,
                      struct backfill_repo_row *row, struct err *err)
{
	struct db_stmt *stmt = db_cached(db, SELECT_BACKFILL "WHERE backfill_id = $1", err);

	if (!stmt)
		return -1;
	db_bind_text(stmt, 1, backfill_id);
	return metadata_one(stmt, &shape, arena, row, err);
}

int backfill_repo_list(struct db *db, const char *dag, size_t limit, struct arena *arena,
                       struct backfill_repo_rows *rows, struct err *err)
{
	struct db_stmt *stmt =
		db_cached(db,
	                  dag ? SELECT_BACKFILL "WHERE dag = $2 ORDER BY id DESC LIMIT $1"
	                      : SELECT_BACKFILL "ORDER BY id DESC LIMIT $1",
	                  err);

	if (stmt)
		db_bind_int(stmt, 1, (int64_t)limit);
	if (stmt && dag)
		db_bind_text(stmt, 2, dag);
	rows->items = metadata_all(stmt, &shape, arena, &rows->count, err);
	return rows->items ? 0 : -1;
}

int backfill_repo_unfinished(struct db *db, struct arena *arena, struct backfill_repo_rows *rows,
                             struct err *err)
{
	struct db_stmt *stmt =
		db_cached(db, SELECT_BACKFILL "WHERE ended_at IS NULL ORDER BY id", err);

	rows->items = metadata_all(stmt, &shape, arena, &rows->count, err);
	return rows->items ? 0 : -1;
}

int backfill_repo_next_id(struct db *db, int64_t *id, struct err *err)
{
	struct db_stmt *stmt = db_cached(db, "SELECT COALESCE(max(id), 0) + 1 FROM backfill", err);

	if (!stmt || db_step(stmt, err) < 0)
		return -1;
	*id = db_column_int(stmt, 0);
	db_reset(stmt);
	return 0;
}

/* --- runs --- */

int backfill_repo_join(struct db *db, int64_t run, int64_t backfill, struct err *err)
{
	struct db_stmt *stmt = db_cached(db, "UPDATE run SET backfill = $2 WHERE id = $1", err);

	if (!stmt)
		return -1;
	db_bind_int(stmt, 1, run);
	db_bind_int(stmt, 2, backfill);
	return db_run(stmt, err);
}

static void read_run(struct db_stmt *stmt, struct arena *arena, void *item)
{
	struct backfill_repo_run *run = item;

	*run = (struct backfill_repo_run){
		.id = db_column_int(stmt, 0),
		.logical_us = db_column_int(stmt, 1),
		.run_id = metadata_text(stmt, 2, arena),
		.state = metadata_text(stmt, 3, arena),
		.has_ended = !db_column_is_null(stmt, 4),
	};
}

static int read_runs(struct db_stmt *stmt, struct arena *arena, struct backfill_repo_runs *runs,
                     struct err *err)
{
	static const struct metadata_shape run_shape = {sizeof(struct backfill_repo_run), read_run};

	runs->items = metadata_all(stmt, &run_shape, arena, &runs->count, err);
	return runs->items ? 0 : -1;
}

#define SELECT_RUN "SELECT id, logical_at, run_id, state, ended_at FROM run "

int backfill_repo_runs(struct db *db, int64_t backfill, struct arena *arena,
                       struct backfill_repo_runs *runs, struct err *err)
{
	return read_runs(metadata_by_id(db, SELECT_RUN "WHERE backfill = $1 ORDER BY logical_at",
	                                backfill, err),
	                 arena, runs, err);
}

int backfill_repo_span(struct db *db, const char *dag, const int64_t span_us[2],
                       struct arena *arena, struct backfill_repo_runs *runs, struct err *err)
{
	struct db_stmt *stmt =
		db_cached(db,
	                  SELECT_RUN "WHERE dag = $1 AND logical_at BETWEEN $2 AND $3"
	                             " ORDER BY logical_at",
	                  err);

	if (stmt) {
		db_bind_text(stmt, 1, dag);
		db_bind_int(stmt, 2, span_us[0]);
		db_bind_int(stmt, 3, span_us[1]);
	}
	return read_runs(stmt, arena, runs, err);
}

const char *backfill_repo_counts(struct db *db, int64_t backfill, struct arena *arena,
                                 struct err *err)
{
	struct db_stmt *stmt = metadata_by_id(
		db,
		"SELECT state, count(*) FROM run WHERE backfill = $1 GROUP BY state ORDER BY state",
		backfill, err);
	auto_buf struct buf json = {0};
	int row;

	if (!stmt)
		return NULL;
	/* states are words of ours, nothing in them needs escaping */
	while ((row = db_step(stmt, err)) > 0)
		buf_printf(&json, ",\"%s\":%lld", db_column_text(stmt, 0),
		           (long long)db_column_int(stmt, 1));
	return row < 0 ? NULL : arena_strdup(arena, buf_string(&json));
}

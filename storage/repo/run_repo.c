/* run_repo.c - runs: one execution of a DAG each */
#include "storage/repo/run_repo.h"

#include "lib/buf.h"

#define COLUMNS                                                                                    \
	"id, dag, run_id, state, type, cause, reason, dag_version, params, triggered_by, note,"    \
	" idempotency_key, object, counts, logical_at, interval_start, interval_end,"              \
	" queued_at, started_at, ended_at, backfill"

#define SELECT_RUN "SELECT " COLUMNS " FROM run "

static int explain_duplicate(struct db *db, const struct run_repo_row *row, struct err *err)
{
	static const char *const logical[] = {"dag", "logical_at"};
	static const char *const key[] = {"dag", "idempotency_key"};
	static const char *const name[] = {"run_id", "dag"};

	if (db_constraint_is_on(db, "run", name, countof(name)))
		return err_set(err, ERR_DUPLICATE, "run '%s' of DAG '%s' exists already",
		               row->run_id, row->dag);
	if (db_constraint_is_on(db, "run", logical, countof(logical)))
		return err_set(err, ERR_DUPLICATE,
		               "DAG '%s' has a run of this logical date already", row->dag);
	if (db_constraint_is_on(db, "run", key, countof(key)))
		return err_set(err, ERR_DUPLICATE,
		               "DAG '%s' has a run of this idempotency key already", row->dag);
	return -1;
}

static void bind_optional(struct db_stmt *stmt, int index, int has, int64_t value)
{
	if (has)
		db_bind_int(stmt, index, value);
	else
		db_bind_null(stmt, index);
}

int run_repo_insert(struct db *db, const struct run_repo_row *row, struct err *err)
{
	struct db_stmt *stmt = db_cached(
		db,
		"INSERT INTO run (id, dag, run_id, state, type, cause, reason, dag_version, params,"
		" triggered_by, note, idempotency_key, object, logical_at, interval_start, interval_end,"
		" queued_at, started_at, ended_at)"
		" VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17,"
		" $18, $19)",
		err);
	const char *texts[] = {row->dag,          row->run_id, row->state,           row->type,
	                       row->cause,        row->reason, row->dag_version,     row->params,
	                       row->triggered_by, row->note,   row->idempotency_key, row->object};
	int interval = (row->has & RUN_REPO_HAS_INTERVAL) != 0;

	if (!stmt)
		return -1;
	db_bind_int(stmt, 1, row->id);
	for (size_t i = 0; i < countof(texts); i++)
		db_bind_text(stmt, 2 + (int)i, texts[i]);
	bind_optional(stmt, 14, (row->has & RUN_REPO_HAS_LOGICAL) != 0, row->logical_at_us);
	bind_optional(stmt, 15, interval, row->interval_start_us);
	bind_optional(stmt, 16, interval, row->interval_end_us);
	metadata_bind_optional(stmt, 17, row->queued_at_us);
	metadata_bind_optional(stmt, 18, row->started_at_us);
	metadata_bind_optional(stmt, 19, row->ended_at_us);
	if (db_run(stmt, err) == 0)
		return 0;
	return err->code == ERR_DUPLICATE ? explain_duplicate(db, row, err) : -1;
}

const char *run_repo_counts(struct db *db, int64_t id, struct arena *arena, struct err *err)
{
	struct db_stmt *stmt = db_cached(
		db,
		"SELECT state, count(*) FROM task_instance WHERE run = $1 GROUP BY state ORDER BY state",
		err);
	auto_buf struct buf json = {0};
	int row;

	if (!stmt)
		return NULL;
	db_bind_int(stmt, 1, id);
	buf_char(&json, '{');
	/* states are words of ours, nothing in them needs escaping */
	while ((row = db_step(stmt, err)) > 0)
		buf_printf(&json, "%s\"%s\":%lld", json.size > 1 ? "," : "",
		           db_column_text(stmt, 0), (long long)db_column_int(stmt, 1));
	buf_char(&json, '}');
	return row < 0 ? NULL : arena_strdup(arena, buf_string(&json));
}

static int update(struct db *db, const struct run_repo_row *row, const char *counts,
                  struct err *err)
{
	struct db_stmt *stmt = db_cached(
		db,
		"UPDATE run SET state = $2, cause = $3, reason = $4, counts = $5,"
		" started_at = CASE CAST($6 AS BIGINT) WHEN 0 THEN started_at WHEN -1 THEN NULL ELSE $6 END,"
		" ended_at = CASE CAST($7 AS BIGINT) WHEN 0 THEN ended_at WHEN -1 THEN NULL ELSE $7 END,"
		" dag_version = coalesce($8, dag_version) WHERE id = $1",
		err);

	if (!stmt)
		return -1;
	db_bind_int(stmt, 1, row->id);
	db_bind_text(stmt, 2, row->state);
	db_bind_text(stmt, 3, row->cause);
	db_bind_text(stmt, 4, row->reason);
	db_bind_text(stmt, 5, counts);
	db_bind_int(stmt, 6, row->started_at_us);
	db_bind_int(stmt, 7, row->ended_at_us);
	db_bind_text(stmt, 8, row->dag_version);
	return metadata_change_one(db, stmt, "the run is gone", err);
}

int run_repo_update(struct db *db, const struct run_repo_row *row, struct err *err)
{
	struct arena arena;
	const char *counts = NULL;
	int result = -1;

	if (row->ended_at_us <= 0)
		return update(db, row, NULL, err);
	arena_init(&arena);
	counts = run_repo_counts(db, row->id, &arena, err);
	if (counts)
		result = update(db, row, counts, err);
	arena_release(&arena);
	return result;
}

int run_repo_set_note(struct db *db, int64_t id, const char *note, struct err *err)
{
	struct db_stmt *stmt = db_cached(db, "UPDATE run SET note = $2 WHERE id = $1", err);

	if (!stmt)
		return -1;
	db_bind_int(stmt, 1, id);
	db_bind_text(stmt, 2, note);
	return metadata_change_one(db, stmt, "the run is gone", err);
}

static void read_row(struct db_stmt *stmt, struct arena *arena, void *item)
{
	struct run_repo_row *row = item;
	const char **texts[] = {&row->dag,         &row->run_id,          &row->state,
	                        &row->type,        &row->cause,           &row->reason,
	                        &row->dag_version, &row->params,          &row->triggered_by,
	                        &row->note,        &row->idempotency_key, &row->object,
	                        &row->counts};

	row->id = db_column_int(stmt, 0);
	row->has = 0;
	for (size_t i = 0; i < countof(texts); i++)
		*texts[i] = metadata_text(stmt, 1 + (int)i, arena);
	if (!db_column_is_null(stmt, 14))
		row->has |= RUN_REPO_HAS_LOGICAL;
	if (!db_column_is_null(stmt, 15))
		row->has |= RUN_REPO_HAS_INTERVAL;
	row->logical_at_us = db_column_int(stmt, 14);
	row->interval_start_us = db_column_int(stmt, 15);
	row->interval_end_us = db_column_int(stmt, 16);
	row->queued_at_us = db_column_int(stmt, 17);
	row->started_at_us = db_column_int(stmt, 18);
	row->ended_at_us = db_column_int(stmt, 19);
	row->backfill = db_column_int(stmt, 20);
}

static const struct metadata_shape shape = {sizeof(struct run_repo_row), read_row};

static int read_all(struct db_stmt *stmt, struct arena *arena, struct run_repo_rows *rows,
                    struct err *err)
{
	rows->items = metadata_all(stmt, &shape, arena, &rows->count, err);
	return rows->items ? 0 : -1;
}

int run_repo_get(struct db *db, int64_t id, struct arena *arena, struct run_repo_row *row,
                 struct err *err)
{
	struct db_stmt *stmt = metadata_by_id(db, SELECT_RUN "WHERE id = $1", id, err);

	return metadata_one(stmt, &shape, arena, row, err);
}

static int get_by_two(struct db *db, const char *sql, const char *const keys[2],
                      struct arena *arena, struct run_repo_row *row, struct err *err)
{
	struct db_stmt *stmt = db_cached(db, sql, err);

	if (!stmt)
		return -1;
	db_bind_text(stmt, 1, keys[0]);
	db_bind_text(stmt, 2, keys[1]);
	return metadata_one(stmt, &shape, arena, row, err);
}

int run_repo_by_name(struct db *db, const char *dag, const char *run_id, struct arena *arena,
                     struct run_repo_row *row, struct err *err)
{
	const char *const keys[] = {dag, run_id};

	return get_by_two(db, SELECT_RUN "WHERE dag = $1 AND run_id = $2", keys, arena, row, err);
}

int run_repo_by_key(struct db *db, const char *dag, const char *idempotency_key,
                    struct arena *arena, struct run_repo_row *row, struct err *err)
{
	const char *const keys[] = {dag, idempotency_key};

	return get_by_two(db, SELECT_RUN "WHERE dag = $1 AND idempotency_key = $2", keys, arena,
	                  row, err);
}

int run_repo_has_logical(struct db *db, const char *dag, int64_t logical_at_us, struct err *err)
{
	struct db_stmt *stmt =
		db_cached(db, "SELECT 1 FROM run WHERE dag = $1 AND logical_at = $2", err);
	int found;

	if (!stmt)
		return -1;
	db_bind_text(stmt, 1, dag);
	db_bind_int(stmt, 2, logical_at_us);
	found = db_step(stmt, err);
	db_reset(stmt);
	return found;
}

int run_repo_find(struct db *db, const char *run_id, struct arena *arena,
                  struct run_repo_rows *rows, struct err *err)
{
	struct db_stmt *stmt = db_cached(db, SELECT_RUN "WHERE run_id = $1 ORDER BY dag", err);

	if (!stmt)
		return -1;
	db_bind_text(stmt, 1, run_id);
	return read_all(stmt, arena, rows, err);
}

int run_repo_list(struct db *db, const struct run_repo_filter *filter, struct arena *arena,
                  struct run_repo_rows *rows, struct err *err)
{
	const struct {
		const char *column, *value;
	} equal[] = {{"dag", filter->dag},
	             {"run_id", filter->run_id},
	             {"state", filter->state},
	             {"type", filter->type}};
	auto_buf struct buf sql = {0};
	struct db_stmt *stmt;
	int last = 2; /* parameter */

	buf_text(&sql, SELECT_RUN "WHERE id < $1");
	for (size_t i = 0; i < countof(equal); i++) {
		if (equal[i].value)
			buf_printf(&sql, " AND %s = $%d", equal[i].column, ++last);
	}
	buf_text(&sql, " ORDER BY id DESC LIMIT $2");
	stmt = db_cached(db, buf_string(&sql), err);
	if (!stmt)
		return -1;
	db_bind_int(stmt, 1, filter->before_id ? filter->before_id : INT64_MAX);
	db_bind_int(stmt, 2, (int64_t)filter->limit);
	last = 2;
	for (size_t i = 0; i < countof(equal); i++) {
		if (equal[i].value)
			db_bind_text(stmt, ++last, equal[i].value);
	}
	return read_all(stmt, arena, rows, err);
}

int run_repo_unfinished(struct db *db, struct arena *arena, struct run_repo_rows *rows,
                        struct err *err)
{
	struct db_stmt *stmt = db_cached(db, SELECT_RUN "WHERE ended_at IS NULL ORDER BY id", err);

	return read_all(stmt, arena, rows, err);
}

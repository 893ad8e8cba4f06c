/* retention_repo.c - what is old enough goes, a little at a time */
#include "storage/repo/retention_repo.h"

#include "lib/compiler.h"
#include "lib/vec.h"

enum {
	ROWS_AT_ONCE = 500, /* of a transaction, about */
	INSTANCES_AT_ONCE = 200,
};

/* --- what may go --- */

static void read_id(struct db_stmt *stmt, struct arena *arena, void *row)
{
	(void)arena;
	*(int64_t *)row = db_column_int(stmt, 0);
}

/* The oldest of those that stay whatever their age; 0 when there are not so many runs. */
static int first_kept(struct db *db, const struct retention_repo_rule *rule, int64_t *id,
                      struct err *err)
{
	struct db_stmt *stmt;
	int found;

	*id = INT64_MAX;
	if (rule->keep_last <= 0)
		return 0;
	*id = 0;
	stmt = db_cached(db, "SELECT id FROM run WHERE dag = $1 ORDER BY id DESC LIMIT 1 OFFSET $2",
	                 err);
	if (!stmt)
		return -1;
	db_bind_text(stmt, 1, rule->dag);
	db_bind_int(stmt, 2, rule->keep_last - 1);
	found = db_step(stmt, err);
	if (found > 0)
		*id = db_column_int(stmt, 0);
	db_reset(stmt);
	return found < 0 ? -1 : 0;
}

int retention_repo_find(struct db *db, const struct retention_repo_rule *rule, size_t limit,
                        struct arena *arena, struct retention_repo_runs *runs, struct err *err)
{
	static const struct metadata_shape shape = {sizeof(int64_t), read_id};
	struct db_stmt *stmt;
	int64_t kept;

	if (first_kept(db, rule, &kept, err) < 0)
		return -1;
	stmt = db_cached(db,
	                 "SELECT id FROM run WHERE dag = $1 AND ended_at < $2 AND id < $3"
	                 " ORDER BY ended_at LIMIT $4",
	                 err);
	if (!stmt)
		return -1;
	db_bind_text(stmt, 1, rule->dag);
	db_bind_int(stmt, 2, rule->before_us);
	db_bind_int(stmt, 3, kept);
	db_bind_int(stmt, 4, (int64_t)limit);
	runs->items = metadata_all(stmt, &shape, arena, &runs->count, err);
	return runs->items ? 0 : -1;
}

static void read_retired(struct db_stmt *stmt, struct arena *arena, void *item)
{
	struct retention_repo_retired *row = item;

	row->run = db_column_int(stmt, 0);
	row->dag = metadata_text(stmt, 1, arena);
	row->run_id = metadata_text(stmt, 2, arena);
}

int retention_repo_retired(struct db *db, size_t limit, struct arena *arena,
                           struct retention_repo_retireds *rows, struct err *err)
{
	static const struct metadata_shape shape = {sizeof(struct retention_repo_retired),
	                                            read_retired};
	struct db_stmt *stmt =
		db_cached(db, "SELECT run, dag, run_id FROM retired ORDER BY run LIMIT $1", err);

	if (stmt)
		db_bind_int(stmt, 1, (int64_t)limit);
	rows->items = metadata_all(stmt, &shape, arena, &rows->count, err);
	return rows->items ? 0 : -1;
}

/* --- a run --- */

/* Runs a statement whose one parameter is an id and counts the rows off `budget`. */
static int delete_of(struct db *db, const char *sql, int64_t id, int64_t *budget, struct err *err)
{
	struct db_stmt *stmt = metadata_by_id(db, sql, id, err);

	if (!stmt || db_run(stmt, err) < 0)
		return -1;
	*budget -= db_changes(db);
	return 0;
}

static int delete_instance(struct db *db, int64_t id, int64_t *budget, struct err *err)
{
	static const char *const statements[] = {
		("DELETE FROM output WHERE attempt IN"
	         " (SELECT id FROM attempt WHERE task_instance = $1)"),
		"DELETE FROM attempt WHERE task_instance = $1",
		"DELETE FROM task_instance WHERE id = $1",
	};

	for (size_t i = 0; i < countof(statements); i++) {
		if (delete_of(db, statements[i], id, budget, err) < 0)
			return -1;
	}
	return 0;
}

/* Some of its instances: 1 when more are left. */
static int delete_instances(struct db *db, int64_t run, int64_t *budget, struct err *err)
{
	static const struct metadata_shape shape = {sizeof(int64_t), read_id};
	struct arena arena;
	struct db_stmt *stmt;
	int64_t *ids;
	size_t count, done = 0;
	int result = -1;

	arena_init(&arena);
	stmt = metadata_by_id(db, "SELECT id FROM task_instance WHERE run = $1 LIMIT $2", run, err);
	if (stmt)
		db_bind_int(stmt, 2, INSTANCES_AT_ONCE);
	ids = metadata_all(stmt, &shape, &arena, &count, err);
	while (ids && done<count && * budget> 0) {
		if (delete_instance(db, ids[done++], budget, err) < 0)
			goto released;
	}
	if (ids)
		result = done < count || count == INSTANCES_AT_ONCE;
released:
	arena_release(&arena);
	return result;
}

/* Whether it still may go: it may have been cleared since it was found. */
static int has_ended(struct db *db, const struct retention_repo_act *act, struct err *err)
{
	struct db_stmt *stmt = metadata_by_id(
		db, "SELECT 1 FROM run WHERE id = $1 AND ended_at < $2", act->run, err);
	int found;

	if (!stmt)
		return -1;
	db_bind_int(stmt, 2, act->before_us);
	found = db_step(stmt, err);
	db_reset(stmt);
	return found;
}

static int retire_run(struct db *db, const struct retention_repo_act *act, int64_t *budget,
                      struct err *err)
{
	int more = *budget > 0 ? has_ended(db, act, err) : 0;

	if (more > 0)
		more = delete_instances(db, act->run, budget, err);
	else
		return more;
	if (more != 0)
		return more < 0 ? -1 : 0;
	if (delete_of(db,
	              "INSERT INTO retired (run, dag, run_id)"
	              " SELECT id, dag, run_id FROM run WHERE id = $1",
	              act->run, budget, err) < 0)
		return -1;
	return delete_of(db, "DELETE FROM run WHERE id = $1", act->run, budget, err);
}

/* --- the rest --- */

static int delete_rest(struct db *db, int64_t before_us, struct err *err)
{
	static const char *const statements[] = {
		("DELETE FROM dag_history WHERE (dag, hash) IN (SELECT h.dag, h.hash"
	         " FROM dag_history h WHERE h.seen_at < $1"
	         " AND NOT EXISTS (SELECT 1 FROM run WHERE run.dag = h.dag AND run.dag_version = h.hash)"
	         " AND NOT EXISTS (SELECT 1 FROM dag WHERE dag.dag = h.dag AND dag.hash = h.hash)"
	         " AND NOT EXISTS (SELECT 1 FROM backfill b WHERE b.dag = h.dag"
	         " AND b.dag_version = h.hash AND b.ended_at IS NULL)"
	         " LIMIT 200)"),
		("DELETE FROM dag_version WHERE hash IN (SELECT v.hash FROM dag_version v"
	         " WHERE v.created_at < $1 AND NOT EXISTS"
	         " (SELECT 1 FROM dag_history h WHERE h.hash = v.hash) LIMIT 200)"),
		/* the last one stays: the numbers behind it must go on */
		("DELETE FROM event WHERE seq IN (SELECT seq FROM"
	         " (SELECT seq, at FROM event ORDER BY seq LIMIT 500) AS oldest WHERE at < $1)"
	         " AND seq < (SELECT max(seq) FROM event)"),
		("DELETE FROM backfill WHERE id IN (SELECT b.id FROM backfill b WHERE b.ended_at < $1"
	         " AND NOT EXISTS (SELECT 1 FROM run WHERE run.backfill = b.id) LIMIT 200)"),
	};
	int64_t budget = 0;

	for (size_t i = 0; i < countof(statements); i++) {
		if (delete_of(db, statements[i], before_us, &budget, err) < 0)
			return -1;
	}
	return 0;
}

int retention_repo_do(struct db *db, const struct retention_repo_act *acts, size_t count,
                      struct err *err)
{
	int64_t budget = ROWS_AT_ONCE;
	int failed = 0;

	for (size_t i = 0; i < count && !failed; i++) {
		switch (acts[i].kind) {
		case RETENTION_REPO_RUN:
			failed = retire_run(db, &acts[i], &budget, err) < 0;
			break;
		case RETENTION_REPO_FORGET:
			failed = delete_of(db, "DELETE FROM retired WHERE run = $1", acts[i].run,
			                   &budget, err) < 0;
			break;
		case RETENTION_REPO_REST:
			failed = delete_rest(db, acts[i].before_us, err) < 0;
			break;
		}
	}
	return failed ? -1 : 0;
}

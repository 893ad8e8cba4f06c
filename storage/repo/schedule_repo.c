/* schedule_repo.c - what schedules have done */
#include "storage/repo/schedule_repo.h"

#define SELECT_SCHEDULE "SELECT dag, spec, last_fire, next_fire, seen_at FROM schedule "

static void bind_moment(struct db_stmt *stmt, int index, int has, int64_t moment_us)
{
	if (has)
		db_bind_int(stmt, index, moment_us);
	else
		db_bind_null(stmt, index);
}

int schedule_repo_put(struct db *db, const struct schedule_repo_row *row, struct err *err)
{
	struct db_stmt *stmt =
		db_cached(db,
	                  "INSERT INTO schedule (dag, spec, last_fire, next_fire, seen_at)"
	                  " VALUES ($1, $2, $3, $4, $5) ON CONFLICT (dag) DO UPDATE"
	                  " SET spec = excluded.spec, last_fire = excluded.last_fire,"
	                  " next_fire = excluded.next_fire, seen_at = excluded.seen_at",
	                  err);

	if (!stmt)
		return -1;
	db_bind_text(stmt, 1, row->dag);
	db_bind_text(stmt, 2, row->spec);
	bind_moment(stmt, 3, (row->has & SCHEDULE_REPO_HAS_LAST) != 0, row->last_fire_us);
	bind_moment(stmt, 4, (row->has & SCHEDULE_REPO_HAS_NEXT) != 0, row->next_fire_us);
	db_bind_int(stmt, 5, row->seen_at_us);
	return db_run(stmt, err);
}

int schedule_repo_remove(struct db *db, const char *dag, struct err *err)
{
	struct db_stmt *stmt = db_cached(db, "DELETE FROM schedule WHERE dag = $1", err);

	if (!stmt)
		return -1;
	db_bind_text(stmt, 1, dag);
	return db_run(stmt, err);
}

static void read_schedule(struct db_stmt *stmt, struct arena *arena, void *item)
{
	struct schedule_repo_row *row = item;

	*row = (struct schedule_repo_row){
		.dag = metadata_text(stmt, 0, arena),
		.spec = metadata_text(stmt, 1, arena),
		.last_fire_us = db_column_int(stmt, 2),
		.next_fire_us = db_column_int(stmt, 3),
		.seen_at_us = db_column_int(stmt, 4),
	};
	if (!db_column_is_null(stmt, 2))
		row->has |= SCHEDULE_REPO_HAS_LAST;
	if (!db_column_is_null(stmt, 3))
		row->has |= SCHEDULE_REPO_HAS_NEXT;
}

static const struct metadata_shape schedule_shape = {sizeof(struct schedule_repo_row),
                                                     read_schedule};

int schedule_repo_get(struct db *db, const char *dag, struct arena *arena,
                      struct schedule_repo_row *row, struct err *err)
{
	struct db_stmt *stmt = db_cached(db, SELECT_SCHEDULE "WHERE dag = $1", err);

	if (!stmt)
		return -1;
	db_bind_text(stmt, 1, dag);
	return metadata_one(stmt, &schedule_shape, arena, row, err);
}

int schedule_repo_list(struct db *db, struct arena *arena, struct schedule_repo_rows *rows,
                       struct err *err)
{
	struct db_stmt *stmt = db_cached(db, SELECT_SCHEDULE "ORDER BY dag", err);

	rows->items = metadata_all(stmt, &schedule_shape, arena, &rows->count, err);
	return rows->items ? 0 : -1;
}

int schedule_repo_put_object(struct db *db, const struct schedule_repo_object *object,
                             struct err *err)
{
	struct db_stmt *stmt = db_cached(db,
	                                 "INSERT INTO object_seen (dag, uri, etag, seen_at)"
	                                 " VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
	                                 err);

	if (!stmt)
		return -1;
	db_bind_text(stmt, 1, object->dag);
	db_bind_text(stmt, 2, object->uri);
	db_bind_text(stmt, 3, object->etag);
	db_bind_int(stmt, 4, object->seen_at_us);
	return db_run(stmt, err);
}

static void read_object(struct db_stmt *stmt, struct arena *arena, void *item)
{
	struct schedule_repo_object *object = item;

	*object = (struct schedule_repo_object){
		.dag = metadata_text(stmt, 0, arena),
		.uri = metadata_text(stmt, 1, arena),
		.etag = metadata_text(stmt, 2, arena),
		.seen_at_us = db_column_int(stmt, 3),
	};
}

int schedule_repo_objects(struct db *db, const char *dag, struct arena *arena,
                          struct schedule_repo_objects *objects, struct err *err)
{
	static const struct metadata_shape shape = {sizeof(struct schedule_repo_object),
	                                            read_object};
	struct db_stmt *stmt = db_cached(
		db, "SELECT dag, uri, etag, seen_at FROM object_seen WHERE dag = $1", err);

	if (!stmt)
		return -1;
	db_bind_text(stmt, 1, dag);
	objects->items = metadata_all(stmt, &shape, arena, &objects->count, err);
	return objects->items ? 0 : -1;
}

/* The one number that a statement with a DAG finds; 0 when it is NULL. */
static int number_of_dag(struct db *db, const char *sql, const char *dag, int64_t *number,
                         struct err *err)
{
	struct db_stmt *stmt = db_cached(db, sql, err);
	int found;

	if (!stmt)
		return -1;
	db_bind_text(stmt, 1, dag);
	found = db_step(stmt, err);
	*number = found > 0 ? db_column_int(stmt, 0) : 0;
	db_reset(stmt);
	return found < 0 ? -1 : 0;
}

int schedule_repo_last_success(struct db *db, const char *dag, int64_t *ended_us, struct err *err)
{
	return number_of_dag(db,
	                     "SELECT max(ended_at) FROM (SELECT state, ended_at FROM run"
	                     " WHERE dag = $1 ORDER BY id DESC LIMIT 100) AS latest"
	                     " WHERE state = 'success'",
	                     dag, ended_us, err);
}

int schedule_repo_last_run(struct db *db, const char *dag, int64_t *queued_us, struct err *err)
{
	return number_of_dag(db,
	                     "SELECT queued_at FROM run WHERE dag = $1 ORDER BY id DESC LIMIT 1",
	                     dag, queued_us, err);
}

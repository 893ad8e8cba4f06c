/* host_sql.c - the group "sql" of the host table */
#include "scheduler/runner/host_sql.h"

#include "lib/clock.h"
#include "lib/fault.h"
#include "lib/vec.h"
#include "scheduler/runner/host.h"
#include "scheduler/runner/host_value.h"
#include "storage/repo/load_repo.h"

enum {
	ROWS_MOST = 4096,
	ROWS_BYTES = 1024 * 1024, /* of one db_next() */
};

struct mr_db {
	struct attempt_handle handle; /* first */
	struct db *db;
	struct db_stmt *stmt; /* the query that runs, or NULL */
	struct arena names;   /* its column names */
	struct arena page;    /* texts of the rows last given out */
	struct {
		struct mr_value *items;
		size_t count, capacity;
	} values;
	struct mr_rows rows;
	size_t columns;
	int is_committed;
};

static void end_query(struct mr_db *db)
{
	db_stmt_free(db->stmt);
	db->stmt = NULL;
}

static void close_db(struct attempt *attempt, struct attempt_handle *handle)
{
	struct mr_db *db = container_of(handle, struct mr_db, handle);

	end_query(db);
	host_session_db_back(attempt->session, db->db);
	vec_release(&db->values);
	arena_release(&db->names);
	arena_release(&db->page);
}

/* Opens the transaction. A writing one stands under the fence of its attempt: what was given up
 * commits nothing once another attempt is at work. */
static int begin(struct attempt *attempt, struct db *session, unsigned flags)
{
	const struct wire_start *start = attempt->start;
	struct load_claim claim = {start->attempt, start->fence, clock_now_us()};

	if (flags & MR_DB_READ_ONLY)
		return db_begin(session, DB_READ, &attempt->err);
	if (db_begin(session, DB_WRITE, &attempt->err) < 0)
		return -1;
	if (!start->load_id)
		return 0;
	return load_repo_guard(session, arena_printf(&attempt->arena, "%s.sql", start->load_id),
	                       &claim, &attempt->err);
}

mr_status host_sql_open(struct mr_task *task, const struct mr_db_options *options,
                        struct mr_db **db)
{
	struct attempt *attempt = host_enter(task, "db_open");
	unsigned flags = options ? options->flags : 0;
	struct db *session;
	struct mr_db *made;

	host_need(attempt, db, "db_open", "the database");
	if (host_is_cancelled(attempt))
		return host_failed(attempt);
	session = host_session_db(attempt->session, &attempt->err);
	if (!session)
		return host_failed(attempt);
	if (begin(attempt, session, flags) < 0) {
		host_session_db_back(attempt->session, session);
		return host_failed(attempt);
	}
	made = arena_alloc(&attempt->arena, sizeof(*made));
	*made = (struct mr_db){.handle = {.what = "database", .close = close_db}, .db = session};
	arena_init(&made->names);
	arena_init(&made->page);
	attempt_opened(attempt, &made->handle);
	*db = made;
	return MR_OK;
}

struct db *host_sql_session(struct attempt *attempt, struct mr_db *db, const char *call)
{
	host_use(attempt, db, call, "the database");
	if (db->is_committed)
		host_misuse(attempt, "%s(): the transaction was committed before", call);
	return db->db;
}

struct db *host_sql_current(const struct attempt *attempt)
{
	for (struct attempt_handle *at = attempt->handles; at; at = at->next) {
		const struct mr_db *db = container_of(at, struct mr_db, handle);

		if (at->is_open && at->close == close_db && !db->is_committed)
			return db->db;
	}
	return NULL;
}

static struct attempt *enter(struct mr_task *task, struct mr_db *db, const char *call)
{
	struct attempt *attempt = host_enter(task, call);

	host_sql_session(attempt, db, call);
	return attempt;
}

static struct db_stmt *prepare(struct attempt *attempt, struct mr_db *db, const char *sql,
                               const struct mr_value *values, size_t count)
{
	struct db_stmt *stmt;

	if (host_is_cancelled(attempt))
		return NULL;
	end_query(db);
	stmt = db_prepare(db->db, sql, &attempt->err);
	for (size_t i = 0; stmt && i < count; i++) {
		struct db_value value = host_value_bind(&values[i]);

		db_bind(stmt, (int)i + 1, &value);
	}
	return stmt;
}

mr_status host_sql_exec(struct mr_task *task, struct mr_db *db, const char *sql,
                        const struct mr_value *values, size_t count, int64_t *affected)
{
	struct attempt *attempt = enter(task, db, "db_exec");
	struct db_stmt *stmt;
	int64_t changes;
	int result;

	host_need(attempt, sql, "db_exec", "the SQL");
	if (count)
		host_need(attempt, values, "db_exec", "the values");
	stmt = prepare(attempt, db, sql, values, count);
	if (!stmt)
		return host_failed(attempt);
	result = db_run(stmt, &attempt->err);
	changes = result < 0 ? 0 : db_changes(db->db);
	db_stmt_free(stmt);
	if (result < 0)
		return host_failed(attempt);
	if (affected)
		*affected = changes;
	return MR_OK;
}

/* NOLINTNEXTLINE(readability-function-size): the ABI's parameters */
mr_status host_sql_query(struct mr_task *task, struct mr_db *db, const char *sql,
                         const struct mr_value *values, size_t count, const char *const **names,
                         size_t *columns)
{
	struct attempt *attempt = enter(task, db, "db_query");
	const char **list;

	host_need(attempt, sql, "db_query", "the SQL");
	host_need(attempt, names, "db_query", "the names");
	host_need(attempt, columns, "db_query", "the count");
	if (count)
		host_need(attempt, values, "db_query", "the values");
	db->stmt = prepare(attempt, db, sql, values, count);
	if (!db->stmt)
		return host_failed(attempt);
	arena_reset(&db->names);
	db->columns = (size_t)db_column_count(db->stmt);
	list = arena_array(&db->names, db->columns + 1, sizeof(const char *));
	for (size_t i = 0; i < db->columns; i++)
		list[i] = arena_strdup(&db->names, db_column_name(db->stmt, (int)i));
	*names = list;
	*columns = db->columns;
	return MR_OK;
}

static void take_row(struct mr_db *db)
{
	for (size_t i = 0; i < db->columns; i++) {
		struct db_value value;

		db_column_any(db->stmt, (int)i, &value);
		*vec_push(&db->values) = host_value_field(&value, &db->page);
	}
	db->rows.count++;
}

mr_status host_sql_next(struct mr_task *task, struct mr_db *db, const struct mr_rows **rows)
{
	struct attempt *attempt = enter(task, db, "db_next");
	int got = 0;

	host_need(attempt, rows, "db_next", "the rows");
	if (!db->stmt)
		return MR_END;
	arena_reset(&db->page);
	db->values.count = 0;
	db->rows = (struct mr_rows){.columns = db->columns};
	while (db->rows.count < ROWS_MOST && db->page.used_bytes < ROWS_BYTES) {
		got = host_is_cancelled(attempt) ? -1 : db_step(db->stmt, &attempt->err);
		if (got <= 0)
			break;
		take_row(db);
	}
	if (got < 0)
		return host_failed(attempt);
	if (got == 0)
		end_query(db);
	if (!db->rows.count)
		return MR_END;
	db->rows.values = db->values.items;
	*rows = &db->rows;
	return MR_OK;
}

mr_status host_sql_commit(struct mr_task *task, struct mr_db *db)
{
	struct attempt *attempt = enter(task, db, "db_commit");

	end_query(db);
	if (host_is_cancelled(attempt))
		return host_failed(attempt);
	FAULT("sql-before-commit");
	if (db_commit(db->db, &attempt->err) < 0)
		return host_failed(attempt);
	FAULT("sql-after-commit");
	db->is_committed = 1;
	return MR_OK;
}

void host_sql_close(struct mr_task *task, struct mr_db *db)
{
	struct attempt *attempt = host_enter_any(task, "db_close");

	if (db)
		host_close(attempt, &db->handle);
}

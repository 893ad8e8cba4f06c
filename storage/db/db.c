/* db.c - what every database has in common: URLs, the statement cache, transactions' order */
#include "storage/db/db.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/mem.h"
#include "lib/str.h"
#include "storage/db/db_driver.h"

static const struct {
	const char *scheme; /* of a URL, with the colon */
	const struct db_driver *driver;
} drivers[] = {
	{"sqlite:", &sqlite_driver},
	{"postgresql:", &postgres_driver},
	{"postgres:", &postgres_driver},
};

static const struct db_driver *driver_of(const char *url)
{
	for (size_t i = 0; i < countof(drivers); i++) {
		if (str_starts_with(url, drivers[i].scheme))
			return drivers[i].driver;
	}
	return NULL;
}

struct db *db_open(const char *url, const struct db_options *options, struct err *err)
{
	static const struct db_options defaults = {0};
	const struct db_driver *driver = driver_of(url);

	if (!driver) {
		/* a password may stand behind the colon */
		err_set(err, ERR_USAGE,
		        "no database is known for '%.*s', expected 'sqlite:PATH' or 'postgresql://…'",
		        (int)strcspn(url, ":"), url);
		return NULL;
	}
	return driver->open(url, options ? options : &defaults, err);
}

void db_close(struct db *db)
{
	const struct map_entry *entry;
	size_t position = 0;

	if (!db)
		return;
	db_rollback(db);
	while ((entry = map_next(&db->cache, &position)))
		db_stmt_free(entry->value);
	map_release(&db->cache);
	db->driver->close(db);
}

enum db_dialect db_dialect(const struct db *db)
{
	return db->driver->dialect;
}

struct db_stmt *db_prepare(struct db *db, const char *sql, struct err *err)
{
	struct db_stmt *stmt = db->driver->prepare(db, sql, err);

	if (!stmt)
		return NULL;
	stmt->db = db;
	stmt->sql = mem_strdup(sql);
	return stmt;
}

struct db_stmt *db_cached(struct db *db, const char *sql, struct err *err)
{
	struct db_stmt *stmt = map_get(&db->cache, sql);

	if (stmt) {
		db_reset(stmt);
		return stmt;
	}
	stmt = db_prepare(db, sql, err);
	if (stmt)
		map_set(&db->cache, stmt->sql, stmt);
	return stmt;
}

void db_stmt_free(struct db_stmt *stmt)
{
	if (!stmt)
		return;
	free(stmt->sql);
	stmt->db->driver->stmt_free(stmt);
}

void db_bind(struct db_stmt *stmt, int index, const struct db_value *value)
{
	stmt->db->driver->bind(stmt, index, value);
}

void db_bind_null(struct db_stmt *stmt, int index)
{
	db_bind(stmt, index, &(struct db_value){.type = DB_NULL});
}

void db_bind_int(struct db_stmt *stmt, int index, int64_t value)
{
	db_bind(stmt, index, &(struct db_value){.type = DB_INT, .as.integer = value});
}

void db_bind_float(struct db_stmt *stmt, int index, double value)
{
	db_bind(stmt, index, &(struct db_value){.type = DB_FLOAT, .as.real = value});
}

void db_bind_text(struct db_stmt *stmt, int index, const char *text)
{
	struct db_value value = {.type = DB_NULL};

	if (text) {
		value.type = DB_TEXT;
		value.size = (uint32_t)strlen(text);
		value.as.text = text;
	}
	db_bind(stmt, index, &value);
}

static int is_cancelled(struct db *db, struct err *err)
{
	if (!atomic_load(&db->cancelled))
		return 0;
	err_set(err, ERR_CANCELLED, "the statement was cancelled");
	return 1;
}

static int may_start(struct db_stmt *stmt, struct err *err)
{
	struct db *db = stmt->db;

	if (is_cancelled(db, err))
		return 0;
	if (db->transaction != DB_TRANSACTION_WRITE && db->driver->writes(stmt)) {
		err_set(err, ERR_INTERNAL,
		        "a statement that writes came outside of a write transaction");
		return 0;
	}
	return 1;
}

int db_step(struct db_stmt *stmt, struct err *err)
{
	if (!may_start(stmt, err)) {
		db_reset(stmt);
		return -1;
	}
	return stmt->db->driver->step(stmt, err);
}

static int run_all(struct db_stmt *stmt, struct err *err)
{
	int row;

	while ((row = db_step(stmt, err)) > 0)
		continue;
	return row;
}

int db_run(struct db_stmt *stmt, struct err *err)
{
	struct db *db = stmt->db;

	if (db->transaction != DB_TRANSACTION_NONE || !db->driver->writes(stmt))
		return run_all(stmt, err);
	if (db_begin(db, DB_WRITE, err) < 0) {
		db_reset(stmt);
		return -1;
	}
	if (run_all(stmt, err) < 0) {
		db_rollback(db);
		return -1;
	}
	return db_commit(db, err);
}

void db_reset(struct db_stmt *stmt)
{
	stmt->db->driver->reset(stmt);
}

int64_t db_changes(const struct db *db)
{
	return db->driver->changes(db);
}

int db_exec(struct db *db, const char *sql, struct err *err)
{
	if (is_cancelled(db, err))
		return -1;
	if (db->transaction != DB_TRANSACTION_NONE)
		return db->driver->exec(db, sql, err);
	if (db_begin(db, DB_WRITE, err) < 0)
		return -1;
	if (db->driver->exec(db, sql, err) < 0) {
		db_rollback(db);
		return -1;
	}
	return db_commit(db, err);
}

int db_column_count(const struct db_stmt *stmt)
{
	return stmt->db->driver->column_count(stmt);
}

const char *db_column_name(const struct db_stmt *stmt, int column)
{
	return stmt->db->driver->column_name(stmt, column);
}

int db_column(struct db_stmt *stmt, int column, enum db_type type, int scale,
              struct db_value *value)
{
	*value = (struct db_value){.scale = scale};
	return stmt->db->driver->column(stmt, column, type, value);
}

void db_column_any(struct db_stmt *stmt, int column, struct db_value *value)
{
	*value = (struct db_value){0};
	stmt->db->driver->column_any(stmt, column, value);
}

int db_column_is_null(struct db_stmt *stmt, int column)
{
	struct db_value value;

	db_column_any(stmt, column, &value);
	return value.type == DB_NULL;
}

int64_t db_column_int(struct db_stmt *stmt, int column)
{
	struct db_value value;

	return db_column(stmt, column, DB_INT, 0, &value) == 0 && value.type == DB_INT
	               ? value.as.integer
	               : 0;
}

const char *db_column_text(struct db_stmt *stmt, int column)
{
	struct db_value value;

	return db_column(stmt, column, DB_TEXT, 0, &value) == 0 && value.type == DB_TEXT
	               ? value.as.text
	               : NULL;
}

int db_begin(struct db *db, enum db_mode mode, struct err *err)
{
	assert(db->transaction == DB_TRANSACTION_NONE);
	if (is_cancelled(db, err) || db->driver->begin(db, mode, err) < 0)
		return -1;
	db->transaction = mode == DB_WRITE ? DB_TRANSACTION_WRITE : DB_TRANSACTION_READ;
	db->savepoints = 0;
	return 0;
}

int db_commit(struct db *db, struct err *err)
{
	int result;

	assert(db->transaction != DB_TRANSACTION_NONE);
	if (is_cancelled(db, err)) {
		db_rollback(db);
		return -1;
	}
	result = db->driver->commit(db, err);
	db->transaction = DB_TRANSACTION_NONE;
	return result;
}

void db_rollback(struct db *db)
{
	if (db->transaction == DB_TRANSACTION_NONE)
		return;
	db->driver->rollback(db);
	db->transaction = DB_TRANSACTION_NONE;
}

int db_in_transaction(const struct db *db)
{
	return db->transaction != DB_TRANSACTION_NONE;
}

static int savepoint(struct db *db, const char *verb, int depth, struct err *err)
{
	char text[64];

	snprintf(text, sizeof(text), "%s s%d", verb, depth);
	return db->driver->control(db, text, err);
}

int db_savepoint(struct db *db, struct err *err)
{
	assert(db->transaction != DB_TRANSACTION_NONE);
	if (savepoint(db, "SAVEPOINT", db->savepoints + 1, err) < 0)
		return -1;
	db->savepoints++;
	return 0;
}

int db_savepoint_release(struct db *db, struct err *err)
{
	assert(db->savepoints > 0);
	return savepoint(db, "RELEASE", db->savepoints--, err);
}

int db_savepoint_rollback(struct db *db, struct err *err)
{
	assert(db->savepoints > 0);
	if (savepoint(db, "ROLLBACK TO", db->savepoints, err) < 0)
		return -1;
	return savepoint(db, "RELEASE", db->savepoints--, err);
}

int db_writer_waiting(const struct db *db)
{
	return db->driver->writer_waiting(db);
}

int64_t db_timeout_ms(const struct db *db)
{
	return db->timeout_ms;
}

void db_set_timeout_ms(struct db *db, int64_t timeout_ms)
{
	db->timeout_ms = timeout_ms;
}

void db_set_budget(struct db *db, int64_t instructions)
{
	db->budget = instructions;
}

int db_over_budget(const struct db *db)
{
	return db->over_budget;
}

void db_cancel(struct db *db)
{
	atomic_store(&db->cancelled, 1);
	db->driver->cancel(db);
}

void db_uncancel(struct db *db)
{
	atomic_store(&db->cancelled, 0);
}

const struct db_constraint *db_constraint(const struct db *db)
{
	return &db->constraint;
}

int db_constraint_is_on(const struct db *db, const char *table, const char *const *columns,
                        size_t count)
{
	auto_buf struct buf keys = {0};

	for (size_t i = 0; i < count; i++)
		buf_printf(&keys, "%s%s.%s", i > 0 ? ", " : "", table, columns[i]);
	return count > 0 && str_equal(buf_string(&keys), db->constraint.keys);
}

int64_t db_wal_pages(const struct db *db)
{
	return db->driver->wal_pages(db);
}

int db_checkpoint(struct db *db, struct err *err)
{
	return db->driver->checkpoint(db, err);
}

int db_set_cache_bytes(struct db *db, int64_t bytes, struct err *err)
{
	return db->driver->set_cache(db, bytes, err);
}

int db_set_relaxed(struct db *db, int relaxed, struct err *err)
{
	assert(db->transaction == DB_TRANSACTION_NONE);
	return db->driver->set_relaxed(db, relaxed, err);
}

int db_grow_wal(struct db *db, int64_t pages, struct err *err)
{
	return db->driver->grow_wal(db, pages, err);
}

void db_quote(struct buf *sql, const char *identifier)
{
	buf_char(sql, '"');
	for (const char *c = identifier; *c; c++) {
		if (*c == '"')
			buf_char(sql, '"');
		buf_char(sql, *c);
	}
	buf_char(sql, '"');
}

/* sqlite_stmt.c - statements of the SQLite driver */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "lib/mem.h"
#include "lib/timestamp.h"
#include "storage/db/sqlite.h"

static struct sqlite_stmt *stmt_of(struct db_stmt *stmt)
{
	return (struct sqlite_stmt *)stmt;
}

static sqlite3_stmt *handle_of(const struct db_stmt *stmt)
{
	return ((const struct sqlite_stmt *)stmt)->handle;
}

/* The number in `$12`; 0 when it is something else. */
static int parameter_number(const char *name)
{
	long number;
	char *end;

	if (!name || name[0] != '$' || !isdigit((unsigned char)name[1]))
		return 0;
	number = strtol(name + 1, &end, 10);
	return *end == '\0' && number >= 1 && number <= SQLITE_MAX_PARAMETERS ? (int)number : 0;
}

/* SQLite numbers `$n` by first appearance; this is where each of them went. */
static int map_parameters(struct sqlite_stmt *stmt, struct err *err)
{
	int count = sqlite3_bind_parameter_count(stmt->handle);

	for (int place = 1; place <= count; place++) {
		const char *name = sqlite3_bind_parameter_name(stmt->handle, place);
		int number = parameter_number(name);

		if (number == 0)
			return err_set(err, ERR_INVALID, "parameter '%s' is not written $1, $2, …",
			               name ? name : "?");
		if (number > stmt->parameter_count)
			stmt->parameter_count = number;
	}
	stmt->places = mem_array((size_t)stmt->parameter_count + 1, sizeof(*stmt->places));
	for (int place = 1; place <= count; place++)
		stmt->places[parameter_number(sqlite3_bind_parameter_name(stmt->handle, place))] =
			place;
	return 0;
}

static int is_blank(const char *sql)
{
	while (isspace((unsigned char)*sql) || *sql == ';')
		sql++;
	return *sql == '\0';
}

struct db_stmt *sqlite_stmt_prepare(struct db *db, const char *sql, struct err *err)
{
	struct sqlite *sqlite = sqlite_of(db);
	struct sqlite_stmt *stmt = mem_alloc(sizeof(*stmt));
	const char *rest = "";
	int result;

	sqlite_arm(sqlite);
	result = sqlite3_prepare_v3(sqlite->handle, sql, -1, SQLITE_PREPARE_PERSISTENT,
	                            &stmt->handle, &rest);
	if (result != SQLITE_OK) {
		sqlite_error_set(sqlite, result, err);
		goto fail;
	}
	if (!stmt->handle || !is_blank(rest)) {
		err_set(err, ERR_INVALID, "expected exactly one statement");
		goto fail;
	}
	if (map_parameters(stmt, err) < 0)
		goto fail;
	return &stmt->base;
fail:
	sqlite_stmt_free(&stmt->base);
	return NULL;
}

void sqlite_stmt_free(struct db_stmt *stmt)
{
	struct sqlite_stmt *s = stmt_of(stmt);

	sqlite3_finalize(s->handle);
	free(s->places);
	free(s->moments);
	free(s);
}

static int bind_moment(struct sqlite_stmt *stmt, int index, const struct db_value *value)
{
	char *text;

	if (!stmt->moments)
		stmt->moments =
			mem_array((size_t)stmt->parameter_count + 1, sizeof(*stmt->moments));
	text = stmt->moments[index];
	if (value->type == DB_DATE)
		timestamp_format_date((int32_t)value->as.integer, text);
	else
		timestamp_format(value->as.integer, text);
	return sqlite3_bind_text(stmt->handle, stmt->places[index], text, -1, SQLITE_STATIC);
}

static int bind_value(struct sqlite_stmt *stmt, int index, const struct db_value *value)
{
	int place = stmt->places[index];

	switch (value->type) {
	case DB_NULL:
		return sqlite3_bind_null(stmt->handle, place);
	case DB_INT:
	case DB_BOOL:
	case DB_DECIMAL:
		return sqlite3_bind_int64(stmt->handle, place, value->as.integer);
	case DB_FLOAT:
		return sqlite3_bind_double(stmt->handle, place, value->as.real);
	case DB_TEXT:
	case DB_JSON:
	case DB_UUID:
		return sqlite3_bind_text64(stmt->handle, place, value->size ? value->as.text : "",
		                           value->size, SQLITE_STATIC, SQLITE_UTF8);
	case DB_BYTES:
		return sqlite3_bind_blob64(stmt->handle, place, value->size ? value->as.text : "",
		                           value->size, SQLITE_STATIC);
	case DB_DATE:
	case DB_TIMESTAMP:
		return bind_moment(stmt, index, value);
	}
	return SQLITE_MISUSE;
}

void sqlite_stmt_bind(struct db_stmt *stmt, int index, const struct db_value *value)
{
	struct sqlite_stmt *s = stmt_of(stmt);
	int result = SQLITE_RANGE;

	if (index >= 1 && index <= s->parameter_count)
		result = s->places[index] ? bind_value(s, index, value) : SQLITE_OK;
	if (result != SQLITE_OK)
		s->bind_result = result;
}

static int start(struct sqlite *sqlite, struct sqlite_stmt *stmt, struct err *err)
{
	if (stmt->bind_result != SQLITE_OK)
		return sqlite_error_set(sqlite, stmt->bind_result, err);
	/* a failure may have rolled the transaction back: what follows must not slip past the gate */
	if (!sqlite->in_driver && sqlite_stmt_writes(&stmt->base) &&
	    sqlite3_get_autocommit(sqlite->handle))
		return err_set(err, ERR_CONFLICT,
		               "the transaction was rolled back before this write");
	sqlite_arm(sqlite);
	stmt->deadline_us = sqlite->deadline_us;
	stmt->budget_left = sqlite->budget_left;
	stmt->running = 1;
	return 0;
}

int sqlite_stmt_step(struct db_stmt *stmt, struct err *err)
{
	struct sqlite_stmt *s = stmt_of(stmt);
	struct sqlite *sqlite = sqlite_of(stmt->db);
	int result;

	if (!s->running && start(sqlite, s, err) < 0)
		goto fail;
	if (s->running > 1 && !sqlite3_stmt_busy(s->handle)) {
		/* stepping again would begin from the first row */
		sqlite_error_set(sqlite, SQLITE_ABORT, err);
		goto fail;
	}
	sqlite->deadline_us = s->deadline_us;
	sqlite->budget_left = s->budget_left;
	result = sqlite3_step(s->handle);
	s->budget_left = sqlite->budget_left;
	if (result == SQLITE_ROW) {
		s->running = 2;
		return 1;
	}
	if (result == SQLITE_DONE) {
		/* what the caller did, not the COMMIT behind it */
		if (!sqlite->in_driver)
			sqlite->changes =
				sqlite_stmt_writes(stmt) ? sqlite3_changes64(sqlite->handle) : 0;
		sqlite_stmt_reset(stmt);
		return 0;
	}
	sqlite_error_set(sqlite, result, err);
fail:
	sqlite_stmt_reset(stmt);
	return -1;
}

void sqlite_stmt_reset(struct db_stmt *stmt)
{
	struct sqlite_stmt *s = stmt_of(stmt);

	sqlite3_reset(s->handle);
	if (s->parameter_count > 0)
		sqlite3_clear_bindings(s->handle);
	s->running = 0;
	s->bind_result = SQLITE_OK;
}

int sqlite_stmt_writes(const struct db_stmt *stmt)
{
	return !sqlite3_stmt_readonly(handle_of(stmt));
}

int sqlite_stmt_column_count(const struct db_stmt *stmt)
{
	return sqlite3_column_count(handle_of(stmt));
}

const char *sqlite_stmt_column_name(const struct db_stmt *stmt, int column)
{
	return sqlite3_column_name(handle_of(stmt), column);
}

static int column_text(sqlite3_stmt *handle, int column, struct db_value *value)
{
	const char *text = (const char *)sqlite3_column_text(handle, column);

	if (!text)
		return -1;
	value->as.text = text;
	value->size = (uint32_t)sqlite3_column_bytes(handle, column);
	return 0;
}

static int column_integer(sqlite3_stmt *handle, int column, struct db_value *value)
{
	if (sqlite3_column_type(handle, column) != SQLITE_INTEGER)
		return -1;
	value->as.integer = sqlite3_column_int64(handle, column);
	return 0;
}

static int column_float(sqlite3_stmt *handle, int column, struct db_value *value)
{
	int stored = sqlite3_column_type(handle, column);

	if (stored != SQLITE_FLOAT && stored != SQLITE_INTEGER)
		return -1;
	value->as.real = sqlite3_column_double(handle, column);
	return 0;
}

static int column_bytes(sqlite3_stmt *handle, int column, struct db_value *value)
{
	if (sqlite3_column_type(handle, column) != SQLITE_BLOB)
		return -1;
	value->as.text = sqlite3_column_blob(handle, column);
	value->size = (uint32_t)sqlite3_column_bytes(handle, column);
	return 0;
}

static int column_date(sqlite3_stmt *handle, int column, struct db_value *value)
{
	struct db_value text;
	int32_t days;

	if (sqlite3_column_type(handle, column) != SQLITE_TEXT ||
	    column_text(handle, column, &text) < 0)
		return -1;
	if (timestamp_parse_date(text.as.text, text.size, &days) < 0)
		return -1;
	value->as.integer = days;
	return 0;
}

static int column_timestamp(sqlite3_stmt *handle, int column, struct db_value *value)
{
	struct db_value text;

	if (sqlite3_column_type(handle, column) != SQLITE_TEXT ||
	    column_text(handle, column, &text) < 0)
		return -1;
	return timestamp_parse(text.as.text, text.size, &value->as.integer);
}

int sqlite_stmt_column(struct db_stmt *stmt, int column, enum db_type type, struct db_value *value)
{
	sqlite3_stmt *handle = handle_of(stmt);

	value->type = type;
	if (sqlite3_column_type(handle, column) == SQLITE_NULL) {
		value->type = DB_NULL;
		return 0;
	}
	switch (type) {
	case DB_NULL:
		return -1;
	case DB_INT:
	case DB_BOOL:
	case DB_DECIMAL:
		return column_integer(handle, column, value);
	case DB_FLOAT:
		return column_float(handle, column, value);
	case DB_TEXT:
	case DB_JSON:
	case DB_UUID:
		return column_text(handle, column, value);
	case DB_BYTES:
		return column_bytes(handle, column, value);
	case DB_DATE:
		return column_date(handle, column, value);
	case DB_TIMESTAMP:
		return column_timestamp(handle, column, value);
	}
	return -1;
}

void sqlite_stmt_column_any(struct db_stmt *stmt, int column, struct db_value *value)
{
	sqlite3_stmt *handle = handle_of(stmt);
	enum db_type type = DB_NULL;

	switch (sqlite3_column_type(handle, column)) {
	case SQLITE_INTEGER:
		type = DB_INT;
		break;
	case SQLITE_FLOAT:
		type = DB_FLOAT;
		break;
	case SQLITE_TEXT:
		type = DB_TEXT;
		break;
	case SQLITE_BLOB:
		type = DB_BYTES;
		break;
	default:
		break;
	}
	if (sqlite_stmt_column(stmt, column, type, value) < 0)
		value->type = DB_NULL;
}

/* Runs the first statement of `sql` and says where the next begins. */
static int exec_next(struct sqlite *sqlite, const char **sql, struct err *err)
{
	sqlite3_stmt *handle = NULL;
	int result = sqlite3_prepare_v2(sqlite->handle, *sql, -1, &handle, sql);

	if (result != SQLITE_OK)
		return sqlite_error_set(sqlite, result, err);
	if (!handle)
		return 0;
	if (!sqlite3_stmt_readonly(handle) && sqlite3_get_autocommit(sqlite->handle) &&
	    !sqlite->in_driver) {
		sqlite3_finalize(handle);
		return err_set(err, ERR_CONFLICT, "a write needs a transaction, and there is none");
	}
	do
		result = sqlite3_step(handle);
	while (result == SQLITE_ROW);
	if (result == SQLITE_DONE) {
		sqlite->changes =
			sqlite3_stmt_readonly(handle) ? 0 : sqlite3_changes64(sqlite->handle);
		result = SQLITE_OK;
	} else {
		sqlite_error_set(sqlite, result, err);
	}
	sqlite3_finalize(handle);
	return result == SQLITE_OK ? 0 : -1;
}

int sqlite_stmt_exec(struct db *db, const char *sql, struct err *err)
{
	struct sqlite *sqlite = sqlite_of(db);

	while (!is_blank(sql)) {
		sqlite_arm(sqlite);
		if (exec_next(sqlite, &sql, err) < 0)
			return -1;
	}
	return 0;
}

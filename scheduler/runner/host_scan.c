/* host_scan.c - the group "scan" of the host table */
#include "scheduler/runner/host_scan.h"

#include <stdlib.h>
#include <string.h>

#include "lib/limits.h"
#include "lib/str.h"
#include "lib/vec.h"
#include "scheduler/runner/host.h"
#include "storage/catalog/table_json.h"
#include "storage/repo/row_reader.h"
#include "storage/repo/table_sql.h"

enum {
	ROWS_MOST = 4096,
	ROWS_BYTES = 1024 * 1024, /* of one scan_next(); a larger row comes alone */
	SCAN_DELETED = 1 << 0,
};

struct mr_scan {
	struct attempt_handle handle; /* first */
	struct db *db;
	const struct table **tables;
	size_t count, at;               /* tables, and the one that is read */
	const struct column **selected; /* NULL: all columns of each table */
	size_t width;                   /* of `selected` */
	unsigned flags;
	struct db_stmt *stmt; /* of table `at`; NULL: not begun */
	int has_ended;        /* it has no more rows: a further step would begin anew */
	struct row_reader reader;
	struct arena memory;  /* of the reader */
	struct table_row row; /* read, and not given out yet */
	int has_row;
	struct arena page; /* texts of the rows last given out */
	struct {
		struct mr_value *items;
		size_t count, capacity;
	} values;
	struct mr_rows rows;
};

mr_status host_scan_describe(struct mr_task *task, const char *table, const char **json)
{
	struct attempt *attempt = host_enter(task, "table_describe");
	const struct catalog *catalog;
	const struct table *found;
	json_t *object;
	char *text;

	host_need(attempt, table, "table_describe", "the table");
	host_need(attempt, json, "table_describe", "the JSON");
	catalog = host_session_catalog(attempt->session, &attempt->err);
	found = catalog ? catalog_find_table(catalog, table, &attempt->err) : NULL;
	if (!found)
		return host_failed(attempt);
	object = table_json(found);
	text = json_text(object);
	*json = arena_strdup(&attempt->arena, text);
	free(text);
	json_decref(object);
	return MR_OK;
}

static void end_table(struct mr_scan *scan)
{
	db_stmt_free(scan->stmt);
	scan->stmt = NULL;
	scan->has_ended = 0;
	arena_reset(&scan->memory);
}

static void close_scan(struct attempt *attempt, struct attempt_handle *handle)
{
	struct mr_scan *scan = container_of(handle, struct mr_scan, handle);

	end_table(scan);
	if (scan->db)
		host_session_db_back(attempt->session, scan->db);
	scan->db = NULL;
	vec_release(&scan->values);
	arena_release(&scan->memory);
	arena_release(&scan->page);
}

static int find_tables(struct attempt *attempt, struct mr_scan *scan, const char *const *names)
{
	const struct catalog *catalog = host_session_catalog(attempt->session, &attempt->err);

	if (!catalog)
		return -1;
	scan->tables = arena_array(&attempt->arena, scan->count, sizeof(const struct table *));
	for (size_t i = 0; i < scan->count; i++) {
		scan->tables[i] = catalog_find_table(catalog, names[i], &attempt->err);
		if (!scan->tables[i])
			return -1;
	}
	return 0;
}

static int select_columns(struct attempt *attempt, struct mr_scan *scan, const json_t *names)
{
	const struct table *table = scan->tables[0];

	if (scan->count != 1 || !json_is_array(names) || !json_array_size(names))
		return err_set(&attempt->err, ERR_USAGE,
		               "'columns' is a list of columns of the one table that is scanned");
	scan->width = json_array_size(names);
	scan->selected = arena_array(&attempt->arena, scan->width, sizeof(const struct column *));
	for (size_t i = 0; i < scan->width; i++) {
		const char *name = json_string_value(json_array_get(names, i));

		scan->selected[i] = name ? catalog_column(table, name) : NULL;
		if (!scan->selected[i])
			return err_set(&attempt->err, ERR_USAGE, "table '%s' has no column '%.60s'",
			               table->name, name ? name : "");
	}
	return 0;
}

static int read_options(struct attempt *attempt, struct mr_scan *scan, const char *words)
{
	auto_json json_t *object = words ? json_parse(words, strlen(words), &attempt->err) : NULL;
	const char *key;
	json_t *value;

	if (words && !object)
		return err_prefix(&attempt->err, "options");
	json_object_foreach(object, key, value)
	{
		int failed = 0;

		if (str_equal(key, "columns"))
			failed = select_columns(attempt, scan, value);
		else if (str_equal(key, "deleted"))
			scan->flags |= json_is_true(value) ? SCAN_DELETED : 0U;
		else
			failed = err_set(&attempt->err, ERR_USAGE, "a scan has no option '%.60s'",
			                 key);
		if (failed)
			return -1;
	}
	return 0;
}

static int open_scan(struct attempt *attempt, struct mr_scan *scan, const char *const *tables,
                     const struct mr_scan_options *options)
{
	if (host_is_cancelled(attempt) || find_tables(attempt, scan, tables) < 0 ||
	    read_options(attempt, scan, options ? options->words : NULL) < 0)
		return -1;
	scan->db = host_session_db(attempt->session, &attempt->err);
	return scan->db ? db_begin(scan->db, DB_READ, &attempt->err) : -1;
}

mr_status host_scan_open(struct mr_task *task, const char *const *tables, size_t count,
                         const struct mr_scan_options *options, struct mr_scan **scan)
{
	struct attempt *attempt = host_enter(task, "scan_open");
	struct mr_scan *made;

	host_need(attempt, tables, "scan_open", "the tables");
	host_need(attempt, scan, "scan_open", "the scan");
	if (!count || count > LIMIT_CATALOG_TABLES)
		host_misuse(attempt, "scan_open(): %zu tables", count);
	made = arena_alloc(&attempt->arena, sizeof(*made));
	*made = (struct mr_scan){.handle = {.what = "scan", .close = close_scan}, .count = count};
	arena_init(&made->memory);
	arena_init(&made->page);
	if (open_scan(attempt, made, tables, options) < 0) {
		close_scan(attempt, &made->handle);
		return host_failed(attempt);
	}
	attempt_opened(attempt, &made->handle);
	*scan = made;
	return MR_OK;
}

static int begin_table(struct mr_scan *scan, struct err *err)
{
	const struct table *table = scan->tables[scan->at];
	const struct table_sql *sql = table_sql_new(table, &scan->memory);

	scan->stmt = db_prepare(
		scan->db, sql->list[scan->flags & SCAN_DELETED ? TABLE_SQL_INCLUDE_DELETED : 0],
		err);
	if (!scan->stmt)
		return -1;
	db_bind_int(scan->stmt, 1, 0);
	db_bind_int(scan->stmt, 2, INT64_MAX);
	db_bind_int(scan->stmt, 3, 0);
	row_reader_init(&scan->reader, table, 0, &scan->memory);
	return 0;
}

/* 1: a row is in `row`; 0: the table has no more; -1. */
static int read_row(struct mr_scan *scan, struct err *err)
{
	int got;

	if (scan->has_row || scan->has_ended)
		return scan->has_row;
	if (!scan->stmt && begin_table(scan, err) < 0)
		return -1;
	got = db_step(scan->stmt, err);
	if (got > 0 && row_reader_read(&scan->reader, scan->stmt, &scan->row, err) < 0)
		return -1;
	scan->has_row = got > 0;
	scan->has_ended = got == 0;
	return got;
}

static const struct column *column_of(const struct mr_scan *scan, size_t i)
{
	return scan->selected ? scan->selected[i] : &scan->tables[scan->at]->columns[i];
}

static size_t text_bytes(const struct mr_scan *scan)
{
	size_t bytes = 0;

	for (size_t i = 0; i < scan->rows.columns; i++) {
		const struct value *value = &scan->row.values[column_of(scan, i)->position];

		if (value->kind == VALUE_TEXT || value->kind == VALUE_BYTES)
			bytes += value->size;
	}
	return bytes + scan->rows.columns * sizeof(struct mr_value);
}

static const int32_t abi_types[COLUMN_TYPE_COUNT] = {
	[COLUMN_STRING] = MR_TEXT, [COLUMN_TEXT] = MR_TEXT,           [COLUMN_INT] = MR_INT,
	[COLUMN_FLOAT] = MR_FLOAT, [COLUMN_DECIMAL] = MR_DECIMAL,     [COLUMN_BOOL] = MR_BOOL,
	[COLUMN_DATE] = MR_DATE,   [COLUMN_TIMESTAMP] = MR_TIMESTAMP, [COLUMN_JSON] = MR_JSON,
	[COLUMN_BYTES] = MR_BYTES, [COLUMN_UUID] = MR_UUID,
};

static struct mr_value field(struct mr_scan *scan, const struct column *column)
{
	const struct value *value = &scan->row.values[column->position];
	struct mr_value field = {.type = abi_types[column->type]};
	auto_buf struct buf decimal = {0};

	if (value->kind == VALUE_NULL || value->kind == VALUE_UNSET) {
		field.is_null = 1;
	} else if (column->type == COLUMN_DECIMAL) {
		value_append_text(column, value, &decimal);
		field.as.s.p = arena_strndup(&scan->page, decimal.data, decimal.size);
		field.as.s.n = decimal.size;
	} else if (value->kind == VALUE_TEXT || value->kind == VALUE_BYTES) {
		field.as.s.p = arena_strndup(&scan->page, value->as.text, value->size);
		field.as.s.n = value->size;
	} else if (value->kind == VALUE_FLOAT) {
		field.as.f = value->as.real;
	} else {
		field.as.i = value->as.integer;
	}
	return field;
}

/* Takes rows of one table as long as they fit; -1 on error. */
static int fill(struct attempt *attempt, struct mr_scan *scan)
{
	size_t bytes = 0;
	int got;

	while (scan->rows.count < ROWS_MOST) {
		got = host_is_cancelled(attempt) ? -1 : read_row(scan, &attempt->err);
		if (got <= 0)
			return got;
		bytes += text_bytes(scan);
		if (scan->rows.count && bytes > ROWS_BYTES)
			return 0;
		for (size_t i = 0; i < scan->rows.columns; i++)
			*vec_push(&scan->values) = field(scan, column_of(scan, i));
		scan->rows.count++;
		scan->has_row = 0;
	}
	return 0;
}

mr_status host_scan_next(struct mr_task *task, struct mr_scan *scan, const struct mr_rows **rows)
{
	struct attempt *attempt = host_enter(task, "scan_next");

	host_use(attempt, scan, "scan_next", "the scan");
	host_need(attempt, rows, "scan_next", "the rows");
	for (; scan->at < scan->count; scan->at++) {
		arena_reset(&scan->page);
		scan->values.count = 0;
		scan->rows = (struct mr_rows){
			.table = (int32_t)scan->at,
			.columns =
				scan->selected ? scan->width : scan->tables[scan->at]->column_count,
		};
		if (fill(attempt, scan) < 0)
			return host_failed(attempt);
		if (scan->rows.count) {
			scan->rows.values = scan->values.items;
			*rows = &scan->rows;
			return MR_OK;
		}
		end_table(scan);
	}
	return MR_END;
}

void host_scan_close(struct mr_task *task, struct mr_scan *scan)
{
	struct attempt *attempt = host_enter_any(task, "scan_close");

	if (scan)
		host_close(attempt, &scan->handle);
}

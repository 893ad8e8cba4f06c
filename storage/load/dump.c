/* dump.c - rows as they come, one CSV line each */
#include "storage/load/dump.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "lib/arena.h"
#include "lib/base64.h"
#include "lib/buf.h"
#include "lib/file.h"
#include "lib/json_writer.h"
#include "lib/str.h"
#include "storage/catalog/value_parse.h"
#include "storage/db/db.h"
#include "storage/load/csv_record.h"
#include "storage/object/object_store.h"
#include "storage/repo/report_repo.h"
#include "storage/repo/table_repo.h"

enum { BLOCK_BYTES = 64 * 1024 };

/* A dump in progress. */
struct dump {
	struct db *db;
	const struct catalog *catalog;
	const struct dump_request *request;
	const struct dump_output *output;
	struct buf pending; /* text not handed on yet */
	struct dump_result *result;
	const struct report *report;
};

static int hand_on(struct dump *dump, struct err *err)
{
	if (dump->pending.size == 0)
		return 0;
	if (dump->output->write(dump->output->data, dump->pending.data, dump->pending.size, err) <
	    0)
		return -1;
	dump->result->bytes += (int64_t)dump->pending.size;
	buf_clear(&dump->pending);
	return 0;
}

static int end_line(struct dump *dump, struct err *err)
{
	buf_append(&dump->pending, "\r\n", 2);
	return dump->pending.size < BLOCK_BYTES ? 0 : hand_on(dump, err);
}

static void append_name(struct dump *dump, size_t field, const char *name)
{
	if (field > 0)
		buf_char(&dump->pending, ',');
	csv_record_append_field(&dump->pending, name, strlen(name), 0);
}

static int write_header(struct dump *dump, const struct column *columns, size_t count,
                        struct err *err)
{
	for (size_t i = 0; i < count; i++)
		append_name(dump, i, columns[i].name);
	return end_line(dump, err);
}

static int write_values(struct dump *dump, const struct column *columns, size_t count,
                        const struct value *values, struct err *err)
{
	for (size_t i = 0; i < count; i++) {
		if (i > 0)
			buf_char(&dump->pending, ',');
		value_append_csv(&columns[i], &values[i], &dump->pending);
	}
	dump->result->rows++;
	return end_line(dump, err);
}

/* Of a table: id and the declared columns, what a load takes back. */
static int write_table_row(void *context, const struct table_row *row, struct err *err)
{
	const struct table *table = row->table;

	return write_values(context, table->columns, table->declared_count + 1, row->values, err);
}

static int dump_table(struct dump *dump, struct err *err)
{
	const struct table *table = catalog_find_table(dump->catalog, dump->request->table, err);
	const struct table_list list = {.limit = -1};
	struct table_access access = {
		.table = table, .db = dump->db, .now_us = dump->request->now_us};
	struct table_repo *repo;
	struct arena arena;
	int result;

	if (!table)
		return -1;
	arena_init(&arena);
	access.repo = repo = table_repo_new(dump->catalog, db_dialect(dump->db));
	access.arena = &arena;
	result = write_header(dump, table->columns, table->declared_count + 1, err);
	if (result == 0)
		result = table_repo_list(&access, &list, write_table_row, dump, err);
	table_repo_free(repo);
	arena_release(&arena);
	return result;
}

static int write_report_row(void *context, const struct value *values, struct err *err)
{
	struct dump *dump = context;

	return write_values(dump, dump->report->columns, dump->report->column_count, values, err);
}

static const struct column *find_param(const struct report *report, const char *name)
{
	for (size_t i = 0; i < report->param_count; i++)
		if (str_equal(report->params[i].name, name))
			return &report->params[i];
	return NULL;
}

static int check_names(const struct report *report, const json_t *params, struct err *err)
{
	const char *name;
	json_t *value;

	if (params && !json_is_null(params) && !json_is_object(params))
		return err_set(err, ERR_USAGE, "the parameters of report '%s' must be an object",
		               report->name);
	json_object_foreach((json_t *)(uintptr_t)params, name, value)
	{
		if (!find_param(report, name))
			return err_set(err, ERR_USAGE, "report '%s' has no parameter '%.100s'",
			               report->name, name);
	}
	return 0;
}

static int read_params(const struct dump *dump, struct value *values, struct arena *arena,
                       struct err *err)
{
	const struct report *report = dump->report;

	if (check_names(report, dump->request->params, err) < 0)
		return -1;
	for (size_t i = 0; i < report->param_count; i++) {
		const struct column *param = &report->params[i];
		const json_t *given = json_object_get(dump->request->params, param->name);
		struct flaw flaw;
		int result = given ? value_parse_json(param, given, arena, &values[i], &flaw)
		                   : value_parse_missing(param, dump->request->now_us, &values[i],
		                                         &flaw);

		if (result < 0)
			return err_set(err, ERR_INVALID, "parameter '%s' of report '%s': %.120s",
			               param->name, report->name, flaw.detail);
	}
	return 0;
}

static int dump_report(struct dump *dump, struct err *err)
{
	struct arena arena;
	struct value *values;
	int result;

	dump->report = catalog_report(dump->catalog, dump->request->report);
	if (!dump->report)
		return err_set(err, ERR_NOT_FOUND, "there is no report '%.120s'",
		               dump->request->report);
	arena_init(&arena);
	values = arena_array(&arena, dump->report->param_count + 1, sizeof(*values));
	result = read_params(dump, values, &arena, err);
	if (result == 0)
		result = write_header(dump, dump->report->columns, dump->report->column_count, err);
	if (result == 0)
		result = report_repo_run(dump->db, dump->report, values, write_report_row, dump,
		                         err);
	arena_release(&arena);
	return result;
}

static int bind_json(struct db_stmt *stmt, int index, const json_t *value, struct err *err)
{
	if (json_is_string(value))
		db_bind_text(stmt, index, json_string_value(value));
	else if (json_is_integer(value))
		db_bind_int(stmt, index, json_integer_value(value));
	else if (json_is_real(value))
		db_bind_float(stmt, index, json_real_value(value));
	else if (json_is_boolean(value))
		db_bind_int(stmt, index, json_is_true(value));
	else if (json_is_null(value))
		db_bind_null(stmt, index);
	else
		return err_set(err, ERR_USAGE, "parameter %d of the query is no plain value",
		               index);
	return 0;
}

static int bind_params(struct db_stmt *stmt, const json_t *params, struct err *err)
{
	if (params && !json_is_null(params) && !json_is_array(params))
		return err_set(err, ERR_USAGE, "the parameters of a query must be a list");
	for (size_t i = 0; i < json_array_size(params); i++)
		if (bind_json(stmt, (int)i + 1, json_array_get(params, i), err) < 0)
			return -1;
	return 0;
}

static void append_any(struct buf *buf, const struct db_value *value)
{
	struct json_writer writer;

	if (value->type == DB_NULL)
		return;
	if (value->type == DB_FLOAT) {
		json_writer_init(&writer, buf);
		json_writer_float(&writer, value->as.real);
	} else if (value->type == DB_TEXT) {
		csv_record_append_field(buf, value->as.text, value->size, value->size == 0);
	} else if (value->type == DB_BYTES) {
		base64_append(value->as.text, value->size, buf);
	} else {
		buf_printf(buf, "%" PRId64, value->as.integer);
	}
}

static int write_query_rows(struct dump *dump, struct db_stmt *stmt, struct err *err)
{
	int count = db_column_count(stmt), more;

	for (int i = 0; i < count; i++)
		append_name(dump, (size_t)i, db_column_name(stmt, i));
	if (end_line(dump, err) < 0)
		return -1;
	while ((more = db_step(stmt, err)) > 0) {
		for (int i = 0; i < count; i++) {
			struct db_value value;

			db_column_any(stmt, i, &value);
			if (i > 0)
				buf_char(&dump->pending, ',');
			append_any(&dump->pending, &value);
		}
		dump->result->rows++;
		if (end_line(dump, err) < 0)
			return -1;
	}
	return more;
}

static int dump_query(struct dump *dump, struct err *err)
{
	struct db_stmt *stmt = db_prepare(dump->db, dump->request->query, err);
	int result;

	if (!stmt)
		return -1;
	if (db_column_count(stmt) == 0)
		result = err_set(err, ERR_USAGE, "the query gives no rows to write");
	else
		result = bind_params(stmt, dump->request->params, err);
	if (result == 0)
		result = write_query_rows(dump, stmt, err);
	db_stmt_free(stmt);
	return result;
}

static int dump_any(struct dump *dump, struct err *err)
{
	if (dump->request->table)
		return dump_table(dump, err);
	if (dump->request->report)
		return dump_report(dump, err);
	return dump_query(dump, err);
}

int dump_run(struct db *db, const struct catalog *catalog, const struct dump_request *request,
             const struct dump_output *output, struct dump_result *result, struct err *err)
{
	struct dump dump = {
		.db = db,
		.catalog = catalog,
		.request = request,
		.output = output,
		.result = result,
	};
	int status;

	*result = (struct dump_result){0};
	if (db_begin(db, DB_READ, err) < 0)
		return -1;
	status = dump_any(&dump, err);
	db_rollback(db);
	if (status == 0)
		status = hand_on(&dump, err);
	buf_release(&dump.pending);
	return status;
}

static int write_object(void *data, const void *bytes, size_t size, struct err *err)
{
	return object_store_write(data, bytes, size, err);
}

struct dump_output dump_to_object(struct object_writer *writer)
{
	return (struct dump_output){write_object, writer};
}

static int write_fd(void *data, const void *bytes, size_t size, struct err *err)
{
	const int *fd = data;

	if (file_write_all(*fd, bytes, size) < 0)
		return err_errno(err, errno, "could not write the output");
	return 0;
}

struct dump_output dump_to_fd(int *fd)
{
	return (struct dump_output){write_fd, fd};
}

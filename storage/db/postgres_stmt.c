/* postgres_stmt.c - statements of the PostgreSQL driver */
#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/mem.h"
#include "lib/str.h"
#include "lib/timestamp.h"
#include "lib/vec.h"
#include "storage/db/postgres.h"
#include "storage/db/postgres_text.h"

/* pg_type.dat of PostgreSQL's sources; these numbers never change. */
enum {
	TYPE_BOOL = 16,
	TYPE_BYTEA = 17,
	TYPE_INT8 = 20,
	TYPE_INT2 = 21,
	TYPE_INT4 = 23,
	TYPE_FLOAT4 = 700,
	TYPE_FLOAT8 = 701,
	TYPE_JSONB = 3802,
};

enum { FLOAT_DIGITS = 17 };

static struct postgres_stmt *stmt_of(struct db_stmt *stmt)
{
	return (struct postgres_stmt *)stmt;
}

/* --- preparing --- */

static int send_prepare(struct postgres *pg, struct postgres_stmt *stmt, const char *sql,
                        struct err *err)
{
	if (postgres_arm(pg, err) < 0)
		return -1;
	stmt->life = pg->life;
	snprintf(stmt->name, sizeof(stmt->name), "s%u", pg->next_name++);
	/* that it was refused shows when it is finished */
	(void)pg->pq->send_prepare(pg->conn, stmt->name, sql, 0, NULL);
	return postgres_finish(pg, err);
}

static void take_params(const struct postgres *pg, struct postgres_stmt *stmt)
{
	stmt->param_count = pg->pq->nparams(stmt->shape);
	free(stmt->params);
	stmt->params = mem_array((size_t)stmt->param_count + 1, sizeof(*stmt->params));
	for (int i = 0; i < stmt->param_count; i++)
		stmt->params[i].type = pg->pq->paramtype(stmt->shape, i);
}

static int describe(struct postgres *pg, struct postgres_stmt *stmt, struct err *err)
{
	PGresult *shape = NULL;

	(void)pg->pq->send_describe_prepared(pg->conn, stmt->name);
	if (postgres_next(pg, &shape, err) < 0)
		return -1;
	if (pg->pq->result_status(shape) != PGRES_COMMAND_OK) {
		postgres_error_set(pg, shape, err);
		pg->pq->clear(shape);
		(void)postgres_finish(pg, &(struct err){0});
		return -1;
	}
	pg->pq->clear(stmt->shape);
	stmt->shape = shape;
	return postgres_finish(pg, err);
}

/* Anew in a connection that does not know it; what is bound stays. */
static int prepare_again(struct postgres *pg, struct postgres_stmt *stmt, struct err *err)
{
	if (stmt->life == pg->life)
		return 0;
	if (send_prepare(pg, stmt, stmt->base.sql, err) < 0)
		return -1;
	return describe(pg, stmt, err);
}

struct db_stmt *postgres_stmt_prepare(struct db *db, const char *sql, struct err *err)
{
	struct postgres *pg = postgres_of(db);
	struct postgres_text text = postgres_text_scan(sql);
	struct postgres_stmt *stmt;

	if (text.statements != 1) {
		err_set(err, ERR_INVALID, "expected exactly one statement");
		return NULL;
	}
	if (text.flags & POSTGRES_TEXT_TRANSACTION) {
		err_set(err, ERR_DENIED, "the statement is not allowed here");
		return NULL;
	}
	if (text.flags & POSTGRES_TEXT_OTHER_MARKS) {
		err_set(err, ERR_INVALID, "a parameter is not written $1, $2, …");
		return NULL;
	}
	if (postgres_ready(pg, err) < 0)
		return NULL;
	stmt = mem_alloc(sizeof(*stmt));
	stmt->base.db = db;
	stmt->text = text.flags;
	arena_init(&stmt->decoded);
	if (send_prepare(pg, stmt, sql, err) < 0 || describe(pg, stmt, err) < 0) {
		postgres_stmt_free(&stmt->base);
		return NULL;
	}
	take_params(pg, stmt);
	return &stmt->base;
}

static void deallocate(struct postgres *pg, const struct postgres_stmt *stmt)
{
	char sql[48];
	struct err ignored;

	if (!pg->conn || stmt->life != pg->life ||
	    pg->pq->transaction_status(pg->conn) == PQTRANS_INERROR)
		return;
	snprintf(sql, sizeof(sql), "DEALLOCATE %s", stmt->name);
	(void)postgres_run(pg, sql, &ignored);
}

void postgres_stmt_free(struct db_stmt *stmt)
{
	struct postgres_stmt *s = stmt_of(stmt);
	struct postgres *pg = postgres_of(stmt->db);

	postgres_stmt_reset(stmt);
	deallocate(pg, s);
	pg->pq->clear(s->shape);
	free(s->params);
	vec_release(&s->ahead);
	buf_release(&s->texts);
	arena_release(&s->decoded);
	free(s);
}

/* --- binding --- */

static void bind_text(struct postgres_stmt *stmt, struct postgres_param *param, const char *text,
                      size_t size)
{
	param->in_texts = 1;
	param->offset = stmt->texts.size;
	buf_append(&stmt->texts, text, size);
	buf_append(&stmt->texts, "", 1);
}

static int is_integer(Oid type)
{
	return type == TYPE_INT8 || type == TYPE_INT4 || type == TYPE_INT2;
}

static void bind_integer(struct postgres_stmt *stmt, struct postgres_param *param,
                         const struct db_value *value)
{
	char text[32];

	if (value->type == DB_BOOL && param->type == TYPE_BOOL)
		snprintf(text, sizeof(text), "%s", value->as.integer ? "t" : "f");
	else
		snprintf(text, sizeof(text), "%" PRId64, value->as.integer);
	bind_text(stmt, param, text, strlen(text));
}

/* A column that keeps it scaled is an integer, any other one gets the number itself. */
static void bind_decimal(struct postgres_stmt *stmt, struct postgres_param *param,
                         const struct db_value *value)
{
	char digits[32], text[80];
	int size, scale = value->scale;

	if (is_integer(param->type) || scale == 0) {
		bind_integer(stmt, param, value);
		return;
	}
	size = snprintf(digits, sizeof(digits), "%0*" PRIu64, scale + 1,
	                value->as.integer < 0 ? 0 - (uint64_t)value->as.integer
	                                      : (uint64_t)value->as.integer);
	snprintf(text, sizeof(text), "%s%.*s.%s", value->as.integer < 0 ? "-" : "", size - scale,
	         digits, digits + size - scale);
	bind_text(stmt, param, text, strlen(text));
}

static void bind_moment(struct postgres_stmt *stmt, struct postgres_param *param,
                        const struct db_value *value)
{
	char text[TIMESTAMP_SIZE > TIMESTAMP_DATE_SIZE ? TIMESTAMP_SIZE : TIMESTAMP_DATE_SIZE];

	if (value->type == DB_DATE)
		timestamp_format_date((int32_t)value->as.integer, text);
	else
		timestamp_format(value->as.integer, text);
	bind_text(stmt, param, text, strlen(text));
}

static void bind_float(struct postgres_stmt *stmt, struct postgres_param *param, double value)
{
	char text[40];

	snprintf(text, sizeof(text), "%.*g", FLOAT_DIGITS, value);
	bind_text(stmt, param, text, strlen(text));
}

/* Borrowed, in binary: only its own type takes it. */
static int bind_bytes(struct postgres_param *param, const struct db_value *value)
{
	if (param->type != TYPE_BYTEA)
		return -1;
	param->value = value->size ? value->as.text : "";
	param->size = (int)value->size;
	param->format = 1;
	return 0;
}

static int bind_value(struct postgres_stmt *stmt, struct postgres_param *param,
                      const struct db_value *value)
{
	switch (value->type) {
	case DB_NULL:
		return 0;
	case DB_INT:
	case DB_BOOL:
		bind_integer(stmt, param, value);
		return 0;
	case DB_DECIMAL:
		bind_decimal(stmt, param, value);
		return 0;
	case DB_FLOAT:
		bind_float(stmt, param, value->as.real);
		return 0;
	case DB_TEXT:
	case DB_JSON:
	case DB_UUID:
		bind_text(stmt, param, value->size ? value->as.text : "", value->size);
		return 0;
	case DB_BYTES:
		return bind_bytes(param, value);
	case DB_DATE:
	case DB_TIMESTAMP:
		bind_moment(stmt, param, value);
		return 0;
	}
	return -1;
}

void postgres_stmt_bind(struct db_stmt *stmt, int index, const struct db_value *value)
{
	struct postgres_stmt *s = stmt_of(stmt);
	struct postgres_param *param;

	if (index < 1 || index > s->param_count) {
		s->bind_failed = 1;
		return;
	}
	param = &s->params[index - 1];
	*param = (struct postgres_param){.type = param->type};
	if (bind_value(s, param, value) < 0)
		s->bind_failed = 1;
}

/* --- stepping --- */

static int send(struct postgres *pg, struct postgres_stmt *stmt)
{
	size_t count = (size_t)stmt->param_count + 1;
	auto_free const char **values = mem_array(count, sizeof(*values));
	auto_free int *sizes = mem_array(count, sizeof(*sizes));
	auto_free int *formats = mem_array(count, sizeof(*formats));

	for (int i = 0; i < stmt->param_count; i++) {
		const struct postgres_param *param = &stmt->params[i];

		values[i] = param->in_texts ? stmt->texts.data + param->offset : param->value;
		sizes[i] = param->size;
		formats[i] = param->format;
	}
	return pg->pq->send_query_prepared(pg->conn, stmt->name, stmt->param_count, values, sizes,
	                                   formats, 0) &&
	       pg->pq->set_single_row_mode(pg->conn);
}

static int start(struct postgres *pg, struct postgres_stmt *stmt, struct err *err)
{
	if (stmt->bind_failed)
		return err_set(err, ERR_INTERNAL,
		               "a parameter was bound that the statement does not have");
	if (postgres_ready(pg, err) < 0 || prepare_again(pg, stmt, err) < 0 ||
	    postgres_arm(pg, err) < 0)
		return -1;
	if (!send(pg, stmt)) {
		postgres_error_connection(pg, "could not send the statement", err);
		postgres_drop(pg);
		return -1;
	}
	stmt->is_running = 1;
	pg->streaming = stmt;
	return 0;
}

/* From the wire: 1 a row, 0 the end, -1. */
static int receive(struct postgres *pg, struct postgres_stmt *stmt, PGresult **row, struct err *err)
{
	ExecStatusType status;
	int failed = 0;

	if (postgres_next(pg, row, err) < 0)
		return -1;
	status = pg->pq->result_status(*row);
	if (status == PGRES_SINGLE_TUPLE)
		return 1;
	pg->streaming = NULL;
	if (status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK)
		pg->changes = stmt->text & POSTGRES_TEXT_WRITES
		                      ? strtoll(pg->pq->cmd_tuples(*row), NULL, 10)
		                      : 0;
	else
		failed = postgres_error_set(pg, *row, err);
	pg->pq->clear(*row);
	*row = NULL;
	/* what is still to come is the end of the statement */
	if (failed)
		(void)postgres_finish(pg, &(struct err){0});
	else
		failed = postgres_finish(pg, err);
	return failed ? -1 : 0;
}

int postgres_stmt_absorb(struct postgres_stmt *stmt, struct err *err)
{
	struct postgres *pg = postgres_of(stmt->base.db);
	PGresult *row;
	int got;

	while ((got = receive(pg, stmt, &row, err)) > 0)
		*vec_push(&stmt->ahead) = row;
	return got;
}

/* 1: the next row is shown; 0: the end; -1. */
static int next_row(struct postgres *pg, struct postgres_stmt *stmt, struct err *err)
{
	struct postgres_rows *ahead = &stmt->ahead;

	pg->pq->clear(stmt->row);
	stmt->row = NULL;
	arena_reset(&stmt->decoded);
	if (ahead->taken < ahead->count) {
		stmt->row = ahead->items[ahead->taken++];
		return 1;
	}
	return pg->streaming == stmt ? receive(pg, stmt, &stmt->row, err) : 0;
}

int postgres_stmt_step(struct db_stmt *stmt, struct err *err)
{
	struct postgres_stmt *s = stmt_of(stmt);
	struct postgres *pg = postgres_of(stmt->db);
	int got = -1;

	if (s->is_running || start(pg, s, err) == 0)
		got = next_row(pg, s, err);
	if (got <= 0)
		postgres_stmt_reset(stmt);
	return got;
}

/* The rest of its rows is of no interest: a long rest is cut off by a cancel. */
static void skip_rest(struct postgres *pg, struct postgres_stmt *stmt)
{
	struct err ignored;
	PGresult *row;

	while (receive(pg, stmt, &row, &ignored) > 0)
		pg->pq->clear(row);
}

void postgres_stmt_reset(struct db_stmt *stmt)
{
	struct postgres_stmt *s = stmt_of(stmt);
	struct postgres *pg = postgres_of(stmt->db);

	if (pg->streaming == s && pg->conn)
		skip_rest(pg, s);
	if (pg->streaming == s)
		pg->streaming = NULL;
	pg->pq->clear(s->row);
	s->row = NULL;
	while (s->ahead.taken < s->ahead.count)
		pg->pq->clear(s->ahead.items[s->ahead.taken++]);
	s->ahead.count = s->ahead.taken = 0;
	for (int i = 0; i < s->param_count; i++)
		s->params[i] = (struct postgres_param){.type = s->params[i].type};
	buf_clear(&s->texts);
	arena_reset(&s->decoded);
	s->bind_failed = 0;
	s->is_running = 0;
}

int postgres_stmt_writes(const struct db_stmt *stmt)
{
	return (((const struct postgres_stmt *)stmt)->text & POSTGRES_TEXT_WRITES) != 0;
}

/* --- columns --- */

int postgres_stmt_column_count(const struct db_stmt *stmt)
{
	const struct postgres *pg = (const struct postgres *)stmt->db;

	return pg->pq->nfields(((const struct postgres_stmt *)stmt)->shape);
}

const char *postgres_stmt_column_name(const struct db_stmt *stmt, int column)
{
	const struct postgres *pg = (const struct postgres *)stmt->db;

	return pg->pq->fname(((const struct postgres_stmt *)stmt)->shape, column);
}

static int digit(char c)
{
	return isdigit((unsigned char)c) ? c - '0' : tolower((unsigned char)c) - 'a' + 10;
}

/* `\x` and two digits for each byte. */
static int read_bytes(struct postgres_stmt *stmt, Oid stored, const char *text, size_t size,
                      struct db_value *value)
{
	char *to;

	value->as.text = NULL;
	if (stored != TYPE_BYTEA || size < 2)
		return -1;
	value->size = (uint32_t)(size / 2 - 1);
	if (!value->size)
		return 0;
	value->as.text = to = arena_alloc(&stmt->decoded, value->size);
	for (size_t i = 2; i + 1 < size; i += 2)
		*to++ = (char)(digit(text[i]) << 4 | digit(text[i + 1]));
	return 0;
}

static int read_integer(const char *text, struct db_value *value)
{
	struct err ignored;

	if (str_equal(text, "t") || str_equal(text, "f")) {
		value->as.integer = *text == 't';
		return 0;
	}
	return str_to_int(text, &value->as.integer, &ignored);
}

static int read_float(const char *text, struct db_value *value)
{
	struct err ignored;

	return str_to_float(text, &value->as.real, &ignored);
}

/* A number with a point, or one that is kept scaled. */
static int read_decimal(const char *text, Oid type, struct db_value *value)
{
	auto_buf struct buf digits = {0};
	const char *point = strchr(text, '.');
	int places = point ? (int)strlen(point + 1) : 0;

	if (is_integer(type))
		return read_integer(text, value);
	if (places > value->scale)
		return -1;
	buf_append(&digits, text, point ? (size_t)(point - text) : strlen(text));
	buf_text(&digits, point ? point + 1 : "");
	while (places++ < value->scale)
		buf_char(&digits, '0');
	return read_integer(buf_string(&digits), value);
}

static int read_date(const char *text, size_t size, struct db_value *value)
{
	int32_t days;

	if (timestamp_parse_date(text, size, &days) < 0)
		return -1;
	value->as.integer = days;
	return 0;
}

/* Without the blanks that jsonb puts behind commas and colons. */
static void read_json(struct postgres_stmt *stmt, const char *text, size_t size,
                      struct db_value *value)
{
	char *to = arena_alloc(&stmt->decoded, size + 1);
	int in_string = 0;

	value->as.text = to;
	for (size_t i = 0; i < size; i++) {
		if (text[i] == '"')
			in_string = !in_string;
		if (in_string || text[i] != ' ')
			*to++ = text[i];
		if (in_string && text[i] == '\\' && i + 1 < size)
			*to++ = text[++i];
	}
	*to = '\0';
	value->size = (uint32_t)(to - value->as.text);
}

static int read_value(const char *text, size_t size, Oid stored, struct db_value *value)
{
	switch (value->type) {
	case DB_INT:
	case DB_BOOL:
		return read_integer(text, value);
	case DB_DECIMAL:
		return read_decimal(text, stored, value);
	case DB_FLOAT:
		return read_float(text, value);
	case DB_DATE:
		return read_date(text, size, value);
	case DB_TIMESTAMP:
		return timestamp_parse(text, size, &value->as.integer);
	case DB_TEXT:
	case DB_UUID:
		value->as.text = text;
		value->size = (uint32_t)size;
		return 0;
	case DB_BYTES:
	case DB_JSON:
	case DB_NULL:
		break;
	}
	return -1;
}

int postgres_stmt_column(struct db_stmt *stmt, int column, enum db_type type,
                         struct db_value *value)
{
	struct postgres_stmt *s = stmt_of(stmt);
	const struct postgres_library *pq = postgres_of(stmt->db)->pq;
	const char *text;
	size_t size;

	value->type = DB_NULL;
	if (!s->row || pq->getisnull(s->row, 0, column))
		return 0;
	value->type = type;
	text = pq->getvalue(s->row, 0, column);
	size = (size_t)pq->getlength(s->row, 0, column);
	if (type == DB_BYTES)
		return read_bytes(s, pq->ftype(s->row, column), text, size, value);
	if (type == DB_JSON && pq->ftype(s->row, column) == TYPE_JSONB) {
		read_json(s, text, size, value);
		return 0;
	}
	if (type == DB_JSON)
		value->type = DB_TEXT;
	if (read_value(text, size, pq->ftype(s->row, column), value) < 0)
		return -1;
	value->type = type;
	return 0;
}

void postgres_stmt_column_any(struct db_stmt *stmt, int column, struct db_value *value)
{
	struct postgres_stmt *s = stmt_of(stmt);
	const struct postgres_library *pq = postgres_of(stmt->db)->pq;
	enum db_type type = DB_TEXT;

	switch (pq->ftype(s->shape, column)) {
	case TYPE_INT2:
	case TYPE_INT4:
	case TYPE_INT8:
		type = DB_INT;
		break;
	case TYPE_BOOL:
		type = DB_BOOL;
		break;
	case TYPE_FLOAT4:
	case TYPE_FLOAT8:
		type = DB_FLOAT;
		break;
	case TYPE_BYTEA:
		type = DB_BYTES;
		break;
	default:
		break;
	}
	if (postgres_stmt_column(stmt, column, type, value) < 0)
		value->type = DB_NULL;
}

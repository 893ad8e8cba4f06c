/* sql.c - statements on the data database as tasks */
#include <ctype.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "plugins/plugin.h"
#include "plugins/sql/transform.h"

enum {
	ROWS_MOST = 1000,       /* in the output */
	ROWS_BYTES = 48 * 1024, /* about so much of it as JSON */
	VALUES_MOST = 1000,     /* parameters of a statement */
};

struct work {
	struct mr_task *task;
	struct mr_db *db;
	struct mr_value *values; /* of the one statement */
	char **texts;            /* of values that are lists or objects */
	size_t value_count;
	int64_t affected;
	json_t *rows; /* of the last query; NULL when there was none */
	size_t rows_bytes;
	int is_cut; /* there were more rows than the output can hold */
};

/* -- texts into statements -- */

/* Behind a quoted text or name, whose quote is doubled inside. */
static const char *skip_quoted(const char *at)
{
	char quote = *at++;

	while (*at && (*at != quote || at[1] == quote))
		at += *at == quote ? 2 : 1;
	return *at ? at + 1 : at;
}

/* Behind PostgreSQL's $tag$ … $tag$; `at` itself + 1 when it is none. */
static const char *skip_dollar(const char *at)
{
	const char *end = at + 1;
	char tag[64];
	const char *close;

	while (isalnum((unsigned char)*end) || *end == '_')
		end++;
	if (*end != '$' || isdigit((unsigned char)at[1]) || (size_t)(end - at) > sizeof(tag) - 2)
		return at + 1;
	memcpy(tag, at, (size_t)(end - at) + 1);
	tag[end - at + 1] = '\0';
	close = strstr(end + 1, tag);
	return close ? close + strlen(tag) : at + strlen(at);
}

static const char *skip_comment(const char *at)
{
	const char *end = at[0] == '-' ? strchr(at, '\n') : strstr(at + 2, "*/");

	if (!end)
		return at + strlen(at);
	return end + (at[0] == '-' ? 1 : 2);
}

/* Behind whatever begins at `at`. */
static const char *skip(const char *at)
{
	if (*at == '\'' || *at == '"' || *at == '`')
		return skip_quoted(at);
	if (*at == '$')
		return skip_dollar(at);
	if ((at[0] == '-' && at[1] == '-') || (at[0] == '/' && at[1] == '*'))
		return skip_comment(at);
	return at + 1;
}

/* The first byte that is neither blank nor comment. */
static const char *skip_blank(const char *at)
{
	for (;;) {
		if (isspace((unsigned char)*at))
			at++;
		else if ((at[0] == '-' && at[1] == '-') || (at[0] == '/' && at[1] == '*'))
			at = skip_comment(at);
		else
			return at;
	}
}

/* Adds the statements of a script to a list of texts. */
static void split(const char *script, json_t *statements)
{
	const char *begin = skip_blank(script), *at = begin;

	while (*at) {
		if (*at != ';') {
			at = skip(at);
			continue;
		}
		if (at > begin)
			json_array_append_new(statements,
			                      json_stringn(begin, (size_t)(at - begin)));
		begin = at = skip_blank(at + 1);
	}
	if (at > begin)
		json_array_append_new(statements, json_stringn(begin, (size_t)(at - begin)));
}

static int writes(const char *statement)
{
	static const char *const words[] = {"insert", "update", "delete", "replace", "merge"};

	for (size_t i = 0; i < MR_COUNT(words); i++)
		if (strncasecmp(statement, words[i], strlen(words[i])) == 0)
			return 1;
	return 0;
}

/* -- values -- */

static void bind_text(struct mr_value *value, int32_t type, const char *text, size_t size)
{
	value->type = type;
	value->as.s.p = text;
	value->as.s.n = size;
}

static void bind(struct work *work, size_t i, const json_t *given)
{
	struct mr_value *value = &work->values[i];

	*value = (struct mr_value){.type = MR_TEXT, .is_null = json_is_null(given)};
	if (json_is_string(given)) {
		bind_text(value, MR_TEXT, json_string_value(given), json_string_length(given));
	} else if (json_is_boolean(given)) {
		value->type = MR_BOOL;
		value->as.i = json_is_true(given);
	} else if (json_is_integer(given)) {
		value->type = MR_INT;
		value->as.i = json_integer_value(given);
	} else if (json_is_real(given)) {
		value->type = MR_FLOAT;
		value->as.f = json_real_value(given);
	} else if (!json_is_null(given)) {
		work->texts[i] = json_dumps(given, JSON_COMPACT);
		bind_text(value, MR_JSON, work->texts[i], strlen(work->texts[i]));
	}
}

static mr_status bind_all(struct work *work, const json_t *params)
{
	size_t count = json_array_size(params);

	if (params && !json_is_array(params))
		return mr_fail(work->task, MR_FAIL, "'params' must be a list");
	if (count > VALUES_MOST)
		return mr_fail(work->task, MR_FAIL, "'params' has more than %d values",
		               VALUES_MOST);
	work->values = calloc(count + 1, sizeof(*work->values));
	work->texts = calloc(count + 1, sizeof(*work->texts));
	if (!work->values || !work->texts)
		return mr_fail(work->task, MR_RETRY, "out of memory");
	work->value_count = count;
	for (size_t i = 0; i < count; i++)
		bind(work, i, json_array_get(params, i));
	return MR_OK;
}

static json_t *base64(const unsigned char *bytes, size_t size)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=";
	enum { PADDING = 64 };
	char *text = malloc(size / 3 * 4 + 5), *at = text;
	json_t *value;

	if (!text)
		return json_null();
	for (size_t i = 0; i < size; i += 3) {
		unsigned long group = (unsigned long)bytes[i] << 16;

		group |= i + 1 < size ? (unsigned long)bytes[i + 1] << 8 : 0;
		group |= i + 2 < size ? bytes[i + 2] : 0;
		*at++ = digits[group >> 18 & 63];
		*at++ = digits[group >> 12 & 63];
		*at++ = digits[i + 1 < size ? group >> 6 & 63 : PADDING];
		*at++ = digits[i + 2 < size ? group & 63 : PADDING];
	}
	value = json_stringn(text, (size_t)(at - text));
	free(text);
	return value;
}

static json_t *field(const struct mr_value *value)
{
	json_t *text;

	if (value->is_null)
		return json_null();
	switch (value->type) {
	case MR_INT:
	case MR_DATE:
	case MR_TIMESTAMP:
		return json_integer(value->as.i);
	case MR_BOOL:
		return json_boolean(value->as.i);
	case MR_FLOAT:
		return json_real(value->as.f);
	case MR_BYTES:
		return base64((const unsigned char *)value->as.s.p, value->as.s.n);
	default:
		text = json_stringn(value->as.s.p, value->as.s.n);
		return text ? text : base64((const unsigned char *)value->as.s.p, value->as.s.n);
	}
}

/* -- statements -- */

static void keep_row(struct work *work, const char *const *names, const struct mr_value *values,
                     size_t columns)
{
	json_t *row;
	char *text;

	if (work->is_cut || json_array_size(work->rows) >= ROWS_MOST) {
		work->is_cut = 1;
		return;
	}
	row = json_object();
	for (size_t i = 0; i < columns; i++)
		json_object_set_new(row, names[i], field(&values[i]));
	text = json_dumps(row, JSON_COMPACT);
	work->rows_bytes += text ? strlen(text) + 1 : 0;
	free(text);
	if (work->rows_bytes > ROWS_BYTES)
		work->is_cut = 1;
	else
		json_array_append(work->rows, row);
	json_decref(row);
}

/* All rows of the query that was begun; how many in `count`. */
static mr_status take_rows(struct work *work, const char *const *names, int64_t *count)
{
	const struct mr_rows *rows;
	mr_status status;

	json_decref(work->rows);
	work->rows = json_array();
	work->rows_bytes = 0;
	work->is_cut = 0;
	*count = 0;
	while ((status = work->task->host->db_next(work->task, work->db, &rows)) == MR_OK) {
		*count += (int64_t)rows->count;
		for (size_t i = 0; i < rows->count; i++)
			keep_row(work, names, rows->values + i * rows->columns, rows->columns);
	}
	return status == MR_END ? MR_OK : status;
}

static mr_status run_statement(struct work *work, const char *sql)
{
	const struct mr_host *host = work->task->host;
	const char *const *names;
	int64_t affected = 0;
	size_t columns;
	mr_status status = host->db_query(work->task, work->db, sql, work->values,
	                                  work->value_count, &names, &columns);

	/* a statement without columns has not run yet: it is prepared only */
	if (status == MR_OK && columns)
		status = take_rows(work, names, &affected);
	else if (status == MR_OK)
		status = host->db_exec(work->task, work->db, sql, work->values, work->value_count,
		                       &affected);
	if (status == MR_OK && (!columns || writes(sql)))
		work->affected += affected;
	return status;
}

/* The first value of its first row must be true: neither NULL nor 0 nor "". */
static mr_status run_check(struct work *work)
{
	const struct mr_host *host = work->task->host;
	const struct mr_rows *rows = NULL;
	const char *const *names;
	const char *check;
	size_t columns;
	mr_status status;
	const struct mr_value *value;
	int is_true;

	if (host->param_text(work->task, "check", &check) != MR_OK)
		return MR_OK;
	status = host->db_query(work->task, work->db, check, NULL, 0, &names, &columns);
	if (status == MR_OK)
		status = host->db_next(work->task, work->db, &rows);
	if (status == MR_END || (status == MR_OK && !columns))
		return mr_fail(work->task, MR_FAIL, "the check gave no row; nothing was stored");
	if (status != MR_OK)
		return status;
	value = &rows->values[0];
	if (value->type == MR_FLOAT)
		is_true = value->as.f < 0 || value->as.f > 0;
	else if (value->type == MR_INT || value->type == MR_BOOL)
		is_true = value->as.i != 0;
	else
		is_true = value->as.s.n > 0;
	if (value->is_null || !is_true)
		return mr_fail(work->task, MR_FAIL, "the check did not hold; nothing was stored");
	return MR_OK;
}

static mr_status put(struct work *work, const char *key, json_t *value)
{
	char *json = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
	mr_status status = work->task->host->output(work->task, key, json);

	free(json);
	json_decref(value);
	return status;
}

static mr_status put_outputs(struct work *work)
{
	mr_status status = put(work, "rows_affected", json_integer(work->affected));

	if (status == MR_OK && work->rows)
		status = put(work, "rows", json_incref(work->rows));
	if (status == MR_OK && work->is_cut)
		mr_log(work->task, MR_WARN, "the output has the first %zu rows only",
		       json_array_size(work->rows));
	return status;
}

static mr_status run_all(struct work *work, const json_t *statements)
{
	const struct mr_host *host = work->task->host;
	mr_status status = host->db_open(work->task, NULL, &work->db);

	if (status != MR_OK)
		return status;
	for (size_t i = 0; status == MR_OK && i < json_array_size(statements); i++) {
		status = run_statement(work, json_string_value(json_array_get(statements, i)));
		if (status != MR_OK)
			mr_fail(work->task, status, "statement %zu: %s", i + 1,
			        host->error(work->task));
	}
	if (status == MR_OK)
		status = run_check(work);
	if (status == MR_OK)
		status = put_outputs(work);
	if (status == MR_OK)
		status = host->db_commit(work->task, work->db);
	host->db_close(work->task, work->db);
	return status;
}

/* -- parameters -- */

static json_t *param(struct mr_task *task, const char *name)
{
	const char *json;

	if (task->host->param_json(task, name, &json) != MR_OK)
		return NULL;
	return json_loads(json, JSON_DECODE_ANY, NULL);
}

/* The text's statements, or the list's; NULL when it is neither. */
static json_t *read_statements(const json_t *sql)
{
	json_t *statements = json_array();

	if (json_is_string(sql)) {
		split(json_string_value(sql), statements);
		return statements;
	}
	for (size_t i = 0; json_is_array(sql) && i < json_array_size(sql); i++)
		if (json_is_string(json_array_get(sql, i)))
			json_array_append(statements, json_array_get(sql, i));
	if (json_array_size(statements) == json_array_size(sql))
		return statements;
	json_decref(statements);
	return NULL;
}

static mr_status run(struct mr_task *task)
{
	struct work work = {.task = task};
	json_t *sql = param(task, "sql"), *params = param(task, "params");
	json_t *statements = read_statements(sql);
	mr_status status;

	if (!json_array_size(statements))
		status = mr_fail(task, MR_FAIL,
		                 "'sql' must be a statement, a script or a list of "
		                 "statements");
	else if (json_array_size(params) && json_array_size(statements) > 1)
		status = mr_fail(task, MR_FAIL, "'params' go with one statement");
	else
		status = bind_all(&work, params);
	if (status == MR_OK)
		status = run_all(&work, statements);
	for (size_t i = 0; i < work.value_count; i++)
		free(work.texts[i]);
	free(work.texts);
	free(work.values);
	json_decref(work.rows);
	json_decref(statements);
	json_decref(params);
	json_decref(sql);
	return status;
}

static const struct mr_param params[] = {
	{"sql", MR_JSON, 1, NULL,
         "a statement like 'SELECT id, department FROM department', a script (parted by ';') or a list "
         "of statements, all in one transaction"},
	{"params", MR_JSON, 0, NULL, "list: values of $1, $2, … of the one statement"},
	{"check", MR_TEXT, 0, NULL,
         "a query after it, whose first value must be true, else all is rolled back"},
};

static const struct mr_output outputs[] = {
	{"rows_affected", MR_INT, "rows inserted, updated and deleted, by all statements"},
	{"rows", MR_JSON, "of the last query: a list of objects, at most 1000 and 48 KiB"},
};

static const struct mr_op ops[] = {
	{
		.name = "run",
		.help = "runs SQL on the data database, in one transaction",
		.params = params,
		.param_count = MR_COUNT(params),
		.outputs = outputs,
		.output_count = MR_COUNT(outputs),
		.flags = MR_OP_WARM,
		.run = run,
	},
	{
		.name = "transform",
		.help = "inserts the rows of a query into a table: the new ones, or a window again",
		.params = transform_params,
		.param_count = TRANSFORM_PARAMS,
		.outputs = transform_outputs,
		.output_count = TRANSFORM_OUTPUTS,
		.flags = MR_OP_WARM,
		.run = transform_run,
	},
};

static const struct mr_plugin plugin = {
	.abi = MR_ABI,
	.name = "sql",
	.version = "1.0",
	.help = "statements on the data database as tasks",
	.ops = ops,
	.op_count = MR_COUNT(ops),
};

const struct mr_plugin *mr_plugin_entry(void)
{
	return &plugin;
}

/* transform.c - rows of a query into a table: what is new, or a window again
 *
 * Both modes are one transaction. `incremental` takes the rows whose watermark is above the highest of
 * the run before, and remembers the new highest in that transaction: whatever happens, no row is taken
 * twice and none is left out. `rerun` deletes the rows of a window and inserts those of the query that
 * are in the same window.
 */
#include "plugins/sql/transform.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "plugins/sql/moment.h"

enum {
	COLUMNS_MOST = 1000,
	NAME_BYTES = 128,
};

struct transform {
	struct mr_task *task;
	struct mr_db *db;
	const char *into, *sql, *mode, *watermark;
	json_t *window;    /* as given; NULL: not */
	json_t *table;     /* what the catalog declares of `into`; NULL: it does not know it */
	const char *range; /* the column of the window */
	struct mr_value from, to;
	char **names; /* of the query's columns */
	size_t count;
	int64_t inserted, deleted;
	json_t *high; /* the watermark; NULL: none yet */
};

/* A text that grows; open_memstream(3). */
struct text {
	char *text;
	size_t size;
	FILE *stream;
};

static int text_open(struct text *text)
{
	*text = (struct text){0};
	text->stream = open_memstream(&text->text, &text->size);
	return text->stream ? 0 : -1;
}

static void add_name(FILE *sql, const char *name)
{
	fputc('"', sql);
	for (; *name; name++) {
		if (*name == '"')
			fputc('"', sql);
		fputc(*name, sql);
	}
	fputc('"', sql);
}

/* The query as a table; a comment in its last line must not take the bracket away. */
static void add_source(FILE *sql, const struct transform *job)
{
	size_t size = strlen(job->sql);

	while (size && strchr(" \t\r\n;", job->sql[size - 1]))
		size--;
	fprintf(sql, "(\n%.*s\n) AS source", (int)size, job->sql);
}

static mr_status failed(const struct transform *job, mr_status status, const char *what)
{
	return mr_fail(job->task, status, "%s: %s", what, job->task->host->error(job->task));
}

static mr_status no_memory(const struct transform *job)
{
	return mr_fail(job->task, MR_RETRY, "out of memory");
}

/* -- what is to be done -- */

static json_t *param(struct mr_task *task, const char *name)
{
	const char *json;

	if (task->host->param_json(task, name, &json) != MR_OK)
		return NULL;
	return json_loads(json, JSON_DECODE_ANY, NULL);
}

static mr_status check_mode(const struct transform *job)
{
	if (strcmp(job->mode, "incremental") == 0) {
		if (job->window)
			return mr_fail(job->task, MR_FAIL, "'window' goes with mode 'rerun'");
		if (!job->watermark)
			return mr_fail(job->task, MR_FAIL, "mode 'incremental' needs 'watermark'");
		return MR_OK;
	}
	if (strcmp(job->mode, "rerun") != 0)
		return mr_fail(job->task, MR_FAIL,
		               "'mode' must be 'incremental' or 'rerun', not '%.60s'", job->mode);
	if (job->watermark)
		return mr_fail(job->task, MR_FAIL, "'watermark' goes with mode 'incremental'");
	if (!job->window)
		return mr_fail(job->task, MR_FAIL, "mode 'rerun' needs 'window'");
	return MR_OK;
}

static mr_status read_params(struct transform *job)
{
	const struct mr_host *host = job->task->host;
	const char *text;

	host->param_text(job->task, "into", &job->into);
	host->param_text(job->task, "sql", &job->sql);
	host->param_text(job->task, "mode", &job->mode);
	host->param_text(job->task, "watermark", &job->watermark);
	job->window = param(job->task, "window");
	if (host->table_describe(job->task, job->into, &text) == MR_OK)
		job->table = json_loads(text, 0, NULL);
	return check_mode(job);
}

/* -- the window -- */

/* "timestamp", "date", …; "" where the catalog does not say. */
static const char *type_of(const struct transform *job, const char *name)
{
	json_t *column;
	size_t i;

	json_array_foreach(json_object_get(job->table, "columns"), i, column)
	{
		const char *found = json_string_value(json_object_get(column, "column"));

		if (found && strcmp(found, name) == 0)
			return json_string_value(json_object_get(column, "type"));
	}
	return "";
}

/* A moment as the column stores it. */
static struct mr_value moment_value(const struct transform *job, int64_t us)
{
	struct mr_value value = {.type = MR_TIMESTAMP, .as.i = us};

	if (strcmp(type_of(job, job->range), "date") == 0) {
		value.type = MR_DATE;
		value.as.i = us / MOMENT_US_PER_DAY - (us % MOMENT_US_PER_DAY < 0);
	}
	return value;
}

static mr_status read_bound(struct transform *job, const char *name, int64_t interval_us,
                            struct mr_value *value)
{
	const json_t *given = json_object_get(job->window, name);
	const char *type = type_of(job, job->range), *text = json_string_value(given);
	int is_moment = strcmp(type, "date") == 0 || strcmp(type, "timestamp") == 0;
	int64_t us;

	if (!given || json_is_null(given)) {
		if (interval_us == MR_NO_TIME)
			return mr_fail(job->task, MR_FAIL,
			               "the run has no data interval: give 'from' and 'to' of the "
			               "window");
		*value = moment_value(job, interval_us);
	} else if (json_is_integer(given) && !is_moment) {
		*value = (struct mr_value){.type = MR_INT, .as.i = json_integer_value(given)};
	} else if (text && is_moment && moment_parse(text, &us)) {
		*value = moment_value(job, us);
	} else if (text && !is_moment) {
		*value = (struct mr_value){.type = MR_TEXT};
		value->as.s.p = text;
		value->as.s.n = strlen(text);
	} else {
		return mr_fail(job->task, MR_FAIL, "'%s' of the window does not fit column '%.60s'",
		               name, job->range);
	}
	return MR_OK;
}

static int is_empty(const struct transform *job)
{
	if (job->from.type != job->to.type)
		return 1;
	if (job->from.type == MR_TEXT)
		return strcmp(job->from.as.s.p, job->to.as.s.p) >= 0;
	return job->from.as.i >= job->to.as.i;
}

static mr_status read_window(struct transform *job)
{
	const struct mr_info *info = job->task->info;
	mr_status status;

	job->range = json_string_value(
		json_is_object(job->window) ? json_object_get(job->window, "column") : job->window);
	if (!job->range)
		return mr_fail(job->task, MR_FAIL,
		               "'window' must be a column, or an object of column, from and to");
	status = read_bound(job, "from", info->interval_start_us, &job->from);
	if (status == MR_OK)
		status = read_bound(job, "to", info->interval_end_us, &job->to);
	if (status == MR_OK && is_empty(job))
		return mr_fail(job->task, MR_FAIL, "the window is empty: 'from' is not below 'to'");
	return status;
}

/* -- statements -- */

static mr_status find_names(struct transform *job)
{
	const char *const *names;
	struct text sql;
	size_t count;
	mr_status status;

	if (text_open(&sql) < 0)
		return no_memory(job);
	fputs("SELECT * FROM ", sql.stream);
	add_source(sql.stream, job);
	fputs(" LIMIT 0", sql.stream);
	fclose(sql.stream);
	status = job->task->host->db_query(job->task, job->db, sql.text, NULL, 0, &names, &count);
	free(sql.text);
	if (status != MR_OK)
		return failed(job, status, "the query");
	if (count > COLUMNS_MOST)
		return mr_fail(job->task, MR_FAIL, "the query gives more than %d columns",
		               COLUMNS_MOST);
	job->names = calloc(count + 1, sizeof(*job->names));
	for (; job->names && job->count < count; job->count++) {
		job->names[job->count] = strdup(names[job->count]);
		if (!job->names[job->count])
			return no_memory(job);
	}
	return job->names ? MR_OK : no_memory(job);
}

static int has_name(const struct transform *job, const char *name)
{
	for (size_t i = 0; i < job->count; i++)
		if (strcmp(job->names[i], name) == 0)
			return 1;
	return 0;
}

static mr_status need_name(const struct transform *job, const char *name)
{
	if (has_name(job, name))
		return MR_OK;
	return mr_fail(job->task, MR_FAIL, "the query gives no column '%.60s'", name);
}

/* What the program keeps by itself in a table of the catalog, where the query does not give it. */
static const struct {
	const char *name, *value;
} kept[] = {{"created_at", "$3"}, {"updated_at", "$3"}, {"version", "1"}};

static void add_kept(const struct transform *job, FILE *sql, int values)
{
	for (size_t i = 0; job->table && i < MR_COUNT(kept); i++) {
		if (has_name(job, kept[i].name))
			continue;
		fputs(", ", sql);
		if (values)
			fputs(kept[i].value, sql);
		else
			add_name(sql, kept[i].name);
	}
}

static int needs_now(const struct transform *job)
{
	return job->table && (!has_name(job, "created_at") || !has_name(job, "updated_at"));
}

static void add_names(const struct transform *job, FILE *sql)
{
	for (size_t i = 0; i < job->count; i++) {
		if (i)
			fputs(", ", sql);
		add_name(sql, job->names[i]);
	}
}

static struct mr_value now_value(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (struct mr_value){.type = MR_TIMESTAMP,
	                         .as.i = (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000};
}

/* Inserts the rows of the query between two values of `column`: $1 and $2 are bound. */
static mr_status insert(struct transform *job, const char *column, const char *low,
                        const char *high, const struct mr_value bounds[2])
{
	struct mr_value values[] = {bounds[0], bounds[1], now_value()};
	struct text sql;
	mr_status status;

	if (text_open(&sql) < 0)
		return no_memory(job);
	fputs("INSERT INTO ", sql.stream);
	add_name(sql.stream, job->into);
	fputs(" (", sql.stream);
	add_names(job, sql.stream);
	add_kept(job, sql.stream, 0);
	fputs(") SELECT ", sql.stream);
	add_names(job, sql.stream);
	add_kept(job, sql.stream, 1);
	fputs(" FROM ", sql.stream);
	add_source(sql.stream, job);
	fputs(" WHERE source.", sql.stream);
	add_name(sql.stream, column);
	fprintf(sql.stream, " %s $1 AND source.", low);
	add_name(sql.stream, column);
	fprintf(sql.stream, " %s $2", high);
	fclose(sql.stream);
	status = job->task->host->db_exec(job->task, job->db, sql.text, values,
	                                  needs_now(job) ? 3 : 2, &job->inserted);
	free(sql.text);
	return status == MR_OK ? MR_OK : failed(job, status, "the rows cannot be inserted");
}

/* -- incremental -- */

static struct mr_value bound_of(const json_t *watermark)
{
	struct mr_value value = {.type = MR_INT, .as.i = json_integer_value(watermark)};

	if (json_is_real(watermark)) {
		value.type = MR_FLOAT;
		value.as.f = json_real_value(watermark);
	} else if (json_is_string(watermark)) {
		value.type = MR_TEXT;
		value.as.s.p = json_string_value(watermark);
		value.as.s.n = json_string_length(watermark);
	} else if (json_object_get(watermark, "us")) {
		value.type = MR_TIMESTAMP;
		value.as.i = json_integer_value(json_object_get(watermark, "us"));
	} else if (json_object_get(watermark, "days")) {
		value.type = MR_DATE;
		value.as.i = json_integer_value(json_object_get(watermark, "days"));
	}
	return value;
}

static json_t *json_of(const struct mr_value *value)
{
	if (value->is_null || value->type == MR_BYTES)
		return NULL;
	if (value->type == MR_FLOAT)
		return json_real(value->as.f);
	if (value->type == MR_INT || value->type == MR_BOOL)
		return json_integer(value->as.i);
	/* of a database that has types for them */
	if (value->type == MR_TIMESTAMP)
		return json_pack("{s:I}", "us", (json_int_t)value->as.i);
	if (value->type == MR_DATE)
		return json_pack("{s:I}", "days", (json_int_t)value->as.i);
	return json_stringn(value->as.s.p, value->as.s.n);
}

/* The highest watermark behind `low`, and how many rows have none. */
static mr_status ask_high(struct transform *job, const struct mr_value *low, json_t **high,
                          int64_t *without)
{
	const struct mr_host *host = job->task->host;
	const char *const *names;
	const struct mr_rows *rows = NULL;
	struct text sql;
	mr_status status;
	size_t count;

	if (text_open(&sql) < 0)
		return no_memory(job);
	fputs("SELECT max(source.", sql.stream);
	add_name(sql.stream, job->watermark);
	fputs("), count(*) - count(source.", sql.stream);
	add_name(sql.stream, job->watermark);
	fputs(") FROM ", sql.stream);
	add_source(sql.stream, job);
	if (low) {
		fputs(" WHERE source.", sql.stream);
		add_name(sql.stream, job->watermark);
		fputs(" > $1 OR source.", sql.stream);
		add_name(sql.stream, job->watermark);
		fputs(" IS NULL", sql.stream);
	}
	fclose(sql.stream);
	status = host->db_query(job->task, job->db, sql.text, low, low ? 1 : 0, &names, &count);
	if (status == MR_OK)
		status = host->db_next(job->task, job->db, &rows);
	free(sql.text);
	if (status != MR_OK)
		return failed(job, status, "the watermark");
	*high = json_of(&rows->values[0]);
	*without = rows->values[1].as.i;
	if (!*high && !rows->values[0].is_null)
		return mr_fail(job->task, MR_FAIL,
		               "'%.60s' cannot be a watermark: its values are "
		               "no numbers, texts or times",
		               job->watermark);
	return MR_OK;
}

static mr_status remember(struct transform *job, const char *name)
{
	char *json = json_dumps(job->high, JSON_COMPACT | JSON_ENCODE_ANY);
	mr_status status =
		json ? job->task->host->watermark_set(job->task, job->db, name, json) : MR_RETRY;

	free(json);
	return status;
}

/* Everything up to `high` that is behind the watermark of before. */
static mr_status take_new(struct transform *job, const char *name, json_t *high)
{
	struct mr_value bounds[2] = {{0}, bound_of(high)};
	mr_status status;

	if (job->high) {
		bounds[0] = bound_of(job->high);
		status = insert(job, job->watermark, ">", "<=", bounds);
	} else {
		/* `<=` twice: the first time there is no lower bound */
		bounds[0] = bounds[1];
		status = insert(job, job->watermark, "<=", "<=", bounds);
	}
	json_decref(job->high);
	job->high = high;
	return status == MR_OK ? remember(job, name) : status;
}

static mr_status run_incremental(struct transform *job)
{
	char name[NAME_BYTES * 2];
	struct mr_value low;
	const char *stored;
	json_t *high = NULL;
	int64_t without = 0;
	mr_status status;

	snprintf(name, sizeof(name), "%s.%s", job->into, job->watermark);
	status = job->task->host->watermark_get(job->task, name, &stored);
	if (status != MR_OK && status != MR_END)
		return status;
	if (status == MR_OK)
		job->high = json_loads(stored, JSON_DECODE_ANY, NULL);
	low = bound_of(job->high);
	status = ask_high(job, job->high ? &low : NULL, &high, &without);
	if (status == MR_OK && without) {
		json_decref(high);
		return mr_fail(job->task, MR_FAIL,
		               "%lld rows have no '%s': they would be left out for ever",
		               (long long)without, job->watermark);
	}
	return status == MR_OK && high ? take_new(job, name, high) : status;
}

/* -- rerun -- */

static mr_status empty_window(struct transform *job)
{
	const struct mr_value bounds[2] = {job->from, job->to};
	struct text sql;
	mr_status status;

	if (text_open(&sql) < 0)
		return no_memory(job);
	fputs("DELETE FROM ", sql.stream);
	add_name(sql.stream, job->into);
	fputs(" WHERE ", sql.stream);
	add_name(sql.stream, job->range);
	fputs(" >= $1 AND ", sql.stream);
	add_name(sql.stream, job->range);
	fputs(" < $2", sql.stream);
	fclose(sql.stream);
	status = job->task->host->db_exec(job->task, job->db, sql.text, bounds, 2, &job->deleted);
	free(sql.text);
	return status == MR_OK ? MR_OK : failed(job, status, "the window cannot be emptied");
}

static mr_status run_window(struct transform *job)
{
	const struct mr_value bounds[2] = {job->from, job->to};
	mr_status status = empty_window(job);

	return status == MR_OK ? insert(job, job->range, ">=", "<", bounds) : status;
}

/* -- all of it -- */

static mr_status put(const struct transform *job, const char *key, json_t *value)
{
	char *json = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
	mr_status status = json ? job->task->host->output(job->task, key, json) : MR_RETRY;

	free(json);
	json_decref(value);
	return status;
}

static mr_status put_outputs(const struct transform *job)
{
	mr_status status = put(job, "inserted", json_integer(job->inserted));

	mr_log(job->task, MR_INFO, "'%s': %lld rows deleted, %lld inserted", job->into,
	       (long long)job->deleted, (long long)job->inserted);
	if (status == MR_OK)
		status = put(job, "deleted", json_integer(job->deleted));
	if (status == MR_OK && job->watermark)
		status = put(job, "watermark", job->high ? json_incref(job->high) : json_null());
	return status;
}

static mr_status transact(struct transform *job)
{
	mr_status status = find_names(job);

	if (status == MR_OK)
		status = need_name(job, job->watermark ? job->watermark : job->range);
	if (status == MR_OK)
		status = job->watermark ? run_incremental(job) : run_window(job);
	if (status == MR_OK)
		status = put_outputs(job);
	return status == MR_OK ? job->task->host->db_commit(job->task, job->db) : status;
}

mr_status transform_run(struct mr_task *task)
{
	struct transform job = {.task = task};
	mr_status status = read_params(&job);

	if (status == MR_OK && job.window)
		status = read_window(&job);
	if (status == MR_OK)
		status = task->host->db_open(task, NULL, &job.db);
	if (status == MR_OK)
		status = transact(&job);
	task->host->db_close(task, job.db);
	for (size_t i = 0; i < job.count; i++)
		free(job.names[i]);
	free(job.names);
	json_decref(job.high);
	json_decref(job.table);
	json_decref(job.window);
	return status;
}

const struct mr_param transform_params[TRANSFORM_PARAMS] = {
	{"into", MR_TEXT, 1, NULL,
         "table the rows go into; of one in the catalog, created_at, "
         "updated_at and version are filled in"},
	{"sql", MR_TEXT, 1, NULL,
         "one query like 'SELECT id, department FROM department'; its columns are columns of the table"},
	{"mode", MR_TEXT, 0, "\"incremental\"",
         "incremental: the rows that are new since the run before; rerun: the rows of a window replace "
         "those that are stored"},
	{"watermark", MR_TEXT, 0, NULL,
         "of incremental: a column of the query that only grows; its highest value is remembered with "
         "the rows; or give 'window'"},
	{"window", MR_JSON, 0, NULL,
         "of rerun: a column of query and table, for the run's data interval, or an object of column, "
         "from and to; 'to' is outside"},
};

const struct mr_output transform_outputs[TRANSFORM_OUTPUTS] = {
	{"inserted", MR_INT, "rows that were inserted"},
	{"deleted", MR_INT, "of rerun: rows of the window that were there before"},
	{"watermark", MR_JSON,
         "of incremental: the highest value so far, null before the first row"},
};

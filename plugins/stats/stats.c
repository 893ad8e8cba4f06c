/* stats.c - what is in the columns of a CSV object or a table
 *
 * One pass over the source, then exact quartiles (spill.h). Memory does not grow with the rows.
 */
#include <csv.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "plugins/plugin.h"
#include "plugins/stats/column.h"

enum {
	READ_BYTES = 64 * 1024,
	RECORD_BYTES = 16 << 20,
	COLUMNS_MOST = 1000,
	OUTPUT_BYTES = 48 * 1024, /* of the output `columns` */
	PROGRESS_ROWS = 4096,
};

struct work {
	struct mr_task *task;
	struct column_shared shared;
	struct column *columns;
	size_t count;
	int64_t rows, uneven;
	/* of a file */
	int has_header;
	size_t field;     /* of the record that is read */
	mr_status status; /* why the rest is not looked at */
};

static mr_status add_column(struct work *work, const char *name, size_t size)
{
	if (work->count == COLUMNS_MOST)
		return mr_fail(work->task, MR_FAIL, "there are more than %d columns", COLUMNS_MOST);
	if (column_init(&work->columns[work->count], name, size, &work->shared) < 0)
		return mr_fail(work->task, MR_RETRY, "out of memory");
	work->count++;
	return MR_OK;
}

static mr_status spill_failed(struct work *work)
{
	return mr_fail(work->task, MR_RETRY, "could not keep values in a temporary file: %s",
	               strerrordesc_np(errno));
}

/* -- files -- */

static void take_field(void *text, size_t size, void *data)
{
	struct work *work = data;
	size_t i = work->field++;

	if (work->status != MR_OK)
		return;
	if (!work->has_header)
		work->status = add_column(work, text ? text : "", size);
	else if (i < work->count && !text)
		column_add_null(&work->columns[i]);
	else if (i < work->count && column_add_field(&work->columns[i], text, size) < 0)
		work->status = spill_failed(work);
}

static void end_record(int last, void *data)
{
	struct work *work = data;

	(void)last;
	if (work->has_header) {
		work->rows++;
		work->uneven += work->field != work->count;
		for (size_t i = work->field; i < work->count; i++)
			column_add_null(&work->columns[i]);
		if (work->rows % PROGRESS_ROWS == 0)
			work->task->host->progress(work->task, work->rows, 0, "rows", NULL);
	}
	work->has_header = 1;
	work->field = 0;
}

static int is_never_blank(unsigned char byte)
{
	(void)byte;
	return 0;
}

/* What cannot be read as CSV; NULL when nothing speaks against it. `*skip`: a byte order mark. */
static const char *look(const char *bytes, size_t size, size_t *skip)
{
	static const struct {
		const char *begin;
		size_t size;
		const char *what;
	} known[] = {
		{"\x1f\x8b", 2, "gzip"},
		{"\x28\xb5\x2f\xfd", 4, "zstd"},
		{"BZh", 3, "bzip2"},
		{"\xfd"
	         "7zXZ",
	         5, "xz"},
		{"\xff\xfe", 2, "UTF-16"},
		{"\xfe\xff", 2, "UTF-16"},
	};

	for (size_t i = 0; i < MR_COUNT(known); i++)
		if (size >= known[i].size && memcmp(bytes, known[i].begin, known[i].size) == 0)
			return known[i].what;
	*skip = size >= 3 && memcmp(bytes, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
	return NULL;
}

static mr_status parse(struct work *work, struct csv_parser *parser, const char *bytes, size_t size)
{
	if (csv_parse(parser, bytes, size, take_field, end_record, work) != size)
		return mr_fail(work->task, MR_FAIL, "row %lld cannot be read: %s",
		               (long long)work->rows + 1, csv_strerror(csv_error(parser)));
	if (csv_get_buffer_size(parser) > RECORD_BYTES)
		return mr_fail(work->task, MR_FAIL, "row %lld is over %d bytes",
		               (long long)work->rows + 1, RECORD_BYTES);
	return work->status;
}

static mr_status read_all(struct work *work, struct mr_object *object, struct csv_parser *parser,
                          char *bytes)
{
	const struct mr_host *host = work->task->host;
	int is_first = 1;
	mr_status status;
	size_t got;

	while ((status = host->object_read(work->task, object, bytes, READ_BYTES, &got)) == MR_OK) {
		size_t skip = 0;
		const char *what = is_first ? look(bytes, got, &skip) : NULL;

		if (what)
			return mr_fail(work->task, MR_FAIL, "the object is %s, not plain CSV",
			               what);
		is_first = 0;
		status = parse(work, parser, bytes + skip, got - skip);
		if (status != MR_OK)
			return status;
	}
	if (status != MR_END)
		return status;
	if (csv_fini(parser, take_field, end_record, work) < 0)
		return mr_fail(work->task, MR_FAIL, "row %lld cannot be read: %s",
		               (long long)work->rows + 1, csv_strerror(csv_error(parser)));
	return work->status;
}

static mr_status read_object(struct work *work, const char *uri)
{
	const struct mr_host *host = work->task->host;
	struct mr_object *object;
	struct csv_parser parser;
	mr_status status = host->object_open(work->task, uri, MR_READ, &object);
	char *bytes;

	if (status != MR_OK)
		return status;
	if (csv_init(&parser, CSV_STRICT | CSV_STRICT_FINI | CSV_EMPTY_IS_NULL) < 0)
		return mr_fail(work->task, MR_RETRY, "out of memory");
	csv_set_space_func(&parser, is_never_blank);
	/* 128 bytes at a time, as it would, is a copy of a long record each time */
	csv_set_blk_size(&parser, READ_BYTES);
	bytes = malloc(READ_BYTES);
	status = bytes ? read_all(work, object, &parser, bytes)
	               : mr_fail(work->task, MR_RETRY, "out of memory");
	free(bytes);
	csv_free(&parser);
	host->object_close(work->task, object);
	return status;
}

/* -- tables -- */

static mr_status add_value(struct work *work, struct column *column, const struct mr_value *value)
{
	static const int64_t us_per_day = INT64_C(86400) * 1000000;
	double number = 0;
	int failed = 0;

	if (value->is_null) {
		column_add_null(column);
		return MR_OK;
	}
	switch (value->type) {
	case MR_INT:
	case MR_BOOL:
		failed = column_add_number(column, (double)value->as.i);
		break;
	case MR_FLOAT:
		failed = column_add_number(column, value->as.f);
		break;
	case MR_DECIMAL:
		column_parse_number(value->as.s.p, value->as.s.n, &number);
		failed = column_add_number(column, number);
		break;
	case MR_DATE:
		failed = column_add_moment(column, value->as.i * us_per_day);
		break;
	case MR_TIMESTAMP:
		failed = column_add_moment(column, value->as.i);
		break;
	default:
		column_add_text(column, value->as.s.p, value->as.s.n);
	}
	return failed ? spill_failed(work) : MR_OK;
}

static mr_status take_rows(struct work *work, const struct mr_rows *rows)
{
	size_t count = rows->count * rows->columns;
	mr_status status = MR_OK;

	for (size_t i = 0; status == MR_OK && i < count; i++)
		status = add_value(work, &work->columns[i % rows->columns], &rows->values[i]);
	work->rows += (int64_t)rows->count;
	work->task->host->progress(work->task, work->rows, 0, "rows", NULL);
	return status;
}

static mr_status scan(struct work *work, const char *table, const char *words)
{
	const struct mr_host *host = work->task->host;
	struct mr_scan_options options = {.size = sizeof(options), .words = words};
	const struct mr_rows *rows;
	struct mr_scan *made;
	mr_status status = host->scan_open(work->task, &table, 1, &options, &made);

	if (status != MR_OK)
		return status;
	while ((status = host->scan_next(work->task, made, &rows)) == MR_OK) {
		status = take_rows(work, rows);
		if (status != MR_OK)
			break;
	}
	host->scan_close(work->task, made);
	return status == MR_END ? MR_OK : status;
}

/* The id and the declared columns of a table, as options of a scan. */
static mr_status choose_columns(struct work *work, const json_t *table, json_t *options)
{
	json_t *names = json_array();
	mr_status status = MR_OK;
	json_t *column;
	size_t i;

	json_object_set_new(options, "columns", names);
	json_array_foreach(json_object_get(table, "columns"), i, column)
	{
		const char *name = json_string_value(json_object_get(column, "column"));

		if (json_is_true(json_object_get(column, "implicit")) && strcmp(name, "id") != 0)
			continue;
		json_array_append_new(names, json_string(name));
		if (status == MR_OK)
			status = add_column(work, name, strlen(name));
	}
	return status;
}

static mr_status read_table(struct work *work, const char *name)
{
	json_t *table, *options = json_object();
	const char *text;
	char *words;
	mr_status status = work->task->host->table_describe(work->task, name, &text);

	if (status != MR_OK) {
		json_decref(options);
		return status;
	}
	table = json_loads(text, 0, NULL);
	status = choose_columns(work, table, options);
	words = json_dumps(options, JSON_COMPACT);
	if (status == MR_OK)
		status = scan(work, name, words);
	free(words);
	json_decref(options);
	json_decref(table);
	return status;
}

/* -- what comes out -- */

static mr_status put(struct work *work, const char *key, const json_t *value)
{
	char *json = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
	mr_status status = json ? work->task->host->output(work->task, key, json)
	                        : mr_fail(work->task, MR_RETRY, "out of memory");

	free(json);
	return status;
}

static mr_status summarize(struct work *work, json_t *list)
{
	for (size_t i = 0; i < work->count; i++) {
		json_t *summary;

		if (work->task->host->is_cancelled(work->task))
			return MR_CANCELLED;
		summary = column_summary(&work->columns[i]);
		if (!summary)
			return spill_failed(work);
		if (!json_object_get(summary, "column")) {
			json_decref(summary);
			return mr_fail(work->task, MR_FAIL, "the name of column %zu is not UTF-8",
			               i + 1);
		}
		json_array_append_new(list, summary);
	}
	return MR_OK;
}

static mr_status write_object(struct work *work, const char *to, const char *text)
{
	const struct mr_host *host = work->task->host;
	struct mr_object_stat stat = {.size = sizeof(stat)};
	struct mr_object *object;
	mr_status status = host->object_open(work->task, to, MR_WRITE, &object);
	json_t *uri;

	if (status != MR_OK)
		return status;
	status = host->object_write(work->task, object, text, strlen(text));
	if (status == MR_OK)
		status = host->object_commit(work->task, object, &stat);
	host->object_close(work->task, object);
	if (status != MR_OK)
		return status;
	uri = json_string(stat.uri);
	status = put(work, "uri", uri);
	json_decref(uri);
	return status;
}

/* The list is an output where it is small enough; with `to` it need not be. */
static mr_status put_columns(struct work *work, const json_t *list, const char *to)
{
	char *text = json_dumps(list, JSON_COMPACT);
	int fits = text && strlen(text) <= OUTPUT_BYTES;

	free(text);
	if (fits)
		return put(work, "columns", list);
	if (to)
		return MR_OK;
	return mr_fail(work->task, MR_FAIL,
	               "the summary of %zu columns is over %d bytes: give 'to'", work->count,
	               OUTPUT_BYTES);
}

static mr_status put_summary(struct work *work, json_t *list)
{
	json_t *summary;
	const char *to = NULL;
	mr_status status = put_columns(
		work, list,
		work->task->host->param_text(work->task, "to", &to) == MR_OK ? to : NULL);

	if (status != MR_OK)
		return status;
	summary = json_pack("{s:I, s:I, s:O}", "rows", (json_int_t)work->rows, "uneven_rows",
	                    (json_int_t)work->uneven, "columns", list);
	status = put(work, "rows", json_object_get(summary, "rows"));
	if (status == MR_OK)
		status = put(work, "uneven_rows", json_object_get(summary, "uneven_rows"));
	if (status == MR_OK && to) {
		char *text = json_dumps(summary, JSON_INDENT(2));

		status = text ? write_object(work, to, text)
		              : mr_fail(work->task, MR_RETRY, "out of memory");
		free(text);
	}
	json_decref(summary);
	return status;
}

static mr_status read_source(struct work *work)
{
	const struct mr_host *host = work->task->host;
	const char *from = NULL, *table = NULL;

	host->param_text(work->task, "from", &from);
	host->param_text(work->task, "table", &table);
	if (!from == !table)
		return mr_fail(work->task, MR_FAIL, "give one of 'from' and 'table'");
	return from ? read_object(work, from) : read_table(work, table);
}

static mr_status summary(struct work *work)
{
	json_t *list = json_array();
	mr_status status = read_source(work);

	if (status == MR_OK)
		status = summarize(work, list);
	if (status == MR_OK)
		status = put_summary(work, list);
	json_decref(list);
	return status;
}

static mr_status run(struct mr_task *task)
{
	struct work work = {.task = task};
	const char *folder;
	mr_status status = task->host->temp_dir(task, &folder);

	if (status != MR_OK)
		return status;
	work.columns = calloc(COLUMNS_MOST, sizeof(*work.columns));
	if (column_shared_init(&work.shared, folder) < 0 || !work.columns)
		status = mr_fail(task, MR_RETRY, "out of memory");
	else
		status = summary(&work);
	for (size_t i = 0; i < work.count; i++)
		column_release(&work.columns[i]);
	free(work.columns);
	column_shared_release(&work.shared);
	return status;
}

static const struct mr_param params[] = {
	{"from", MR_TEXT, 0, NULL, "URI of a CSV object with a header line; or give 'table'"},
	{"table", MR_TEXT, 0, NULL, "table of the catalog; soft-deleted rows are left out"},
	{"to", MR_TEXT, 0, NULL, "URI of an object for the summary as JSON"},
};

static const struct mr_output outputs[] = {
	{"rows", MR_INT, "rows that were read"},
	{"uneven_rows", MR_INT,
         "of a file: rows with more or fewer fields than the header; missing ones count as NULL"},
	{"columns", MR_JSON,
         "list, by column: column, type, count, nulls; of numbers, dates and timestamps min, q1, median, "
         "q3, max, mean and std; of text the means of length, words, capitals and symbols; left out when "
         "over 48 KiB and 'to' is given"},
	{"uri", MR_TEXT, "where the summary was written"},
};

static const struct mr_op ops[] = {
	{
		.name = "summary",
		.help = "describes the columns of a CSV object or a table: counts, mean, std, exact "
			"quartiles, lengths",
		.params = params,
		.param_count = MR_COUNT(params),
		.outputs = outputs,
		.output_count = MR_COUNT(outputs),
		.flags = MR_OP_WARM,
		.run = run,
	},
};

static const struct mr_plugin plugin = {
	.abi = MR_ABI,
	.name = "stats",
	.version = "1.0",
	.help = "statistics of files and tables",
	.ops = ops,
	.op_count = MR_COUNT(ops),
};

const struct mr_plugin *mr_plugin_entry(void)
{
	return &plugin;
}

/* csv.c - CSV objects into tables and back
 *
 * The host parses and writes; this plugin says what and how.
 */
#include <jansson.h>
#include <stdlib.h>

#include "plugins/plugin.h"

/* The parameters of this list that were given, as one JSON object; free(3) it. */
static char *words(struct mr_task *task, const char *const *names, size_t count)
{
	json_t *object = json_object();
	char *text;

	for (size_t i = 0; i < count; i++) {
		const char *json;

		if (task->host->param_json(task, names[i], &json) == MR_OK)
			json_object_set_new(object, names[i],
			                    json_loads(json, JSON_DECODE_ANY, NULL));
	}
	text = json_dumps(object, JSON_COMPACT);
	json_decref(object);
	return text;
}

static mr_status put(struct mr_task *task, const char *key, const json_t *value)
{
	char *json = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
	mr_status status = task->host->output(task, key, json);

	free(json);
	return status;
}

static const struct mr_output load_outputs[] = {
	{"load_id", MR_TEXT, "names this load for ever"},
	{"table", MR_TEXT, "the table that was loaded"},
	{"received", MR_INT, "rows in the input: the sum of the next four"},
	{"inserted", MR_INT, "rows that are new"},
	{"updated", MR_INT, "rows that replaced stored ones"},
	{"skipped", MR_INT, "rows whose key was stored already"},
	{"rejected", MR_INT, "rows that were bad"},
	{"reasons", MR_JSON, "rejected rows by code"},
	{"rejects", MR_TEXT, "URI of the list of bad rows, null when there are none"},
	{"committed", MR_BOOL, "whether the whole load is stored"},
	{"chunks", MR_INT, "commits it took"},
	{"strategy", MR_TEXT, "the way it was stored"},
	{"strategy_reason", MR_TEXT, "why that way"},
	{"bytes", MR_INT, "size of the input as it is stored"},
	{"seconds", MR_FLOAT, "how long it took"},
	{"rows_per_s", MR_FLOAT, "received rows by seconds"},
};

static mr_status put_result(struct mr_task *task, struct mr_load *load)
{
	mr_status status = MR_OK;
	const char *text;
	json_t *result;

	if (task->host->load_result(task, load, &text) != MR_OK)
		return MR_FAIL;
	result = json_loads(text, 0, NULL);
	for (size_t i = 0; status == MR_OK && i < MR_COUNT(load_outputs); i++) {
		const json_t *value = json_object_get(result, load_outputs[i].name);

		if (value)
			status = put(task, load_outputs[i].name, value);
	}
	json_decref(result);
	return status;
}

static const char *const load_words[] = {
	"on_error",   "max_rejects", "on_conflict", "conflict_key", "rejects",
	"chunk_rows", "exclusive",   "dry_run",     "truncate",
};

static const char *const file_words[] = {
	"columns", "header", "map", "delimiter", "quote", "null",
};

static mr_status load_and_commit(struct mr_task *task, struct mr_load *load)
{
	char *format = words(task, file_words, MR_COUNT(file_words));
	struct mr_file_options options = {.size = sizeof(options), .words = format};
	struct mr_counts counts;
	const char *from = NULL;
	mr_status status;

	task->host->param_text(task, "from", &from);
	status = task->host->load_file(task, load, from, &options);
	free(format);
	if (status == MR_OK)
		status = task->host->load_commit(task, load, &counts);
	if (status != MR_OK)
		return status;
	mr_log(task, counts.rejected ? MR_WARN : MR_INFO,
	       "'%s': %lld rows received, %lld inserted, %lld updated, %lld skipped, %lld rejected",
	       from, (long long)counts.received, (long long)counts.inserted,
	       (long long)counts.updated, (long long)counts.skipped, (long long)counts.rejected);
	return put_result(task, load);
}

static mr_status run_load(struct mr_task *task)
{
	char *option_words = words(task, load_words, MR_COUNT(load_words));
	struct mr_load_options options = {.size = sizeof(options), .words = option_words};
	const char *table = NULL;
	struct mr_load *load;
	mr_status status;

	task->host->param_text(task, "table", &table);
	status = task->host->load_open(task, table, &options, &load);
	free(option_words);
	if (status != MR_OK)
		return status;
	status = load_and_commit(task, load);
	task->host->load_close(task, load);
	return status;
}

static mr_status put_dump(struct mr_task *task, const struct mr_dump_result *result)
{
	json_t *outputs = json_pack("{s:s, s:I, s:I}", "uri", result->uri, "rows",
	                            (json_int_t)result->rows, "bytes", (json_int_t)result->bytes);
	mr_status status = MR_OK;
	const char *key;
	json_t *value;

	json_object_foreach(outputs, key, value) if (status == MR_OK) status =
		put(task, key, value);
	json_decref(outputs);
	return status;
}

static mr_status run_dump(struct mr_task *task)
{
	const struct mr_host *host = task->host;
	struct mr_dump_options options = {.size = sizeof(options)};
	struct mr_dump_result result = {.size = sizeof(result)};
	const char *to = NULL;
	mr_status status;

	host->param_text(task, "to", &to);
	host->param_text(task, "table", &options.table);
	host->param_text(task, "query", &options.query);
	host->param_json(task, "params", &options.params);
	if (!options.table == !options.query)
		return mr_fail(task, MR_FAIL, "give one of 'table' and 'query'");
	status = host->dump_file(task, to, &options, &result);
	if (status != MR_OK)
		return status;
	mr_log(task, MR_INFO, "%lld rows in '%s'", (long long)result.rows, result.uri);
	return put_dump(task, &result);
}

static const struct mr_param load_params[] = {
	{"from", MR_TEXT, 1, NULL,
         "URI of the CSV object; gzip, zstd, bzip2 and xz are recognised by content"},
	{"table", MR_TEXT, 1, NULL, "table of the catalog to load into"},
	{"columns", MR_JSON, 0, NULL,
         "list: names by position, for input without a header; '-' skips a field"},
	{"header", MR_BOOL, 0, NULL,
         "whether the first line names the columns; true, but false when 'columns' is given"},
	{"map", MR_JSON, 0, NULL, "object: names in the file to columns, where they differ"},
	{"delimiter", MR_TEXT, 0, "\",\"", "between fields; '\\t' is tab"},
	{"quote", MR_TEXT, 0, "\"\\\"\"", "around fields"},
	{"null", MR_TEXT, 0, "\"\"", "text that means NULL when unquoted"},
	{"on_error", MR_TEXT, 0, "\"reject\"",
         "reject: good rows load, bad ones are listed; stop: any bad row stops the load and nothing "
         "stays"},
	{"max_rejects", MR_INT, 0, NULL, "more bad rows than this stop the load and nothing stays"},
	{"on_conflict", MR_TEXT, 0, "\"error\"",
         "of a key that is stored already: error (the row is rejected), skip or update"},
	{"conflict_key", MR_JSON, 0, NULL,
         "'id' or the columns of a unique key; 'id' when the input has it, else the first key"},
	{"rejects", MR_TEXT, 0, NULL,
         "URI for the list of bad rows; objects://rejects/<load_id>.csv"},
	{"chunk_rows", MR_JSON, 0, NULL,
         "commit every so many rows, or 'auto'; without it a load is one transaction"},
	{"exclusive", MR_BOOL, 0, "false",
         "whether the table and its parents may be locked where that is faster"},
	{"dry_run", MR_BOOL, 0, "false", "check everything, store nothing"},
	{"truncate", MR_BOOL, 0, "false",
         "delete all rows of the table first, in the same transaction"},
};

static const struct mr_param dump_params[] = {
	{"table", MR_TEXT, 0, NULL, "table of the catalog to write; or give 'query'"},
	{"query", MR_TEXT, 0, NULL, "one SELECT"},
	{"params", MR_JSON, 0, NULL, "list: values of the query's $1, $2, …"},
	{"to", MR_TEXT, 1, NULL, "URI of the CSV object to write"},
};

static const struct mr_output dump_outputs[] = {
	{"uri", MR_TEXT, "where it was written"},
	{"rows", MR_INT, "rows, without the header line"},
	{"bytes", MR_INT, "size of the object"},
};

static const struct mr_op ops[] = {
	{
		.name = "load",
		.help = "loads a CSV object into a table, bad rows listed one by one",
		.params = load_params,
		.param_count = MR_COUNT(load_params),
		.outputs = load_outputs,
		.output_count = MR_COUNT(load_outputs),
		.flags = MR_OP_WARM,
		.run = run_load,
	},
	{
		.name = "dump",
		.help = "writes a table or the rows of a query as a CSV object",
		.params = dump_params,
		.param_count = MR_COUNT(dump_params),
		.outputs = dump_outputs,
		.output_count = MR_COUNT(dump_outputs),
		.flags = MR_OP_WARM,
		.run = run_dump,
	},
};

static const struct mr_plugin plugin = {
	.abi = MR_ABI,
	.name = "csv",
	.version = "1.0",
	.help = "CSV objects into tables and back",
	.ops = ops,
	.op_count = MR_COUNT(ops),
};

const struct mr_plugin *mr_plugin_entry(void)
{
	return &plugin;
}

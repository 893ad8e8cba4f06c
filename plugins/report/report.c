/* report.c - reports of the catalog as CSV objects */
#include "plugins/plugin.h"

static mr_status put_text(struct mr_task *task, const char *key, const char *text)
{
	char json[8 * 1024];
	size_t at = 0;

	/* a URI has neither control characters nor anything else that JSON wants escaped but these */
	json[at++] = '"';
	for (; *text && at < sizeof(json) - 3; text++) {
		if (*text == '"' || *text == '\\')
			json[at++] = '\\';
		json[at++] = *text;
	}
	json[at++] = '"';
	json[at] = '\0';
	return task->host->output(task, key, json);
}

static mr_status put_int(struct mr_task *task, const char *key, int64_t value)
{
	char json[32];

	snprintf(json, sizeof(json), "%lld", (long long)value);
	return task->host->output(task, key, json);
}

static mr_status render(struct mr_task *task)
{
	const struct mr_host *host = task->host;
	struct mr_dump_options options = {.size = sizeof(options)};
	struct mr_dump_result result = {.size = sizeof(result)};
	const char *to = NULL;
	mr_status status;

	host->param_text(task, "report", &options.report);
	host->param_text(task, "to", &to);
	host->param_json(task, "params", &options.params);
	status = host->dump_file(task, to, &options, &result);
	if (status != MR_OK)
		return status;
	mr_log(task, MR_INFO, "report '%s': %lld rows in '%s'", options.report,
	       (long long)result.rows, result.uri);
	status = put_text(task, "uri", result.uri);
	if (status == MR_OK)
		status = put_int(task, "rows", result.rows);
	if (status == MR_OK)
		status = put_int(task, "bytes", result.bytes);
	return status;
}

static const struct mr_param params[] = {
	{"report", MR_TEXT, 1, NULL, "name of a report in the catalog"},
	{"params", MR_JSON, 0, NULL, "object: values of the report's parameters"},
	{"to", MR_TEXT, 1, NULL, "URI of the CSV object to write"},
};

static const struct mr_output outputs[] = {
	{"uri", MR_TEXT, "where it was written"},
	{"rows", MR_INT, "rows of the report, without the header line"},
	{"bytes", MR_INT, "size of the object"},
};

static const struct mr_op ops[] = {
	{
		.name = "render",
		.help = "writes a report of the catalog as a CSV object",
		.params = params,
		.param_count = MR_COUNT(params),
		.outputs = outputs,
		.output_count = MR_COUNT(outputs),
		.flags = MR_OP_WARM,
		.run = render,
	},
};

static const struct mr_plugin plugin = {
	.abi = MR_ABI,
	.name = "report",
	.version = "1.0",
	.help = "reports of the catalog as CSV objects",
	.ops = ops,
	.op_count = MR_COUNT(ops),
};

const struct mr_plugin *mr_plugin_entry(void)
{
	return &plugin;
}

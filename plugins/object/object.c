/* object.c - moves objects between stores, files and texts */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "plugins/plugin.h"

enum {
	TEXT_BYTES = 32 * 1024, /* of object.get's output */
	LEAST_POLL_S = 1,       /* of object.wait */
};

static mr_status put(struct mr_task *task, const char *key, json_t *value)
{
	char *json = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
	mr_status status;

	json_decref(value);
	if (!json)
		return mr_fail(task, MR_FAIL, "output '%s' is not UTF-8", key);
	status = task->host->output(task, key, json);
	free(json);
	return status;
}

static mr_status put_stat(struct mr_task *task, const struct mr_object_stat *stat)
{
	mr_status status = put(task, "uri", json_string(stat->uri));

	if (status == MR_OK)
		status = put(task, "bytes", json_integer(stat->bytes));
	if (status == MR_OK)
		status = put(task, "etag", json_string(stat->etag));
	return status;
}

static int is_file(const char *uri)
{
	return strncmp(uri, "file://", 7) == 0;
}

static mr_status copy(struct mr_task *task, const char *from, const char *to)
{
	struct mr_object_stat stat = {.size = sizeof(stat)};
	mr_status status = task->host->object_copy(task, from, to, &stat);

	return status == MR_OK ? put_stat(task, &stat) : status;
}

static mr_status run_copy(struct mr_task *task)
{
	const char *from = NULL, *to = NULL;

	task->host->param_text(task, "from", &from);
	task->host->param_text(task, "to", &to);
	return copy(task, from, to);
}

static mr_status write_text(struct mr_task *task, const char *to, const char *text)
{
	struct mr_object_stat stat = {.size = sizeof(stat)};
	struct mr_object *object;
	mr_status status = task->host->object_open(task, to, MR_WRITE, &object);

	if (status != MR_OK)
		return status;
	status = task->host->object_write(task, object, text, strlen(text));
	if (status == MR_OK)
		status = task->host->object_commit(task, object, &stat);
	task->host->object_close(task, object);
	return status == MR_OK ? put_stat(task, &stat) : status;
}

static mr_status run_put(struct mr_task *task)
{
	const char *to = NULL, *text = NULL, *file = NULL;

	task->host->param_text(task, "to", &to);
	task->host->param_text(task, "text", &text);
	task->host->param_text(task, "file", &file);
	if (!text == !file)
		return mr_fail(task, MR_FAIL, "give one of 'text' and 'file'");
	if (file && !is_file(file))
		return mr_fail(task, MR_FAIL,
		               "'file' must be a file:// URI; object.copy copies objects");
	return text ? write_text(task, to, text) : copy(task, file, to);
}

static mr_status read_text(struct mr_task *task, struct mr_object *object, const char *uri,
                           char *text, size_t *size)
{
	mr_status status;
	size_t got;

	for (;;) {
		status = task->host->object_read(task, object, text + *size, TEXT_BYTES + 1 - *size,
		                                 &got);
		if (status != MR_OK)
			return status == MR_END ? MR_OK : status;
		*size += got;
		if (*size > TEXT_BYTES)
			return mr_fail(task, MR_FAIL,
			               "'%s' is over %d bytes: give 'to', a file:// URI", uri,
			               TEXT_BYTES);
	}
}

static mr_status get_text(struct mr_task *task, const char *from)
{
	struct mr_object_stat stat = {.size = sizeof(stat)};
	struct mr_object *object;
	char *text;
	size_t size = 0;
	mr_status status = task->host->object_open(task, from, MR_READ, &object);

	if (status != MR_OK)
		return status;
	text = malloc(TEXT_BYTES + 1);
	status = text ? read_text(task, object, from, text, &size)
	              : mr_fail(task, MR_RETRY, "out of memory");
	task->host->object_close(task, object);
	if (status == MR_OK) {
		json_t *value = json_stringn(text, size);

		status = value ? put(task, "text", value)
		               : mr_fail(task, MR_FAIL, "'%s' is not UTF-8", from);
	}
	free(text);
	if (status == MR_OK)
		status = task->host->object_stat(task, from, &stat);
	return status == MR_OK ? put_stat(task, &stat) : status;
}

static mr_status run_get(struct mr_task *task)
{
	const char *from = NULL, *to = NULL;

	task->host->param_text(task, "from", &from);
	if (task->host->param_text(task, "to", &to) != MR_OK)
		return get_text(task, from);
	if (!is_file(to))
		return mr_fail(task, MR_FAIL,
		               "'to' must be a file:// URI; object.copy copies objects");
	return copy(task, from, to);
}

static mr_status run_delete(struct mr_task *task)
{
	struct mr_object_stat stat = {.size = sizeof(stat)};
	const char *uri = NULL;
	mr_status found, status;

	task->host->param_text(task, "uri", &uri);
	found = task->host->object_stat(task, uri, &stat);
	if (found != MR_OK && found != MR_END)
		return found;
	status = task->host->object_delete(task, uri);
	if (status != MR_OK && status != MR_END)
		return status;
	status = put(task, "deleted", json_boolean(status == MR_OK));
	if (found == MR_OK && status == MR_OK)
		return put_stat(task, &stat);
	return status == MR_OK ? put(task, "uri", json_string(uri)) : status;
}

static mr_status run_wait(struct mr_task *task)
{
	struct mr_object_stat stat = {.size = sizeof(stat)};
	const char *uri = NULL, *poll = NULL;
	double seconds;
	mr_status status;

	task->host->param_text(task, "uri", &uri);
	task->host->param_text(task, "poll", &poll);
	if (mr_duration(poll, &seconds) != MR_OK || seconds < LEAST_POLL_S)
		return mr_fail(task, MR_FAIL,
		               "'poll' must be a duration of at least %d s, such as 30s",
		               LEAST_POLL_S);
	status = task->host->object_stat(task, uri, &stat);
	if (status == MR_OK)
		return put_stat(task, &stat);
	if (status != MR_END)
		return status;
	task->host->again_after(task, seconds);
	return mr_fail(task, MR_AGAIN, "waits for '%s'", uri);
}

static const struct mr_output stat_outputs[] = {
	{"uri", MR_TEXT, "the object that was written"},
	{"bytes", MR_INT, "its size"},
	{"etag", MR_TEXT, "changes with each write of the object"},
};

static const struct mr_output get_outputs[] = {
	{"uri", MR_TEXT, "the object that was read, or the file that was written"},
	{"bytes", MR_INT, "its size"},
	{"etag", MR_TEXT, "changes with each write of the object"},
	{"text", MR_TEXT, "what is in it, when 'to' is not given"},
};

static const struct mr_output wait_outputs[] = {
	{"uri", MR_TEXT, "the object that is there now"},
	{"bytes", MR_INT, "its size"},
	{"etag", MR_TEXT, "changes with each write of the object"},
};

static const struct mr_output delete_outputs[] = {
	{"uri", MR_TEXT, "the object"},
	{"bytes", MR_INT, "its size"},
	{"etag", MR_TEXT, "of what was deleted"},
	{"deleted", MR_BOOL, "false when there was no such object"},
};

static const struct mr_param put_params[] = {
	{"to", MR_TEXT, 1, NULL, "URI of the object to write"},
	{"text", MR_TEXT, 0, NULL, "what to write; or give 'file'"},
	{"file", MR_TEXT, 0, NULL, "file:// URI of what to write"},
};

static const struct mr_param get_params[] = {
	{"from", MR_TEXT, 1, NULL, "URI of the object to read"},
	{"to", MR_TEXT, 0, NULL,
         "file:// URI to write; without it the output 'text' has the object, at most 32 KiB"},
};

static const struct mr_param copy_params[] = {
	{"from", MR_TEXT, 1, NULL, "URI of the object to read"},
	{"to", MR_TEXT, 1, NULL, "URI of the object to write"},
};

static const struct mr_param delete_params[] = {
	{"uri", MR_TEXT, 1, NULL, "URI of the object; absent is fine"},
};

static const struct mr_param wait_params[] = {
	{"uri", MR_TEXT, 1, NULL, "URI of the object to wait for"},
	{"poll", MR_TEXT, 0, "\"30s\"", "how often to look, at least 1s"},
};

static const struct mr_op ops[] = {
	{
		.name = "put",
		.help = "writes a text or a local file to an object",
		.params = put_params,
		.param_count = MR_COUNT(put_params),
		.outputs = stat_outputs,
		.output_count = MR_COUNT(stat_outputs),
		.flags = MR_OP_WARM,
		.run = run_put,
	},
	{
		.name = "get",
		.help = "reads an object into a local file or an output",
		.params = get_params,
		.param_count = MR_COUNT(get_params),
		.outputs = get_outputs,
		.output_count = MR_COUNT(get_outputs),
		.flags = MR_OP_WARM,
		.run = run_get,
	},
	{
		.name = "copy",
		.help = "copies an object, also from one store to another",
		.params = copy_params,
		.param_count = MR_COUNT(copy_params),
		.outputs = stat_outputs,
		.output_count = MR_COUNT(stat_outputs),
		.flags = MR_OP_WARM,
		.run = run_copy,
	},
	{
		.name = "delete",
		.help = "deletes an object",
		.params = delete_params,
		.param_count = MR_COUNT(delete_params),
		.outputs = delete_outputs,
		.output_count = MR_COUNT(delete_outputs),
		.flags = MR_OP_WARM,
		.run = run_delete,
	},
	{
		.name = "wait",
		.help = "waits until an object exists; holds no runner meanwhile",
		.params = wait_params,
		.param_count = MR_COUNT(wait_params),
		.outputs = wait_outputs,
		.output_count = MR_COUNT(wait_outputs),
		.flags = MR_OP_WARM,
		.run = run_wait,
	},
};

static const struct mr_plugin plugin = {
	.abi = MR_ABI,
	.name = "object",
	.version = "1.0",
	.help = "moves objects between stores, files and texts",
	.ops = ops,
	.op_count = MR_COUNT(ops),
};

const struct mr_plugin *mr_plugin_entry(void)
{
	return &plugin;
}

/* good.c - operators that show what the host does for a task */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "plugins/plugin.h"

static mr_status noop(struct mr_task *task)
{
	(void)task;
	return MR_OK;
}

/* Its parameters as the host gives them, in the log and as outputs. */
static mr_status echo(struct mr_task *task)
{
	const struct mr_host *host = task->host;
	const char *text = "(none)", *json = "null";
	int64_t integer = -1;
	double real = -1;
	int32_t boolean = -1;

	host->param_text(task, "text", &text);
	host->param_int(task, "integer", &integer);
	host->param_float(task, "real", &real);
	host->param_bool(task, "boolean", &boolean);
	host->param_json(task, "columns", &json);
	mr_log(task, MR_INFO, "text=%s integer=%lld real=%g boolean=%d columns=%s", text,
	       (long long)integer, real, boolean, json);
	mr_log(task, MR_WARN, "dag=%s run=%s task=%s map=%lld attempt=%lld", task->info->dag,
	       task->info->run_id, task->info->task, (long long)task->info->map_index,
	       (long long)task->info->attempt);
	return host->output(task, "json", json);
}

/* Counts its calls by what the one before left. */
static mr_status again(struct mr_task *task)
{
	const char *resume = task->host->resume_text(task);
	char json[32];

	if (resume && strcmp(resume, "2") == 0)
		return MR_OK;
	snprintf(json, sizeof(json), "%d", resume ? 2 : 1);
	task->host->again_after(task, 1.5);
	task->host->set_resume(task, json);
	return mr_fail(task, MR_AGAIN, "not there yet");
}

static mr_status skip(struct mr_task *task)
{
	return mr_fail(task, MR_SKIP, "nothing to do");
}

static mr_status retry(struct mr_task *task)
{
	return mr_fail(task, MR_RETRY, "come back");
}

/* Writes a secret to the log in pieces, on both ways there are. */
static mr_status tell_secret(struct mr_task *task)
{
	const char *secret;
	mr_status status = task->host->secret(task, "token", &secret);

	if (status != MR_OK)
		return status;
	mr_log(task, MR_INFO, "the token is %s", secret);
	for (const char *at = secret; *at; at++)
		if (write(STDOUT_FILENO, at, 1) < 0)
			return MR_FAIL;
	printf("\n");
	fprintf(stderr, "masked from the start: hunter22\n");
	return MR_OK;
}

static mr_status use_temp_dir(struct mr_task *task)
{
	const char *path, *same;
	char file[4096], json[4200];
	FILE *stream;

	if (task->host->temp_dir(task, &path) != MR_OK ||
	    task->host->temp_dir(task, &same) != MR_OK || strcmp(path, same) != 0)
		return MR_FAIL;
	snprintf(file, sizeof(file), "%s/x", path);
	stream = fopen(file, "w");
	if (!stream)
		return MR_FAIL;
	fclose(stream);
	snprintf(json, sizeof(json), "\"%s\"", path);
	return task->host->output(task, "json", json);
}

static mr_status stream_object(struct mr_task *task)
{
	const struct mr_object_stat *const *items;
	struct mr_object_stat stat = {.size = sizeof(stat)};
	struct mr_object *object;
	char bytes[16];
	size_t got = 0, count = 0;

	if (task->host->object_open(task, "objects://good/a/b", MR_WRITE, &object) != MR_OK)
		return MR_FAIL;
	task->host->object_write(task, object, "hello", 5);
	if (task->host->object_commit(task, object, &stat) != MR_OK || stat.bytes != 5)
		return MR_FAIL;
	task->host->object_close(task, object);
	if (task->host->object_open(task, "objects://good/a/b", MR_READ, &object) != MR_OK ||
	    task->host->object_read(task, object, bytes, sizeof(bytes), &got) != MR_OK ||
	    got != 5 || task->host->object_read(task, object, bytes, sizeof(bytes), &got) != MR_END)
		return MR_FAIL;
	if (task->host->object_list(task, "objects://good/a/", NULL, &items, &count) != MR_OK ||
	    count != 1 || strcmp(items[0]->uri, "objects://good/a/b") != 0)
		return mr_fail(task, MR_FAIL, "list: %zu", count);
	if (task->host->object_list(task, "objects://good/a/", "objects://good/a/b", &items,
	                            &count) != MR_END)
		return mr_fail(task, MR_FAIL, "the list goes on");
	/* the handle that is open is the host's to close */
	return MR_OK;
}

static const struct mr_param params[] = {
	{"text", MR_TEXT, 0, "\"fallback\"", "any text"},
	{"integer", MR_INT, 0, NULL, "any integer"},
	{"real", MR_FLOAT, 0, "0.5", "any number"},
	{"boolean", MR_BOOL, 0, NULL, "true or false"},
	{"columns", MR_JSON, 0, NULL, "anything"},
};

static const struct mr_param need_params[] = {
	{"needed", MR_TEXT, 1, NULL, "must be given"},
};

static const struct mr_output outputs[] = {
	{"json", MR_JSON, "anything"},
};

#define OP(function, flags)                                                                        \
	{                                                                                          \
#function, "behaves", params, MR_COUNT(params), outputs, MR_COUNT(outputs), flags, \
			function                                                                   \
	}

static const struct mr_op ops[] = {
	OP(noop, MR_OP_WARM),
	OP(echo, MR_OP_WARM),
	OP(again, MR_OP_WARM),
	OP(skip, MR_OP_WARM),
	OP(retry, MR_OP_WARM),
	OP(tell_secret, MR_OP_WARM),
	OP(use_temp_dir, MR_OP_WARM),
	OP(stream_object, MR_OP_WARM),
	{"cold", "wants a fresh process", params, MR_COUNT(params), NULL, 0, 0, noop},
	{"need", "has a required parameter", need_params, MR_COUNT(need_params), NULL, 0,
         MR_OP_WARM, noop},
};

static const struct mr_plugin plugin = {
	.abi = MR_ABI,
	.name = "good",
	.version = "1.0",
	.help = "operators that behave",
	.ops = ops,
	.op_count = MR_COUNT(ops),
};

const struct mr_plugin *mr_plugin_entry(void)
{
	return &plugin;
}

/* dag.c - runs another DAG and waits for it, without holding a runner meanwhile */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "plugins/plugin.h"

enum {
	LOOK_AGAIN_S = 60, /* at the latest; the end of the run wakes the task */
};

static const char *text_of(const json_t *run, const char *key)
{
	const char *text = json_string_value(json_object_get(run, key));

	return text ? text : "";
}

static mr_status put(struct mr_task *task, const char *key, const json_t *value)
{
	char *json = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
	mr_status status = MR_OK;

	if (json)
		status = task->host->output(task, key, json);
	free(json);
	return status;
}

static mr_status succeed(struct mr_task *task, const json_t *run)
{
	static const char *const keys[] = {"run_id", "state", "outputs"};
	mr_status status = MR_OK;

	if (json_is_null(json_object_get(run, "outputs")))
		mr_log(task, MR_WARN,
		       "the outputs of run '%s/%s' are too long to be handed over, they are left out",
		       text_of(run, "dag"), text_of(run, "run_id"));
	for (size_t i = 0; status == MR_OK && i < MR_COUNT(keys); i++)
		status = put(task, keys[i], json_object_get(run, keys[i]));
	return status;
}

static mr_status fail(struct mr_task *task, const json_t *run)
{
	const char *reason = text_of(run, "reason");

	return mr_fail(task, MR_FAIL, "run '%s/%s' is %s%s%s", text_of(run, "dag"),
	               text_of(run, "run_id"), text_of(run, "state"), *reason ? ": " : "", reason);
}

static mr_status wait_more(struct mr_task *task, const json_t *run)
{
	const char *reason = text_of(run, "reason");

	task->host->again_after(task, LOOK_AGAIN_S);
	return mr_fail(task, MR_AGAIN, "waits for run '%s/%s'%s%s", text_of(run, "dag"),
	               text_of(run, "run_id"), *reason ? ", which waits: " : "", reason);
}

static mr_status judge(struct mr_task *task, const json_t *run)
{
	const char *state = text_of(run, "state");

	if (strcmp(state, "success") == 0)
		return succeed(task, run);
	if (strcmp(state, "failed") == 0 || strcmp(state, "cancelled") == 0)
		return fail(task, run);
	return wait_more(task, run);
}

static mr_status run_dag(struct mr_task *task)
{
	const char *dag = NULL, *params = NULL, *run_id = NULL, *json = NULL;
	mr_status status;
	json_t *run;

	task->host->param_text(task, "dag", &dag);
	task->host->param_json(task, "params", &params);
	status = task->host->run_start(task, dag, params, &run_id);
	if (status == MR_OK)
		status = task->host->run_state(task, run_id, &json);
	if (status == MR_END)
		return mr_fail(task, MR_FAIL, "run '%s/%s' is not there any more", dag, run_id);
	if (status != MR_OK)
		return status;
	run = json_loads(json, 0, NULL);
	status = run ? judge(task, run) : mr_fail(task, MR_RETRY, "the run is no JSON");
	json_decref(run);
	return status;
}

static const struct mr_param params[] = {
	{"dag", MR_TEXT, 1, NULL, "name of the DAG to run"},
	{"params", MR_JSON, 0, NULL, "its parameters, by name"},
};

static const struct mr_output outputs[] = {
	{"run_id", MR_TEXT, "the run"},
	{"state", MR_TEXT, "success; anything else fails the task"},
	{"outputs", MR_JSON, "of its tasks, by task; null when they are over 32 KiB"},
};

static const struct mr_op ops[] = {
	{
		.name = "run",
		.help = "runs another DAG and waits until it has succeeded; holds no runner meanwhile",
		.params = params,
		.param_count = MR_COUNT(params),
		.outputs = outputs,
		.output_count = MR_COUNT(outputs),
		.flags = MR_OP_WARM,
		.run = run_dag,
	},
};

static const struct mr_plugin plugin = {
	.abi = MR_ABI,
	.name = "dag",
	.version = "1.0",
	.help = "runs other DAGs",
	.ops = ops,
	.op_count = MR_COUNT(ops),
};

const struct mr_plugin *mr_plugin_entry(void)
{
	return &plugin;
}

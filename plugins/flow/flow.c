/* flow.c - tasks that do nothing but succeed or fail */
#include "plugins/plugin.h"

static mr_status noop(struct mr_task *task)
{
	(void)task;
	return MR_OK;
}

static mr_status fail(struct mr_task *task)
{
	const char *reason;

	if (task->host->param_text(task, "reason", &reason) == MR_OK)
		task->host->set_reason(task, reason);
	return MR_FAIL;
}

static const struct mr_param fail_params[] = {
	{"reason", MR_TEXT, 0, "\"it was told to fail\"", "shown as the reason of the task"},
};

static const struct mr_op ops[] = {
	{
		.name = "noop",
		.help = "does nothing and succeeds: a joint between other tasks",
		.flags = MR_OP_WARM,
		.run = noop,
	},
	{
		.name = "fail",
		.help = "fails for good, with a reason",
		.params = fail_params,
		.param_count = MR_COUNT(fail_params),
		.flags = MR_OP_WARM,
		.run = fail,
	},
};

static const struct mr_plugin plugin = {
	.abi = MR_ABI,
	.name = "flow",
	.version = "1.0",
	.help = "tasks that do nothing but succeed or fail",
	.ops = ops,
	.op_count = MR_COUNT(ops),
};

const struct mr_plugin *mr_plugin_entry(void)
{
	return &plugin;
}

/* bad_fallback.c - a plugin whose declarations do not hold */
#include "plugins/plugin.h"

static mr_status run(struct mr_task *task)
{
	(void)task;
	return MR_OK;
}

static const struct mr_param params[] = {
	{"count", MR_INT, 0, "\"three\"", "how many"},
};

static const struct mr_op ops[] = {
	{"run", "", params, MR_COUNT(params), NULL, 0, 0, run},
};

static const struct mr_plugin plugin = {
	.abi = MR_ABI,
	.name = "bad_fallback",
	.version = "1.0",
	.help = "",
	.ops = ops,
	.op_count = MR_COUNT(ops),
};

const struct mr_plugin *mr_plugin_entry(void)
{
	return &plugin;
}

/* new_abi.c - a plugin of a minor that is yet to come */
#include "plugins/plugin.h"

static const struct mr_plugin plugin = {
	.abi = {1, 99, sizeof(struct mr_plugin) + 8, sizeof(struct mr_op), sizeof(struct mr_param),
                sizeof(struct mr_output)},
	.name = "new_abi",
	.version = "1.0",
	.help = "",
};

const struct mr_plugin *mr_plugin_entry(void)
{
	return &plugin;
}

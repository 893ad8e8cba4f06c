/* wrong_name.c - a plugin that calls itself otherwise than its file */
#include "plugins/plugin.h"

static const struct mr_plugin plugin = {
	.abi = {1, 0, sizeof(struct mr_plugin), sizeof(struct mr_op), sizeof(struct mr_param),
                sizeof(struct mr_output)},
	.name = "other",
	.version = "1.0",
	.help = "",
};

const struct mr_plugin *mr_plugin_entry(void)
{
	return &plugin;
}

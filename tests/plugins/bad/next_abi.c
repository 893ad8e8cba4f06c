/* next_abi.c - a plugin of a major that is yet to come */
#include "plugins/plugin.h"

static const struct mr_plugin plugin = {
	.abi = {2, 0, sizeof(struct mr_plugin), sizeof(struct mr_op), sizeof(struct mr_param),
                sizeof(struct mr_output)},
	.name = "next_abi",
	.version = "1.0",
	.help = "",
};

const struct mr_plugin *mr_plugin_entry(void)
{
	return &plugin;
}

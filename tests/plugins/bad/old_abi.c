/* old_abi.c - a plugin of an ABI that is no more */
#include "plugins/plugin.h"

static const struct mr_plugin plugin = {
	.abi = {0, 9, sizeof(struct mr_plugin), sizeof(struct mr_op), sizeof(struct mr_param),
                sizeof(struct mr_output)},
	.name = "old_abi",
	.version = "1.0",
	.help = "",
};

const struct mr_plugin *mr_plugin_entry(void)
{
	return &plugin;
}

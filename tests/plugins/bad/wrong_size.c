/* wrong_size.c - a plugin whose structs have sizes of no version */
#include "plugins/plugin.h"

static const struct mr_plugin plugin = {
	.abi = {1, 0, sizeof(struct mr_plugin) + 8, sizeof(struct mr_op), sizeof(struct mr_param),
                sizeof(struct mr_output)},
	.name = "wrong_size",
	.version = "1.0",
	.help = "",
};

const struct mr_plugin *mr_plugin_entry(void)
{
	return &plugin;
}

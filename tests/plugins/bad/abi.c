/* abi.c - a plugin of another ABI: compiled once per PLUGIN_NAME, MAJOR and MINOR */
#include "plugins/plugin.h"

static const struct mr_plugin plugin = {
	.abi = {MAJOR, MINOR, sizeof(struct mr_plugin) + GROWN, sizeof(struct mr_op),
                sizeof(struct mr_param), sizeof(struct mr_output)},
	.name = PLUGIN_NAME,
	.version = "1.0",
	.help = "of another time",
};

const struct mr_plugin *mr_plugin_entry(void)
{
	return &plugin;
}

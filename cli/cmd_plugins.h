/* cmd_plugins.h - commands of plugins */
#ifndef CLI_CMD_PLUGINS_H
#define CLI_CMD_PLUGINS_H

#include "cli/call.h"

int cmd_plugins_list(struct call *call);
int cmd_plugins_describe(struct call *call);
int cmd_plugins_new(struct call *call);
int cmd_plugins_check(struct call *call);

#endif

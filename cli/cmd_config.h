/* cmd_config.h - commands of settings */
#ifndef CLI_CMD_CONFIG_H
#define CLI_CMD_CONFIG_H

#include "cli/call.h"

int cmd_config_show(struct call *call);
int cmd_config_check(struct call *call);

#endif

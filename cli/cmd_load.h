/* cmd_load.h - `millrace load`: CSV into a table */
#ifndef CLI_CMD_LOAD_H
#define CLI_CMD_LOAD_H

#include "cli/call.h"

int cmd_load(struct call *call);

#endif

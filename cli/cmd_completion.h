/* cmd_completion.h - `millrace completion`: scripts for shells, made from the table of commands */
#ifndef CLI_CMD_COMPLETION_H
#define CLI_CMD_COMPLETION_H

#include "cli/call.h"

int cmd_completion(struct call *call);

#endif

/* cmd_serve.h - commands that become a daemon or its child: serve, runner */
#ifndef CLI_CMD_SERVE_H
#define CLI_CMD_SERVE_H

#include "cli/call.h"

int cmd_serve(struct call *call);

#endif

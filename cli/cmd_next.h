/* cmd_next.h - `millrace dags next` */
#ifndef CLI_CMD_NEXT_H
#define CLI_CMD_NEXT_H

#include "cli/call.h"

int cmd_next(struct call *call);

#endif

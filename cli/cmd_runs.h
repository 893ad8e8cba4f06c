/* cmd_runs.h - commands of runs */
#ifndef CLI_CMD_RUNS_H
#define CLI_CMD_RUNS_H

#include "cli/call.h"

int cmd_runs_list(struct call *call);
int cmd_runs_show(struct call *call);
int cmd_runs_logs(struct call *call);
int cmd_runs_wait(struct call *call);

#endif

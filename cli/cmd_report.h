/* cmd_report.h - commands of reports */
#ifndef CLI_CMD_REPORT_H
#define CLI_CMD_REPORT_H

#include "cli/call.h"

int cmd_report_list(struct call *call);
int cmd_report_run(struct call *call);

#endif

/* cmd_dags.h - commands of DAGs */
#ifndef CLI_CMD_DAGS_H
#define CLI_CMD_DAGS_H

#include "cli/call.h"

int cmd_dags_list(struct call *call);
int cmd_dags_show(struct call *call);
int cmd_dags_validate(struct call *call);
int cmd_dags_trigger(struct call *call);

#endif

/* cmd_tables.h - commands of tables */
#ifndef CLI_CMD_TABLES_H
#define CLI_CMD_TABLES_H

#include "cli/call.h"

int cmd_tables_list(struct call *call);
int cmd_tables_describe(struct call *call);
int cmd_tables_head(struct call *call);
int cmd_tables_migrate(struct call *call);

#endif

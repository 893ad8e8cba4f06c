/* cmd_objects.h - commands of objects */
#ifndef CLI_CMD_OBJECTS_H
#define CLI_CMD_OBJECTS_H

#include "cli/call.h"

int cmd_objects_ls(struct call *call);
int cmd_objects_cat(struct call *call);
int cmd_objects_cp(struct call *call);
int cmd_objects_rm(struct call *call);
int cmd_objects_stat(struct call *call);

#endif

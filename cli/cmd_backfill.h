/* cmd_backfill.h - commands of backfills */
#ifndef CLI_CMD_BACKFILL_H
#define CLI_CMD_BACKFILL_H

#include "cli/call.h"

int cmd_backfill_create(struct call *call);
int cmd_backfill_list(struct call *call);
int cmd_backfill_show(struct call *call);
int cmd_backfill_pause(struct call *call);
int cmd_backfill_resume(struct call *call);
int cmd_backfill_cancel(struct call *call);

#endif

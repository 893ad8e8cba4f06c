/* cmd_run_acts.h - `millrace runs cancel|retry|mark|explain` */
#ifndef CLI_CMD_RUN_ACTS_H
#define CLI_CMD_RUN_ACTS_H

struct call;

int cmd_run_acts_cancel(struct call *call);
int cmd_run_acts_retry(struct call *call);
int cmd_run_acts_mark(struct call *call);
int cmd_run_acts_explain(struct call *call);

#endif

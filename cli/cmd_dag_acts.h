/* cmd_dag_acts.h - `millrace dags pause|unpause|explain` */
#ifndef CLI_CMD_DAG_ACTS_H
#define CLI_CMD_DAG_ACTS_H

struct call;

int cmd_dag_acts_pause(struct call *call);
int cmd_dag_acts_unpause(struct call *call);
int cmd_dag_acts_explain(struct call *call);

#endif

/* explain.h - handlers that say why a run or a DAG waits */
#ifndef API_EXPLAIN_H
#define API_EXPLAIN_H

struct request;

void explain_show_run(struct request *request);
void explain_show_dag(struct request *request);

#endif

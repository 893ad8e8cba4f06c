/* dag_acts.h - handlers of what people do to DAGs */
#ifndef API_DAG_ACTS_H
#define API_DAG_ACTS_H

struct request;

void dag_acts_update(struct request *request);

#endif

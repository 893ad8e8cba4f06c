/* dags.h - handlers of DAGs */
#ifndef API_DAGS_H
#define API_DAGS_H

struct request;

void dags_list(struct request *request);
void dags_show(struct request *request);

#endif

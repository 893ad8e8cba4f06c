/* runs.h - handlers of runs and their tasks */
#ifndef API_RUNS_H
#define API_RUNS_H

struct request;

void runs_create(struct request *request);
void runs_list(struct request *request); /* of one DAG, or of all */
void runs_show(struct request *request); /* with `?tasks=true` its tasks too */
void runs_list_tasks(struct request *request);
void runs_show_task(struct request *request);

#endif

/* run_acts.h - handlers of what people do to runs: cancel, mark, note, clear */
#ifndef API_RUN_ACTS_H
#define API_RUN_ACTS_H

struct request;

void run_acts_update(struct request *request);
void run_acts_update_task(struct request *request);
void run_acts_clear(struct request *request);

#endif

/* logs.h - handler of the logs of attempts */
#ifndef API_LOGS_H
#define API_LOGS_H

struct request;

void logs_show(struct request *request);

#endif

/* health.h - handlers of /livez and /readyz */
#ifndef API_HEALTH_H
#define API_HEALTH_H

struct request;

void health_live(struct request *request);
void health_ready(struct request *request);

#endif

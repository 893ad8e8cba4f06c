/* requests.h - what operators ask the service for while they run
 *
 * A table of requests; each is answered with fleet_reply(), now or after a commit. On the loop's
 * thread.
 */
#ifndef SCHEDULER_SERVICE_REQUESTS_H
#define SCHEDULER_SERVICE_REQUESTS_H

#include "scheduler/service/leader.h"

void requests_take(struct leader *leader, struct job *job, const struct wire_request *request);

void requests_refuse(struct leader *leader, const struct job *job, int64_t request,
                     const struct err *err);

#endif

/* dispatch.h - what is decided about a request before and after its body
 *
 * dispatch_admit() runs when the head is there: route, key, media type, length. A problem found here
 * is answered before the body is read. dispatch_run() runs when all of it is there.
 */
#ifndef API_DISPATCH_H
#define API_DISPATCH_H

#include <stdint.h>

#include "api/request.h"

/* Fills route, path, values and table; sets request->problem when it must be refused. `body_limit`
 * is what a chunked body may come to. */
void dispatch_admit(struct request *request, int64_t *body_limit);

/* Answers, or calls the handler that will. */
void dispatch_run(struct request *request);

#endif

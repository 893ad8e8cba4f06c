/* slow.h - threads for reads that take long
 *
 * A few threads with connections of their own, so that a report never stands before a quick read. A
 * job belongs to its request, which is pending meanwhile; when the client goes, the job is cancelled.
 * slow_pool_*() are for api.c; the rest is called on a request's loop thread, slow_write() by work.
 */
#ifndef API_SLOW_H
#define API_SLOW_H

#include <stddef.h>
#include <stdint.h>

#include "api/request.h"
#include "lib/buf.h"
#include "lib/compiler.h"

struct slow_pool;

/* Threads start with the first job. */
struct slow_pool *slow_pool_new(const struct api_options *options);
/* After all loops have ended. */
void slow_pool_free(struct slow_pool *pool);

/* The read over again, with more patience: ends with `respond` as request_read() does. */
void slow_read(struct request *request, enum request_database database, request_work_fn work,
               request_respond_fn respond);

/* Runs `work`, which writes the answer by slow_write(), and answers with the media type of the route:
 * in one piece when it is small, else as a stream that waits for its client. An error before the first
 * piece left is answered as a problem, a later one breaks the stream off. */
void slow_stream(struct request *request, enum request_database database, request_work_fn work);

/* For work of slow_stream(): takes the bytes, and waits where the client does not read. -1 with
 * ERR_CANCELLED when it has gone. */
MUST_CHECK int slow_write(struct request *request, struct buf *bytes, struct err *err);

#endif

/* respond.h - answers, and the only place that knows HTTP status numbers
 *
 * Each call ends the request: the caller does not touch it afterwards, but for a stream. Errors are
 * application/problem+json (RFC 9457, formats.md §6). On the request's own loop thread.
 */
#ifndef API_RESPOND_H
#define API_RESPOND_H

#include <stddef.h>

#include "api/problem.h"
#include "api/request.h"
#include "lib/compiler.h"
#include "lib/err.h"

enum respond_status { RESPOND_OK, RESPOND_CREATED, RESPOND_NO_CONTENT };

/* One bad member of the input, beside others. */
struct respond_fault {
	const char *pointer; /* JSON pointer into the body; NULL when it is no member of it */
	const char *column;  /* NULL when it is no column */
	const char *code, *detail;
};

/* What stands in request->reply, with the media type of its route. */
void respond_reply(struct request *request, enum respond_status status);

/* For request_read() and request_write(): the reply that the work has made, or its error. */
void respond_done(struct request *request, const struct err *err);
void respond_created(struct request *request, const struct err *err);

/* `detail` is for the client: lower case, no full stop. */
void respond_problem(struct request *request, enum problem problem, const char *detail, ...)
	PRINTF_LIKE(3, 4);
/* What a layer below says; the text of a fault of ours is logged and not shown. */
void respond_error(struct request *request, const struct err *err);
void respond_faults(struct request *request, enum problem problem, const char *detail,
                    const struct respond_fault *faults, size_t count);
/* The problem that was decided before the handler. */
void respond_refusal(struct request *request);
/* OPTIONS: what the path allows. */
void respond_allow(struct request *request, const char *methods);

/* A good answer of unknown length; its head leaves with the first bytes (the library sends none alone). `wanted` is called whenever all that was given has been written;
 * respond_stream_write() may be called at any time, empties `bytes`. Ends with respond_stream_end(),
 * or with respond_stream_abort() where the client must see that something is missing. Nothing is
 * called any more once the client has gone (request->abandon is told where work is pending). */
void respond_stream(struct request *request, void (*wanted)(struct request *request));
void respond_stream_write(struct request *request, struct buf *bytes);
void respond_stream_end(struct request *request);
void respond_stream_abort(struct request *request);

#endif

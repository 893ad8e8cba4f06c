/* exchange.h - the library's side of one request
 *
 * A cell in the library's memory pool of the request: it is there from the first handler until the
 * library disposes of the request, for whatever reason, and then tells both the request (which may
 * have work elsewhere) and the connection (which may take the next request). Loop thread only.
 */
#ifndef API_EXCHANGE_H
#define API_EXCHANGE_H

#include <stddef.h>

#include "api/request.h"
#include "lib/buf.h"

struct connection;
struct exchange;
struct st_h2o_req_t;

struct exchange_answer {
	int status;
	const char *reason;
	const struct request_text *fields;
	size_t field_count;
	const char *body; /* lives until the request is detached */
	size_t size;
};

/* Ties the three together; `connection` is told of the end. */
void exchange_begin(struct st_h2o_req_t *req, struct connection *connection,
                    struct request *request);

void exchange_send(struct exchange *exchange, const struct exchange_answer *answer);

/* As respond_stream() and its followers; `answer` has no body. */
void exchange_stream(struct exchange *exchange, const struct exchange_answer *answer,
                     void (*wanted)(struct request *request));
void exchange_stream_write(struct exchange *exchange, struct buf *bytes);
void exchange_stream_end(struct exchange *exchange);
void exchange_stream_abort(struct exchange *exchange);

/* Nobody reads the answer any more: work that is still done for it ends early. */
void exchange_client_gone(struct exchange *exchange);
/* The answer ends with its client only. */
int exchange_follows(const struct exchange *exchange);
/* Something of the answer has left. */
int exchange_has_begun(const struct exchange *exchange);

/* The drop of what a refused client still sends has ended. */
void exchange_linger_done(struct exchange *exchange);

#endif

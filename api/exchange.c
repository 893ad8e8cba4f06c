/* exchange.c - the library's side of one request */
#include "api/exchange.h"

#include <h2o.h>
#include <string.h>

#include "api/connection.h"

struct exchange {
	h2o_generator_t generator; /* first: the library hands it back */
	h2o_req_t *req;
	struct connection *connection;
	struct request *request;
	void (*wanted)(struct request *request);
	struct buf sending, waiting; /* of a stream */
	int in_flight;               /* the library has `sending` */
	int ended;                   /* nothing more will be written */
	int aborted;                 /* … and the client must see that something is missing */
	int is_head;                 /* the client wants no body */
	int has_begun;               /* the library has the head of the answer */
};

static void on_dispose(void *memory)
{
	struct exchange *exchange = memory;

	buf_release(&exchange->sending);
	buf_release(&exchange->waiting);
	connection_request_ended(exchange->connection);
	connection_set_exchange(exchange->connection, NULL);
	request_detach(exchange->request);
}

void exchange_begin(h2o_req_t *req, struct connection *connection, struct request *request)
{
	struct exchange *exchange = h2o_mem_alloc_shared(&req->pool, sizeof(*exchange), on_dispose);

	memset(exchange, 0, sizeof(*exchange));
	exchange->req = req;
	exchange->connection = connection;
	exchange->request = request;
	exchange->is_head = request->method == ROUTE_HEAD;
	request->exchange = exchange;
	connection_set_exchange(connection, exchange);
}

static void set_head(struct exchange *exchange, const struct exchange_answer *answer)
{
	h2o_req_t *req = exchange->req;

	exchange->has_begun = 1;
	req->res.status = answer->status;
	req->res.reason = answer->reason;
	for (size_t i = 0; i < answer->field_count; i++) {
		const struct request_text *field = &answer->fields[i];

		h2o_add_header_by_str(&req->pool, &req->res.headers, field->name,
		                      strlen(field->name), 1, NULL, field->value,
		                      strlen(field->value));
	}
	if (exchange->request->flags & (REQUEST_CLOSE | REQUEST_LINGER) ||
	    connection_is_draining(exchange->connection))
		req->http1_is_persistent = 0;
}

static void linger_proceed(h2o_generator_t *generator, h2o_req_t *req)
{
	struct exchange *exchange = (struct exchange *)(void *)generator;

	(void)req;
	connection_linger(exchange->connection, exchange);
}

void exchange_linger_done(struct exchange *exchange)
{
	/* with no bytes the library closes at once */
	h2o_send(exchange->req, NULL, 0, H2O_SEND_STATE_FINAL);
}

void exchange_send(struct exchange *exchange, const struct exchange_answer *answer)
{
	int linger =
		exchange->request->flags & REQUEST_LINGER && answer->size && !exchange->is_head;
	h2o_iovec_t body = h2o_iovec_init(answer->body, answer->size);

	set_head(exchange, answer);
	if (answer->body)
		exchange->req->res.content_length = answer->size;
	exchange->generator.proceed = linger ? linger_proceed : NULL;
	h2o_start_response(exchange->req, &exchange->generator);
	h2o_send(exchange->req, &body, answer->size && !exchange->is_head ? 1 : 0,
	         linger ? H2O_SEND_STATE_IN_PROGRESS : H2O_SEND_STATE_FINAL);
}

/* Gives the library what waits. */
static void pump(struct exchange *exchange)
{
	struct buf written = exchange->sending;
	h2o_send_state_t state = H2O_SEND_STATE_IN_PROGRESS;
	h2o_iovec_t piece;

	if (exchange->in_flight || (!exchange->waiting.size && !exchange->ended))
		return;
	exchange->sending = exchange->waiting;
	exchange->waiting = written;
	buf_clear(&exchange->waiting);
	exchange->in_flight = 1;
	piece = h2o_iovec_init(exchange->sending.data, exchange->sending.size);
	if (exchange->ended)
		state = exchange->aborted ? H2O_SEND_STATE_ERROR : H2O_SEND_STATE_FINAL;
	h2o_send(exchange->req, &piece, exchange->sending.size ? 1 : 0, state);
}

static void stream_proceed(h2o_generator_t *generator, h2o_req_t *req)
{
	struct exchange *exchange = (struct exchange *)(void *)generator;

	(void)req;
	exchange->in_flight = 0;
	if (exchange->waiting.size || exchange->ended)
		pump(exchange);
	else
		exchange->wanted(exchange->request);
}

/* The head of what is followed must not wait for the first byte, which may be long in coming. The library
 * lets nothing through before the first chunk where the chunks are its own. */
static void frame_here(struct exchange *exchange)
{
	h2o_req_t *req = exchange->req;

	h2o_add_header(&req->pool, &req->res.headers, H2O_TOKEN_TRANSFER_ENCODING, NULL,
	               H2O_STRLIT("chunked"));
}

static void add_bytes(struct exchange *exchange, const struct buf *bytes)
{
	if (!bytes->size)
		return;
	if (exchange_follows(exchange))
		buf_printf(&exchange->waiting, "%zx\r\n", bytes->size);
	buf_append(&exchange->waiting, bytes->data, bytes->size);
	if (exchange_follows(exchange))
		buf_text(&exchange->waiting, "\r\n");
}

void exchange_stream(struct exchange *exchange, const struct exchange_answer *answer,
                     void (*wanted)(struct request *request))
{
	set_head(exchange, answer);
	exchange->wanted = wanted;
	exchange->generator.proceed = stream_proceed;
	if (exchange_follows(exchange))
		frame_here(exchange);
	h2o_start_response(exchange->req, &exchange->generator);
	if (exchange->is_head) {
		exchange->ended = 1;
		pump(exchange);
	} else if (exchange_follows(exchange)) {
		exchange->in_flight = 1;
		h2o_send(exchange->req, NULL, 0, H2O_SEND_STATE_IN_PROGRESS);
	}
}

void exchange_stream_write(struct exchange *exchange, struct buf *bytes)
{
	if (!exchange->ended) {
		add_bytes(exchange, bytes);
		pump(exchange);
	}
	buf_clear(bytes);
}

int exchange_has_begun(const struct exchange *exchange)
{
	return exchange->has_begun;
}

int exchange_follows(const struct exchange *exchange)
{
	return (exchange->request->flags & REQUEST_FOLLOWS) != 0;
}

void exchange_client_gone(struct exchange *exchange)
{
	struct request *request = exchange->request;

	if (request->pending && request->abandon)
		request->abandon(request);
	else if (exchange_follows(exchange))
		exchange_stream_abort(exchange);
}

void exchange_stream_end(struct exchange *exchange)
{
	if (exchange->ended)
		return;
	exchange->ended = 1;
	if (exchange_follows(exchange) && !exchange->aborted)
		buf_text(&exchange->waiting, "0\r\n\r\n");
	pump(exchange);
}

void exchange_stream_abort(struct exchange *exchange)
{
	if (exchange->ended)
		return;
	exchange->aborted = 1;
	exchange_stream_end(exchange);
}

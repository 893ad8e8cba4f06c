/* connection.c - one client's connection, with a strict reader in front of the library */
#include "api/connection.h"

#include <errno.h>
#include <h2o.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "api/dispatch.h"
#include "api/exchange.h"
#include "api/frame.h"
#include "api/head.h"
#include "api/request.h"
#include "api/write_watch.h"
#include "lib/buf.h"
#include "lib/mem.h"

enum {
	BODY_WINDOW_BYTES = 10 * 1024, /* must come within timeouts.body_ms */
	LINGER_BYTES = 64 * 1024 * 1024,
};

enum phase {
	PHASE_HEAD,     /* between requests, or in a head */
	PHASE_CONTINUE, /* `100 Continue` is being written */
	PHASE_BODY,
	PHASE_BUSY,   /* the library has a whole request; what comes is held */
	PHASE_LINGER, /* refused; what comes is dropped */
};

struct connection {
	/* first: uv's close callback gives it back */
	union {
		uv_handle_t handle;
		uv_stream_t stream;
		uv_tcp_t tcp;
		uv_pipe_t pipe;
	} uv;
	struct connection_set *set;
	struct connection *next, **link; /* in set->first */
	struct connection *next_waiting; /* in set->waiting */
	int is_waiting;
	h2o_socket_t *sock;
	h2o_socket_cb lib_read; /* the library's own reader */
	int closed;

	enum phase phase;
	struct buf hold; /* read and not yet judged */
	struct buf out;  /* judged and not yet given to the library */
	struct head_scan scan;
	struct frame frame;
	struct request
		*request;   /* of the head that was judged last, until the first handler takes it */
	int blessed;        /* requests handed over and not yet taken: 0 or 1 */
	int overload;       /* accepted only to be told that there are too many */
	int64_t held_bytes; /* of this request, counted in session_shared.body_bytes */
	struct exchange *exchange; /* of the request the library works on, else NULL */
	struct exchange *lingering;

	uint64_t since_ms;    /* phase, or body window, began; of a head: its first byte came */
	int64_t window_start; /* body bytes or dropped bytes at since_ms */
	int64_t dropped;
	struct write_watch writes;
};

static void on_read(h2o_socket_t *sock, const char *err);

static uint64_t now_of(const struct connection *c)
{
	return uv_now(c->uv.stream.loop);
}

static void enter(struct connection *c, enum phase phase)
{
	c->phase = phase;
	c->since_ms = now_of(c);
	c->window_start = 0;
}

static void arm(struct connection *c)
{
	if (!c->closed && c->sock->_cb.read && c->sock->_cb.read != on_read) {
		c->lib_read = c->sock->_cb.read;
		c->sock->_cb.read = on_read;
	}
}

static int fd_of(const struct connection *c)
{
	uv_os_fd_t fd = -1;

	return uv_fileno(&c->uv.handle, &fd) == 0 ? fd : -1;
}

/* Ends a connection from outside, in a way the library survives. */
static void cut(struct connection *c)
{
	if (c->closed)
		return;
	if (c->sock->_cb.read == on_read) {
		c->lib_read(c->sock, h2o_socket_error_closed);
		return;
	}
	shutdown(fd_of(c), SHUT_RDWR);
	if (c->exchange)
		exchange_client_gone(c->exchange);
}

static void hold_bytes(struct connection *c, int64_t bytes)
{
	c->held_bytes += bytes;
	atomic_fetch_add(&c->set->session->shared->body_bytes, bytes);
}

/* Gives the library what was judged. */
static void hand_over(struct connection *c)
{
	h2o_iovec_t room;

	if (!c->out.size || c->closed)
		return;
	room = h2o_buffer_reserve(&c->sock->input, c->out.size);
	if (!room.base) {
		/* bodies lie in files from some size on, and the disk is full */
		buf_clear(&c->out);
		cut(c);
		return;
	}
	memcpy(room.base, c->out.data, c->out.size);
	c->sock->input->size += c->out.size;
	if (c->out.capacity > 2 * LIMIT_HEAD_BYTES)
		buf_release(&c->out);
	else
		buf_clear(&c->out);
	c->lib_read(c->sock, NULL);
	arm(c);
}

/* Puts an empty request in the place of the one that is refused. */
static void refuse_head(struct connection *c, enum problem problem, const char *why)
{
	if (!c->request)
		c->request = request_new_bad(c->set->session, problem, why);
	c->request->problem = problem;
	c->request->why = why;
	c->request->flags |= REQUEST_CLOSE | REQUEST_LINGER;
	buf_clear(&c->hold);
	buf_clear(&c->out);
	buf_text(&c->out, c->request->method == ROUTE_HEAD ? "HEAD / HTTP/1.0\r\n\r\n"
	                                                   : "GET / HTTP/1.0\r\n\r\n");
	c->blessed++;
	enter(c, PHASE_BUSY);
}

/* The library has the head already: its body ends here. */
static void refuse_body(struct connection *c, enum problem problem, const char *why)
{
	c->request->problem = problem;
	c->request->why = why;
	c->request->flags |= REQUEST_CLOSE | REQUEST_LINGER;
	buf_clear(&c->hold);
	frame_end(&c->frame, &c->out);
	enter(c, PHASE_BUSY);
}

/* Before the next poll, when the library has come to rest. */
static void feed_later(struct connection *c)
{
	if (c->is_waiting)
		return;
	c->is_waiting = 1;
	c->next_waiting = c->set->waiting;
	c->set->waiting = c;
}

static void on_continue_written(h2o_socket_t *sock, const char *err)
{
	struct connection *c = sock->on_close.data;

	if (err) {
		cut(c);
		return;
	}
	enter(c, PHASE_BODY);
	feed_later(c);
}

static void write_continue(struct connection *c)
{
	static const char text[] = "HTTP/1.1 100 Continue\r\n\r\n";
	h2o_iovec_t line = h2o_iovec_init(text, sizeof(text) - 1);

	enter(c, PHASE_CONTINUE);
	h2o_socket_write(c->sock, &line, 1, on_continue_written);
}

/* A good head, of which `has_body` says whether more follows. */
static void accept_head(struct connection *c, int64_t body_limit, int has_body)
{
	const struct head *head = &c->request->head;

	head_write(head, &c->out);
	c->blessed++;
	if (head->flags & HEAD_CHUNKED)
		frame_init_chunked(&c->frame, body_limit);
	else
		frame_init_length(&c->frame, head->content_length < 0 ? 0 : head->content_length);
	if (!has_body)
		enter(c, PHASE_BUSY);
	else if (head->flags & HEAD_CONTINUE && c->hold.size == 0)
		write_continue(c);
	else
		enter(c, PHASE_BODY);
}

static int has_room(struct connection *c, int64_t more)
{
	return atomic_load(&c->set->session->shared->body_bytes) + more <= LIMIT_BODIES_BYTES;
}

static void judge_head(struct connection *c, size_t end)
{
	struct request *request;
	int64_t body_limit = 0;
	int has_body;

	request = request_new(c->set->session, c->hold.data + c->scan.start, end - c->scan.start);
	c->request = request;
	buf_consume(&c->hold, end);
	c->scan = (struct head_scan){0};
	if (request->problem != PROBLEM_NONE) {
		refuse_head(c, request->problem, request->why);
		return;
	}
	has_body = request->head.flags & HEAD_CHUNKED || request->head.content_length > 0;
	dispatch_admit(request, &body_limit);
	if (c->overload) {
		refuse_head(c, PROBLEM_OVERLOADED, "there are too many connections");
	} else if (has_body && request->problem != PROBLEM_NONE) {
		refuse_head(c, request->problem, request->why);
	} else if (has_body && !has_room(c, request->head.content_length)) {
		refuse_head(c, PROBLEM_OVERLOADED, "too many large bodies come in at once");
	} else {
		if (request->head.content_length > 0)
			hold_bytes(c, request->head.content_length);
		accept_head(c, body_limit, has_body);
	}
}

static void feed_head(struct connection *c)
{
	enum problem problem = PROBLEM_NONE;
	size_t end = head_scan(&c->scan, c->hold.data, c->hold.size, &problem);

	if (problem != PROBLEM_NONE)
		refuse_head(c, problem, "the request head is malformed or too large");
	else if (end)
		judge_head(c, end);
}

static void feed_body(struct connection *c)
{
	int64_t before = c->frame.received;
	size_t taken = frame_feed(&c->frame, c->hold.data, c->hold.size, &c->out);

	buf_consume(&c->hold, taken);
	if (c->request->head.flags & HEAD_CHUNKED)
		hold_bytes(c, c->frame.received - before);
	if (c->frame.problem != PROBLEM_NONE)
		refuse_body(c, c->frame.problem, c->frame.why);
	else if (!has_room(c, 0) && c->request->head.flags & HEAD_CHUNKED)
		refuse_body(c, PROBLEM_OVERLOADED, "too many large bodies come in at once");
	else if (c->frame.phase == FRAME_DONE)
		enter(c, PHASE_BUSY);
}

/* Judges what is held, as far as one request goes. */
static void feed(struct connection *c)
{
	if (c->phase == PHASE_HEAD && c->hold.size)
		feed_head(c);
	if (c->phase == PHASE_BODY && c->hold.size)
		feed_body(c);
	if (c->phase != PHASE_CONTINUE)
		hand_over(c);
}

static void drop(struct connection *c, size_t size)
{
	c->dropped += (int64_t)size;
	if (c->dropped > LINGER_BYTES)
		cut(c);
}

static void on_read(h2o_socket_t *sock, const char *err)
{
	struct connection *c = sock->on_close.data;
	size_t size = sock->bytes_read; /* of this event in the libuv flavour; may be 0 */

	if (err) {
		c->lib_read(sock, err);
		return;
	}
	if (c->phase == PHASE_HEAD && !c->hold.size && size)
		c->since_ms = now_of(c);
	buf_append(&c->hold, sock->input->bytes + sock->input->size - size, size);
	sock->input->size -= size;
	feed(c);
}

static void on_linger_read(h2o_socket_t *sock, const char *err)
{
	struct connection *c = sock->on_close.data;
	struct exchange *exchange = c->lingering;

	if (!err) {
		sock->input->size -= sock->bytes_read;
		drop(c, sock->bytes_read);
		return;
	}
	c->lingering = NULL;
	h2o_socket_read_stop(sock);
	exchange_linger_done(exchange);
}

void connection_linger(struct connection *c, struct exchange *exchange)
{
	enter(c, PHASE_LINGER);
	c->lingering = exchange;
	shutdown(fd_of(c), SHUT_WR);
	h2o_socket_read_start(c->sock, on_linger_read);
}

void connection_set_exchange(struct connection *c, struct exchange *exchange)
{
	c->exchange = exchange;
}

int connection_is_draining(const struct connection *c)
{
	return c->set->draining;
}

void connection_request_ended(struct connection *c)
{
	if (c->held_bytes)
		hold_bytes(c, -c->held_bytes);
	feed_later(c);
}

static int is_idle(const struct connection *c)
{
	return c->phase == PHASE_HEAD && !c->hold.size;
}

/* A request that is already in the receive queue is still read and answered, then comes EOF. */
static void end_if_idle(struct connection *c)
{
	if (c->set->draining && is_idle(c))
		shutdown(fd_of(c), SHUT_RD);
}

static void rearm(struct connection *c)
{
	c->is_waiting = 0;
	if (c->phase == PHASE_BUSY)
		enter(c, PHASE_HEAD);
	arm(c);
	feed(c);
	end_if_idle(c);
}

void connection_rearm_all(struct connection_set *set)
{
	while (set->waiting) {
		struct connection *c = set->waiting;

		set->waiting = c->next_waiting;
		rearm(c);
	}
}

static void leave_waiting(struct connection *c)
{
	struct connection **at = &c->set->waiting;

	while (*at && *at != c)
		at = &(*at)->next_waiting;
	if (*at)
		*at = c->next_waiting;
}

static void on_close(void *data)
{
	struct connection *c = data;
	struct session_shared *shared = c->set->session->shared;

	c->closed = 1;
	leave_waiting(c);
	*c->link = c->next;
	if (c->next)
		c->next->link = c->link;
	c->set->count--;
	atomic_fetch_sub(&shared->connections, 1);
	if (c->held_bytes)
		hold_bytes(c, -c->held_bytes);
	if (c->request)
		request_discard(c->request);
	buf_release(&c->hold);
	buf_release(&c->out);
}

static void free_connection(uv_handle_t *handle)
{
	free(handle);
}

static int take_client(struct connection *c, uv_stream_t *listener)
{
	int is_tcp = listener->type == UV_TCP;

	if (is_tcp)
		uv_tcp_init(listener->loop, &c->uv.tcp);
	else
		uv_pipe_init(listener->loop, &c->uv.pipe, 0);
	if (uv_accept(listener, &c->uv.stream) < 0) {
		uv_close(&c->uv.handle, free_connection);
		return -1;
	}
	if (is_tcp)
		uv_tcp_nodelay(&c->uv.tcp, 1);
	return 0;
}

void connection_accept(struct connection_set *set, uv_stream_t *listener)
{
	struct session_shared *shared = set->session->shared;
	struct connection *c = mem_alloc(sizeof(*c));

	if (take_client(c, listener) < 0)
		return;
	c->set = set;
	c->sock = h2o_uv_socket_create(&c->uv.stream, free_connection);
	c->sock->on_close.cb = on_close;
	c->sock->on_close.data = c;
	c->next = set->first;
	c->link = &set->first;
	if (c->next)
		c->next->link = &c->next;
	set->first = c;
	set->count++;
	c->overload = atomic_fetch_add(&shared->connections, 1) >= LIMIT_CONNECTIONS;
	enter(c, PHASE_HEAD);
	h2o_accept(set->accept, c->sock);
	arm(c);
	end_if_idle(c);
}

struct request *connection_take_request(h2o_req_t *req)
{
	h2o_socket_t *sock = req->conn->callbacks->get_socket(req->conn);
	struct connection *c = sock->on_close.data;
	struct request *request = c->request;
	int blessed = c->blessed;

	c->blessed = 0;
	c->request = NULL;
	if (!request)
		return NULL;
	if (blessed != 1) {
		request_discard(request);
		return NULL;
	}
	request->body = req->entity.base;
	request->body_size = req->entity.len;
	exchange_begin(req, c, request);
	return request;
}

static void sweep_head(struct connection *c, uint64_t age_ms)
{
	if (!c->hold.size) {
		if (age_ms >= c->set->timeouts.idle_ms)
			cut(c);
	} else if (age_ms >= c->set->timeouts.head_ms) {
		refuse_head(c, PROBLEM_REQUEST_TIMEOUT, "the request head came too slowly");
		hand_over(c);
	}
}

static void sweep_body(struct connection *c, uint64_t now_ms)
{
	if (now_ms - c->since_ms < c->set->timeouts.body_ms)
		return;
	if (c->frame.received - c->window_start >= BODY_WINDOW_BYTES) {
		c->since_ms = now_ms;
		c->window_start = c->frame.received;
	} else if (c->request->head.flags & HEAD_CHUNKED) {
		refuse_body(c, PROBLEM_REQUEST_TIMEOUT, "the body came too slowly");
		hand_over(c);
	} else {
		/* the library waits for the length it was told */
		cut(c);
	}
}

/* A client that reset the connection has gone. One that only ended its side is owed its answer, but
 * a closed connection looks the same, so nobody works for it for long. */
static void sweep_busy(struct connection *c, uint64_t age_ms)
{
	char byte;
	ssize_t got = recv(fd_of(c), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
	/* where bytes flow, a failed write tells */
	int has_ended =
		got == 0 && c->exchange &&
		(exchange_follows(c->exchange) ||
	         (!exchange_has_begun(c->exchange) && age_ms >= c->set->timeouts.half_closed_ms));

	if (has_ended || (got < 0 && errno == ECONNRESET))
		cut(c);
}

static void sweep(struct connection *c, uint64_t now_ms)
{
	uint64_t age_ms = now_ms - c->since_ms;

	if (write_watch_stalled_ms(&c->writes, c->sock, &c->uv.stream, now_ms) >=
	    c->set->timeouts.write_ms) {
		shutdown(fd_of(c), SHUT_RDWR);
		return;
	}
	switch (c->phase) {
	case PHASE_HEAD:
		sweep_head(c, age_ms);
		break;
	case PHASE_BODY:
		sweep_body(c, now_ms);
		break;
	case PHASE_LINGER:
		if (age_ms >= c->set->timeouts.linger_ms)
			shutdown(fd_of(c), SHUT_RDWR);
		break;
	case PHASE_BUSY:
		sweep_busy(c, age_ms);
		break;
	case PHASE_CONTINUE:
		break;
	}
}

void connection_sweep(struct connection_set *set, uint64_t now_ms)
{
	struct connection *next;

	for (struct connection *c = set->first; c; c = next) {
		next = c->next;
		sweep(c, now_ms);
	}
}

void connection_drain_all(struct connection_set *set)
{
	set->draining = 1;
	for (struct connection *c = set->first; c; c = c->next)
		end_if_idle(c);
}

void connection_cut_all(struct connection_set *set)
{
	struct connection *next;

	for (struct connection *c = set->first; c; c = next) {
		next = c->next;
		cut(c);
	}
}

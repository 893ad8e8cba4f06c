/* http_server.c - one API thread: a loop, the HTTP library and its listeners */
#include "api/http_server.h"

#include <h2o.h>
#include <h2o/http1.h>
#include <stdlib.h>
#include <unistd.h>

#include "api/dispatch.h"
#include "api/request.h"
#include "lib/limits.h"
#include "lib/mem.h"

enum {
	SWEEP_MS = 1000,
	/* one budget of the library for head, body and idle time; our own sweep is finer */
	LIBRARY_TIMEOUT_MS = 3600 * 1000,
};

enum course { COURSE_RUN, COURSE_DELAY, COURSE_CLOSE, COURSE_DRAIN, COURSE_END };

/* Wakes the loop after somebody has changed `wanted`. */
struct order {
	struct mail mail;
	struct http_server *server;
	enum course course;
	int64_t delay_ms, grace_ms;
};

struct http_server {
	struct http_server_options options;
	uv_loop_t loop;
	struct session session;
	struct connection_set connections;
	h2o_globalconf_t config;
	h2o_context_t context;
	h2o_accept_ctx_t accept;
	uv_tcp_t tcp;
	uv_pipe_t pipe;
	uv_prepare_t before_poll;
	uv_timer_t sweeper; /* runs while there are connections */
	uv_timer_t pacer;   /* the next step of the course */
	enum course course;
	int64_t grace_ms;
};

static int on_request(h2o_handler_t *self, h2o_req_t *req)
{
	struct request *request = connection_take_request(req);

	(void)self;
	if (request)
		dispatch_run(request);
	else
		h2o_send_error_400(req, "Bad Request", "bad request",
		                   H2O_SEND_ERROR_HTTP1_CLOSE_CONNECTION);
	return 0;
}

static void add_handler(h2o_pathconf_t *path)
{
	h2o_create_handler(path, sizeof(h2o_handler_t))->on_req = on_request;
}

static void init_library(struct http_server *server)
{
	h2o_globalconf_t *config = &server->config;
	h2o_hostconf_t *host;

	h2o_config_init(config);
	config->server_name = h2o_iovec_init(H2O_STRLIT("millrace"));
	config->http1.req_timeout = LIBRARY_TIMEOUT_MS;
	config->http1.upgrade_to_http2 = 0;
	/* a chunked body equal to the library's own limit is refused by it */
	config->max_request_entity_size = LIMIT_BULK_BODY_BYTES + 1;
	host = h2o_config_register_host(config, h2o_iovec_init(H2O_STRLIT("default")), 65535);
	add_handler(h2o_config_register_path(host, "/", 0));
	add_handler(&host->fallback_path);
	h2o_context_init(&server->context, &server->loop, config);
	server->accept.ctx = &server->context;
	server->accept.hosts = config->hosts;
}

static void on_sweep(uv_timer_t *timer)
{
	struct http_server *server = timer->data;

	connection_sweep(&server->connections, uv_now(&server->loop));
	if (!server->connections.count)
		uv_timer_stop(timer);
}

/* Often enough for the shortest patience. */
static uint64_t sweep_interval(const struct connection_timeouts *timeouts)
{
	uint64_t shortest = timeouts->idle_ms;

	if (timeouts->head_ms < shortest)
		shortest = timeouts->head_ms;
	if (timeouts->body_ms < shortest)
		shortest = timeouts->body_ms;
	if (timeouts->write_ms < shortest)
		shortest = timeouts->write_ms;
	return shortest / 4 < SWEEP_MS ? shortest / 4 + 1 : SWEEP_MS;
}

static void on_client(uv_stream_t *listener, int status)
{
	struct http_server *server = listener->data;
	uint64_t interval = sweep_interval(&server->options.timeouts);

	if (status < 0)
		return;
	connection_accept(&server->connections, listener);
	if (!uv_is_active((uv_handle_t *)&server->sweeper))
		uv_timer_start(&server->sweeper, on_sweep, interval, interval);
}

static void on_listener_closed(uv_handle_t *handle)
{
	handle->data = NULL;
}

static void close_listener(uv_handle_t *handle)
{
	if (handle->data && !uv_is_closing(handle))
		uv_close(handle, on_listener_closed);
}

static void close_listeners(struct http_server *server)
{
	close_listener((uv_handle_t *)&server->tcp);
	close_listener((uv_handle_t *)&server->pipe);
}

static void open_listeners(struct http_server *server)
{
	enum { BACKLOG = 1024 };

	if (server->options.tcp_fd >= 0) {
		uv_tcp_init(&server->loop, &server->tcp);
		uv_tcp_open(&server->tcp, server->options.tcp_fd);
		server->tcp.data = server;
		uv_listen((uv_stream_t *)&server->tcp, BACKLOG, on_client);
	}
	if (server->options.unix_fd >= 0) {
		uv_pipe_init(&server->loop, &server->pipe, 0);
		uv_pipe_open(&server->pipe, server->options.unix_fd);
		server->pipe.data = server;
		uv_listen((uv_stream_t *)&server->pipe, BACKLOG, on_client);
	}
}

static void on_pace(uv_timer_t *timer);

static void begin_drain(struct http_server *server)
{
	server->course = COURSE_DRAIN;
	close_listeners(server);
	/* not h2o_context_request_shutdown(): it starts a timer of HTTP/2 that outlives the loop */
	server->context.shutdown_requested = 1;
	connection_drain_all(&server->connections);
	uv_timer_start(&server->pacer, on_pace, (uint64_t)server->grace_ms, 0);
}

static void on_pace(uv_timer_t *timer)
{
	struct http_server *server = timer->data;

	switch (server->course) {
	case COURSE_DELAY:
		/* one more turn, for those who wait in the accept queue */
		server->course = COURSE_CLOSE;
		uv_timer_start(timer, on_pace, 0, 0);
		break;
	case COURSE_CLOSE:
		begin_drain(server);
		break;
	case COURSE_DRAIN:
		server->course = COURSE_END;
		connection_cut_all(&server->connections);
		break;
	case COURSE_RUN:
	case COURSE_END:
		break;
	}
}

static void take_order(struct mail *mail)
{
	struct order *order = container_of(mail, struct order, mail);
	struct http_server *server = order->server;

	if (order->course == COURSE_END) {
		server->grace_ms = 0;
		begin_drain(server);
	} else if (server->course == COURSE_RUN) {
		server->course = COURSE_DELAY;
		server->grace_ms = order->grace_ms;
		uv_timer_start(&server->pacer, on_pace, (uint64_t)order->delay_ms, 0);
	}
	free(order);
}

static void give_order(struct http_server *server, const struct order *order)
{
	struct order *copy = mem_alloc(sizeof(*copy));

	*copy = *order;
	copy->mail.deliver = take_order;
	copy->server = server;
	if (mailbox_post(server->session.mailbox, &copy->mail) < 0)
		free(copy); /* it has ended already */
}

void http_server_drain(struct http_server *server, int64_t delay_ms, int64_t grace_ms)
{
	give_order(server, &(struct order){.course = COURSE_DRAIN,
	                                   .delay_ms = delay_ms,
	                                   .grace_ms = grace_ms});
}

void http_server_stop(struct http_server *server)
{
	give_order(server, &(struct order){.course = COURSE_END});
}

static int has_ended(const struct http_server *server)
{
	return server->course >= COURSE_DRAIN && !server->connections.count &&
	       !server->session.pending;
}

static void on_before_poll(uv_prepare_t *prepare)
{
	struct http_server *server = prepare->data;

	connection_rearm_all(&server->connections);
	if (has_ended(server))
		uv_stop(&server->loop);
}

struct http_server *http_server_new(const struct http_server_options *options)
{
	struct http_server *server = mem_alloc(sizeof(*server));

	server->options = *options;
	if (uv_loop_init(&server->loop) < 0)
		abort(); /* no descriptor left at start */
	session_init(&server->session, options->shared, &server->loop);
	server->connections = (struct connection_set){.session = &server->session,
	                                              .accept = &server->accept,
	                                              .timeouts = options->timeouts};
	uv_prepare_init(&server->loop, &server->before_poll);
	uv_timer_init(&server->loop, &server->sweeper);
	uv_timer_init(&server->loop, &server->pacer);
	server->before_poll.data = server->sweeper.data = server->pacer.data = server;
	return server;
}

static void end_loop(struct http_server *server)
{
	close_listeners(server);
	uv_close((uv_handle_t *)&server->before_poll, NULL);
	uv_close((uv_handle_t *)&server->sweeper, NULL);
	uv_close((uv_handle_t *)&server->pacer, NULL);
	mailbox_close(server->session.mailbox);
	h2o_context_dispose(&server->context);
	uv_run(&server->loop, UV_RUN_DEFAULT);
	h2o_config_dispose(&server->config);
}

void http_server_run(struct http_server *server)
{
	init_library(server);
	open_listeners(server);
	uv_prepare_start(&server->before_poll, on_before_poll);
	uv_run(&server->loop, UV_RUN_DEFAULT);
	end_loop(server);
	session_release(&server->session);
}

void http_server_free(struct http_server *server)
{
	if (!server)
		return;
	uv_loop_close(&server->loop);
	mailbox_drop(server->session.mailbox);
	free(server);
}

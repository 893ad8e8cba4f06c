/* http_server.h - one API thread: a loop, the HTTP library and its listeners
 *
 * Made by the thread that starts the API, runs on a thread of its own; the two functions that change
 * its course only post a mail. libh2o 2.2.5, libuv flavour, HTTP/1 only.
 */
#ifndef API_HTTP_SERVER_H
#define API_HTTP_SERVER_H

#include <stdint.h>

#include "api/connection.h"
#include "api/session.h"

struct http_server;

struct http_server_options {
	struct session_shared *shared;
	int tcp_fd, unix_fd; /* listening; -1 where there is none; owned from here on */
	struct connection_timeouts timeouts;
};

struct http_server *http_server_new(const struct http_server_options *options);
void http_server_free(struct http_server *server);

/* Until it has drained or was stopped. */
void http_server_run(struct http_server *server);

/* Any thread. Stops listening after `delay_ms`, cuts what is left `grace_ms` later. */
void http_server_drain(struct http_server *server, int64_t delay_ms, int64_t grace_ms);
/* Any thread. Cuts everything now. */
void http_server_stop(struct http_server *server);

#endif

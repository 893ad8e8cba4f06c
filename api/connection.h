/* connection.h - one client's connection, with a strict reader in front of the library
 *
 * Every byte that arrives is held back until head.h and frame.h have judged it; the library sees one
 * request at a time, written anew, and nothing else. What is refused is refused before the body comes:
 * the library is then given an empty request in its place, whose handler finds the problem. Why and
 * how: docs/http-guard.md. Loop thread only.
 */
#ifndef API_CONNECTION_H
#define API_CONNECTION_H

#include <stdint.h>
#include <uv.h>

#include "api/session.h"

struct connection;
struct exchange;
struct request;
struct st_h2o_accept_ctx_t;
struct st_h2o_req_t;

/* Milliseconds after which a slow client is let go. */
struct connection_timeouts {
	uint64_t idle_ms;        /* between requests */
	uint64_t head_ms;        /* from the first byte of a head to its last */
	uint64_t body_ms;        /* window in which at least body_bytes must come */
	uint64_t write_ms;       /* without any progress of what we write */
	uint64_t linger_ms;      /* of what a refused client still sends */
	uint64_t half_closed_ms; /* of work for a client that has ended its side */
};

/* The connections of one thread. */
struct connection_set {
	struct session *session;
	struct st_h2o_accept_ctx_t *accept;
	struct connection_timeouts timeouts;
	int draining;
	struct connection *first;   /* all open ones */
	struct connection *waiting; /* whose request has ended, until connection_rearm_all() */
	size_t count;
};

/* Accepts what waits at a listener. */
void connection_accept(struct connection_set *set, uv_stream_t *listener);

/* Before every poll: connections whose request has ended take the next one. */
void connection_rearm_all(struct connection_set *set);
/* Once in a while: lets go of who is too slow, and finds out who has gone. */
void connection_sweep(struct connection_set *set, uint64_t now_ms);
/* From now on every answer is the last of its connection; idle ones end. */
void connection_drain_all(struct connection_set *set);
void connection_cut_all(struct connection_set *set);

/* The first handler's part: the request that belongs to what the library has read, tied to it by an
 * exchange. NULL when bytes passed unseen: the library's request must be refused and closed. */
struct request *connection_take_request(struct st_h2o_req_t *req);

/* For exchange.c */
void connection_request_ended(struct connection *connection);
void connection_set_exchange(struct connection *connection, struct exchange *exchange);
int connection_is_draining(const struct connection *connection);
/* Reads and drops until the client ends, then tells the exchange. */
void connection_linger(struct connection *connection, struct exchange *exchange);

#endif

/* api.h - the REST service: its threads, sockets and routes
 *
 * api_start() opens the sockets and returns; everything else runs on threads of its own, each with a
 * loop, a set of database connections and its own listener on the same port. The first thread also
 * serves the Unix socket (mode 0600). What the options point to must live until api_stop(). All
 * functions here are for the thread that called api_start(), but api_set_state(), which any may call.
 *
 * The API changes no run: it hands commands to the scheduler through `submit` and reads the metadata
 * database. Callbacks are called on API threads, several at once, and must not block.
 */
#ifndef API_API_H
#define API_API_H

#include <stdint.h>

#include "lib/compiler.h"
#include "lib/err.h"

struct api;
struct catalog;
struct command;
struct log_store;

/* What /readyz says. Anything but ready is a 503; draining is entered by api_drain(). */
enum api_state { API_STARTING, API_READY, API_UNREADY, API_DRAINING, API_STANDBY };

/* How far a running task has come, as the service heard it last; lives in memory only. */
struct api_progress {
	int64_t done, total; /* in `unit`; total is -1 when unknown */
	char unit[16];
	char note[128]; /* "" when none */
};

struct api_instance {
	const char *dag, *run_id, *task;
	int64_t map_index; /* -1 when not mapped */
};

/* How long a slow client is suffered. 0 means the default. */
struct api_timeouts {
	int64_t idle_ms;        /* between requests: 60 s */
	int64_t head_ms;        /* for a whole head: 10 s */
	int64_t body_ms;        /* in which 10 KiB of a body must come: 10 s */
	int64_t write_ms;       /* without progress of the answer: 30 s */
	int64_t linger_ms;      /* for what a refused client still sends: 2 s */
	int64_t half_closed_ms; /* for an answer to a client that has ended its side: 5 s */
};

struct api_options {
	const struct catalog *catalog;
	const char *data_url;     /* of the users' tables */
	const char *metadata_url; /* of runs and DAGs; only read here */
	const char *state_dir; /* attempt logs lie below it; large bodies are spooled to its tmp/ */
	const char *host;      /* address to listen on; NULL: Unix socket only */
	uint16_t port;         /* 0: any free one, see api_port() */
	const char *socket_path; /* NULL: TCP only */
	const char *key;  /* asked for on every route but the public ones; NULL: nobody is asked */
	unsigned threads; /* 0: one */
	struct api_timeouts timeouts;

	const struct log_store *logs; /* where else logs of attempts may be; NULL: nowhere */

	void *service; /* first argument of what follows */
	/* Hands a command over; its callback comes exactly once, unless this fails (ERR_BUSY when the
	 * queue is full, ERR_UNAVAILABLE when nobody takes commands). */
	int (*submit)(void *service, struct command *command, struct err *err);
	/* 1 and fills `progress` when something is known about a running instance, else 0. May be NULL. */
	int (*progress)(void *service, const struct api_instance *instance,
	                struct api_progress *progress);
	/* The last request was answered after api_drain(), on some API thread. May be NULL. */
	void (*drained)(void *service);
};

/* Listens and starts the threads; the state is API_STARTING. */
MUST_CHECK int api_start(const struct api_options *options, struct api **api, struct err *err);

/* `reason` is shown by /readyz, NULL or "" when there is none; copied. */
void api_set_state(struct api *api, enum api_state state, const char *reason);

/* /readyz turns red at once; listeners close after `delay_ms`; what is in flight is answered within
 * `grace_ms` more, then cut. Returns at once. */
void api_drain(struct api *api, int64_t delay_ms, int64_t grace_ms);

/* Cuts what is left, ends the threads, removes the Unix socket, frees. NULL is fine. */
void api_stop(struct api *api);

/* The port that was bound, 0 when there is no TCP listener. */
uint16_t api_port(const struct api *api);

#endif

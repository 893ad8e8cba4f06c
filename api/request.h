/* request.h - one request, from its head to its answer
 *
 * Made when a good head has come, given to its handler when the body is complete, freed after the
 * answer was written. It owns copies of all it shows, so work on other threads may use its arena and
 * `reply` while it is pending; the loop does not touch them meanwhile. When the client has gone, the
 * work's end frees the request and its `respond` is not called: handlers never see that case.
 *
 * A handler is parse → work → respond: it ends with exactly one call of api/respond.h, or hands its
 * work to request_read(), request_write() or request_command(), whose callback ends with one.
 */
#ifndef API_REQUEST_H
#define API_REQUEST_H

#include <stddef.h>
#include <stdint.h>

#include "api/head.h"
#include "api/problem.h"
#include "api/route.h"
#include "api/session.h"
#include "lib/arena.h"
#include "lib/buf.h"
#include "lib/json.h"
#include "scheduler/service/command.h"

struct request;
struct exchange;

enum request_flags {
	REQUEST_CLOSE = 1 << 0,  /* the connection ends with the answer */
	REQUEST_LINGER = 1 << 1, /* … and what the client still sends is read and dropped first */
	REQUEST_FOLLOWS = 1 << 2, /* the answer has no end of its own; it ends with the client */
};

enum { REQUEST_ID_SIZE = 65, REQUEST_REPLY_FIELDS = 8 };

struct request_text {
	const char *name, *value;
};

/* Work for another thread, or for this one. 0, or -1 with `err`. */
typedef int (*request_work_fn)(struct request *request, struct db *db, struct err *err);
/* Back on the loop; `err` is NULL when it worked. */
typedef void (*request_respond_fn)(struct request *request, const struct err *err);

struct request {
	struct session *session;
	struct arena arena;
	char id[REQUEST_ID_SIZE];
	unsigned flags;
	int pending; /* its work runs elsewhere */

	/* what was asked; texts are NUL-terminated */
	struct head head;
	enum route_method method;
	const struct route *route;        /* NULL when there is none */
	const struct route_path *path;    /* NULL when there is none */
	const char *values[ROUTE_VALUES]; /* of the route's placeholders */
	const struct table *table;        /* ROUTE_IS_TABLE: the first placeholder's */
	struct request_text *parameters;  /* of the query, decoded */
	size_t parameter_count;
	const char *body; /* until the handler returns */
	size_t body_size;

	/* decided before the body came; the handler is not called then */
	enum problem problem;
	const char *why;

	/* the answer */
	struct buf reply;
	struct request_text reply_fields[REQUEST_REPLY_FIELDS];
	size_t reply_field_count;
	void *work_data; /* the handler's, for its callbacks */
	void (*cleanup)(
		struct request *request); /* the handler's, when the request is freed; or NULL */

	struct exchange
		*exchange; /* the library's side; NULL: nobody waits for the answer any more */
	/* set by who runs the work elsewhere: the client has gone, the work may end early */
	void (*abandon)(struct request *request);
	void *work; /* the same one's */
};

/* Takes a copy of the head's bytes; a head that is bad leaves its problem in `problem`. */
struct request *request_new(struct session *session, const char *head, size_t size);
/* A request whose head could not be read. */
struct request *request_new_bad(struct session *session, enum problem problem, const char *why);
/* The library has let go. */
void request_detach(struct request *request);

/* A header by its lower-case name, NULL when it was not sent. */
const char *request_header(const struct request *request, const char *name);
/* A query parameter, NULL when it was not given. */
const char *request_parameter(const struct request *request, const char *name);
/* Splits and decodes the query and holds it against the route: 0, or -1 after a problem was set. */
MUST_CHECK int request_parse_query(struct request *request);
/* A whole number in a range, `fallback` when not given; -1 after it has answered. */
MUST_CHECK int request_integer(struct request *request, const char *name, const int64_t range[2],
                               int64_t *value);

/* The body as a JSON object; NULL after it has answered. The reference is the caller's. */
MUST_CHECK json_t *request_body_object(struct request *request);

/* A header of the answer; the texts live as long as the request. */
void request_reply_field(struct request *request, const char *name, const char *value);

enum request_database { REQUEST_DATA, REQUEST_METADATA };

/* Runs the read here and now; when it turns out long, again on the slow pool (so `work` starts from
 * scratch: request->reply is emptied before each call). */
void request_read(struct request *request, enum request_database database, request_work_fn work,
                  request_respond_fn respond);
/* On the writer's thread, in its transaction; answered after the commit. May run twice, too. */
void request_write(struct request *request, request_work_fn work, request_respond_fn respond);
/* Hands a command to the scheduler; `respond` finds its answer in `command`, which is freed after; it
 * may come before this returns, when nobody takes commands. */
void request_command(struct request *request, const struct command *command,
                     void (*respond)(struct request *request, struct command *command));

/* For those that run a request's work elsewhere: it is pending from here on, */
void request_suspend(struct request *request);
/* until here. 1 when the client is still there, else 0 and the request was freed. */
MUST_CHECK int request_resume(struct request *request);
/* Frees what never comes back to its loop. */
void request_discard(struct request *request);

#endif

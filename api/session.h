/* session.h - what the requests of one API thread share
 *
 * A thread reads with connections of its own, opened when first needed and again after they broke;
 * writes go through the one writer of the process, long reads through the slow pool. Everything but
 * `shared` belongs to the thread.
 */
#ifndef API_SESSION_H
#define API_SESSION_H

#include <pthread.h>
#include <stdatomic.h>

#include "api/api.h"
#include "api/mailbox.h"
#include "api/route.h"
#include "lib/arena.h"
#include "storage/catalog/catalog.h"
#include "storage/db/db.h"

struct slow_pool;
struct table_repo;
struct writer;

/* One per api. */
struct session_shared {
	const struct api_options *options;
	struct arena arena; /* of the route table */
	struct route_table routes;
	struct table_repo *tables; /* NULL until first needed; see session_tables() */
	struct writer *writer;     /* the same, see session_writer() */
	struct slow_pool *slow;
	pthread_mutex_t lock; /* guards `tables`, `writer`, state and reason */
	enum api_state state;
	char reason[252];
	atomic_llong body_bytes;  /* held by all connections */
	atomic_int connections;   /* open ones */
	atomic_int threads_alive; /* that have not drained */
};

struct session {
	struct session_shared *shared;
	uv_loop_t *loop;
	struct mailbox *mailbox;
	struct db *data, *metadata; /* NULL until first needed */
	int pending;                /* requests whose work runs elsewhere */
};

void session_init(struct session *session, struct session_shared *shared, uv_loop_t *loop);
void session_release(struct session *session);

/* Work a read may do on the loop before it goes to the slow pool, as db_set_budget(). */
enum { SESSION_BUDGET = 20000 };

/* Readers of this thread, bounded by SESSION_BUDGET; NULL on error. */
MUST_CHECK struct db *session_data(struct session *session, struct err *err);
MUST_CHECK struct db *session_metadata(struct session *session, struct err *err);
/* Closes readers that failed in a way a new connection may mend. */
void session_forget(struct session *session, const struct err *err);

/* Any thread. Made at the first call. */
const struct table_repo *session_tables(struct session_shared *shared, enum db_dialect dialect);
MUST_CHECK struct writer *session_writer(struct session_shared *shared, struct err *err);

/* Any thread; `reason` may be NULL. */
enum api_state session_state(struct session_shared *shared, char *reason, size_t reason_size);

#endif

/* host_session.h - what the host calls of one runner stand on
 *
 * Catalog, data database and object stores, each opened when a task first needs it and kept for the
 * next: a no-op opens nothing. The `config` of the hello frame says where they are; its members, all
 * paths absolute, all optional until something needs them:
 *   database_url, database_durability ("full", "normal"), catalog_dir, state_dir, files_roots (list
 *   of folders), object_stores (object: name → URL, "objects" is the default one), create_buckets
 * Main thread, but for host_session_cancel().
 */
#ifndef SCHEDULER_RUNNER_HOST_SESSION_H
#define SCHEDULER_RUNNER_HOST_SESSION_H

#include <pthread.h>

#include "lib/arena.h"
#include "lib/compiler.h"
#include "lib/err.h"
#include "lib/json.h"

struct catalog;
struct channel;
struct db;
struct object_ref;
struct object_registry;

enum {
	HOST_SESSION_DBS = 4, /* connections in use at once */
};

struct host_session {
	struct channel *channel; /* has the config */
	struct catalog *catalog;
	struct object_registry *objects;
	struct db *idle;       /* a connection nobody uses, or NULL */
	pthread_mutex_t mutex; /* guards what follows: a cancel comes from the helper */
	struct db *busy[HOST_SESSION_DBS];
};

void host_session_init(struct host_session *session, struct channel *channel);

/* NULL on error. The session's. */
MUST_CHECK const struct catalog *host_session_catalog(struct host_session *session,
                                                      struct err *err);
MUST_CHECK const struct object_registry *host_session_objects(struct host_session *session,
                                                              struct err *err);
/* A connection to the data database outside of any transaction, to be handed back. NULL on error. */
MUST_CHECK struct db *host_session_db(struct host_session *session, struct err *err);
void host_session_db_back(struct host_session *session, struct db *db);

/* A setting of the config; ERR_INTERNAL when the service did not send it. NULL then. */
MUST_CHECK const char *host_session_text(const struct host_session *session, const char *name,
                                         struct err *err);

MUST_CHECK int host_session_ref(struct host_session *session, const char *uri, struct arena *arena,
                                struct object_ref *ref, struct err *err);
/* 1, 0, or -1. */
MUST_CHECK int host_session_object_exists(struct host_session *session, const char *uri,
                                          struct arena *arena, struct err *err);

/* From the helper: what a task waits for in a database ends with ERR_CANCELLED. */
void host_session_cancel(struct host_session *session);

#endif

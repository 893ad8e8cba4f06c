/* client.h - the REST API of a server, over its Unix socket or --server URL
 *
 * Replies are JSON as formats.md of the design says. Without a server every call fails with
 * ERR_UNAVAILABLE and a text that says how to start one. One thread.
 */
#ifndef CLI_CLIENT_H
#define CLI_CLIENT_H

#include "cli/call.h"
#include "lib/http.h"
#include "lib/json.h"

struct client;

/* NULL when the settings are bad, which was said. */
struct client *client_new(struct call *call);
/* To the socket of a server in this process. */
struct client *client_new_local(const char *socket_path, const char *key);
void client_free(struct client *client);
/* Does something at the server: gives the exit status, EXIT_BAD when the settings are bad. */
int client_with(struct call *call, int (*work)(struct call *call, struct client *client));

/* `body` may be NULL. A new reference, or NULL with the error; all that a problem says is in its
 * text, what is wrong with single members is kept for client_fail(). */
MUST_CHECK json_t *client_call(struct client *client, const char *method, const char *path,
                               const json_t *body, struct err *err);
MUST_CHECK json_t *client_get(struct client *client, const char *path, struct err *err);
/* The body as it comes. */
MUST_CHECK int client_stream(struct client *client, const char *path, http_body_fn on_body,
                             void *data, struct err *err);

/* Says on stderr why the last call failed, with what is wrong with single members: gives the exit
 * status. */
int client_fail(const struct client *client, const struct err *err);

/* Appends one segment of a path, encoded. */
void client_segment(struct buf *path, const char *text);
/* `/v1/dags/{dag}`, and `/v1/dags/{dag}/runs/{run}`, and what is behind it; the arena's. */
const char *client_dag_path(struct arena *arena, const char *dag, const char *rest);
const char *client_run_path(struct arena *arena, const char *dag, const char *run,
                            const char *rest);

#endif

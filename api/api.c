/* api.c - the REST service: its threads, sockets and routes */
#include "api/api.h"

#include <h2o.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "api/http_server.h"
#include "api/listener.h"
#include "api/routes.h"
#include "api/session.h"
#include "api/slow.h"
#include "lib/mem.h"
#include "lib/str.h"
#include "storage/db/writer.h"
#include "storage/repo/table_repo.h"

enum {
	SPOOL_THRESHOLD = 1024 * 1024, /* bodies above this lie in a file */
};

struct worker {
	struct api *api;
	struct http_server *server;
	pthread_t thread;
	int running;
};

struct api {
	struct api_options options;
	struct session_shared shared;
	struct worker *workers;
	unsigned worker_count;
	uint16_t port;
	atomic_int drains; /* api_drain() was called */
};

static uint64_t or_default(int64_t value_ms, uint64_t default_ms)
{
	return value_ms > 0 ? (uint64_t)value_ms : default_ms;
}

static struct connection_timeouts timeouts_of(const struct api_timeouts *given)
{
	return (struct connection_timeouts){
		.idle_ms = or_default(given->idle_ms, 60000),
		.head_ms = or_default(given->head_ms, 10000),
		.body_ms = or_default(given->body_ms, 10000),
		.write_ms = or_default(given->write_ms, 30000),
		.linger_ms = or_default(given->linger_ms, 2000),
		.half_closed_ms = or_default(given->half_closed_ms, 5000),
	};
}

static void init_shared(struct api *api)
{
	struct session_shared *shared = &api->shared;

	shared->options = &api->options;
	shared->state = API_STARTING;
	arena_init(&shared->arena);
	pthread_mutex_init(&shared->lock, NULL);
	routes_init(&shared->routes, &shared->arena);
	shared->slow = slow_pool_new(&api->options);
}

/* Process-wide settings of the library. That the allocator gives freed bodies back is main's. */
static void init_library(const struct api_options *options)
{
	h2o_socket_buffer_mmap_settings.threshold = SPOOL_THRESHOLD;
	snprintf(h2o_socket_buffer_mmap_settings.fn_template,
	         sizeof(h2o_socket_buffer_mmap_settings.fn_template), "%s/tmp/body.XXXXXX",
	         options->state_dir);
}

static int make_worker(struct api *api, struct err *err)
{
	struct worker *worker = &api->workers[api->worker_count];
	struct http_server_options options = {.shared = &api->shared,
	                                      .tcp_fd = -1,
	                                      .unix_fd = -1,
	                                      .timeouts = timeouts_of(&api->options.timeouts)};

	if (api->options.host) {
		options.tcp_fd = listener_tcp(api->options.host, &api->port, err);
		if (options.tcp_fd < 0)
			return -1;
	}
	if (api->worker_count == 0 && api->options.socket_path) {
		options.unix_fd = listener_unix(api->options.socket_path, err);
		if (options.unix_fd < 0) {
			if (options.tcp_fd >= 0)
				close(options.tcp_fd);
			return -1;
		}
	}
	worker->api = api;
	worker->server = http_server_new(&options);
	api->worker_count++;
	return 0;
}

static int make_workers(struct api *api, struct err *err)
{
	unsigned count = api->options.threads ? api->options.threads : 1;

	api->port = api->options.port;
	if (api->options.host && listener_probe(api->options.host, api->port, err) < 0)
		return -1;
	/* without TCP there is one socket, and one thread to serve it */
	if (!api->options.host)
		count = 1;
	api->workers = mem_array(count, sizeof(*api->workers));
	while (api->worker_count < count)
		if (make_worker(api, err) < 0)
			return -1;
	return 0;
}

static void *worker_main(void *argument)
{
	struct worker *worker = argument;
	struct api *api = worker->api;

	http_server_run(worker->server);
	if (atomic_fetch_sub(&api->shared.threads_alive, 1) == 1 && atomic_load(&api->drains) &&
	    api->options.drained)
		api->options.drained(api->options.service);
	return NULL;
}

/* Signals are for the thread that started us. */
static int run_workers(struct api *api, struct err *err)
{
	sigset_t all, before;
	int failed = 0;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	atomic_store(&api->shared.threads_alive, (int)api->worker_count);
	for (unsigned i = 0; i < api->worker_count && !failed; i++) {
		struct worker *worker = &api->workers[i];

		failed = pthread_create(&worker->thread, NULL, worker_main, worker);
		worker->running = !failed;
	}
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return failed ? err_errno(err, failed, "could not start an API thread") : 0;
}

int api_start(const struct api_options *options, struct api **out, struct err *err)
{
	struct api *api = mem_alloc(sizeof(*api));

	api->options = *options;
	init_library(options);
	init_shared(api);
	if (make_workers(api, err) == 0 && run_workers(api, err) == 0) {
		*out = api;
		return 0;
	}
	api_stop(api);
	*out = NULL;
	return -1;
}

void api_set_state(struct api *api, enum api_state state, const char *reason)
{
	struct session_shared *shared = &api->shared;

	pthread_mutex_lock(&shared->lock);
	/* there is no way back from draining */
	if (shared->state != API_DRAINING) {
		shared->state = state;
		str_copy(shared->reason, sizeof(shared->reason), reason ? reason : "");
	}
	pthread_mutex_unlock(&shared->lock);
}

void api_drain(struct api *api, int64_t delay_ms, int64_t grace_ms)
{
	api_set_state(api, API_DRAINING, "the server is shutting down");
	atomic_store(&api->drains, 1);
	for (unsigned i = 0; i < api->worker_count; i++)
		http_server_drain(api->workers[i].server, delay_ms, grace_ms);
}

static void end_workers(struct api *api)
{
	for (unsigned i = 0; i < api->worker_count; i++)
		http_server_stop(api->workers[i].server);
	for (unsigned i = 0; i < api->worker_count; i++) {
		struct worker *worker = &api->workers[i];

		/* one that never ran has a mail to take and handles to close */
		if (worker->running)
			pthread_join(worker->thread, NULL);
		else
			http_server_run(worker->server);
	}
}

void api_stop(struct api *api)
{
	if (!api)
		return;
	end_workers(api);
	slow_pool_free(api->shared.slow);
	writer_stop(api->shared.writer);
	for (unsigned i = 0; i < api->worker_count; i++)
		http_server_free(api->workers[i].server);
	if (api->options.socket_path && api->worker_count)
		unlink(api->options.socket_path);
	table_repo_free(api->shared.tables);
	arena_release(&api->shared.arena);
	pthread_mutex_destroy(&api->shared.lock);
	free(api->workers);
	free(api);
}

uint16_t api_port(const struct api *api)
{
	return api->options.host ? api->port : 0;
}

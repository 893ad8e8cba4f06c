/* serve.c - `millrace serve` */
#include "cli/serve.h"

#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "api/api.h"
#include "lib/clock.h"
#include "lib/file.h"
#include "lib/log.h"
#include "lib/str.h"
#include "scheduler/service/service.h"
#include "storage/catalog/catalog.h"
#include "storage/db/checkpointer.h"
#include "storage/object/log_store.h"
#include "storage/repo/migrate.h"

enum {
	SOCKET_PATH_BYTES = 100, /* sun_path has 108 */
	KEEP_FREED_BYTES = 128 * 1024,
};

/* What one `serve` consists of, in the order it is opened. */
struct serve {
	struct config *config;
	struct arena arena;
	struct catalog *catalog;
	struct checkpointer *checkpointer;
	struct object_registry *objects; /* for logs; NULL: they stay here */
	struct log_store logs;
	struct service *service;
	struct api *api;
};

static int read_catalog(struct serve *serve, struct err *err)
{
	struct yaml_errors errors;

	yaml_errors_init(&errors);
	serve->catalog = catalog_read(config_text(serve->config, CONFIG_CATALOG_DIR), &errors);
	if (!serve->catalog) {
		auto_buf struct buf text = {0};

		yaml_errors_format(&errors, &text);
		(void)!write(STDERR_FILENO, text.data, text.size);
		err_set(err, ERR_INVALID, "the catalog has %zu faults", errors.count);
	}
	yaml_errors_release(&errors);
	return serve->catalog ? 0 : -1;
}

static int migrate(struct serve *serve, struct db *db, struct err *err)
{
	struct migrate_plan plan;
	int result;

	migrate_plan_init(&plan);
	result = migrate_up(db, serve->catalog, 0, clock_now_us(), &plan, err);
	for (size_t i = 0; i < plan.count; i++)
		log_info("tables", "%s", plan.items[i].what);
	migrate_plan_release(&plan);
	return result;
}

static int open_data(struct serve *serve, struct err *err)
{
	const char *url = config_text(serve->config, CONFIG_DATABASE_URL);
	struct db_options options = {.flags = DB_CREATE};
	struct db *db = db_open(url, &options, err);
	int is_file = db && db_dialect(db) == DB_DIALECT_SQLITE;
	int result = -1;

	/* one that others use too is changed only where that was allowed */
	if (is_file || (db && config_int(serve->config, CONFIG_DATABASE_AUTO_MIGRATE)))
		result = migrate(serve, db, err);
	else if (db)
		result = migrate_check(db, serve->catalog, err);
	/* closed after the checkpointer has its own: SQLite's last one out removes the log */
	if (result == 0 && is_file) {
		serve->checkpointer = checkpointer_start(url, 0, err);
		result = serve->checkpointer ? 0 : -1;
	}
	db_close(db);
	return result;
}

/* --- what API and service say to each other --- */

static int submit(void *context, struct command *command, struct err *err)
{
	const struct serve *serve = context;

	return service_submit(serve->service, command, err);
}

static int progress(void *context, const struct api_instance *instance, struct api_progress *shown)
{
	const struct serve *serve = context;
	struct progress_value value;
	char key[PROGRESS_KEY_SIZE];

	progress_key(key, instance->dag, instance->run_id, instance->task, instance->map_index);
	if (!service_progress(serve->service, key, &value))
		return 0;
	shown->done = value.done;
	shown->total = value.total ? value.total : -1;
	str_copy(shown->unit, sizeof(shown->unit), value.unit);
	str_copy(shown->note, sizeof(shown->note), value.note);
	return 1;
}

static void drained(void *context)
{
	const struct serve *serve = context;

	service_release(serve->service);
}

static void on_state(void *context, enum service_state state, const char *reason)
{
	static const enum api_state states[] = {
		[SERVICE_STARTING] = API_STARTING,
		[SERVICE_READY] = API_READY,
		[SERVICE_IN_TROUBLE] = API_UNREADY,
		[SERVICE_STANDBY] = API_STANDBY,
	};
	const struct serve *serve = context;

	if (state == SERVICE_DRAINING)
		api_drain(serve->api, config_int(serve->config, CONFIG_DRAIN_DELAY),
		          config_int(serve->config, CONFIG_SHUTDOWN_GRACE));
	else
		api_set_state(serve->api, states[state], reason);
}

/* --- sockets --- */

/* `host:port`, `[v6]:port`, or a port alone. */
static int split_listen(struct serve *serve, const char **host, uint16_t *port, struct err *err)
{
	const char *listen = config_text(serve->config, CONFIG_LISTEN);
	const char *colon = strrchr(listen, ':');
	const char *digits = colon ? colon + 1 : listen;
	size_t length = colon ? (size_t)(colon - listen) : 0;
	int64_t number;

	if (str_to_int(digits, &number, err) < 0 || number < 0 || number > 65535)
		return err_set(err, ERR_USAGE,
		               "'%s' is not an address to listen on such as 127.0.0.1:8000",
		               listen);
	if (length > 2 && listen[0] == '[' && listen[length - 1] == ']') {
		listen++;
		length -= 2;
	}
	*host = length ? arena_strndup(&serve->arena, listen, length) : "127.0.0.1";
	*port = (uint16_t)number;
	return 0;
}

static int is_loopback(const char *host)
{
	return str_starts_with(host, "127.") || str_equal(host, "::1") ||
	       str_equal(host, "localhost");
}

/* Whoever can reach an open address must bring a key, unless it is said that they need none. */
static int check_access(const struct serve *serve, const char *host, const char *key,
                        struct err *err)
{
	if (key || is_loopback(host) || str_equal(config_text(serve->config, CONFIG_AUTH), "none"))
		return 0;
	return err_set(err, ERR_DENIED,
	               "'%s' can be reached by others: set a key (APIKEY), or say `auth: none`",
	               host);
}

const char *serve_socket_path(struct arena *arena, const char *state_dir)
{
	const char *path = file_join(arena, state_dir, "millrace.sock");
	uint64_t hash = 14695981039346656037u;

	if (strlen(path) <= SOCKET_PATH_BYTES)
		return path;
	for (const char *at = path; *at; at++)
		hash = (hash ^ (unsigned char)*at) * 1099511628211u;
	return arena_printf(arena, "/run/user/%u/millrace-%016llx.sock", (unsigned)getuid(),
	                    (unsigned long long)hash);
}

static unsigned thread_count(const struct config *config)
{
	int64_t threads = config_int(config, CONFIG_API_THREADS);
	long cores = sysconf(_SC_NPROCESSORS_ONLN);

	if (threads > 0)
		return (unsigned)threads;
	return cores > 0 ? (unsigned)cores : 1;
}

static int start_api(struct serve *serve, struct err *err)
{
	const struct config *config = serve->config;
	const char *key = config_text(config, CONFIG_API_KEY);
	struct api_options options = {
		.catalog = serve->catalog,
		.data_url = config_text(config, CONFIG_DATABASE_URL),
		.metadata_url = config_text(config, CONFIG_METADATA_URL),
		.state_dir = config_text(config, CONFIG_STATE_DIR),
		.socket_path =
			serve_socket_path(&serve->arena, config_text(config, CONFIG_STATE_DIR)),
		.key = *key ? key : NULL,
		.threads = thread_count(config),
		.logs = serve->objects ? &serve->logs : NULL,
		.service = serve,
		.submit = submit,
		.progress = progress,
		.drained = drained,
	};

	if (split_listen(serve, &options.host, &options.port, err) < 0 ||
	    check_access(serve, options.host, options.key, err) < 0 ||
	    api_start(&options, &serve->api, err) < 0)
		return -1;
	log_info("api", "listening on http://%s:%u and %s", options.host,
	         (unsigned)api_port(serve->api), options.socket_path);
	return 0;
}

static int upload_log(void *context, const char *name, const char *path, struct err *err)
{
	const struct serve *serve = context;

	return log_store_put(&serve->logs, name, path, err);
}

static int open_logs(struct serve *serve, struct err *err)
{
	const struct config *config = serve->config;
	const json_t *roots = config_json(config, CONFIG_FILES_ROOTS);
	const char *prefix = config_text(config, CONFIG_LOGS_UPLOAD);

	if (!*prefix)
		return 0;
	serve->objects = object_registry_new(config_int(config, CONFIG_OBJECTS_CREATE_BUCKETS)
	                                             ? OBJECT_REGISTRY_CREATE_BUCKETS
	                                             : 0);
	for (size_t i = 0; i < json_array_size(roots); i++)
		object_registry_add_root(serve->objects,
		                         json_string_value(json_array_get(roots, i)));
	serve->logs = (struct log_store){serve->objects, prefix};
	if (object_registry_add(serve->objects, "objects", config_text(config, CONFIG_OBJECTS_URL),
	                        err) < 0 ||
	    log_store_check(&serve->logs, err) < 0)
		return err_prefix(err, "logs.upload");
	return 0;
}

/* While another leads, /livez says that this one lives, and all else who leads. 1: told to end. */
static int stand_by(struct serve *serve, struct err *err)
{
	return start_api(serve, err) < 0 ? -1 : service_stand_by(serve->service, err);
}

/* 1: told to end. */
static int open_all(struct serve *serve, struct err *err)
{
	int result;

	struct service_events events = {.state = on_state, .context = serve};

	if (read_catalog(serve, err) < 0 || open_logs(serve, err) < 0)
		return -1;
	if (serve->objects)
		events.upload_log = upload_log;
	serve->service = service_open(serve->config, &events, err);
	if (!serve->service)
		return -1;
	result = service_must_stand_by(serve->service) ? stand_by(serve, err) : 0;
	if (result != 0 || open_data(serve, err) < 0)
		return result > 0 ? 1 : -1;
	return serve->api ? 0 : start_api(serve, err);
}

int serve_run(struct config *config, struct err *err)
{
	struct serve serve = {.config = config};
	int result;

	/* what large requests leave goes back to the system */
	/* NOLINTNEXTLINE(concurrency-mt-unsafe): there are no threads yet */
	mallopt(M_MMAP_THRESHOLD, KEEP_FREED_BYTES);
	umask(027);
	arena_init(&serve.arena);
	result = open_all(&serve, err);
	if (result == 0)
		result = service_run(serve.service, err);
	api_stop(serve.api);
	service_close(serve.service);
	checkpointer_stop(serve.checkpointer);
	catalog_free(serve.catalog);
	object_registry_free(serve.objects);
	arena_release(&serve.arena);
	if (result < 0)
		return -1;
	log_info("serve", "stopped");
	return 0;
}

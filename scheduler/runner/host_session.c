/* host_session.c - what the host calls of one runner stand on */
#include "scheduler/runner/host_session.h"

#include <string.h>

#include "lib/str.h"
#include "scheduler/runner/channel.h"
#include "storage/catalog/catalog.h"
#include "storage/db/db.h"
#include "storage/object/object_registry.h"

void host_session_init(struct host_session *session, struct channel *channel)
{
	*session = (struct host_session){.channel = channel};
	pthread_mutex_init(&session->mutex, NULL);
}

const char *host_session_text(const struct host_session *session, const char *name, struct err *err)
{
	const char *text = json_string_value(json_object_get(session->channel->config, name));

	if (!text)
		err_set(err, ERR_INTERNAL, "the runner was not told '%s'", name);
	return text;
}

const struct catalog *host_session_catalog(struct host_session *session, struct err *err)
{
	struct yaml_errors errors;
	const char *folder;

	if (session->catalog)
		return session->catalog;
	folder = host_session_text(session, "catalog_dir", err);
	if (!folder)
		return NULL;
	yaml_errors_init(&errors);
	session->catalog = catalog_read(folder, &errors);
	if (!session->catalog && errors.count)
		err_set(err, ERR_INVALID, "%s:%u:%u: %s", errors.items[0].file,
		        errors.items[0].line, errors.items[0].column, errors.items[0].text);
	else if (!session->catalog)
		err_set(err, ERR_INVALID, "the catalog '%s' cannot be read", folder);
	yaml_errors_release(&errors);
	return session->catalog;
}

static int add_stores(struct object_registry *registry, const json_t *stores, struct err *err)
{
	const char *name;
	json_t *url;

	json_object_foreach((json_t *)(uintptr_t)stores, name,
	                    url) if (object_registry_add(registry, name, json_string_value(url),
	                                                 err) < 0) return -1;
	return 0;
}

const struct object_registry *host_session_objects(struct host_session *session, struct err *err)
{
	const json_t *config = session->channel->config;
	const json_t *roots = json_object_get(config, "files_roots");
	struct object_registry *registry;

	if (session->objects)
		return session->objects;
	registry = object_registry_new(json_is_false(json_object_get(config, "create_buckets"))
	                                       ? 0
	                                       : OBJECT_REGISTRY_CREATE_BUCKETS);
	for (size_t i = 0; i < json_array_size(roots); i++)
		object_registry_add_root(registry, json_string_value(json_array_get(roots, i)));
	if (add_stores(registry, json_object_get(config, "object_stores"), err) < 0) {
		object_registry_free(registry);
		return NULL;
	}
	session->objects = registry;
	return registry;
}

static struct db *open_db(struct host_session *session, struct err *err)
{
	const char *url = host_session_text(session, "database_url", err);
	const char *durability =
		json_get_text(session->channel->config, "database_durability", "full");
	struct db_options options = {.flags = 0};

	if (!url)
		return NULL;
	if (str_equal(durability, "normal"))
		options.flags |= DB_NORMAL_DURABILITY;
	options.cache_bytes = (int64_t)32 * 1024 * 1024;
	return db_open(url, &options, err);
}

/* Remembers a connection in use. 0, or -1 when there are too many. */
static int mark_busy(struct host_session *session, struct db *db)
{
	int marked = -1;

	pthread_mutex_lock(&session->mutex);
	for (size_t i = 0; marked < 0 && i < HOST_SESSION_DBS; i++)
		if (!session->busy[i]) {
			session->busy[i] = db;
			marked = 0;
		}
	if (marked == 0 && atomic_load(&session->channel->cancelled))
		db_cancel(db);
	pthread_mutex_unlock(&session->mutex);
	return marked;
}

struct db *host_session_db(struct host_session *session, struct err *err)
{
	struct db *db = session->idle ? session->idle : open_db(session, err);

	session->idle = NULL;
	if (!db)
		return NULL;
	if (mark_busy(session, db) == 0)
		return db;
	session->idle = db;
	err_set(err, ERR_LIMIT, "more than %d database sessions at once", HOST_SESSION_DBS);
	return NULL;
}

void host_session_db_back(struct host_session *session, struct db *db)
{
	pthread_mutex_lock(&session->mutex);
	for (size_t i = 0; i < HOST_SESSION_DBS; i++)
		if (session->busy[i] == db)
			session->busy[i] = NULL;
	pthread_mutex_unlock(&session->mutex);
	db_rollback(db);
	db_uncancel(db);
	if (session->idle)
		db_close(db);
	else
		session->idle = db;
}

void host_session_cancel(struct host_session *session)
{
	pthread_mutex_lock(&session->mutex);
	for (size_t i = 0; i < HOST_SESSION_DBS; i++)
		if (session->busy[i])
			db_cancel(session->busy[i]);
	pthread_mutex_unlock(&session->mutex);
}

int host_session_ref(struct host_session *session, const char *uri, struct arena *arena,
                     struct object_ref *ref, struct err *err)
{
	const struct object_registry *objects = host_session_objects(session, err);

	if (!objects)
		return -1;
	return object_registry_resolve(objects, uri, arena, ref, err);
}

int host_session_object_exists(struct host_session *session, const char *uri, struct arena *arena,
                               struct err *err)
{
	struct object_ref ref;
	struct object_stat stat;

	if (host_session_ref(session, uri, arena, &ref, err) < 0)
		return -1;
	if (object_store_stat(&ref, &stat, err) == 0)
		return 1;
	return err->code == ERR_NOT_FOUND ? 0 : -1;
}

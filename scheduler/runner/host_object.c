/* host_object.c - the group "objects" of the host table */
#include "scheduler/runner/host_object.h"

#include <string.h>

#include "lib/fault.h"
#include "lib/str.h"
#include "scheduler/runner/host.h"
#include "storage/object/object_registry.h"

/* One of reader and writer until it is closed; a committed writer is gone, too. */
struct mr_object {
	struct attempt_handle handle; /* first */
	struct object_ref ref;
	struct object_reader *reader;
	struct object_writer *writer;
};

/* Writes what the caller's version of the struct has room for. */
static void fill_stat(struct attempt *attempt, const char *uri, const struct object_stat *from,
                      struct mr_object_stat *to)
{
	struct mr_object_stat stat = {
		.size = to->size,
		.uri = uri,
		.bytes = from->size_bytes,
		.modified_us = from->modified_us,
		.etag = arena_strdup(&attempt->arena, from->etag),
		.content_type = from->content_type ? from->content_type : "",
	};

	memcpy(to, &stat, to->size < sizeof(stat) ? to->size : sizeof(stat));
}

static struct attempt *enter(struct mr_task *task, const char *uri, const char *call)
{
	struct attempt *attempt = host_enter(task, call);

	host_need(attempt, uri, call, "the URI");
	return attempt;
}

static int resolve(struct attempt *attempt, const char *uri, struct object_ref *ref)
{
	if (host_is_cancelled(attempt))
		return -1;
	return host_session_ref(attempt->session, arena_strdup(&attempt->arena, uri),
	                        &attempt->arena, ref, &attempt->err);
}

static void close_object(struct attempt *attempt, struct attempt_handle *handle)
{
	struct mr_object *object = container_of(handle, struct mr_object, handle);

	(void)attempt;
	if (object->reader)
		object_store_close(object->reader);
	object_store_abort(object->writer);
	object->reader = NULL;
	object->writer = NULL;
}

mr_status host_object_open(struct mr_task *task, const char *uri, int32_t mode,
                           struct mr_object **object)
{
	struct attempt *attempt = enter(task, uri, "object_open");
	struct object_range all = {0, -1};
	struct mr_object *made;
	int failed;

	host_need(attempt, object, "object_open", "the object");
	if (mode != MR_READ && mode != MR_WRITE)
		host_misuse(attempt, "object_open(): %d is no mode", mode);
	made = arena_alloc(&attempt->arena, sizeof(*made));
	if (resolve(attempt, uri, &made->ref) < 0)
		return host_failed(attempt);
	made->handle = (struct attempt_handle){.what = "object", .close = close_object};
	failed = mode == MR_READ ? object_store_open(&made->ref, all, &made->reader, &attempt->err)
	                         : object_store_create(&made->ref, &made->writer, &attempt->err);
	if (failed)
		return host_failed(attempt);
	attempt_opened(attempt, &made->handle);
	*object = made;
	return MR_OK;
}

mr_status host_object_read(struct mr_task *task, struct mr_object *object, void *bytes, size_t size,
                           size_t *got)
{
	struct attempt *attempt = host_enter(task, "object_read");
	size_t read = 0;

	host_use(attempt, object, "object_read", "the object");
	host_need(attempt, bytes, "object_read", "the memory");
	host_need(attempt, got, "object_read", "the count");
	if (!object->reader)
		host_misuse(attempt, "object_read(): the object was opened for writing");
	if (host_is_cancelled(attempt) ||
	    object_store_read(object->reader, bytes, size, &read, &attempt->err) < 0)
		return host_failed(attempt);
	if (!read)
		return MR_END;
	*got = read;
	return MR_OK;
}

static struct attempt *enter_writer(struct mr_task *task, struct mr_object *object,
                                    const char *call)
{
	struct attempt *attempt = host_enter(task, call);

	host_use(attempt, object, call, "the object");
	if (!object->writer)
		host_misuse(attempt, "%s(): the object is not open for writing", call);
	return attempt;
}

mr_status host_object_write(struct mr_task *task, struct mr_object *object, const void *bytes,
                            size_t size)
{
	struct attempt *attempt = enter_writer(task, object, "object_write");

	host_need(attempt, bytes, "object_write", "the memory");
	if (host_is_cancelled(attempt) ||
	    object_store_write(object->writer, bytes, size, &attempt->err) < 0)
		return host_failed(attempt);
	return MR_OK;
}

mr_status host_object_commit(struct mr_task *task, struct mr_object *object,
                             struct mr_object_stat *stat)
{
	struct attempt *attempt = enter_writer(task, object, "object_commit");
	struct object_writer *writer = object->writer;
	struct object_stat written;

	if (host_is_cancelled(attempt))
		return host_failed(attempt);
	object->writer = NULL;
	FAULT("object-before-commit");
	if (object_store_commit(writer, &written, &attempt->err) < 0)
		return host_failed(attempt);
	FAULT("object-after-commit");
	if (stat)
		fill_stat(attempt, object->ref.text, &written, stat);
	return MR_OK;
}

void host_object_close(struct mr_task *task, struct mr_object *object)
{
	struct attempt *attempt = host_enter_any(task, "object_close");

	if (object)
		host_close(attempt, &object->handle);
}

mr_status host_object_stat(struct mr_task *task, const char *uri, struct mr_object_stat *stat)
{
	struct attempt *attempt = enter(task, uri, "object_stat");
	struct object_stat found;
	struct object_ref ref;

	host_need(attempt, stat, "object_stat", "the stat");
	if (resolve(attempt, uri, &ref) < 0)
		return host_failed(attempt);
	if (object_store_stat(&ref, &found, &attempt->err) == 0) {
		fill_stat(attempt, ref.text, &found, stat);
		return MR_OK;
	}
	return attempt->err.code == ERR_NOT_FOUND ? MR_END : host_failed(attempt);
}

/* The URI of a key below the prefix that was asked for. */
static const char *uri_of(struct attempt *attempt, const struct object_ref *prefix, const char *key)
{
	size_t above = strlen(prefix->text) - strlen(prefix->key);

	return arena_printf(&attempt->arena, "%.*s%s", (int)above, prefix->text, key);
}

/* The key in a URI of the same store and bucket. */
static const char *key_after(const struct object_ref *prefix, const char *uri)
{
	size_t above = strlen(prefix->text) - strlen(prefix->key);

	if (!uri)
		return "";
	return strncmp(uri, prefix->text, above) == 0 ? uri + above : uri;
}

static int list_page(struct attempt *attempt, const char *uri, const char *after,
                     struct object_ref *prefix, struct object_page *page)
{
	const struct object_registry *objects =
		host_session_objects(attempt->session, &attempt->err);

	if (!objects || host_is_cancelled(attempt))
		return -1;
	if (object_registry_resolve_prefix(objects, arena_strdup(&attempt->arena, uri),
	                                   &attempt->arena, prefix, &attempt->err) < 0)
		return -1;
	return object_store_list(prefix, key_after(prefix, after), OBJECT_STORE_PAGE,
	                         &attempt->arena, page, &attempt->err);
}

mr_status host_object_list(struct mr_task *task, const char *uri, const char *after,
                           const struct mr_object_stat *const **items, size_t *count)
{
	struct attempt *attempt = enter(task, uri, "object_list");
	const struct mr_object_stat **list;
	struct object_page page = {0};
	struct object_ref prefix;

	host_need(attempt, items, "object_list", "the items");
	host_need(attempt, count, "object_list", "the count");
	if (list_page(attempt, uri, after, &prefix, &page) < 0)
		return host_failed(attempt);
	if (!page.count)
		return MR_END;
	list = arena_array(&attempt->arena, page.count, sizeof(struct mr_object_stat *));
	for (size_t i = 0; i < page.count; i++) {
		struct mr_object_stat *stat = arena_alloc(&attempt->arena, sizeof(*stat));

		stat->size = sizeof(*stat);
		fill_stat(attempt, uri_of(attempt, &prefix, page.entries[i].key),
		          &page.entries[i].stat, stat);
		list[i] = stat;
	}
	*items = list;
	*count = page.count;
	return MR_OK;
}

mr_status host_object_delete(struct mr_task *task, const char *uri)
{
	struct attempt *attempt = enter(task, uri, "object_delete");
	struct object_ref ref;

	if (resolve(attempt, uri, &ref) < 0)
		return host_failed(attempt);
	if (object_store_delete(&ref, &attempt->err) == 0)
		return MR_OK;
	return attempt->err.code == ERR_NOT_FOUND ? MR_END : host_failed(attempt);
}

mr_status host_object_copy(struct mr_task *task, const char *from, const char *to,
                           struct mr_object_stat *stat)
{
	struct attempt *attempt = enter(task, from, "object_copy");
	struct object_ref from_ref, to_ref;
	struct object_stat copied;

	host_need(attempt, to, "object_copy", "the URI of the copy");
	if (resolve(attempt, from, &from_ref) < 0 || resolve(attempt, to, &to_ref) < 0 ||
	    object_store_copy(&from_ref, &to_ref, &copied, &attempt->err) < 0)
		return host_failed(attempt);
	if (stat)
		fill_stat(attempt, to_ref.text, &copied, stat);
	return MR_OK;
}

mr_status host_object_presign(struct mr_task *task, const char *uri, const char *method,
                              int64_t seconds, const char **url)
{
	struct attempt *attempt = enter(task, uri, "object_presign");
	struct object_ref ref;
	enum object_method wanted;
	char *signed_url;

	host_need(attempt, method, "object_presign", "the method");
	host_need(attempt, url, "object_presign", "the URL");
	if (!str_equal(method, "GET") && !str_equal(method, "PUT"))
		host_misuse(attempt, "object_presign(): '%s' is no method", method);
	wanted = str_equal(method, "GET") ? OBJECT_METHOD_GET : OBJECT_METHOD_PUT;
	if (resolve(attempt, uri, &ref) < 0 ||
	    object_store_presign(&ref, wanted, seconds, &attempt->arena, &signed_url,
	                         &attempt->err) < 0)
		return host_failed(attempt);
	*url = signed_url;
	return MR_OK;
}

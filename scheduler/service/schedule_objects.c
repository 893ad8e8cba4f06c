/* schedule_objects.c - looks for new objects below the URI of an `object` schedule */
#include "scheduler/service/schedule_objects.h"

#include <stdlib.h>
#include <string.h>

#include "lib/clock.h"
#include "lib/limits.h"
#include "lib/log.h"
#include "lib/mem.h"
#include "lib/str.h"
#include "storage/object/object_registry.h"

enum { RUNS_PER_LOOK = 64 };

struct schedule_objects {
	struct leader *leader;
	struct schedule_entry *(*find)(void *context, const char *dag);
	void *context;
	struct object_registry *registry; /* read by the threads */
	uint32_t references;              /* the owner's, and one of each look under way */
	int is_closed;
};

/* One look at one prefix. */
struct look {
	uv_work_t work;
	struct schedule_objects *objects;
	struct arena arena;
	const char *dag, *uri, *spec;
	const char *base; /* what stands before the keys of the listing */
	struct object_entry *entries;
	size_t count;
	int failed;
	struct err err;
};

static void drop(struct schedule_objects *objects)
{
	if (--objects->references)
		return;
	object_registry_free(objects->registry);
	free(objects);
}

static struct object_registry *make_registry(const struct config *config, struct err *err)
{
	const json_t *roots = config_json(config, CONFIG_FILES_ROOTS);
	struct object_registry *registry = object_registry_new(0);

	for (size_t i = 0; i < json_array_size(roots); i++)
		object_registry_add_root(registry, json_string_value(json_array_get(roots, i)));
	if (object_registry_add(registry, "objects", config_text(config, CONFIG_OBJECTS_URL),
	                        err) == 0)
		return registry;
	object_registry_free(registry);
	return NULL;
}

struct schedule_objects *schedule_objects_new(struct leader *leader,
                                              struct schedule_entry *(*find)(void *context,
                                                                             const char *dag),
                                              void *context)
{
	struct schedule_objects *objects = mem_alloc(sizeof(*objects));

	objects->leader = leader;
	objects->find = find;
	objects->context = context;
	objects->references = 1;
	return objects;
}

void schedule_objects_free(struct schedule_objects *objects)
{
	if (!objects)
		return;
	objects->is_closed = 1;
	drop(objects);
}

/* --- on a thread of the pool --- */

/* The URI of an object up to its key, which is all that a listing has. */
static const char *base_of(struct look *look, const struct object_ref *prefix)
{
	size_t length = strlen(look->uri), key = strlen(prefix->key);

	if (*prefix->bucket)
		return arena_printf(&look->arena, "%.*s://%s/", (int)strcspn(look->uri, ":"),
		                    look->uri, prefix->bucket);
	return arena_strndup(&look->arena, look->uri, length > key ? length - key : 0);
}

static int add_page(struct look *look, const struct object_page *page)
{
	struct object_entry *all;

	if (look->count + page->count > LIMIT_SCHEDULE_OBJECTS)
		return err_set(&look->err, ERR_LIMIT, "there are more than %d objects",
		               LIMIT_SCHEDULE_OBJECTS);
	all = arena_array(&look->arena, look->count + page->count + 1, sizeof(*all));
	if (look->count)
		memcpy(all, look->entries, look->count * sizeof(*all));
	if (page->count)
		memcpy(all + look->count, page->entries, page->count * sizeof(*all));
	look->entries = all;
	look->count += page->count;
	return 0;
}

static int list(struct look *look)
{
	struct object_ref prefix;
	struct object_page page;
	const char *after = "";

	if (object_registry_resolve_prefix(look->objects->registry, look->uri, &look->arena,
	                                   &prefix, &look->err) < 0)
		return -1;
	look->base = base_of(look, &prefix);
	do {
		if (object_store_list(&prefix, after, OBJECT_STORE_PAGE, &look->arena, &page,
		                      &look->err) < 0)
			/* a bucket that nobody has written to yet has no objects */
			return look->err.code == ERR_NOT_FOUND ? 0 : -1;
		if (add_page(look, &page) < 0)
			return -1;
		if (page.count)
			after = page.entries[page.count - 1].key;
	} while (page.has_more && page.count);
	return 0;
}

static void on_thread(uv_work_t *work)
{
	struct look *look = work->data;

	look->failed = list(look) < 0;
}

/* --- on the loop --- */

static const char *uri_of(struct look *look, const struct object_entry *object)
{
	return arena_printf(&look->arena, "%s%s", look->base, object->key);
}

/* What was there before the schedule was: nothing of it, the newest, or all. */
static const struct object_entry *newest(const struct look *look)
{
	const struct object_entry *found = NULL;

	for (size_t i = 0; i < look->count; i++) {
		if (!found || look->entries[i].stat.modified_us >= found->stat.modified_us)
			found = &look->entries[i];
	}
	return found;
}

static void take_backlog(struct look *look, struct schedule_entry *entry)
{
	const struct object_entry *kept =
		entry->dag->catchup == CATCHUP_LATEST ? newest(look) : NULL;

	for (size_t i = 0; entry->dag->catchup != CATCHUP_ALL && i < look->count; i++) {
		const struct object_entry *object = &look->entries[i];
		const char *uri = uri_of(look, object);

		if (object != kept && !schedule_entry_has_object(entry, uri, object->stat.etag))
			schedule_entry_skip_object(entry, uri, object->stat.etag);
	}
	entry->has_fired = 1;
	entry->last_us = clock_now_us();
	schedule_entry_store(entry);
}

/* Few at a time; what is left is new at the next look as well, which then comes at once. */
static int fire(struct look *look, struct schedule_entry *entry, struct err *err)
{
	uint32_t room = schedule_entry_room(entry);
	uint32_t count = 0;

	for (size_t i = 0; i < look->count && count < room; i++) {
		const struct object_entry *object = &look->entries[i];
		const char *uri = uri_of(look, object);

		if (schedule_entry_has_object(entry, uri, object->stat.etag))
			continue;
		if (count == RUNS_PER_LOOK) {
			entry->objects.due_us = 0;
			break;
		}
		if (schedule_entry_fire_object(entry, uri, object->stat.etag, err) < 0)
			return -1;
		count++;
	}
	return 0;
}

static void set_trouble(struct schedule_entry *entry, const struct err *err)
{
	struct buf text = {0};

	if (err)
		buf_printf(&text, "could not look below '%s': %s", entry->dag->schedule.object,
		           err->text);
	if (err && !(entry->objects.trouble && str_equal(entry->objects.trouble, text.data)))
		log_warn("scheduler", "DAG '%s': %s", entry->name, text.data);
	free(entry->objects.trouble);
	entry->objects.trouble = err ? buf_take(&text) : NULL;
}

static void take_in(struct look *look, struct schedule_entry *entry)
{
	const struct schedule *schedule = &entry->dag->schedule;
	int64_t now_us = clock_now_us();
	struct err err;

	set_trouble(entry, look->failed ? &look->err : NULL);
	if (look->failed || entry->is_paused || now_us < schedule->start_us ||
	    now_us > schedule->end_us)
		return;
	if (!entry->has_fired)
		take_backlog(look, entry);
	if (fire(look, entry, &err) < 0)
		log_error("scheduler", "DAG '%s' could not fire: %s", entry->name, err.text);
}

static void on_done(uv_work_t *work, int status)
{
	struct look *look = work->data;
	struct schedule_objects *objects = look->objects;
	struct schedule_entry *entry =
		objects->is_closed ? NULL : objects->find(objects->context, look->dag);

	(void)status;
	if (entry && str_equal(entry->spec, look->spec)) {
		entry->objects.is_listing = 0;
		take_in(look, entry);
	}
	arena_release(&look->arena);
	free(look);
	drop(objects);
}

void schedule_objects_look(struct schedule_objects *objects, struct schedule_entry *entry)
{
	struct leader *leader = objects->leader;
	struct look *look;
	struct err err;

	entry->objects.due_us =
		clock_monotonic_us() + config_int(leader->config, CONFIG_OBJECTS_POLL) * 1000;
	if (entry->objects.is_listing)
		return;
	if (!objects->registry) {
		objects->registry = make_registry(leader->config, &err);
		if (!objects->registry) {
			set_trouble(entry, &err);
			return;
		}
	}
	look = mem_alloc(sizeof(*look));
	look->objects = objects;
	look->work.data = look;
	arena_init(&look->arena);
	look->dag = arena_strdup(&look->arena, entry->name);
	look->spec = arena_strdup(&look->arena, entry->spec);
	look->uri = arena_strdup(&look->arena, entry->dag->schedule.object);
	entry->objects.is_listing = 1;
	objects->references++;
	uv_queue_work(leader->loop, &look->work, on_thread, on_done);
}

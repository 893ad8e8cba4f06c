/* object_registry.c - named stores and allowed folders */
#include "storage/object/object_registry.h"

#include <assert.h>
#include <string.h>

#include "lib/mem.h"
#include "lib/str.h"
#include "lib/vec.h"
#include "storage/object/dir_store.h"
#include "storage/object/uri.h"

struct named_store {
	char *name; /* of a root: its folder */
	struct object_store *store;
};

struct store_list {
	struct named_store *items;
	size_t count, capacity;
};

struct object_registry {
	unsigned flags; /* of enum object_registry_flags */
	struct store_list stores;
	struct store_list roots; /* folders whose files may be reached */
};

struct object_registry *object_registry_new(unsigned flags)
{
	struct object_registry *registry = mem_alloc(sizeof(*registry));

	registry->flags = flags;
	return registry;
}

static void release(struct store_list *list)
{
	vec_foreach(struct named_store *, named, list) {
		free(named->name);
		object_store_free(named->store);
	}
	vec_release(list);
}

void object_registry_free(struct object_registry *registry)
{
	if (!registry)
		return;
	release(&registry->stores);
	release(&registry->roots);
	free(registry);
}

static void add(struct store_list *list, const char *name, struct object_store *store)
{
	struct named_store *named = vec_push(list);

	named->name = mem_strdup(name);
	named->store = store;
}

int object_registry_add(struct object_registry *registry, const char *name, const char *url,
                        struct err *err)
{
	unsigned flags =
		registry->flags & OBJECT_REGISTRY_CREATE_BUCKETS ? DIR_STORE_CREATE_BUCKETS : 0;

	if (str_equal(name, "file"))
		return err_set(err, ERR_USAGE,
		               "a store cannot be named 'file': that is for local files");
	if (!str_starts_with(url, "dir:") || url[strlen("dir:")] == '\0')
		return err_set(err, ERR_USAGE, "store '%s' cannot be at '%s': 'dir:PATH' is due",
		               name, url);
	add(&registry->stores, name, dir_store_new(url + strlen("dir:"), flags));
	return 0;
}

void object_registry_add_root(struct object_registry *registry, const char *folder)
{
	auto_free char *root = mem_strdup(folder);
	size_t size = strlen(root);

	while (size > 1 && root[size - 1] == '/')
		root[--size] = '\0';
	add(&registry->roots, root, dir_store_new(root, DIR_STORE_FILES));
}

void object_registry_allow_files(struct object_registry *registry)
{
	add(&registry->roots, "/", dir_store_new("/", DIR_STORE_FILES | DIR_STORE_UNBOUNDED));
}

/* The path below the root, or NULL when it is not there. */
static const char *path_below(const char *root, const char *path)
{
	size_t size = strlen(root);

	if (str_equal(root, "/"))
		return path + 1;
	if (!str_starts_with(path, root) || (path[size] != '/' && path[size] != '\0'))
		return NULL;
	return path[size] == '/' ? path + size + 1 : path + size;
}

static int resolve_file(const struct object_registry *registry, const struct uri *uri,
                        struct object_ref *ref, struct err *err)
{
	size_t longest = 0;

	assert(uri->key); /* a file URI without a path is no URI */
	vec_foreach(const struct named_store *, root, &registry->roots) {
		const char *below = path_below(root->name, uri->key);

		if (!below || strlen(root->name) < longest)
			continue;
		longest = strlen(root->name);
		ref->store = root->store;
		ref->key = below;
	}
	if (longest == 0)
		return err_set(err, ERR_DENIED,
		               "'%s' is outside of the folders whose files may be used", uri->text);
	ref->bucket = "";
	ref->text = uri->text;
	return 0;
}

static int resolve(const struct object_registry *registry, const struct uri *uri,
                   struct object_ref *ref, struct err *err)
{
	if (str_equal(uri->store, "file"))
		return resolve_file(registry, uri, ref, err);
	vec_foreach(const struct named_store *, named, &registry->stores) {
		if (!str_equal(named->name, uri->store))
			continue;
		ref->store = named->store;
		ref->bucket = uri->bucket;
		ref->key = uri->key;
		ref->text = uri->text;
		return 0;
	}
	return err_set(err, ERR_USAGE, "'%s': there is no store '%s'", uri->text, uri->store);
}

int object_registry_resolve(const struct object_registry *registry, const char *text,
                            struct arena *arena, struct object_ref *ref, struct err *err)
{
	struct uri uri;

	if (uri_parse(text, arena, &uri, err) < 0)
		return -1;
	return resolve(registry, &uri, ref, err);
}

int object_registry_resolve_prefix(const struct object_registry *registry, const char *text,
                                   struct arena *arena, struct object_ref *ref, struct err *err)
{
	struct uri uri;

	if (uri_parse_prefix(text, arena, &uri, err) < 0)
		return -1;
	return resolve(registry, &uri, ref, err);
}

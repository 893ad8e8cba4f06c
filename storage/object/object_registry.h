/* object_registry.h - from a URI to an object of a store
 *
 * Owns its stores. Filled at start, read-only afterwards; then any thread may resolve. Files below
 * an allowed root are reached as `file:///path`; all others are ERR_DENIED.
 */
#ifndef STORAGE_OBJECT_OBJECT_REGISTRY_H
#define STORAGE_OBJECT_OBJECT_REGISTRY_H

#include "lib/arena.h"
#include "lib/compiler.h"
#include "lib/err.h"
#include "storage/object/object_store.h"

struct object_registry;

enum object_registry_flags {
	OBJECT_REGISTRY_CREATE_BUCKETS = 1 << 0,
};

/* `flags` of enum object_registry_flags. */
struct object_registry *object_registry_new(unsigned flags);
void object_registry_free(struct object_registry *registry);

/* Makes `<name>://` the store at `url`: `dir:PATH`. ERR_USAGE when the URL is none of ours. */
MUST_CHECK int object_registry_add(struct object_registry *registry, const char *name,
                                   const char *url, struct err *err);

/* Files below this absolute folder may be reached; "/" with the second: whatever the user may. */
void object_registry_add_root(struct object_registry *registry, const char *folder);
void object_registry_allow_files(struct object_registry *registry);

/* The ref lives as long as the registry and the arena. Nothing is opened yet. */
MUST_CHECK int object_registry_resolve(const struct object_registry *registry, const char *text,
                                       struct arena *arena, struct object_ref *ref,
                                       struct err *err);
/* The same for what a list starts with: the key may be missing. */
MUST_CHECK int object_registry_resolve_prefix(const struct object_registry *registry,
                                              const char *text, struct arena *arena,
                                              struct object_ref *ref, struct err *err);

#endif

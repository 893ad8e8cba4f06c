/* idmap.h - pointers by the id of a row
 *
 * An open hash table with positive integers as keys. Zero-initialised is valid and empty. Not thread
 * safe.
 */
#ifndef SCHEDULER_CORE_IDMAP_H
#define SCHEDULER_CORE_IDMAP_H

#include <stddef.h>
#include <stdint.h>

struct idmap_entry {
	int64_t id;  /* 0: free */
	void *value; /* not NULL */
};

struct idmap {
	struct idmap_entry *entries;
	size_t count;
	size_t capacity; /* a power of two, or 0 */
};

void idmap_release(struct idmap *map);
/* The value, or NULL when there is none. */
void *idmap_get(const struct idmap *map, int64_t id);
/* Sets or replaces. */
void idmap_set(struct idmap *map, int64_t id, void *value);
/* Fine when it is not there. */
void idmap_remove(struct idmap *map, int64_t id);

#endif

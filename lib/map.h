/* map.h - pointers by name
 *
 * An open hash table. Keys are borrowed: they must live as long as their entry. Order is not kept.
 * Zero-initialised is valid and empty. Not thread safe.
 */
#ifndef LIB_MAP_H
#define LIB_MAP_H

#include <stddef.h>
#include <stdint.h>

struct map_entry {
	const char *key; /* NULL: never used */
	void *value;     /* NULL: removed */
	uint64_t hash;
};

struct map {
	struct map_entry *entries;
	size_t count;    /* live entries */
	size_t used;     /* live and removed */
	size_t capacity; /* a power of two, or 0 */
};

void map_release(struct map *map);
/* The value, or NULL when there is none. */
void *map_get(const struct map *map, const char *key);
/* Sets or replaces; `value` is not NULL. */
void map_set(struct map *map, const char *key, void *value);
/* Removes and returns the value, or NULL when there was none. */
void *map_remove(struct map *map, const char *key);
/* Walks all live entries: start with *position = 0; NULL at the end. No changes meanwhile. */
const struct map_entry *map_next(const struct map *map, size_t *position);

#endif

/* map.c - pointers by name */
#include "lib/map.h"

#include <stdlib.h>
#include <string.h>

#include "lib/mem.h"

enum {
	FIRST_CAPACITY = 16,
};

/* FNV-1a, with the high half folded in because the mask takes the low bits */
static uint64_t hash_of(const char *key)
{
	uint64_t hash = 14695981039346656037u;

	for (const unsigned char *byte = (const unsigned char *)key; *byte; byte++)
		hash = (hash ^ *byte) * 1099511628211u;
	return hash ^ (hash >> 32);
}

void map_release(struct map *map)
{
	free(map->entries);
	*map = (struct map){0};
}

/* The entry that holds the key, or the free one where its search ends. */
static struct map_entry *find(const struct map *map, const char *key, uint64_t hash)
{
	size_t at = hash & (map->capacity - 1);

	while (map->entries[at].key) {
		struct map_entry *entry = &map->entries[at];

		if (entry->hash == hash && strcmp(entry->key, key) == 0)
			return entry;
		at = (at + 1) & (map->capacity - 1);
	}
	return &map->entries[at];
}

void *map_get(const struct map *map, const char *key)
{
	return map->capacity ? find(map, key, hash_of(key))->value : NULL;
}

static void resize(struct map *map, size_t capacity)
{
	struct map old = *map;

	map->entries = mem_array(capacity, sizeof(*map->entries));
	map->capacity = capacity;
	map->used = map->count;
	for (size_t i = 0; i < old.capacity; i++) {
		const struct map_entry *entry = &old.entries[i];

		if (entry->value)
			*find(map, entry->key, entry->hash) = *entry;
	}
	free(old.entries);
}

void map_set(struct map *map, const char *key, void *value)
{
	uint64_t hash = hash_of(key);
	struct map_entry *entry;

	if ((map->used + 1) * 4 > map->capacity * 3)
		resize(map, (map->count + 1) * 2 > map->capacity
		                    ? (map->capacity ? map->capacity * 2 : FIRST_CAPACITY)
		                    : map->capacity);
	entry = find(map, key, hash);
	if (!entry->key)
		map->used++;
	if (!entry->value)
		map->count++;
	*entry = (struct map_entry){.key = key, .value = value, .hash = hash};
}

void *map_remove(struct map *map, const char *key)
{
	struct map_entry *entry;
	void *value;

	if (!map->capacity)
		return NULL;
	entry = find(map, key, hash_of(key));
	value = entry->value;
	if (value) {
		/* the key is borrowed and may go; a removed entry only has to match nothing */
		entry->key = "";
		entry->hash = 0;
		entry->value = NULL;
		map->count--;
	}
	return value;
}

const struct map_entry *map_next(const struct map *map, size_t *position)
{
	while (*position < map->capacity) {
		const struct map_entry *entry = &map->entries[(*position)++];

		if (entry->value)
			return entry;
	}
	return NULL;
}

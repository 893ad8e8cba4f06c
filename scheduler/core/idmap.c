/* idmap.c - pointers by the id of a row */
#include "scheduler/core/idmap.h"

#include <assert.h>
#include <stdlib.h>

#include "lib/mem.h"

static size_t home_of(const struct idmap *map, int64_t id)
{
	/* Fibonacci hashing: consecutive ids spread over the table */
	uint64_t hash = (uint64_t)id * UINT64_C(0x9E3779B97F4A7C15);

	return (size_t)(hash >> 32) & (map->capacity - 1);
}

/* Where the id is, or the free entry where it would be. */
static size_t place_of(const struct idmap *map, int64_t id)
{
	size_t place = home_of(map, id);

	while (map->entries[place].id && map->entries[place].id != id)
		place = (place + 1) & (map->capacity - 1);
	return place;
}

static void grow(struct idmap *map)
{
	struct idmap old = *map;

	map->capacity = old.capacity ? old.capacity * 2 : 64;
	map->entries = mem_array(map->capacity, sizeof(*map->entries));
	for (size_t i = 0; i < old.capacity; i++) {
		if (old.entries[i].id)
			map->entries[place_of(map, old.entries[i].id)] = old.entries[i];
	}
	free(old.entries);
}

void idmap_release(struct idmap *map)
{
	free(map->entries);
	*map = (struct idmap){0};
}

void *idmap_get(const struct idmap *map, int64_t id)
{
	return map->count ? map->entries[place_of(map, id)].value : NULL;
}

void idmap_set(struct idmap *map, int64_t id, void *value)
{
	size_t place;

	assert(id > 0);
	if (map->count * 2 >= map->capacity)
		grow(map);
	place = place_of(map, id);
	map->count += map->entries[place].id == 0;
	map->entries[place] = (struct idmap_entry){id, value};
}

void idmap_remove(struct idmap *map, int64_t id)
{
	size_t mask = map->capacity - 1, hole, at;

	if (!idmap_get(map, id))
		return;
	hole = place_of(map, id);
	/* move up what would no longer be found behind the hole */
	for (at = (hole + 1) & mask; map->entries[at].id; at = (at + 1) & mask) {
		size_t home = home_of(map, map->entries[at].id);

		if (((at - home) & mask) >= ((at - hole) & mask)) {
			map->entries[hole] = map->entries[at];
			hole = at;
		}
	}
	map->entries[hole] = (struct idmap_entry){0};
	map->count--;
}

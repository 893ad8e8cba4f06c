/* heap.h - a binary heap of things that know their place in it
 *
 * Smallest (rank, order) first. Whoever is put in embeds a heap_link, by which it can be taken out
 * from the middle. Owns only its array. Growing never fails (lib/mem.h). One thread.
 */
#ifndef SCHEDULER_CORE_HEAP_H
#define SCHEDULER_CORE_HEAP_H

#include <stddef.h>
#include <stdint.h>

struct heap_link {
	uint32_t place; /* 1 + index in the heap, 0: in none */
};

struct heap_entry {
	int64_t rank;
	uint64_t order; /* breaks ties of rank */
	struct heap_link *link;
};

struct heap {
	struct heap_entry *items;
	size_t count, capacity;
};

void heap_release(struct heap *heap);
/* `link` is in no heap yet. */
void heap_push(struct heap *heap, int64_t rank, uint64_t order, struct heap_link *link);
/* The smallest, or NULL; it stays in. */
const struct heap_entry *heap_first(const struct heap *heap);
/* `link` is in this heap. */
void heap_remove(struct heap *heap, struct heap_link *link);

#endif

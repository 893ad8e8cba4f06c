/* heap.c - a binary heap of things that know their place in it */
#include "scheduler/core/heap.h"

#include <assert.h>

#include "lib/vec.h"

static int before(const struct heap_entry *a, const struct heap_entry *b)
{
	return a->rank != b->rank ? a->rank < b->rank : a->order < b->order;
}

static void put(struct heap *heap, size_t index, struct heap_entry entry)
{
	heap->items[index] = entry;
	entry.link->place = (uint32_t)index + 1;
}

static void rise(struct heap *heap, size_t index, struct heap_entry entry)
{
	while (index > 0 && before(&entry, &heap->items[(index - 1) / 2])) {
		put(heap, index, heap->items[(index - 1) / 2]);
		index = (index - 1) / 2;
	}
	put(heap, index, entry);
}

static void sink(struct heap *heap, size_t index, struct heap_entry entry)
{
	for (;;) {
		size_t child = 2 * index + 1;

		if (child + 1 < heap->count && before(&heap->items[child + 1], &heap->items[child]))
			child++;
		if (child >= heap->count || !before(&heap->items[child], &entry))
			break;
		put(heap, index, heap->items[child]);
		index = child;
	}
	put(heap, index, entry);
}

void heap_release(struct heap *heap)
{
	vec_release(heap);
}

void heap_push(struct heap *heap, int64_t rank, uint64_t order, struct heap_link *link)
{
	assert(link->place == 0);
	(void)vec_push(heap);
	rise(heap, heap->count - 1, (struct heap_entry){rank, order, link});
}

const struct heap_entry *heap_first(const struct heap *heap)
{
	return heap->count ? heap->items : NULL;
}

void heap_remove(struct heap *heap, struct heap_link *link)
{
	size_t index = link->place - 1;
	struct heap_entry last;

	assert(link->place > 0 && index < heap->count && heap->items[index].link == link);
	link->place = 0;
	last = heap->items[--heap->count];
	if (index == heap->count)
		return;
	if (index > 0 && before(&last, &heap->items[(index - 1) / 2]))
		rise(heap, index, last);
	else
		sink(heap, index, last);
}

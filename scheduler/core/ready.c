/* ready.c - the task instances that could run now */
#include "scheduler/core/ready.h"

#include <stdlib.h>

#include "lib/compiler.h"
#include "lib/mem.h"
#include "lib/vec.h"
#include "scheduler/core/run.h"

static struct ready_pool *pool_of(struct ready *ready, const char *name)
{
	struct ready_pool *pool = map_get(&ready->pools, name);

	if (!pool) {
		pool = mem_alloc(sizeof(*pool));
		pool->name = mem_strdup(name);
		pool->slots = *name ? READY_NO_SLOTS : INT64_MAX;
		map_set(&ready->pools, pool->name, pool);
	}
	return pool;
}

static struct ready_queue *queue_of(struct ready *ready, const char *name)
{
	struct ready_queue *queue = map_get(&ready->queues, name);

	if (!queue) {
		queue = mem_alloc(sizeof(*queue));
		queue->name = mem_strdup(name);
		queue->limit = READY_NO_SLOTS;
		map_set(&ready->queues, queue->name, queue);
	}
	return queue;
}

void ready_release(struct ready *ready)
{
	const struct map_entry *entry;
	size_t at = 0;

	while ((entry = map_next(&ready->pools, &at))) {
		struct ready_pool *pool = entry->value;

		free(pool->name);
		free(pool);
	}
	at = 0;
	while ((entry = map_next(&ready->queues, &at))) {
		struct ready_queue *queue = entry->value;

		free(queue->name);
		free(queue);
	}
	vec_foreach(struct lane **, lane, &ready->lanes) {
		heap_release(&(*lane)->heap);
		free(*lane);
	}
	vec_release(&ready->lanes);
	map_release(&ready->pools);
	map_release(&ready->queues);
}

struct lane *ready_lane(struct ready *ready, const char *pool_name, const char *queue_name)
{
	struct ready_pool *pool = pool_of(ready, pool_name);
	struct ready_queue *queue = queue_of(ready, queue_name);
	struct lane *made;

	vec_foreach(struct lane **, lane, &ready->lanes) {
		if ((*lane)->pool == pool && (*lane)->queue == queue)
			return *lane;
	}
	made = mem_alloc(sizeof(*made));
	made->pool = pool;
	made->queue = queue;
	*vec_push(&ready->lanes) = made;
	return made;
}

void ready_set_pool(struct ready *ready, const char *pool, int64_t slots)
{
	pool_of(ready, pool)->slots = slots;
}

void ready_set_queue(struct ready *ready, const char *queue, int64_t limit)
{
	queue_of(ready, queue)->limit = limit;
}

void ready_push(struct ready *ready, struct instance *instance)
{
	if (!instance->ready.age)
		instance->ready.age = ++ready->next_age;
	heap_push(&instance->node->lane->heap, -(int64_t)instance->node->task->priority,
	          instance->ready.age, &instance->ready.link);
}

void ready_remove(struct instance *instance)
{
	heap_remove(&instance->node->lane->heap, &instance->ready.link);
}

static struct instance *instance_of(const struct heap_entry *entry)
{
	return container_of(entry->link, struct instance, ready.link);
}

static int has_room(const struct lane *lane, const struct instance *instance)
{
	return lane->queue->used < lane->queue->limit &&
	       lane->pool->slots - lane->pool->used >= instance->node->task->pool_slots;
}

static int goes_before(const struct heap_entry *a, const struct heap_entry *b)
{
	return !b || a->rank < b->rank || (a->rank == b->rank && a->order < b->order);
}

struct instance *ready_take(struct ready *ready)
{
	const struct heap_entry *best = NULL;
	struct instance *instance;

	vec_foreach(struct lane **, lane, &ready->lanes) {
		const struct heap_entry *first = heap_first(&(*lane)->heap);

		if (first && has_room(*lane, instance_of(first)) && goes_before(first, best))
			best = first;
	}
	if (!best)
		return NULL;
	instance = instance_of(best);
	ready_remove(instance);
	ready_hold(instance);
	return instance;
}

void ready_hold(struct instance *instance)
{
	struct lane *lane = instance->node->lane;

	lane->queue->used++;
	if (!*lane->pool->name)
		return;
	lane->pool->used += instance->node->task->pool_slots;
	lane->pool->holder_count++;
	instance->previous_holder = NULL;
	instance->next_holder = lane->pool->holders;
	if (lane->pool->holders)
		lane->pool->holders->previous_holder = instance;
	lane->pool->holders = instance;
}

void ready_give_back(struct instance *instance)
{
	struct lane *lane = instance->node->lane;

	lane->queue->used--;
	if (!*lane->pool->name)
		return;
	lane->pool->used -= instance->node->task->pool_slots;
	lane->pool->holder_count--;
	if (instance->next_holder)
		instance->next_holder->previous_holder = instance->previous_holder;
	if (instance->previous_holder)
		instance->previous_holder->next_holder = instance->next_holder;
	else
		lane->pool->holders = instance->next_holder;
}

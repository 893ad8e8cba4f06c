/* ready.h - the task instances that could run now
 *
 * Order is priority (higher first), then age. An instance is in the queue exactly while its state is
 * `scheduled`. It waits in the lane of its pool and its worker queue; within a lane nobody overtakes,
 * so that a task that needs many slots gets its turn. Pools and worker queues are known from the
 * first task that names them, with nothing to give until ready_set_*() says so, but for the pool ""
 * (no pool), which has no end. Owns pools, queues and lanes; they live as long as it does. No I/O, no
 * clock, one thread.
 */
#ifndef SCHEDULER_CORE_READY_H
#define SCHEDULER_CORE_READY_H

#include <stddef.h>
#include <stdint.h>

#include "lib/map.h"
#include "scheduler/core/heap.h"

struct instance;

#define READY_NO_SLOTS (-1) /* nobody has declared this pool or queue */

struct ready_pool {
	char *name;
	int64_t slots;
	int64_t used;
	struct instance *holders; /* linked by next_holder, latest first */
	uint32_t holder_count;
};

/* Attempts a group of workers may hold, claimed and started together. */
struct ready_queue {
	char *name;
	int64_t limit;
	int64_t used;
};

struct lane {
	struct ready_pool *pool;
	struct ready_queue *queue;
	struct heap heap;
};

struct ready_link {
	struct heap_link link;
	uint64_t age; /* 0 before the first push; kept when an attempt is returned or lost */
};

struct ready {
	struct map pools, queues;
	struct {
		struct lane **items;
		size_t count, capacity;
	} lanes;
	/* grows by one per newcomer, so that equals leave in the order they came */
	uint64_t next_age;
};

void ready_release(struct ready *ready);

/* The lane of a pool and a worker queue, made when it is new. */
struct lane *ready_lane(struct ready *ready, const char *pool, const char *queue);
void ready_set_pool(struct ready *ready, const char *pool, int64_t slots);
void ready_set_queue(struct ready *ready, const char *queue, int64_t limit);

void ready_push(struct ready *ready, struct instance *instance);
void ready_remove(struct instance *instance);

/* Takes the first instance whose pool and worker queue have room, and the room with it; NULL when
 * none can start. */
struct instance *ready_take(struct ready *ready);
/* Takes the room for an instance that has an attempt already: after a restart. */
void ready_hold(struct instance *instance);
/* Gives it back. */
void ready_give_back(struct instance *instance);

#endif

/* timer.h - what is to happen when, earliest first
 *
 * Each run and each task instance has one timer. Times are microseconds of the engine's clock. Owns
 * only its array. One thread.
 */
#ifndef SCHEDULER_CORE_TIMER_H
#define SCHEDULER_CORE_TIMER_H

#include <stdint.h>

#include "scheduler/core/heap.h"

enum timer_kind {
	TIMER_INSTANCE, /* embedded in a struct instance */
	TIMER_RUN,      /* embedded in a struct run */
};

struct timer {
	struct heap_link link;
	uint32_t kind; /* enum timer_kind */
	int64_t due_us;
};

struct timers {
	struct heap heap;
	uint64_t next_order; /* equals fire in the order they were set */
};

#define TIMER_NEVER INT64_MAX

void timer_release(struct timers *timers);
/* Sets, or sets anew. */
void timer_set(struct timers *timers, struct timer *timer, int64_t due_us);
/* Fine when it is not set. */
void timer_stop(struct timers *timers, struct timer *timer);
/* Takes the first that is due at `now_us`, or NULL. */
struct timer *timer_take(struct timers *timers, int64_t now_us);
/* When the next one is due, or TIMER_NEVER. */
int64_t timer_next(const struct timers *timers);

#endif

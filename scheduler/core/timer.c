/* timer.c - what is to happen when, earliest first */
#include "scheduler/core/timer.h"

#include "lib/compiler.h"

void timer_release(struct timers *timers)
{
	heap_release(&timers->heap);
}

void timer_set(struct timers *timers, struct timer *timer, int64_t due_us)
{
	timer_stop(timers, timer);
	timer->due_us = due_us;
	heap_push(&timers->heap, due_us, timers->next_order++, &timer->link);
}

void timer_stop(struct timers *timers, struct timer *timer)
{
	if (timer->link.place)
		heap_remove(&timers->heap, &timer->link);
}

struct timer *timer_take(struct timers *timers, int64_t now_us)
{
	const struct heap_entry *first = heap_first(&timers->heap);
	struct timer *timer;

	if (!first || first->rank > now_us)
		return NULL;
	timer = container_of(first->link, struct timer, link);
	heap_remove(&timers->heap, &timer->link);
	return timer;
}

int64_t timer_next(const struct timers *timers)
{
	const struct heap_entry *first = heap_first(&timers->heap);

	return first ? first->rank : TIMER_NEVER;
}

/* heap_test.c - heap, timers and the table of ids */
#include <check.h>

#include "lib/compiler.h"
#include "scheduler/core/heap.h"
#include "scheduler/core/idmap.h"
#include "scheduler/core/timer.h"
#include "tests/suite.h"

enum {
	COUNT = 500,
};

static uint32_t next_random(uint32_t *state)
{
	*state = *state * 1664525U + 1013904223U;
	return *state >> 8;
}

static void check_order(struct heap *heap, size_t expected)
{
	int64_t rank = INT64_MIN;
	uint64_t order = 0;

	for (; expected > 0; expected--) {
		struct heap_entry first = *heap_first(heap);

		ck_assert(first.rank > rank || (first.rank == rank && first.order > order));
		rank = first.rank;
		order = first.order;
		heap_remove(heap, first.link);
		ck_assert_uint_eq(first.link->place, 0);
	}
	ck_assert_ptr_null(heap_first(heap));
}

START_TEST(what_is_put_in_comes_out_in_order)
{
	struct heap_link links[COUNT] = {0};
	struct heap heap = {0};
	uint32_t random = 1;

	for (uint64_t i = 0; i < COUNT; i++)
		heap_push(&heap, (int64_t)(next_random(&random) % 50) - 25, i + 1, &links[i]);
	check_order(&heap, COUNT);
	heap_release(&heap);
}
END_TEST

START_TEST(anything_can_be_taken_out_of_the_middle)
{
	struct heap_link links[COUNT] = {0};
	struct heap heap = {0};
	uint32_t random = 2;
	size_t left = COUNT;

	for (uint64_t i = 0; i < COUNT; i++)
		heap_push(&heap, (int64_t)(next_random(&random) % 1000), i + 1, &links[i]);
	for (size_t i = 0; i < COUNT / 2; i++) {
		struct heap_link *link = &links[next_random(&random) % COUNT];

		if (link->place) {
			heap_remove(&heap, link);
			left--;
		}
	}
	check_order(&heap, left);
	heap_release(&heap);
}
END_TEST

START_TEST(timers_fire_when_due_and_equals_in_the_order_they_were_set)
{
	struct timer a = {.kind = TIMER_RUN}, b = {0}, c = {0};
	struct timers timers = {0};

	ck_assert_int_eq(timer_next(&timers), TIMER_NEVER);
	timer_set(&timers, &a, 20);
	timer_set(&timers, &b, 10);
	timer_set(&timers, &c, 20);
	ck_assert_int_eq(timer_next(&timers), 10);
	ck_assert_ptr_null(timer_take(&timers, 9));
	ck_assert_ptr_eq(timer_take(&timers, 10), &b);
	ck_assert_ptr_eq(timer_take(&timers, 30), &a);
	ck_assert_ptr_eq(timer_take(&timers, 30), &c);
	ck_assert_ptr_null(timer_take(&timers, 30));
	timer_release(&timers);
}
END_TEST

START_TEST(a_timer_can_be_set_anew_and_stopped)
{
	struct timer timer = {0};
	struct timers timers = {0};

	timer_stop(&timers, &timer);
	timer_set(&timers, &timer, 5);
	timer_set(&timers, &timer, 50);
	ck_assert_int_eq(timer_next(&timers), 50);
	timer_stop(&timers, &timer);
	ck_assert_int_eq(timer_next(&timers), TIMER_NEVER);
	timer_release(&timers);
}
END_TEST

START_TEST(ids_find_their_values_whatever_is_added_and_removed)
{
	static int values[COUNT];
	uint8_t is_in[COUNT] = {0};
	struct idmap map = {0};
	uint32_t random = 3;
	size_t count = 0;

	ck_assert_ptr_null(idmap_get(&map, 1));
	idmap_remove(&map, 1);
	for (int round = 0; round < 20 * COUNT; round++) {
		uint32_t at = next_random(&random) % COUNT;
		/* far apart and near together */
		int64_t id = at % 2 ? (int64_t)at : (int64_t)at << 34;

		if (at == 0)
			continue;
		ck_assert_ptr_eq(idmap_get(&map, id), is_in[at] ? &values[at] : NULL);
		if (next_random(&random) % 2) {
			idmap_set(&map, id, &values[at]);
			count += !is_in[at];
			is_in[at] = 1;
		} else {
			idmap_remove(&map, id);
			count -= is_in[at];
			is_in[at] = 0;
		}
		ck_assert_uint_eq(map.count, count);
	}
	idmap_release(&map);
}
END_TEST

int main(void)
{
	TCase *cases = tcase_create("heap");

	tcase_add_test(cases, what_is_put_in_comes_out_in_order);
	tcase_add_test(cases, anything_can_be_taken_out_of_the_middle);
	tcase_add_test(cases, timers_fire_when_due_and_equals_in_the_order_they_were_set);
	tcase_add_test(cases, a_timer_can_be_set_anew_and_stopped);
	tcase_add_test(cases, ids_find_their_values_whatever_is_added_and_removed);
	return suite_run("heap", cases);
}

/* map_test.c - pointers by name, and arrays that grow */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/map.h"
#include "lib/vec.h"
#include "tests/suite.h"

enum {
	KEYS = 5000,
};

static char keys[KEYS][16];
static int values[KEYS];

static void make_keys(void)
{
	for (int i = 0; i < KEYS; i++)
		snprintf(keys[i], sizeof(keys[i]), "key-%d", i);
}

START_TEST(an_empty_map_answers)
{
	struct map map = {0};
	size_t position = 0;

	ck_assert_ptr_null(map_get(&map, "x"));
	ck_assert_ptr_null(map_remove(&map, "x"));
	ck_assert_ptr_null(map_next(&map, &position));
	map_release(&map);
}
END_TEST

START_TEST(a_value_is_set_replaced_and_removed)
{
	struct map map = {0};

	map_set(&map, "", &values[0]);
	map_set(&map, "a", &values[1]);
	map_set(&map, "a", &values[2]);
	ck_assert_uint_eq(map.count, 2);
	ck_assert_ptr_eq(map_get(&map, "a"), &values[2]);
	ck_assert_ptr_eq(map_get(&map, ""), &values[0]);
	ck_assert_ptr_eq(map_remove(&map, "a"), &values[2]);
	ck_assert_ptr_null(map_remove(&map, "a"));
	ck_assert_ptr_null(map_get(&map, "a"));
	ck_assert_ptr_eq(map_get(&map, ""), &values[0]);
	map_set(&map, "a", &values[3]);
	ck_assert_ptr_eq(map_get(&map, "a"), &values[3]);
	ck_assert_uint_eq(map.count, 2);
	map_release(&map);
}
END_TEST

START_TEST(many_names_are_kept_apart)
{
	struct map map = {0};
	size_t position = 0, walked = 0;

	for (int i = 0; i < KEYS; i++)
		map_set(&map, keys[i], &values[i]);
	for (int i = 0; i < KEYS; i += 2)
		ck_assert_ptr_eq(map_remove(&map, keys[i]), &values[i]);
	for (int i = 0; i < KEYS; i++)
		ck_assert_ptr_eq(map_get(&map, keys[i]), i % 2 ? &values[i] : NULL);
	for (const struct map_entry *e; (e = map_next(&map, &position)); walked++)
		ck_assert_ptr_eq(map_get(&map, e->key), e->value);
	ck_assert_uint_eq(walked, KEYS / 2);
	ck_assert_uint_eq(map.count, KEYS / 2);
	map_release(&map);
}
END_TEST

START_TEST(coming_and_going_does_not_grow_it)
{
	struct map map = {0};

	for (int round = 0; round < 20; round++) {
		for (int i = 0; i < KEYS; i++) {
			map_set(&map, keys[i], &values[i]);
			ck_assert_ptr_eq(map_remove(&map, keys[i]), &values[i]);
		}
	}
	ck_assert_uint_eq(map.count, 0);
	ck_assert_uint_le(map.capacity, 64);
	map_release(&map);
}
END_TEST

START_TEST(a_removed_key_may_vanish)
{
	struct map map = {0};
	char *key = strdup("borrowed");

	map_set(&map, key, &values[0]);
	map_set(&map, "other", &values[1]);
	map_remove(&map, key);
	free(key);
	for (int i = 0; i < KEYS; i++)
		map_set(&map, keys[i], &values[i]);
	ck_assert_ptr_eq(map_get(&map, "other"), &values[1]);
	map_release(&map);
}
END_TEST

START_TEST(an_array_grows_with_zeroed_items)
{
	struct {
		struct {
			int number;
			char rest[20];
		} * items;
		size_t count, capacity;
	} list = {0};

	for (int i = 0; i < 1000; i++) {
		__typeof__(list.items) item = vec_push(&list);

		ck_assert_int_eq(item->number, 0);
		ck_assert_int_eq(item->rest[19], 0);
		memset(item, 0xFF, sizeof(*item));
		item->number = i;
	}
	for (int i = 0; i < 1000; i++)
		ck_assert_int_eq(list.items[i].number, i);
	list.count = 5; /* what was used before is zeroed again */
	ck_assert_int_eq(vec_push(&list)->rest[3], 0);
	vec_release(&list);
	ck_assert_ptr_null(list.items);
	vec_release(&list);
}
END_TEST

START_TEST(an_array_is_walked_also_when_it_is_empty)
{
	struct {
		int *items;
		size_t count, capacity;
	} list = {0};
	int sum = 0;

	vec_foreach(const int *, item, &list)
		sum += *item;
	ck_assert_int_eq(sum, 0);
	for (int i = 1; i <= 10; i++)
		*vec_push(&list) = i;
	vec_foreach(const int *, item, &list)
		sum += *item;
	ck_assert_int_eq(sum, 55);
	vec_release(&list);
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("map and vec");

	make_keys();
	tcase_add_test(tests, an_empty_map_answers);
	tcase_add_test(tests, a_value_is_set_replaced_and_removed);
	tcase_add_test(tests, many_names_are_kept_apart);
	tcase_add_test(tests, coming_and_going_does_not_grow_it);
	tcase_add_test(tests, a_removed_key_may_vanish);
	tcase_add_test(tests, an_array_grows_with_zeroed_items);
	tcase_add_test(tests, an_array_is_walked_also_when_it_is_empty);
	return suite_run("map and vec", tests);
}

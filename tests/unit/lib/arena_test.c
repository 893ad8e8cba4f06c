/* arena_test.c - memory that is freed all at once */
#include <check.h>
#include <stdalign.h>
#include <stdint.h>
#include <string.h>

#include "lib/arena.h"
#include "tests/suite.h"

static struct arena arena;

static void open_arena(void)
{
	arena_init(&arena);
}

static void close_arena(void)
{
	arena_release(&arena);
}

static int is_zero(const unsigned char *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		if (bytes[i])
			return 0;
	}
	return 1;
}

START_TEST(memory_is_zeroed_and_aligned_at_any_size)
{
	static const size_t sizes[] = {0, 1, 15, 16, 17, 4095, 16384, 16385, 1 << 20};
	size_t size = sizes[_i];

	for (int round = 0; round < 3; round++) {
		unsigned char *memory = arena_alloc(&arena, size);

		ck_assert_ptr_nonnull(memory);
		ck_assert_uint_eq((uintptr_t)memory % alignof(max_align_t), 0);
		ck_assert(is_zero(memory, size));
		memset(memory, 0xA5, size);
	}
}
END_TEST

START_TEST(small_things_do_not_overlap)
{
	unsigned char *things[500];

	for (size_t i = 0; i < 500; i++) {
		things[i] = arena_alloc(&arena, i + 1);
		memset(things[i], (int)(i % 251), i + 1);
	}
	for (size_t i = 0; i < 500; i++) {
		ck_assert_uint_eq(things[i][0], i % 251);
		ck_assert_uint_eq(things[i][i], i % 251);
	}
}
END_TEST

START_TEST(a_reset_arena_gives_zeroed_memory_again)
{
	unsigned char *memory;

	for (int i = 0; i < 40; i++)
		memset(arena_alloc(&arena, 1000), 0xFF, 1000);
	ck_assert_uint_ge(arena.used_bytes, 40000);
	arena_reset(&arena);
	ck_assert_uint_eq(arena.used_bytes, 0);
	memory = arena_alloc(&arena, 16000);
	ck_assert(is_zero(memory, 16000));
}
END_TEST

START_TEST(an_empty_arena_may_be_reset_and_released)
{
	arena_reset(&arena);
	arena_release(&arena);
	arena_release(&arena);
	ck_assert_ptr_nonnull(arena_alloc(&arena, 8));
}
END_TEST

START_TEST(copies_end_with_a_nul)
{
	char *copy = arena_strndup(&arena, "a\0b", 3);

	ck_assert_mem_eq(copy, "a\0b", 4);
	ck_assert_str_eq(arena_strdup(&arena, ""), "");
	ck_assert_str_eq(arena_strndup(&arena, "hello", 2), "he");
	ck_assert_str_eq(arena_strndup(&arena, NULL, 0), "");
	ck_assert_str_eq(arena_printf(&arena, "%s-%d", "x", 7), "x-7");
}
END_TEST

START_TEST(a_long_text_is_formatted_whole)
{
	const char *text = arena_printf(&arena, "%*d", 100000, 7);

	ck_assert_uint_eq(strlen(text), 100000);
	ck_assert_int_eq(text[99999], '7');
}
END_TEST

START_TEST(an_array_that_cannot_be_counted_aborts)
{
	arena_array(&arena, SIZE_MAX / 2, 3);
}
END_TEST

START_TEST(a_size_that_wraps_aborts)
{
	arena_alloc(&arena, SIZE_MAX - 3);
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("arena");

	tcase_add_checked_fixture(tests, open_arena, close_arena);
	tcase_add_loop_test(tests, memory_is_zeroed_and_aligned_at_any_size, 0, 9);
	tcase_add_test(tests, small_things_do_not_overlap);
	tcase_add_test(tests, a_reset_arena_gives_zeroed_memory_again);
	tcase_add_test(tests, an_empty_arena_may_be_reset_and_released);
	tcase_add_test(tests, copies_end_with_a_nul);
	tcase_add_test(tests, a_long_text_is_formatted_whole);
	tcase_add_test_raise_signal(tests, an_array_that_cannot_be_counted_aborts, 6);
	tcase_add_test_raise_signal(tests, a_size_that_wraps_aborts, 6);
	return suite_run("arena", tests);
}

/* buf_test.c - bytes that grow */
#include <check.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lib/buf.h"
#include "tests/suite.h"

START_TEST(an_untouched_buf_is_empty_text)
{
	struct buf buf = {0};
	char *taken;

	ck_assert_str_eq(buf_string(&buf), "");
	buf_clear(&buf);
	buf_consume(&buf, 0);
	buf_append(&buf, NULL, 0);
	ck_assert_str_eq(buf_string(&buf), "");
	buf_release(&buf);
	taken = buf_take(&buf);
	ck_assert_str_eq(taken, "");
	free(taken);
	buf_release(&buf);
}
END_TEST

START_TEST(what_is_appended_stands_in_order_and_ends_with_nul)
{
	auto_buf struct buf buf = {0};

	buf_text(&buf, "ab");
	buf_char(&buf, 'c');
	buf_append(&buf, "d\0e", 3);
	buf_printf(&buf, "%03d%s", 7, "f");
	ck_assert_uint_eq(buf.size, 10);
	ck_assert_mem_eq(buf.data, "abcd\0e007f", 11);
	buf_clear(&buf);
	ck_assert_uint_eq(buf.size, 0);
	ck_assert_str_eq(buf_string(&buf), "");
}
END_TEST

START_TEST(it_grows_byte_by_byte_without_losing_any)
{
	auto_buf struct buf buf = {0};

	for (int i = 0; i < 10000; i++) {
		buf_char(&buf, (char)('a' + i % 26));
		ck_assert_int_eq(buf.data[buf.size], '\0');
	}
	for (int i = 0; i < 10000; i++)
		ck_assert_int_eq(buf.data[i], 'a' + i % 26);
	ck_assert_uint_lt(buf.capacity, 40000);
}
END_TEST

START_TEST(reserved_room_is_used_by_growing_size)
{
	auto_buf struct buf buf = {0};
	char *room;

	buf_text(&buf, "x");
	room = buf_reserve(&buf, 1000);
	ck_assert_ptr_eq(room, buf.data + 1);
	memset(room, 'y', 1000);
	buf.size += 1000;
	buf_char(&buf, 'z');
	ck_assert_uint_eq(buf.size, 1002);
	ck_assert_int_eq(buf.data[1000], 'y');
	ck_assert_int_eq(buf.data[1001], 'z');
}
END_TEST

START_TEST(the_front_can_be_consumed)
{
	auto_buf struct buf buf = {0};

	buf_text(&buf, "hello");
	buf_consume(&buf, 2);
	ck_assert_str_eq(buf.data, "llo");
	buf_consume(&buf, 3);
	ck_assert_str_eq(buf.data, "");
	ck_assert_uint_eq(buf.size, 0);
}
END_TEST

START_TEST(taken_text_leaves_an_empty_buf)
{
	struct buf buf = {0};
	char *taken;

	buf_text(&buf, "mine");
	taken = buf_take(&buf);
	ck_assert_str_eq(taken, "mine");
	ck_assert_ptr_null(buf.data);
	ck_assert_uint_eq(buf.capacity, 0);
	free(taken);
}
END_TEST

START_TEST(consuming_more_than_there_is_aborts)
{
	struct buf buf = {0};

	buf_consume(&buf, 1);
}
END_TEST

START_TEST(a_reservation_that_wraps_aborts)
{
	struct buf buf = {0};

	buf_reserve(&buf, SIZE_MAX);
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("buf");

	tcase_add_test(tests, an_untouched_buf_is_empty_text);
	tcase_add_test(tests, what_is_appended_stands_in_order_and_ends_with_nul);
	tcase_add_test(tests, it_grows_byte_by_byte_without_losing_any);
	tcase_add_test(tests, reserved_room_is_used_by_growing_size);
	tcase_add_test(tests, the_front_can_be_consumed);
	tcase_add_test(tests, taken_text_leaves_an_empty_buf);
	tcase_add_test_raise_signal(tests, consuming_more_than_there_is_aborts, 6);
	tcase_add_test_raise_signal(tests, a_reservation_that_wraps_aborts, 6);
	return suite_run("buf", tests);
}

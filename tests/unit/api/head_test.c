/* head_test.c - what the strict reader lets through, vector by vector */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "api/frame.h"
#include "api/head.h"
#include "tests/suite.h"

#define HOST "Host: a\r\n"

static const struct head_case {
	const char *head;
	enum problem problem;
} head_cases[] = {
	/* plain */
	{"GET / HTTP/1.1\r\n" HOST "\r\n", PROBLEM_NONE},
	{"GET /a?b=c HTTP/1.1\r\n" HOST "\r\n", PROBLEM_NONE},
	{"GET / HTTP/1.0\r\n\r\n", PROBLEM_NONE},
	{"\r\n\r\nGET / HTTP/1.1\r\n" HOST "\r\n", PROBLEM_NONE},
	{"\r\n\r\n\r\n\r\n\r\nGET / HTTP/1.1\r\n" HOST "\r\n", PROBLEM_BAD_REQUEST},
	{"GET http://x:80/a HTTP/1.1\r\n" HOST "\r\n", PROBLEM_NONE},
	{"GET HTTPS://x HTTP/1.1\r\n" HOST "\r\n", PROBLEM_NONE},
	{"OPTIONS * HTTP/1.1\r\n" HOST "\r\n", PROBLEM_NONE},
	{"GET / HTTP/1.7\r\n" HOST "\r\n", PROBLEM_NONE},
	{"G!T / HTTP/1.1\r\n" HOST "\r\n", PROBLEM_NONE},
	/* request line */
	{" /x HTTP/1.1\r\n" HOST "\r\n", PROBLEM_BAD_REQUEST},
	{"G(T / HTTP/1.1\r\n" HOST "\r\n", PROBLEM_BAD_REQUEST},
	{"GET  / HTTP/1.1\r\n" HOST "\r\n", PROBLEM_BAD_REQUEST},
	{"GET /  HTTP/1.1\r\n" HOST "\r\n", PROBLEM_BAD_REQUEST},
	{"GET / HTTP/1.1 \r\n" HOST "\r\n", PROBLEM_BAD_REQUEST},
	{"GET\t/ HTTP/1.1\r\n" HOST "\r\n", PROBLEM_BAD_REQUEST},
	{"GET /\r\n\r\n", PROBLEM_BAD_REQUEST},
	{"GET\r\n\r\n", PROBLEM_BAD_REQUEST},
	{"GET  HTTP/1.1\r\n" HOST "\r\n", PROBLEM_BAD_REQUEST},
	{"GET x HTTP/1.1\r\n" HOST "\r\n", PROBLEM_BAD_REQUEST},
	{"GET * HTTP/1.1\r\n" HOST "\r\n", PROBLEM_BAD_REQUEST},
	{"CONNECT a:80 HTTP/1.1\r\n" HOST "\r\n", PROBLEM_BAD_REQUEST},
	{"GET ftp://x/ HTTP/1.1\r\n" HOST "\r\n", PROBLEM_BAD_REQUEST},
	{"GET http:// HTTP/1.1\r\n" HOST "\r\n", PROBLEM_BAD_REQUEST},
	{"GET http://u@x/ HTTP/1.1\r\n" HOST "\r\n", PROBLEM_BAD_REQUEST},
	{"GET /a#b HTTP/1.1\r\n" HOST "\r\n", PROBLEM_BAD_REQUEST},
	{"GET /\xc3\xa4 HTTP/1.1\r\n" HOST "\r\n", PROBLEM_BAD_REQUEST},
	{"GET /\x01 HTTP/1.1\r\n" HOST "\r\n", PROBLEM_BAD_REQUEST},
	{"GET / HTTP/2.0\r\n" HOST "\r\n", PROBLEM_HTTP_VERSION},
	{"PRI * HTTP/2.0\r\n\r\n", PROBLEM_HTTP_VERSION},
	{"GET / HTTP/0.9\r\n" HOST "\r\n", PROBLEM_HTTP_VERSION},
	{"GET / http/1.1\r\n" HOST "\r\n", PROBLEM_BAD_REQUEST},
	{"GET / HTTP/1.10\r\n" HOST "\r\n", PROBLEM_BAD_REQUEST},
	{"GET / HTTP/1\r\n" HOST "\r\n", PROBLEM_BAD_REQUEST},
	{"GET / XTTP/1.1\r\n" HOST "\r\n", PROBLEM_BAD_REQUEST},
	/* lines */
	{"GET / HTTP/1.1\n" HOST "\r\n", PROBLEM_BAD_REQUEST},
	{"GET / HTTP/1.1\r\nHost: a\n\r\n", PROBLEM_BAD_REQUEST},
	{"GET / HTTP/1.1\r\nHost: a\r\n\n", PROBLEM_BAD_REQUEST},
	{"GET / HTTP/1.1\r\nHost: a\rX: b\r\n\r\n", PROBLEM_BAD_REQUEST},
	{"GET / HTTP/1.1\r\n" HOST "X: a\r\n b\r\n\r\n", PROBLEM_BAD_REQUEST},
	{"GET / HTTP/1.1\r\n" HOST "X: a\r\n\tContent-Length: 5\r\n\r\n", PROBLEM_BAD_REQUEST},
	{"GET / HTTP/1.1\r\n " HOST "\r\n", PROBLEM_BAD_REQUEST},
	{"GET / HTTP/1.1\r\n" HOST "X : a\r\n\r\n", PROBLEM_BAD_REQUEST},
	{"GET / HTTP/1.1\r\n" HOST ": a\r\n\r\n", PROBLEM_BAD_REQUEST},
	{"GET / HTTP/1.1\r\n" HOST "X\r\n\r\n", PROBLEM_BAD_REQUEST},
	{"GET / HTTP/1.1\r\n" HOST "X(: a\r\n\r\n", PROBLEM_BAD_REQUEST},
	{"GET / HTTP/1.1\r\n" HOST "X: a\x7f\r\n\r\n", PROBLEM_BAD_REQUEST},
	{"GET / HTTP/1.1\r\n" HOST "X: a\x01\r\n\r\n", PROBLEM_BAD_REQUEST},
	{"GET / HTTP/1.1\r\n" HOST "X: \xc3\xa4\t b \r\n\r\n", PROBLEM_NONE},
	{"GET / HTTP/1.1\r\n" HOST "X:\r\n\r\n", PROBLEM_NONE},
	/* Host */
	{"GET / HTTP/1.1\r\n\r\n", PROBLEM_BAD_REQUEST},
	{"GET / HTTP/1.1\r\n" HOST HOST "\r\n", PROBLEM_BAD_REQUEST},
	{"GET / HTTP/1.0\r\n" HOST HOST "\r\n", PROBLEM_BAD_REQUEST},
	{"GET / HTTP/1.1\r\nHost: a, b\r\n\r\n", PROBLEM_BAD_REQUEST},
	{"GET / HTTP/1.1\r\nHost: a b\r\n\r\n", PROBLEM_BAD_REQUEST},
	{"GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", PROBLEM_BAD_REQUEST},
	{"GET / HTTP/1.1\r\nHost: u@a\r\n\r\n", PROBLEM_BAD_REQUEST},
	{"GET / HTTP/1.1\r\nHost: a:b\r\n\r\n", PROBLEM_BAD_REQUEST},
	{"GET / HTTP/1.1\r\nHost: a:70000\r\n\r\n", PROBLEM_BAD_REQUEST},
	{"GET / HTTP/1.1\r\nHost: a:99999999999999999999\r\n\r\n", PROBLEM_BAD_REQUEST},
	{"GET / HTTP/1.1\r\nHost: a:65535\r\n\r\n", PROBLEM_NONE},
	{"GET / HTTP/1.1\r\nHost: [::1\r\n\r\n", PROBLEM_BAD_REQUEST},
	{"GET / HTTP/1.1\r\nHost: [::1]:80\r\n\r\n", PROBLEM_NONE},
	{"GET / HTTP/1.1\r\nHost: []\r\n\r\n", PROBLEM_BAD_REQUEST},
	{"GET / HTTP/1.1\r\nHost:\r\n\r\n", PROBLEM_NONE},
	/* length */
	{"POST / HTTP/1.1\r\n" HOST "Content-Length: 3\r\n\r\n", PROBLEM_NONE},
	{"POST / HTTP/1.1\r\n" HOST "Content-Length: 3\r\nContent-Length: 3\r\n\r\n",
         PROBLEM_BAD_REQUEST},
	{"POST / HTTP/1.1\r\n" HOST "Content-Length: 3\r\nContent-Length: 4\r\n\r\n",
         PROBLEM_BAD_REQUEST},
	{"POST / HTTP/1.1\r\n" HOST "Content-Length: +3\r\n\r\n", PROBLEM_BAD_REQUEST},
	{"POST / HTTP/1.1\r\n" HOST "Content-Length: -1\r\n\r\n", PROBLEM_BAD_REQUEST},
	{"POST / HTTP/1.1\r\n" HOST "Content-Length: 0x3\r\n\r\n", PROBLEM_BAD_REQUEST},
	{"POST / HTTP/1.1\r\n" HOST "Content-Length: 3,3\r\n\r\n", PROBLEM_BAD_REQUEST},
	{"POST / HTTP/1.1\r\n" HOST "Content-Length: 3 3\r\n\r\n", PROBLEM_BAD_REQUEST},
	{"POST / HTTP/1.1\r\n" HOST "Content-Length:\r\n\r\n", PROBLEM_BAD_REQUEST},
	{"POST / HTTP/1.1\r\n" HOST "Content-Length: 9999999999999999999\r\n\r\n",
         PROBLEM_PAYLOAD_TOO_LARGE},
	{"POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n", PROBLEM_NONE},
	{"POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: Chunked\r\n\r\n", PROBLEM_NONE},
	{"POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n",
         PROBLEM_BAD_REQUEST},
	{"POST / HTTP/1.1\r\n" HOST "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n",
         PROBLEM_BAD_REQUEST},
	{"POST / HTTP/1.1\r\n" HOST
         "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n",
         PROBLEM_BAD_REQUEST},
	{"POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: gzip, chunked\r\n\r\n",
         PROBLEM_NOT_IMPLEMENTED},
	{"POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: identity\r\n\r\n", PROBLEM_NOT_IMPLEMENTED},
	{"POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: xchunked\r\n\r\n", PROBLEM_NOT_IMPLEMENTED},
	{"POST / HTTP/1.1\r\n" HOST "Transfer-Encoding:\r\n\r\n", PROBLEM_BAD_REQUEST},
	{"POST / HTTP/1.1\r\n" HOST "Transfer-Encoding : chunked\r\n\r\n", PROBLEM_BAD_REQUEST},
	{"POST / HTTP/1.0\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n", PROBLEM_BAD_REQUEST},
	/* expectations */
	{"POST / HTTP/1.1\r\n" HOST "Expect: 100-Continue\r\n\r\n", PROBLEM_NONE},
	{"POST / HTTP/1.1\r\n" HOST "Expect: tea\r\n\r\n", PROBLEM_EXPECTATION_FAILED},
	{"POST / HTTP/1.0\r\nExpect: tea\r\n\r\n", PROBLEM_NONE},
};

static enum problem read_head(const char *bytes, size_t size, struct head *head)
{
	struct head_scan scan = {0};
	enum problem problem = PROBLEM_NONE;
	const char *why;
	size_t end = head_scan(&scan, bytes, size, &problem);

	if (problem != PROBLEM_NONE)
		return problem;
	ck_assert_uint_eq(end, size);
	return head_parse(bytes + scan.start, size - scan.start, head, &why);
}

START_TEST(a_head_is_accepted_or_refused_as_the_table_says)
{
	const struct head_case *c = &head_cases[_i];
	struct head head;

	ck_assert_msg(read_head(c->head, strlen(c->head), &head) == c->problem, "%s", c->head);
}
END_TEST

START_TEST(a_head_that_comes_byte_by_byte_is_the_same)
{
	const struct head_case *c = &head_cases[_i];
	struct head_scan scan = {0};
	enum problem problem = PROBLEM_NONE;
	size_t size = strlen(c->head), end = 0;
	struct head head;
	const char *why;

	for (size_t have = 1; have <= size && !end && problem == PROBLEM_NONE; have++)
		end = head_scan(&scan, c->head, have, &problem);
	if (problem == PROBLEM_NONE)
		problem = head_parse(c->head + scan.start, end - scan.start, &head, &why);
	ck_assert_int_eq(problem, c->problem);
}
END_TEST

START_TEST(a_head_is_written_in_origin_form_without_what_would_confuse)
{
	static const char in[] =
		"GET http://b:8/x?y=1 HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n"
		"Connection: keep-alive\r\nconnection: x, Close\r\nUpgrade: h2c\r\n"
		"X-One:  1 \r\n\r\n";
	auto_buf struct buf out = {0};
	struct head head;

	ck_assert_int_eq(read_head(in, sizeof(in) - 1, &head), PROBLEM_NONE);
	ck_assert_uint_eq(head.flags, HEAD_CLOSE | HEAD_CONTINUE);
	head_write(&head, &out);
	ck_assert_str_eq(buf_string(&out),
	                 "GET /x?y=1 HTTP/1.1\r\nhost: b:8\r\nconnection: close\r\n"
	                 "X-One: 1\r\n\r\n");
}
END_TEST

START_TEST(limits_hold_to_the_byte)
{
	auto_buf struct buf in = {0};
	struct head head;

	for (size_t over = 0; over < 2; over++) {
		buf_clear(&in);
		buf_text(&in, "GET /");
		for (size_t i = 1; i < LIMIT_URI_BYTES + over; i++)
			buf_char(&in, 'a');
		buf_text(&in, " HTTP/1.1\r\n" HOST "\r\n");
		ck_assert_int_eq(read_head(in.data, in.size, &head),
		                 over ? PROBLEM_URI_TOO_LONG : PROBLEM_NONE);

		buf_clear(&in);
		buf_text(&in, "GET / HTTP/1.1\r\n");
		buf_text(&in, HOST);
		for (size_t i = 1; i < LIMIT_HEAD_FIELDS + over; i++)
			buf_text(&in, "X: 1\r\n");
		buf_text(&in, "\r\n");
		ck_assert_int_eq(read_head(in.data, in.size, &head),
		                 over ? PROBLEM_HEADERS_TOO_LARGE : PROBLEM_NONE);

		buf_clear(&in);
		buf_text(&in, "GET / HTTP/1.1\r\n" HOST "X: ");
		for (size_t i = strlen(HOST) + 7; i < LIMIT_HEAD_BYTES + over; i++)
			buf_char(&in, 'a');
		buf_text(&in, "\r\n\r\n");
		ck_assert_int_eq(read_head(in.data, in.size, &head),
		                 over ? PROBLEM_HEADERS_TOO_LARGE : PROBLEM_NONE);
	}
}
END_TEST

#define NEXT "GET"

static const struct frame_case {
	const char *body; /* then NEXT, which must stay */
	const char *data; /* what the library's decoder would make of it, when it is good */
	enum problem problem;
} frame_cases[] = {
	{"0\r\n\r\n", "", PROBLEM_NONE},
	{"3\r\nabc\r\n0\r\n\r\n", "abc", PROBLEM_NONE},
	{"003\r\nabc\r\n1;x=\"y\"\r\nd\r\n0;z\r\n\r\n", "abcd", PROBLEM_NONE},
	{"A\r\n0123456789\r\n0\r\nX: y\r\nZ:\r\n\r\n", "0123456789", PROBLEM_NONE},
	{"\r\n", NULL, PROBLEM_BAD_REQUEST},
	{"0x3\r\nabc\r\n0\r\n\r\n", NULL, PROBLEM_BAD_REQUEST},
	{"3x\r\nabc\r\n0\r\n\r\n", NULL, PROBLEM_BAD_REQUEST},
	{"3 \r\nabc\r\n0\r\n\r\n", NULL, PROBLEM_BAD_REQUEST},
	{" 3\r\nabc\r\n0\r\n\r\n", NULL, PROBLEM_BAD_REQUEST},
	{"-1\r\nabc\r\n0\r\n\r\n", NULL, PROBLEM_BAD_REQUEST},
	{"3\nabc\r\n0\r\n\r\n", NULL, PROBLEM_BAD_REQUEST},
	{"3\rabc\r\n0\r\n\r\n", NULL, PROBLEM_BAD_REQUEST},
	{"3;a\nb\r\nabc\r\n0\r\n\r\n", NULL, PROBLEM_BAD_REQUEST},
	{"3;\x01\r\nabc\r\n0\r\n\r\n", NULL, PROBLEM_BAD_REQUEST},
	{"3\r\nabcd\r\n0\r\n\r\n", NULL, PROBLEM_BAD_REQUEST},
	{"3\r\nabc\n0\r\n\r\n", NULL, PROBLEM_BAD_REQUEST},
	{"3\r\nabc\r\r\n0\r\n\r\n", NULL, PROBLEM_BAD_REQUEST},
	{"3\r\nabc0\r\n\r\n", NULL, PROBLEM_BAD_REQUEST},
	{"0\r\nX\r\n\r\n", NULL, PROBLEM_BAD_REQUEST},
	{"0\r\n X: y\r\n\r\n", NULL, PROBLEM_BAD_REQUEST},
	{"0\r\nX : y\r\n\r\n", NULL, PROBLEM_BAD_REQUEST},
	{"0\r\n: y\r\n\r\n", NULL, PROBLEM_BAD_REQUEST},
	{"0\r\nX: y\n\r\n", NULL, PROBLEM_BAD_REQUEST},
	{"0\r\nX: y\rz\r\n\r\n", NULL, PROBLEM_BAD_REQUEST},
	{"15\r\nabc", NULL, PROBLEM_PAYLOAD_TOO_LARGE},
	{"14\r\n01234567890123456789\r\n1\r\n", NULL, PROBLEM_PAYLOAD_TOO_LARGE},
	{"ffffffffffffffff\r\n", NULL, PROBLEM_BAD_REQUEST},
	{"7fffffffffffffff\r\n", NULL, PROBLEM_BAD_REQUEST},
	{"fffffffffffffff\r\n", NULL, PROBLEM_PAYLOAD_TOO_LARGE},
};

/* A chunked body as frame.c writes it: sizes are true, nothing else stands in it. */
static void decode(const struct buf *out, struct buf *data)
{
	const char *at = buf_string(out);

	for (;;) {
		char *behind;
		unsigned long size = strtoul(at, &behind, 16);

		ck_assert_int_eq(memcmp(behind, "\r\n", 2), 0);
		if (size == 0)
			break;
		buf_append(data, behind + 2, size);
		at = behind + 2 + size;
		ck_assert_int_eq(memcmp(at, "\r\n", 2), 0);
		at += 2;
	}
	ck_assert_str_eq(at, "0\r\n\r\n");
}

static void run_frame_case(const struct frame_case *c, size_t step)
{
	auto_buf struct buf in = {0}, out = {0}, data = {0};
	struct frame frame;
	size_t at = 0;

	buf_printf(&in, "%s%s", c->body, NEXT);
	frame_init_chunked(&frame, 20);
	while (at < in.size && frame.phase != FRAME_DONE && frame.problem == PROBLEM_NONE) {
		size_t size = in.size - at < step ? in.size - at : step;

		at += frame_feed(&frame, in.data + at, size, &out);
	}
	ck_assert_msg(frame.problem == c->problem, "%s: %u", c->body, frame.problem);
	if (frame.problem != PROBLEM_NONE)
		frame_end(&frame, &out);
	decode(&out, &data);
	if (c->data) {
		ck_assert_str_eq(in.data + at, NEXT);
		ck_assert_str_eq(buf_string(&data), c->data);
	}
}

START_TEST(a_chunked_body_is_accepted_or_refused_as_the_table_says)
{
	for (size_t step = 1; step < 6; step++)
		run_frame_case(&frame_cases[_i], step);
	run_frame_case(&frame_cases[_i], 1000);
}
END_TEST

START_TEST(lines_of_a_chunked_body_are_bounded)
{
	auto_buf struct buf in = {0}, out = {0};
	struct frame frame;

	buf_text(&in, "1;");
	for (int i = 0; i < LIMIT_CHUNK_LINE_BYTES; i++)
		buf_char(&in, 'x');
	frame_init_chunked(&frame, 20);
	frame_feed(&frame, in.data, in.size, &out);
	ck_assert_int_eq(frame.problem, PROBLEM_BAD_REQUEST);

	buf_clear(&in);
	buf_text(&in, "0\r\n");
	for (int i = 0; i < LIMIT_TRAILER_BYTES; i++)
		buf_text(&in, "X: y\r\n");
	frame_init_chunked(&frame, 20);
	frame_feed(&frame, in.data, in.size, &out);
	ck_assert_int_eq(frame.problem, PROBLEM_HEADERS_TOO_LARGE);
}
END_TEST

START_TEST(a_body_of_known_length_ends_there)
{
	auto_buf struct buf out = {0};
	struct frame frame;

	frame_init_length(&frame, 5);
	ck_assert_uint_eq(frame_feed(&frame, "abc", 3, &out), 3);
	ck_assert_uint_eq(frame_feed(&frame, "deGET", 5, &out), 2);
	ck_assert_int_eq(frame.phase, FRAME_DONE);
	ck_assert_str_eq(buf_string(&out), "abcde");
}
END_TEST

int main(void)
{
	TCase *heads = tcase_create("heads");
	TCase *frames = tcase_create("frames");

	tcase_add_loop_test(heads, a_head_is_accepted_or_refused_as_the_table_says, 0,
	                    (int)countof(head_cases));
	tcase_add_loop_test(heads, a_head_that_comes_byte_by_byte_is_the_same, 0,
	                    (int)countof(head_cases));
	tcase_add_test(heads, a_head_is_written_in_origin_form_without_what_would_confuse);
	tcase_add_test(heads, limits_hold_to_the_byte);
	tcase_add_loop_test(frames, a_chunked_body_is_accepted_or_refused_as_the_table_says, 0,
	                    (int)countof(frame_cases));
	tcase_add_test(frames, lines_of_a_chunked_body_are_bounded);
	tcase_add_test(frames, a_body_of_known_length_ends_there);
	return suite_run("head", heads, frames);
}

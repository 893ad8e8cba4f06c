/* wire_test.c - frames there and back, in pieces, and from a peer that means ill */
#include <check.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/limits.h"
#include "lib/mem.h"
#include "scheduler/wire/wire_writer.h"
#include "tests/suite.h"

static struct err err;

static struct wire_frame a_start(int64_t attempt, json_t *params)
{
	return (struct wire_frame){
		.type = WIRE_START,
		.as.start =
			{
				.attempt = attempt,
				.fence = 3,
				.operator= "csv.load",
				.plugin = "/plugins/csv.so",
				.params = params,
				.log = "logs/attempt=1.log",
				.log_cap = 1000,
				.resume = "{\"n\":1}",
				.dag = "bulk_insert",
				.run_id = "manual__1",
				.task = "löad",
				.map_index = -1,
				.number = 1,
				.logical_us = WIRE_NO_TIME,
				.interval_start_us = INT64_MAX,
			},
	};
}

START_TEST(a_start_arrives_as_it_left)
{
	json_t *params = json_pack("{s:s, s:[i,i]}", "from", "objects://a/b\n\"", "n", 1, 2);
	struct wire_frame frame = a_start(7, params), got;
	auto_buf struct buf out = {0};

	ck_assert_int_eq(wire_encode(&out, &frame, &err), 0);
	ck_assert_int_eq(wire_decode(out.data + WIRE_HEADER_BYTES, out.size - WIRE_HEADER_BYTES,
	                             WIRE_FROM_SERVICE, &got, &err),
	                 0);
	ck_assert_int_eq(got.type, WIRE_START);
	ck_assert_int_eq(got.as.start.attempt, 7);
	ck_assert_str_eq(got.as.start.task, "löad");
	ck_assert_str_eq(got.as.start.resume, "{\"n\":1}");
	ck_assert_ptr_null(got.as.start.target);
	ck_assert_ptr_null(got.as.start.secrets);
	ck_assert(json_equal(got.as.start.params, params));
	ck_assert_int_eq(got.as.start.logical_us, WIRE_NO_TIME);
	ck_assert_int_eq(got.as.start.interval_start_us, INT64_MAX);
	wire_release(&got);
	json_decref(params);
}
END_TEST

START_TEST(a_finished_arrives_as_it_left)
{
	json_t *outputs = json_pack("{s:i}", "rows", 12);
	struct wire_frame got;
	struct wire_frame frame = {
		.type = WIRE_FINISHED,
		.as.finished = {.attempt = 1,
	                        .fence = 2,
	                        .status = WIRE_AGAIN,
	                        .reason = "not there",
	                        .again_after_ms = 1500,
	                        .outputs = outputs,
	                        .retire = "a thread was left behind"},
	};
	auto_buf struct buf out = {0};

	ck_assert_int_eq(wire_encode(&out, &frame, &err), 0);
	ck_assert_int_eq(wire_decode(out.data + WIRE_HEADER_BYTES, out.size - WIRE_HEADER_BYTES,
	                             WIRE_FROM_RUNNER, &got, &err),
	                 0);
	ck_assert_int_eq(got.as.finished.status, WIRE_AGAIN);
	ck_assert_int_eq(got.as.finished.again_after_ms, 1500);
	ck_assert(json_equal(got.as.finished.outputs, outputs));
	ck_assert_str_eq(got.as.finished.retire, "a thread was left behind");
	ck_assert_ptr_null(got.as.finished.resume);
	wire_release(&got);
	json_decref(outputs);
}
END_TEST

START_TEST(frames_survive_any_tearing)
{
	int64_t ids[] = {4, 5, 6};
	struct wire_frame recall = {.type = WIRE_RECALL, .as.recall.attempts = {ids, 3}};
	struct wire_frame cancel = {.type = WIRE_CANCEL, .as.cancel.attempt = 9};
	auto_buf struct buf out = {0};

	ck_assert_int_eq(wire_encode(&out, &recall, &err), 0);
	ck_assert_int_eq(wire_encode(&out, &cancel, &err), 0);
	for (size_t piece = 1; piece <= out.size; piece++) {
		struct wire_reader reader;
		struct wire_frame got;
		int seen = 0;

		wire_reader_init(&reader, WIRE_FROM_SERVICE);
		for (size_t at = 0; at < out.size; at += piece) {
			wire_reader_feed(&reader, out.data + at,
			                 out.size - at < piece ? out.size - at : piece);
			while (wire_reader_next(&reader, &got, &err) > 0) {
				if (seen++ == 0) {
					ck_assert_int_eq(got.type, WIRE_RECALL);
					ck_assert_uint_eq(got.as.recall.attempts.count, 3);
					ck_assert_int_eq(got.as.recall.attempts.items[2], 6);
				} else {
					ck_assert_int_eq(got.as.cancel.attempt, 9);
				}
				wire_release(&got);
			}
		}
		ck_assert_int_eq(seen, 2);
		wire_reader_release(&reader);
	}
}
END_TEST

static const struct {
	const char *json;
	enum wire_side from;
	const char *text;
} ill[] = {
	{"", WIRE_FROM_RUNNER, "a frame that is no JSON"},
	{"{\"type\":\"alive\"", WIRE_FROM_RUNNER, "a frame that is no JSON"},
	{"[1]", WIRE_FROM_RUNNER, "a frame that is no JSON object"},
	{"{}", WIRE_FROM_RUNNER, "a frame of unknown type ''"},
	{"{\"type\":7}", WIRE_FROM_RUNNER, "a frame of unknown type ''"},
	{"{\"type\":\"start\"}", WIRE_FROM_RUNNER, "a frame of unknown type 'start'"},
	{"{\"type\":\"alive\"}", WIRE_FROM_SERVICE, "a frame of unknown type 'alive'"},
	{"{\"type\":\"alive\"}", WIRE_FROM_RUNNER, "whose 'attempt' is missing"},
	{"{\"type\":\"alive\",\"attempt\":\"1\"}", WIRE_FROM_RUNNER,
         "'attempt' is of a wrong type"},
	{"{\"type\":\"alive\",\"attempt\":1.5}", WIRE_FROM_RUNNER, "'attempt' is of a wrong type"},
	{"{\"type\":\"alive\",\"attempt\":99999999999999999999}", WIRE_FROM_RUNNER, "no JSON"},
	{"{\"type\":\"alive\",\"type\":\"alive\",\"attempt\":1}", WIRE_FROM_RUNNER, "no JSON"},
	{"{\"type\":\"recalled\",\"attempts\":[1,null]}", WIRE_FROM_RUNNER, "of a wrong type"},
	{"{\"type\":\"recalled\",\"attempts\":{}}", WIRE_FROM_RUNNER, "of a wrong type"},
	{"{\"type\":\"finished\",\"attempt\":1,\"fence\":1,\"status\":\"good\"}", WIRE_FROM_RUNNER,
         "'status' is of a wrong type"},
	{"{\"type\":\"reply\",\"id\":1,\"value\":null}", WIRE_FROM_SERVICE, "of a wrong type"},
	{"{\"type\":\"large\",\"size\":10}", WIRE_FROM_SERVICE, "without its descriptor"},
	{"{\"type\":\"alive\",\"attempt\":1,\"x\":\"\xff\"}", WIRE_FROM_RUNNER, "no JSON"},
};

static void feed_frame(struct wire_reader *reader, const char *json, size_t size)
{
	unsigned char header[] = {(unsigned char)(size >> 24), (unsigned char)(size >> 16 & 255),
	                          (unsigned char)(size >> 8 & 255), (unsigned char)(size & 255)};

	wire_reader_feed(reader, header, sizeof(header));
	wire_reader_feed(reader, json, size);
}

START_TEST(what_breaks_the_format_is_an_error)
{
	struct wire_reader reader;
	struct wire_frame frame;

	wire_reader_init(&reader, ill[_i].from);
	feed_frame(&reader, ill[_i].json, strlen(ill[_i].json));
	ck_assert_int_eq(wire_reader_next(&reader, &frame, &err), -1);
	ck_assert_msg(strstr(err.text, ill[_i].text), "%s", err.text);
	wire_reader_release(&reader);
}
END_TEST

START_TEST(a_length_over_the_cap_is_refused_before_its_bytes_come)
{
	struct wire_reader reader;
	struct wire_frame frame;

	wire_reader_init(&reader, WIRE_FROM_RUNNER);
	wire_reader_feed(&reader, "\xff\xff\xff\xff", 4);
	ck_assert_int_eq(wire_reader_next(&reader, &frame, &err), -1);
	ck_assert_int_eq(err.code, ERR_LIMIT);
	wire_reader_release(&reader);
}
END_TEST

START_TEST(an_output_of_64_kib_fits_and_a_note_of_64_kib_does_not)
{
	char *text = mem_alloc(LIMIT_OUTPUT_BYTES + 1);
	json_t *outputs;
	struct wire_frame finished = {.type = WIRE_FINISHED};
	struct wire_frame progress = {.type = WIRE_PROGRESS, .as.progress.note = text};
	auto_buf struct buf out = {0};

	memset(text, 'x', LIMIT_OUTPUT_BYTES);
	outputs = json_pack("{s:s}", "k", text);
	finished.as.finished.outputs = outputs;
	ck_assert_int_eq(wire_encode(&out, &finished, &err), 0);
	buf_clear(&out);
	ck_assert_int_eq(wire_encode(&out, &progress, &err), -1);
	ck_assert_int_eq(err.code, ERR_LIMIT);
	ck_assert_uint_eq(out.size, 0);
	json_decref(outputs);
	free(text);
}
END_TEST

static int read_frame(struct wire_reader *reader, int fd, struct wire_frame *frame)
{
	int got;

	while ((got = wire_reader_next(reader, frame, &err)) == 0)
		if (wire_reader_fill(reader, fd, &err) != WIRE_IO_OK)
			return -1;
	return got;
}

START_TEST(a_large_start_goes_by_descriptor_between_small_ones)
{
	char *text = mem_alloc(3 * LIMIT_START_FRAME_BYTES + 1);
	struct wire_writer writer = {0};
	struct wire_reader reader;
	json_t *params;
	int ends[2];

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
	memset(text, 'y', 3 * LIMIT_START_FRAME_BYTES);
	params = json_pack("{s:s}", "text", text);
	wire_reader_init(&reader, WIRE_FROM_SERVICE);
	for (int64_t i = 1; i <= 4; i++) {
		struct wire_frame frame = a_start(i, i % 2 ? NULL : params);

		ck_assert_int_eq(wire_writer_put(&writer, &frame, &err), 0);
	}
	ck_assert_int_eq(wire_writer_flush(&writer, ends[0], &err), WIRE_IO_OK);
	for (int64_t i = 1; i <= 4; i++) {
		struct wire_frame got;

		ck_assert_int_eq(read_frame(&reader, ends[1], &got), 1);
		ck_assert_int_eq(got.as.start.attempt, i);
		if (i % 2 == 0)
			ck_assert(json_equal(got.as.start.params, params));
		wire_release(&got);
	}
	json_decref(params);
	free(text);
	wire_writer_release(&writer);
	wire_reader_release(&reader);
	close(ends[0]);
	close(ends[1]);
}
END_TEST

START_TEST(parameters_over_16_mib_are_refused)
{
	char *text = mem_alloc(LIMIT_INPUTS_BYTES + 1);
	struct wire_writer writer = {0};
	struct wire_frame frame;
	json_t *params;

	memset(text, 'z', LIMIT_INPUTS_BYTES);
	params = json_pack("{s:s}", "text", text);
	frame = a_start(1, params);
	ck_assert_int_eq(wire_writer_put(&writer, &frame, &err), -1);
	ck_assert_int_eq(err.code, ERR_LIMIT);
	ck_assert_uint_eq(wire_writer_pending(&writer), 0);
	json_decref(params);
	free(text);
	wire_writer_release(&writer);
}
END_TEST

START_TEST(a_runner_may_not_pass_descriptors)
{
	struct wire_writer writer = {0};
	struct wire_reader reader;
	struct wire_frame frame = {.type = WIRE_ALIVE};
	int ends[2];

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
	ck_assert_int_eq(wire_writer_put(&writer, &frame, &err), 0);
	writer.passed.items = mem_alloc(sizeof(*writer.passed.items));
	writer.passed.items[0] = (struct wire_passed){0, dup(ends[0])};
	writer.passed.count = writer.passed.capacity = 1;
	ck_assert_int_eq(wire_writer_flush(&writer, ends[0], &err), WIRE_IO_OK);
	wire_reader_init(&reader, WIRE_FROM_RUNNER);
	ck_assert_int_eq(wire_reader_fill(&reader, ends[1], &err), WIRE_IO_ERROR);
	wire_reader_release(&reader);
	wire_writer_release(&writer);
	close(ends[0]);
	close(ends[1]);
}
END_TEST

START_TEST(a_peer_that_is_gone_is_the_end_on_both_sides)
{
	struct wire_writer writer = {0};
	struct wire_reader reader;
	struct wire_frame alive = {.type = WIRE_ALIVE};
	int ends[2];

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
	wire_reader_init(&reader, WIRE_FROM_RUNNER);
	ck_assert_int_eq(wire_reader_fill(&reader, ends[1], &err), WIRE_IO_WAIT);
	close(ends[0]);
	ck_assert_int_eq(wire_reader_fill(&reader, ends[1], &err), WIRE_IO_END);
	ck_assert_int_eq(wire_writer_put(&writer, &alive, &err), 0);
	ck_assert_int_eq(wire_writer_flush(&writer, ends[1], &err), WIRE_IO_END);
	wire_writer_release(&writer);
	wire_reader_release(&reader);
	close(ends[1]);
}
END_TEST

int main(void)
{
	TCase *cases = tcase_create("frames");

	tcase_add_test(cases, a_start_arrives_as_it_left);
	tcase_add_test(cases, a_finished_arrives_as_it_left);
	tcase_add_test(cases, frames_survive_any_tearing);
	tcase_add_loop_test(cases, what_breaks_the_format_is_an_error, 0, countof(ill));
	tcase_add_test(cases, a_length_over_the_cap_is_refused_before_its_bytes_come);
	tcase_add_test(cases, an_output_of_64_kib_fits_and_a_note_of_64_kib_does_not);
	tcase_add_test(cases, a_large_start_goes_by_descriptor_between_small_ones);
	tcase_add_test(cases, parameters_over_16_mib_are_refused);
	tcase_add_test(cases, a_runner_may_not_pass_descriptors);
	tcase_add_test(cases, a_peer_that_is_gone_is_the_end_on_both_sides);
	return suite_run("wire", cases);
}

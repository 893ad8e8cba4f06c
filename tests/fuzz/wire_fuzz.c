/* wire_fuzz.c - what a hostile peer sends never crashes a reader, and what is read can be written */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "scheduler/wire/wire_reader.h"
#include "tests/count.h"
#include "tests/fuzz/mutate.h"

static void read_all(enum wire_side from, const uint8_t *bytes, size_t size)
{
	struct wire_reader reader;
	struct wire_frame frame, again;
	struct err err;

	wire_reader_init(&reader, from);
	wire_reader_feed(&reader, bytes, size);
	while (wire_reader_next(&reader, &frame, &err) > 0) {
		auto_buf struct buf json = {0};

		wire_encode_json(&json, &frame);
		assert(wire_decode(json.data, json.size, from, &again, &err) == 0);
		wire_release(&again);
		wire_release(&frame);
	}
	wire_reader_release(&reader);
}

/* The JSON behind a length, whatever the length says. */
static void decode(enum wire_side from, const uint8_t *bytes, size_t size)
{
	struct wire_frame frame;
	struct err err;

	if (size > WIRE_HEADER_BYTES &&
	    wire_decode((const char *)bytes + WIRE_HEADER_BYTES, size - WIRE_HEADER_BYTES, from,
	                &frame, &err) == 0)
		wire_release(&frame);
}

static int target(const uint8_t *bytes, size_t size)
{
	decode(WIRE_FROM_SERVICE, bytes, size);
	decode(WIRE_FROM_RUNNER, bytes, size);
	read_all(WIRE_FROM_SERVICE, bytes, size);
	read_all(WIRE_FROM_RUNNER, bytes, size);
	return 0;
}

static int64_t ids[] = {1, -2, INT64_MAX};

static const struct wire_frame frames[] = {
	{.type = WIRE_HELLO, .as.hello = {.grace_ms = 1, .alive_ms = 2}},
	{.type = WIRE_START,
         .as.start = {.attempt = 1,
                      .operator= "a.b",
                      .plugin = "/p.so",
                      .log = "l",
                      .resume = "{\"x\":[1,2.5,null]}",
                      .dag = "d",
                      .run_id = "r",
                      .task = "t"}},
	{.type = WIRE_CANCEL, .as.cancel = {.attempt = 1}},
	{.type = WIRE_RECALL, .as.recall.attempts = {ids, countof(ids)}},
	{.type = WIRE_REPLY, .as.reply = {.id = 1, .value = "\xc3\xa4\n", .error = "no"}},
	{.type = WIRE_LARGE, .as.large = {.size = 100}},
	{.type = WIRE_STARTED, .as.started = {1, 2, 3}},
	{.type = WIRE_PROGRESS, .as.progress = {1, 2, 3, "rows", "note"}},
	{.type = WIRE_REQUEST, .as.request = {1, 2, "run_start", "name", "{}"}},
	{.type = WIRE_RECALLED, .as.recall.attempts = {ids, 0}},
	{.type = WIRE_ALIVE, .as.alive = {.attempt = 1}},
	{.type = WIRE_FINISHED,
         .as.finished = {.attempt = 1, .status = WIRE_AGAIN, .reason = "why", .resume = "1"}},
};

int main(void)
{
	struct mutate_entry corpus[countof(frames)];
	struct buf bytes[countof(frames)] = {{0}};
	struct err err;

	for (size_t i = 0; i < countof(frames); i++) {
		if (wire_encode(&bytes[i], &frames[i], &err) < 0)
			return EXIT_FAILURE;
		corpus[i] = (struct mutate_entry){bytes[i].data, bytes[i].size};
	}
	mutate_run(target, corpus, countof(corpus), count_of(100000, 20000000));
	for (size_t i = 0; i < countof(frames); i++)
		buf_release(&bytes[i]);
	return EXIT_SUCCESS;
}

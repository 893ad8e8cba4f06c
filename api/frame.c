/* frame.c - where the body of a request ends */
#include "api/frame.h"

#include <string.h>

#include "api/head.h"

enum { CHUNK_SIZE_DIGITS = 15 };

void frame_init_length(struct frame *frame, int64_t length)
{
	frame->phase = length ? FRAME_LENGTH : FRAME_DONE;
	frame->problem = PROBLEM_NONE;
	frame->why = NULL;
	frame->left = length;
	frame->received = 0;
	frame->limit = length;
	frame->trailer_bytes = frame->line_size = 0;
	frame->in_value = frame->after_cr = 0;
}

void frame_init_chunked(struct frame *frame, int64_t limit)
{
	frame_init_length(frame, 0);
	frame->phase = FRAME_CHUNK_LINE;
	frame->limit = limit;
}

static void refuse(struct frame *frame, enum problem problem, const char *why)
{
	frame->problem = problem;
	frame->why = why;
}

static size_t take_length(struct frame *frame, const char *bytes, size_t size, struct buf *out)
{
	size_t count = (int64_t)size < frame->left ? size : (size_t)frame->left;

	buf_append(out, bytes, count);
	frame->left -= (int64_t)count;
	frame->received += (int64_t)count;
	if (frame->left == 0)
		frame->phase = FRAME_DONE;
	return count;
}

/* What has come of a chunk becomes a chunk of its own, so the library never waits inside one. */
static size_t take_data(struct frame *frame, const char *bytes, size_t size, struct buf *out)
{
	size_t count = (int64_t)size < frame->left ? size : (size_t)frame->left;

	buf_printf(out, "%zx\r\n", count);
	buf_append(out, bytes, count);
	buf_append(out, "\r\n", 2);
	frame->left -= (int64_t)count;
	frame->received += (int64_t)count;
	if (frame->left == 0)
		frame->phase = FRAME_CHUNK_END;
	return count;
}

static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* `1*15HEX [";" extension]` */
static void chunk_line_done(struct frame *frame)
{
	int64_t size = 0;
	size_t at = 0;

	while (at < frame->line_size && at < CHUNK_SIZE_DIGITS && hex_value(frame->line[at]) >= 0)
		size = size * 16 + hex_value(frame->line[at++]);
	if (at == 0 || (at < frame->line_size && frame->line[at] != ';')) {
		refuse(frame, PROBLEM_BAD_REQUEST, "a chunk size is malformed");
		return;
	}
	if (size > frame->limit - frame->received) {
		refuse(frame, PROBLEM_PAYLOAD_TOO_LARGE, "the body is too large for this route");
		return;
	}
	frame->left = size;
	frame->phase = size ? FRAME_CHUNK_DATA : FRAME_TRAILER;
}

static void trailer_line_done(struct frame *frame, struct buf *out)
{
	if (frame->line_size == 0) {
		buf_text(out, "0\r\n\r\n");
		frame->phase = FRAME_DONE;
	} else if (!frame->in_value) {
		refuse(frame, PROBLEM_BAD_REQUEST, "a trailer field is malformed");
	}
	frame->in_value = 0;
}

static void line_done(struct frame *frame, struct buf *out)
{
	switch (frame->phase) {
	case FRAME_CHUNK_LINE:
		chunk_line_done(frame);
		break;
	case FRAME_CHUNK_END:
		frame->phase = FRAME_CHUNK_LINE;
		break;
	case FRAME_TRAILER:
		trailer_line_done(frame, out);
		break;
	case FRAME_LENGTH:
	case FRAME_CHUNK_DATA:
	case FRAME_DONE:
		break;
	}
	frame->line_size = 0;
}

static int is_value_char(unsigned char c)
{
	return c == '\t' || (c >= 0x20 && c != 0x7f);
}

static void take_chunk_line_byte(struct frame *frame, char c)
{
	if (!is_value_char((unsigned char)c))
		refuse(frame, PROBLEM_BAD_REQUEST, "a chunk size is malformed");
	else if (frame->line_size == sizeof(frame->line))
		refuse(frame, PROBLEM_BAD_REQUEST, "the line of a chunk size is over 256 bytes");
	else
		frame->line[frame->line_size++] = c;
}

/* `token ":" value`, looked at and dropped */
static void take_trailer_byte(struct frame *frame, char c)
{
	int good = frame->in_value || (c == ':' && frame->line_size)
	                   ? is_value_char((unsigned char)c)
	                   : head_is_token_char((unsigned char)c);

	if (!good)
		refuse(frame, PROBLEM_BAD_REQUEST, "a trailer field is malformed");
	else if (++frame->trailer_bytes > LIMIT_TRAILER_BYTES)
		refuse(frame, PROBLEM_HEADERS_TOO_LARGE, "the trailer is over 8 KiB");
	if (c == ':')
		frame->in_value = 1;
	frame->line_size++;
}

static void take_line_byte(struct frame *frame, char c, struct buf *out)
{
	if (frame->after_cr) {
		frame->after_cr = 0;
		if (c == '\n')
			line_done(frame, out);
		else
			refuse(frame, PROBLEM_BAD_REQUEST, "a bare CR in the chunked body");
	} else if (c == '\r') {
		frame->after_cr = 1;
	} else if (frame->phase == FRAME_CHUNK_LINE) {
		take_chunk_line_byte(frame, c);
	} else if (frame->phase == FRAME_TRAILER) {
		take_trailer_byte(frame, c);
	} else {
		refuse(frame, PROBLEM_BAD_REQUEST, "a chunk does not end where it says");
	}
}

static size_t take_lines(struct frame *frame, const char *bytes, size_t size, struct buf *out)
{
	enum frame_phase phase = frame->phase;
	size_t at = 0;

	while (at < size && frame->phase == phase && frame->problem == PROBLEM_NONE)
		take_line_byte(frame, bytes[at++], out);
	return at;
}

size_t frame_feed(struct frame *frame, const char *bytes, size_t size, struct buf *out)
{
	size_t at = 0;

	while (at < size && frame->phase != FRAME_DONE && frame->problem == PROBLEM_NONE) {
		if (frame->phase == FRAME_LENGTH)
			at += take_length(frame, bytes + at, size - at, out);
		else if (frame->phase == FRAME_CHUNK_DATA)
			at += take_data(frame, bytes + at, size - at, out);
		else
			at += take_lines(frame, bytes + at, size - at, out);
	}
	return at;
}

void frame_end(struct frame *frame, struct buf *out)
{
	if (frame->phase != FRAME_LENGTH && frame->phase != FRAME_DONE)
		buf_text(out, "0\r\n\r\n");
	frame->phase = FRAME_DONE;
}

/* json_writer.c - JSON written straight into a buf */
#include "lib/json_writer.h"

#include <assert.h>
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void json_writer_init(struct json_writer *w, struct buf *buf)
{
	*w = (struct json_writer){.buf = buf};
}

/* What stands between the value before and this one. */
static void before_value(struct json_writer *w)
{
	if (w->has_key) {
		w->has_key = 0;
		return;
	}
	if (!w->depth)
		return;
	assert(w->kind[w->depth - 1] == '[');
	if (w->filled[w->depth - 1])
		buf_char(w->buf, ',');
	w->filled[w->depth - 1] = 1;
}

static void open_container(struct json_writer *w, char kind)
{
	before_value(w);
	assert(w->depth < JSON_WRITER_DEPTH);
	w->kind[w->depth] = kind;
	w->filled[w->depth] = 0;
	w->depth++;
	buf_char(w->buf, kind);
}

static void close_container(struct json_writer *w, char kind, char end)
{
	assert(w->depth && w->kind[w->depth - 1] == kind && !w->has_key);
	w->depth--;
	buf_char(w->buf, end);
}

void json_writer_object(struct json_writer *w)
{
	open_container(w, '{');
}

void json_writer_object_end(struct json_writer *w)
{
	close_container(w, '{', '}');
}

void json_writer_array(struct json_writer *w)
{
	open_container(w, '[');
}

void json_writer_array_end(struct json_writer *w)
{
	close_container(w, '[', ']');
}

/* The letter behind the backslash of RFC 8259's short escapes, or 0. */
static char short_escape(unsigned char c)
{
	switch (c) {
	case '"':
	case '\\':
		return (char)c;
	case '\b':
		return 'b';
	case '\f':
		return 'f';
	case '\n':
		return 'n';
	case '\r':
		return 'r';
	case '\t':
		return 't';
	default:
		return 0;
	}
}

static void quoted(struct buf *buf, const char *text, size_t size)
{
	size_t start = 0;

	buf_char(buf, '"');
	for (size_t i = 0; i < size; i++) {
		unsigned char c = (unsigned char)text[i];
		char letter;

		if (c >= 0x20 && c != '"' && c != '\\')
			continue;
		buf_append(buf, text + start, i - start);
		start = i + 1;
		letter = short_escape(c);
		if (letter)
			buf_append(buf, (char[]){'\\', letter}, 2);
		else
			buf_printf(buf, "\\u%04x", c);
	}
	buf_append(buf, text + start, size - start);
	buf_char(buf, '"');
}

void json_writer_key(struct json_writer *w, const char *key)
{
	assert(w->depth && w->kind[w->depth - 1] == '{' && !w->has_key);
	if (w->filled[w->depth - 1])
		buf_char(w->buf, ',');
	w->filled[w->depth - 1] = 1;
	quoted(w->buf, key, strlen(key));
	buf_char(w->buf, ':');
	w->has_key = 1;
}

void json_writer_raw(struct json_writer *w, const char *json, size_t size)
{
	before_value(w);
	buf_append(w->buf, json, size);
}

void json_writer_null(struct json_writer *w)
{
	json_writer_raw(w, "null", 4);
}

void json_writer_bool(struct json_writer *w, int value)
{
	json_writer_raw(w, value ? "true" : "false", value ? 4 : 5);
}

void json_writer_int(struct json_writer *w, int64_t value)
{
	char digits[20];
	size_t at = sizeof(digits);
	uint64_t rest = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;

	do {
		digits[--at] = (char)('0' + rest % 10);
		rest /= 10;
	} while (rest);
	if (value < 0)
		digits[--at] = '-';
	json_writer_raw(w, digits + at, sizeof(digits) - at);
}

void json_writer_float(struct json_writer *w, double value)
{
	char text[40];
	int length = 0;

	assert(isfinite(value));
	/* 15 digits always read back, but below DBL_MIN there are not as many */
	for (int precision = fabs(value) < DBL_MIN ? 1 : 15; precision <= 17; precision++) {
		length = snprintf(text, sizeof(text), "%.*g", precision, value);
		if (!islessgreater(strtod(text, NULL), value))
			break;
	}
	json_writer_raw(w, text, (size_t)length);
}

void json_writer_string(struct json_writer *w, const char *text, size_t size)
{
	before_value(w);
	quoted(w->buf, text, size);
}

void json_writer_text(struct json_writer *w, const char *text)
{
	if (text)
		json_writer_string(w, text, strlen(text));
	else
		json_writer_null(w);
}

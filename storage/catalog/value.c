/* value.c - one typed value, and how it is shown */
#include "storage/catalog/value.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "lib/base64.h"
#include "lib/str.h"
#include "lib/timestamp.h"
#include "storage/catalog/catalog.h"
#include "storage/catalog/decimal.h"

struct value value_null(void)
{
	return (struct value){.kind = VALUE_NULL};
}

struct value value_int(int64_t integer)
{
	return (struct value){.kind = VALUE_INT, .as.integer = integer};
}

struct value value_float(double real)
{
	return (struct value){.kind = VALUE_FLOAT, .as.real = real};
}

struct value value_text(const char *text, size_t size)
{
	return (struct value){.kind = VALUE_TEXT, .size = (uint32_t)size, .as.text = text};
}

struct value value_bytes(const void *bytes, size_t size)
{
	return (struct value){.kind = VALUE_BYTES, .size = (uint32_t)size, .as.text = bytes};
}

int value_equal(const struct value *a, const struct value *b)
{
	if (a->kind != b->kind)
		return 0;
	switch (a->kind) {
	case VALUE_UNSET:
	case VALUE_NULL:
		return 1;
	case VALUE_INT:
		return a->as.integer == b->as.integer;
	case VALUE_FLOAT:
		return !isless(a->as.real, b->as.real) && !isgreater(a->as.real, b->as.real);
	case VALUE_TEXT:
	case VALUE_BYTES:
		return a->size == b->size &&
		       (!a->size || memcmp(a->as.text, b->as.text, a->size) == 0);
	}
	return 0;
}

enum flaw_code value_check_text(const char *text, size_t size)
{
	size_t good = str_utf8_valid(text, size);

	if (size && memchr(text, '\0', good))
		return FLAW_NUL;
	return good < size ? FLAW_ENCODING : FLAW_NONE;
}

static void append_int(const struct value *value, struct buf *buf)
{
	char digits[24];

	snprintf(digits, sizeof(digits), "%" PRId64, value->as.integer);
	buf_text(buf, digits);
}

static void append_float(const struct value *value, struct buf *buf)
{
	struct json_writer writer;

	json_writer_init(&writer, buf);
	json_writer_float(&writer, value->as.real);
}

static void append_decimal(const struct column *column, const struct value *value, struct buf *buf)
{
	char canonical[DECIMAL_TEXT_SIZE];

	if (value->kind == VALUE_TEXT) {
		buf_append(buf, value->as.text, value->size);
		return;
	}
	decimal_from_scaled(value->as.integer, column->scale, canonical);
	buf_text(buf, canonical);
}

static const char *time_text(const struct column *column, const struct value *value,
                             char text[TIMESTAMP_SIZE])
{
	if (column->type == COLUMN_DATE)
		timestamp_format_date((int32_t)value->as.integer, text);
	else
		timestamp_format_short(value->as.integer, text);
	return text;
}

void value_append_text(const struct column *column, const struct value *value, struct buf *buf)
{
	char moment[TIMESTAMP_SIZE];

	if (value->kind == VALUE_NULL || value->kind == VALUE_UNSET)
		return;
	switch (column->type) {
	case COLUMN_STRING:
	case COLUMN_TEXT:
	case COLUMN_JSON:
	case COLUMN_UUID:
		buf_append(buf, value->as.text, value->size);
		return;
	case COLUMN_INT:
		append_int(value, buf);
		return;
	case COLUMN_FLOAT:
		append_float(value, buf);
		return;
	case COLUMN_DECIMAL:
		append_decimal(column, value, buf);
		return;
	case COLUMN_BOOL:
		buf_text(buf, value->as.integer ? "true" : "false");
		return;
	case COLUMN_DATE:
	case COLUMN_TIMESTAMP:
		buf_text(buf, time_text(column, value, moment));
		return;
	case COLUMN_BYTES:
		base64_append(value->as.text, value->size, buf);
		return;
	case COLUMN_TYPE_COUNT:
		return;
	}
}

void value_write_json(const struct column *column, const struct value *value,
                      struct json_writer *writer)
{
	auto_buf struct buf text = {0};
	char moment[TIMESTAMP_SIZE];

	if (value->kind == VALUE_NULL || value->kind == VALUE_UNSET) {
		json_writer_null(writer);
		return;
	}
	switch (column->type) {
	case COLUMN_STRING:
	case COLUMN_TEXT:
	case COLUMN_UUID:
		json_writer_string(writer, value->as.text, value->size);
		return;
	case COLUMN_JSON:
		json_writer_raw(writer, value->as.text, value->size);
		return;
	case COLUMN_INT:
		json_writer_int(writer, value->as.integer);
		return;
	case COLUMN_FLOAT:
		json_writer_float(writer, value->as.real);
		return;
	case COLUMN_BOOL:
		json_writer_bool(writer, value->as.integer != 0);
		return;
	case COLUMN_DATE:
	case COLUMN_TIMESTAMP:
		json_writer_text(writer, time_text(column, value, moment));
		return;
	case COLUMN_DECIMAL:
	case COLUMN_BYTES:
		value_append_text(column, value, &text);
		json_writer_string(writer, buf_string(&text), text.size);
		return;
	case COLUMN_TYPE_COUNT:
		return;
	}
}

static int needs_quotes(const char *text, size_t size)
{
	if (!size)
		return 1;
	return memchr(text, '"', size) || memchr(text, ',', size) || memchr(text, '\n', size) ||
	       memchr(text, '\r', size);
}

static void append_quoted(const char *text, size_t size, struct buf *buf)
{
	const char *end = text + size, *quote;

	buf_char(buf, '"');
	while (text < end && (quote = memchr(text, '"', (size_t)(end - text)))) {
		buf_append(buf, text, (size_t)(quote - text) + 1);
		buf_char(buf, '"');
		text = quote + 1;
	}
	buf_append(buf, text, (size_t)(end - text));
	buf_char(buf, '"');
}

void value_append_csv(const struct column *column, const struct value *value, struct buf *buf)
{
	auto_buf struct buf text = {0};

	if (value->kind == VALUE_NULL || value->kind == VALUE_UNSET)
		return;
	if (value->kind == VALUE_TEXT) {
		if (needs_quotes(value->as.text, value->size))
			append_quoted(value->as.text, value->size, buf);
		else
			buf_append(buf, value->as.text, value->size);
		return;
	}
	value_append_text(column, value, &text);
	if (text.size)
		buf_append(buf, text.data, text.size);
	else
		buf_text(buf, "\"\"");
}

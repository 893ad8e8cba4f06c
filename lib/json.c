/* json.c - JSON documents, by jansson */
#include "lib/json.h"

#include <string.h>

#include "lib/json_writer.h"
#include "lib/limits.h"

/* jansson recurses, so depth is counted before it sees the text. Strings hold no structure. */
static int too_deep(const char *text, size_t size)
{
	int depth = 0, in_string = 0;

	for (size_t i = 0; i < size; i++) {
		char c = text[i];

		if (in_string) {
			if (c == '\\')
				i++;
			else if (c == '"')
				in_string = 0;
		} else if (c == '"') {
			in_string = 1;
		} else if (c == '[' || c == '{') {
			if (++depth > LIMIT_JSON_DEPTH)
				return 1;
		} else if (c == ']' || c == '}') {
			depth--;
		}
	}
	return 0;
}

json_t *json_parse(const char *text, size_t size, struct err *err)
{
	json_error_t error;
	json_t *value;

	if (too_deep(text, size)) {
		err_set(err, ERR_LIMIT, "the JSON is nested deeper than %d levels",
		        LIMIT_JSON_DEPTH);
		return NULL;
	}
	value = json_loadb(text, size, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &error);
	if (!value)
		err_set(err, ERR_INVALID, "line %d, column %d: %s", error.line, error.column,
		        error.text);
	return value;
}

/* jansson would write 0.1 as 0.10000000000000001. A real stays a real: 5.0, not 5. */
static void append_real(struct buf *buf, double value)
{
	size_t start = buf->size;
	struct json_writer w;

	json_writer_init(&w, buf);
	json_writer_float(&w, value);
	if (!strpbrk(buf->data + start, ".e"))
		buf_text(buf, ".0");
}

static void append_string(struct buf *buf, const char *text, size_t size)
{
	struct json_writer w;

	json_writer_init(&w, buf);
	json_writer_string(&w, text, size);
}

enum {
	COMPACT = -1, /* an indent that never grows */
};

static int deeper(int indent)
{
	return indent == COMPACT ? COMPACT : indent + 2;
}

static void new_line(struct buf *buf, int indent)
{
	if (indent != COMPACT)
		buf_printf(buf, "\n%*s", indent, "");
}

static void append_value(struct buf *buf, const json_t *value, int indent);

static void append_array(struct buf *buf, const json_t *array, int indent)
{
	buf_char(buf, '[');
	for (size_t i = 0; i < json_array_size(array); i++) {
		if (i)
			buf_char(buf, ',');
		new_line(buf, deeper(indent));
		append_value(buf, json_array_get(array, i), deeper(indent));
	}
	if (json_array_size(array))
		new_line(buf, indent);
	buf_char(buf, ']');
}

static void append_object(struct buf *buf, json_t *object, int indent)
{
	int is_first = 1;

	buf_char(buf, '{');
	for (void *at = json_object_iter(object); at; at = json_object_iter_next(object, at)) {
		const char *key = json_object_iter_key(at);

		if (!is_first)
			buf_char(buf, ',');
		is_first = 0;
		new_line(buf, deeper(indent));
		append_string(buf, key, strlen(key));
		buf_text(buf, indent == COMPACT ? ":" : ": ");
		append_value(buf, json_object_iter_value(at), deeper(indent));
	}
	if (!is_first)
		new_line(buf, indent);
	buf_char(buf, '}');
}

/* Recurses as deep as the document: parsed ones are bounded, others are ours. */
static void append_value(struct buf *buf, const json_t *value, int indent)
{
	if (!value)
		value = json_null(); /* what jansson's getters give for a missing member */
	switch (json_typeof(value)) {
	case JSON_OBJECT:
		/* the iterator wants it writable and writes nothing */
		append_object(buf, (json_t *)(uintptr_t)value, indent);
		return;
	case JSON_ARRAY:
		append_array(buf, value, indent);
		return;
	case JSON_STRING:
		append_string(buf, json_string_value(value), json_string_length(value));
		return;
	case JSON_INTEGER:
		buf_printf(buf, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
		return;
	case JSON_REAL:
		append_real(buf, json_real_value(value));
		return;
	case JSON_TRUE:
		buf_text(buf, "true");
		return;
	case JSON_FALSE:
		buf_text(buf, "false");
		return;
	case JSON_NULL:
		buf_text(buf, "null");
		return;
	}
}

void json_append(struct buf *buf, const json_t *value)
{
	append_value(buf, value, COMPACT);
}

char *json_text(const json_t *value)
{
	struct buf buf = {0};

	append_value(&buf, value, COMPACT);
	return buf_take(&buf);
}

char *json_text_pretty(const json_t *value)
{
	struct buf buf = {0};

	append_value(&buf, value, 0);
	return buf_take(&buf);
}

const char *json_get_text(const json_t *object, const char *key, const char *fallback)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : fallback;
}

int64_t json_get_int(const json_t *object, const char *key, int64_t fallback)
{
	const json_t *value = json_object_get(object, key);

	return json_is_integer(value) ? json_integer_value(value) : fallback;
}

void json_release_pointer(json_t **value)
{
	json_decref(*value);
}

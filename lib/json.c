/* json.c - JSON documents, by jansson */
#include "lib/json.h"

#include <string.h>

#include "lib/limits.h"
#include "lib/mem.h"

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

static int append(const char *bytes, size_t size, void *buf)
{
	buf_append(buf, bytes, size);
	return 0;
}

enum {
	COMPACT = JSON_COMPACT | JSON_ENCODE_ANY,
	PRETTY = JSON_INDENT(2) | JSON_ENCODE_ANY,
};

void json_append(struct buf *buf, const json_t *value)
{
	json_dump_callback(value, append, buf, COMPACT);
}

char *json_text(const json_t *value)
{
	struct buf buf = {0};

	json_dump_callback(value, append, &buf, COMPACT);
	return buf_take(&buf);
}

char *json_text_pretty(const json_t *value)
{
	struct buf buf = {0};

	json_dump_callback(value, append, &buf, PRETTY);
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

/* yaml_errors.c - faults of files, collected so that the user sees all of them at once */
#include "lib/yaml_errors.h"

#include <string.h>

#include "lib/limits.h"
#include "lib/str.h"
#include "lib/vec.h"

void yaml_errors_init(struct yaml_errors *errors)
{
	arena_init(&errors->arena);
	errors->items = NULL;
	errors->count = errors->capacity = 0;
}

void yaml_errors_release(struct yaml_errors *errors)
{
	vec_release(errors);
	arena_release(&errors->arena);
}

void yaml_errors_add(struct yaml_errors *errors, const struct yaml_error *error)
{
	struct yaml_error *added;

	if (errors->count >= LIMIT_YAML_ERRORS)
		return;
	added = vec_push(errors);
	*added = *error;
	added->file = arena_strdup(&errors->arena, error->file);
	added->text = arena_strdup(&errors->arena, error->text);
	added->source = arena_strdup(&errors->arena, error->source);
	if (!added->length)
		added->length = 1;
}

/* Behind all errors of the same file that are not behind it; at the end when there are none. */
static size_t place_of(const struct yaml_error *sorted, size_t count,
                       const struct yaml_error *error)
{
	size_t place = count;

	for (size_t i = count; i > 0; i--) {
		const struct yaml_error *other = &sorted[i - 1];

		if (!str_equal(other->file, error->file)) {
			if (place < count)
				break;
			continue;
		}
		if (other->line < error->line ||
		    (other->line == error->line && other->column <= error->column))
			return i;
		place = i - 1;
	}
	return place;
}

void yaml_errors_sort(struct yaml_errors *errors)
{
	struct yaml_error *sorted =
		arena_array(&errors->arena, errors->count + 1, sizeof(struct yaml_error));

	for (size_t i = 0; i < errors->count; i++) {
		size_t place = place_of(sorted, i, &errors->items[i]);

		memmove(&sorted[place + 1], &sorted[place],
		        (i - place) * sizeof(struct yaml_error));
		sorted[place] = errors->items[i];
	}
	if (errors->count)
		memcpy(errors->items, sorted, errors->count * sizeof(struct yaml_error));
}

/* Bytes of the first `characters` characters. */
static size_t bytes_of(const char *text, size_t characters)
{
	size_t at = 0;

	while (text[at]) {
		if (((unsigned char)text[at] & 0xC0) != 0x80 && characters-- == 0)
			break;
		at++;
	}
	return at;
}

static void format_source(const struct yaml_error *error, struct buf *buf)
{
	size_t before = bytes_of(error->source, error->column - 1);
	size_t left = str_utf8_length(error->source + before, strlen(error->source + before));
	size_t carets = error->length < left ? error->length : left;

	buf_printf(buf, "%6u | %s\n       | ", error->line, error->source);
	for (size_t i = 0; i < before; i++) {
		unsigned char byte = (unsigned char)error->source[i];

		if ((byte & 0xC0) != 0x80)
			buf_char(buf, byte == '\t' ? '\t' : ' ');
	}
	buf_char(buf, '^');
	for (size_t i = 1; i < carets; i++)
		buf_char(buf, '^');
	buf_char(buf, '\n');
}

void yaml_errors_format(const struct yaml_errors *errors, struct buf *buf)
{
	vec_foreach(const struct yaml_error *, error, errors) {
		buf_text(buf, error->file);
		if (error->line)
			buf_printf(buf, ":%u:%u", error->line, error->column);
		buf_printf(buf, ": %s\n", error->text);
		if (error->line && *error->source)
			format_source(error, buf);
	}
}

json_t *yaml_errors_json(const struct yaml_errors *errors)
{
	json_t *list = json_array();

	vec_foreach(const struct yaml_error *, error, errors) {
		json_array_append_new(list, json_pack("{s:s, s:i, s:i, s:s}", "file", error->file,
		                                      "line", (int)error->line, "column",
		                                      (int)error->column, "text", error->text));
	}
	return list;
}

/* yaml_source.c - the text of a YAML document by its lines, and faults shown in it */
#include "lib/yaml_source.h"

#include <string.h>

#include "lib/buf.h"
#include "lib/limits.h"
#include "lib/str.h"
#include "lib/yaml.h"

void yaml_source_index(struct yaml_source *source, struct arena *arena)
{
	const char *end = source->text + source->size;
	size_t count = 1;

	for (const char *at = source->text; (at = memchr(at, '\n', (size_t)(end - at))); at++)
		count++;
	source->lines = arena_array(arena, count, sizeof(*source->lines));
	source->lines[source->line_count++] = source->text;
	for (const char *at = source->text; (at = memchr(at, '\n', (size_t)(end - at))); at++)
		source->lines[source->line_count++] = at + 1;
}

/* A line without its end; empty behind the last. */
static const char *line_of(const struct yaml_source *source, size_t line, size_t *size)
{
	const char *start, *end;

	*size = 0;
	if (line < 1 || line > source->line_count)
		return "";
	start = source->lines[line - 1];
	end = line < source->line_count ? source->lines[line] - 1 : source->text + source->size;
	if (end > start && end[-1] == '\r')
		end--;
	*size = (size_t)(end - start);
	return start;
}

void yaml_source_report(const struct yaml_source *source, struct yaml_errors *errors,
                        struct yaml_error error, const char *format, va_list arguments)
{
	auto_buf struct buf text = {0};
	auto_buf struct buf shown = {0};
	size_t size;
	const char *line = line_of(source, error.line, &size);

	/* a longer line would hide the text it stands under */
	if (size > LIMIT_YAML_SOURCE_BYTES)
		size = error.column < LIMIT_YAML_SOURCE_BYTES / 2 ? LIMIT_YAML_SOURCE_BYTES : 0;
	while (size && str_utf8_valid(line, size) != size)
		size--;
	buf_append(&shown, line, size);
	buf_vprintf(&text, format, arguments);
	error.file = source->file;
	error.text = buf_string(&text);
	error.source = buf_string(&shown);
	yaml_errors_add(errors, &error);
}

void yaml_source_report_at(const struct yaml_source *source, struct yaml_errors *errors,
                           uint32_t line, uint32_t column, const char *format, ...)
{
	struct yaml_error error = {.line = line, .column = column, .length = 1};
	va_list arguments;

	va_start(arguments, format);
	yaml_source_report(source, errors, error, format, arguments);
	va_end(arguments);
}

/* Bytes before the character at `column`. */
static size_t column_bytes(const char *line, size_t size, size_t column)
{
	size_t at = 0;

	for (; at < size; at++) {
		if (((unsigned char)line[at] & 0xC0) != 0x80 && --column == 0)
			break;
	}
	return at;
}

void yaml_source_place(const struct yaml_source *source, const struct yaml_node *node,
                       size_t offset, struct yaml_error *error)
{
	size_t size, at, start = 0, length = strlen(node->text);
	const char *line;

	/* a node stands behind its quote; a block scalar where its first line does, and the others
	 * have the same indent */
	for (size_t i = 0; i < offset && i < length; i++) {
		if (node->text[i] == '\n') {
			error->line++;
			start = i + 1;
		}
	}
	line = line_of(source, error->line, &size);
	at = column_bytes(line, size, node->column);
	/* escapes and folded lines move it; it then stays inside the line */
	at = at + offset - start < size ? at + offset - start : size;
	error->column = (uint32_t)str_utf8_length(line, at) + 1;
}

int yaml_source_is_text(const struct yaml_source *source, struct yaml_errors *errors)
{
	size_t bad = str_utf8_valid(source->text, source->size);
	const char *nul = memchr(source->text, '\0', source->size);
	size_t at = nul && (size_t)(nul - source->text) < bad ? (size_t)(nul - source->text) : bad;
	const char *start = source->text;
	size_t line = 1, column;

	if (at == source->size)
		return 1;
	for (; line < source->line_count && source->lines[line] <= source->text + at; line++)
		start = source->lines[line];
	column = str_utf8_length(start, (size_t)(source->text + at - start)) + 1;
	yaml_source_report_at(source, errors, (uint32_t)line, (uint32_t)column,
	                      nul && at < bad ? "NUL is not text" : "not UTF-8");
	return 0;
}

/* yaml_source.h - the text of a YAML document by its lines, and faults shown in it
 *
 * Borrows the text and the name shown; the index lives in the caller's arena. Lines and columns count
 * from 1, columns in characters. Not thread safe.
 */
#ifndef LIB_YAML_SOURCE_H
#define LIB_YAML_SOURCE_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/arena.h"
#include "lib/compiler.h"
#include "lib/yaml_errors.h"

struct yaml_node;

struct yaml_source {
	const char *file; /* as faults name it */
	const char *text;
	size_t size;
	const char **lines; /* where each line starts */
	size_t line_count;
};

/* Finds the lines of `text`; without it a fault is shown without its line. */
void yaml_source_index(struct yaml_source *source, struct arena *arena);

/* Reports and gives 0 when a byte of it is no UTF-8 text. Asks for the index. */
int yaml_source_is_text(const struct yaml_source *source, struct yaml_errors *errors);

/* Adds `error`, of which line, column and length are set, with this text and the line it is about. */
void yaml_source_report(const struct yaml_source *source, struct yaml_errors *errors,
                        struct yaml_error error, const char *format, va_list arguments)
	PRINTF_LIKE(4, 0);
void yaml_source_report_at(const struct yaml_source *source, struct yaml_errors *errors,
                           uint32_t line, uint32_t column, const char *format, ...)
	PRINTF_LIKE(5, 6);

/* Moves `error` from where the scalar begins to `offset` bytes into it. */
void yaml_source_place(const struct yaml_source *source, const struct yaml_node *node,
                       size_t offset, struct yaml_error *error);

#endif

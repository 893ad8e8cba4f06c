/* output.c - results on stdout: as a table, JSON, JSON lines or CSV */
#include "cli/output.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/terminal.h"
#include "lib/buf.h"
#include "lib/mem.h"
#include "lib/str.h"

enum {
	GAP = 2,          /* blanks between columns */
	LEAST_WIDTH = 8,  /* a column is not cut below this */
	FREE_WIDTH = 100, /* of one cell where there is no terminal to fit */
};

/* A table of texts: `rows` times `columns`, the titles first. */
struct grid {
	char **cells;
	size_t rows, columns;
	size_t *widths;
	const struct output_column *titles;
};

/* Cells */

static const json_t *find(const json_t *object, const char *key)
{
	const char *dot = strchr(key, '.');
	char name[64];

	if (!dot)
		return json_object_get(object, key);
	str_copy(name,
	         (size_t)(dot - key) + 1 < sizeof(name) ? (size_t)(dot - key) + 1 : sizeof(name),
	         key);
	return find(json_object_get(object, name), dot + 1);
}

static void append_value(struct buf *text, const json_t *value)
{
	size_t i;
	json_t *item;
	int is_plain = 1;

	if (json_is_string(value)) {
		buf_append(text, json_string_value(value), json_string_length(value));
		return;
	}
	json_array_foreach(value, i, item) is_plain &=
		!json_is_object(item) && !json_is_array(item);
	if (!json_is_array(value) || !is_plain) {
		if (!json_is_null(value))
			json_append(text, value);
		return;
	}
	json_array_foreach(value, i, item)
	{
		buf_text(text, i ? ", " : "");
		append_value(text, item);
	}
}

const struct output_column output_fault_columns[OUTPUT_FAULT_COLUMNS] = {
	{"FILE", "file"}, {"LINE", "line"}, {"COLUMN", "column"}, {"TEXT", "text"}};

void output_printable(char *text, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		if ((unsigned char)text[i] < ' ' || text[i] == 0x7f)
			text[i] = ' ';
	}
}

static char *cell_of(const json_t *object, const char *key)
{
	struct buf text = {0};
	const json_t *value = find(object, key);
	char duration[16];

	if (json_is_real(value) && str_ends_with(key, "_s")) {
		output_duration(json_real_value(value), duration);
		buf_text(&text, duration);
	} else if (value) {
		append_value(&text, value);
	}
	output_printable(text.data, text.size);
	return buf_take(&text);
}

static size_t width_of(const char *text)
{
	return str_utf8_length(text, strlen(text));
}

/* Tables */

static void grid_fill(struct grid *grid, const json_t *list)
{
	grid->cells = mem_array(grid->rows * grid->columns + 1, sizeof(*grid->cells));
	grid->widths = mem_array(grid->columns + 1, sizeof(*grid->widths));
	for (size_t row = 0; row < grid->rows; row++) {
		for (size_t column = 0; column < grid->columns; column++) {
			const struct output_column *title = &grid->titles[column];
			char *cell = row ? cell_of(json_array_get(list, row - 1), title->key)
			                 : mem_strdup(title->title);
			size_t width = width_of(cell);

			grid->cells[row * grid->columns + column] = cell;
			if (width > grid->widths[column])
				grid->widths[column] = width;
		}
	}
}

static void grid_release(struct grid *grid)
{
	for (size_t i = 0; i < grid->rows * grid->columns; i++)
		free(grid->cells[i]);
	free(grid->cells);
	free(grid->widths);
}

/* The widest column gives way until all of them fit. */
static void grid_fit(struct grid *grid, size_t width)
{
	for (;;) {
		size_t total = 0, widest = 0;

		for (size_t column = 0; column < grid->columns; column++) {
			total += grid->widths[column] + (column ? GAP : 0);
			if (grid->widths[column] > grid->widths[widest])
				widest = column;
		}
		if (total <= width || grid->widths[widest] <= LEAST_WIDTH)
			return;
		grid->widths[widest]--;
	}
}

/* The first `width` characters, with a sign of what is missing. */
static void append_cut(struct buf *line, const char *text, size_t width)
{
	size_t at = 0, count = 0;
	size_t keep = width_of(text) > width && width ? width - 1 : width;

	while (text[at]) {
		if (((unsigned char)text[at] & 0xC0) != 0x80 && count++ == keep)
			break;
		buf_char(line, text[at++]);
	}
	if (text[at])
		buf_text(line, "…");
}

static void append_aligned(struct buf *line, const struct grid *grid, size_t row, size_t column)
{
	const char *text = grid->cells[row * grid->columns + column];
	int is_state = row && str_ends_with(grid->titles[column].key, "state");
	size_t width = width_of(text);

	if (is_state)
		buf_text(line, terminal_color(STDOUT_FILENO, terminal_state_color(text)));
	append_cut(line, text, grid->widths[column]);
	if (is_state)
		buf_text(line, terminal_color(STDOUT_FILENO, COLOR_NONE));
	for (size_t i = width; column + 1 < grid->columns && i < grid->widths[column] + GAP; i++)
		buf_char(line, ' ');
}

static void print_table(const json_t *list, const struct output_column *columns, size_t count)
{
	struct grid grid = {.rows = json_array_size(list) + 1, .columns = count, .titles = columns};
	size_t width = terminal_width(STDOUT_FILENO);
	auto_buf struct buf line = {0};

	grid_fill(&grid, list);
	if (width)
		grid_fit(&grid, width);
	for (size_t row = 0; row < grid.rows; row++) {
		buf_clear(&line);
		for (size_t column = 0; column < count; column++) {
			if (width)
				append_aligned(&line, &grid, row, column);
			else
				buf_printf(&line, "%s%s", column ? "\t" : "",
				           grid.cells[row * count + column]);
		}
		(void)puts(buf_string(&line));
	}
	grid_release(&grid);
}

/* CSV by RFC 4180 */

static void append_field(struct buf *line, const char *text)
{
	if (!strpbrk(text, ",\"\r\n")) {
		buf_text(line, text);
		return;
	}
	buf_char(line, '"');
	for (; *text; text++) {
		if (*text == '"')
			buf_char(line, '"');
		buf_char(line, *text);
	}
	buf_char(line, '"');
}

static void append_csv_cell(struct buf *line, const json_t *row, const char *key)
{
	auto_buf struct buf text = {0};
	const json_t *value = find(row, key);

	if (json_is_string(value))
		buf_text(&text, json_string_value(value));
	else if (value && !json_is_null(value))
		json_append(&text, value);
	append_field(line, buf_string(&text));
}

static void print_csv(const json_t *list, const struct output_column *columns, size_t count)
{
	auto_buf struct buf line = {0};
	size_t i;
	json_t *row = NULL;

	for (size_t column = 0; column < count; column++) {
		buf_text(&line, column ? "," : "");
		append_field(&line, columns[column].key);
	}
	(void)printf("%s\r\n", buf_string(&line));
	json_array_foreach(list, i, row)
	{
		buf_clear(&line);
		for (size_t column = 0; column < count; column++) {
			buf_text(&line, column ? "," : "");
			append_csv_cell(&line, row, columns[column].key);
		}
		(void)printf("%s\r\n", buf_string(&line));
	}
}

static void print_json(const json_t *value)
{
	auto_free char *text = isatty(STDOUT_FILENO) ? json_text_pretty(value) : json_text(value);

	(void)puts(text);
}

void output_list(const struct call *call, const json_t *list, const struct output_column *columns,
                 size_t count)
{
	size_t i;
	json_t *item;

	switch (call->format) {
	case FORMAT_TABLE:
		print_table(list, columns, count);
		break;
	case FORMAT_JSON:
		print_json(list);
		break;
	case FORMAT_JSONL:
		json_array_foreach(list, i, item)
		{
			auto_free char *text = json_text(item);

			(void)puts(text);
		}
		break;
	case FORMAT_CSV:
		print_csv(list, columns, count);
		break;
	}
}

/* One line a member. */
static void print_members(const json_t *object, const struct output_column *columns, size_t count)
{
	size_t widest = 0;

	for (size_t i = 0; i < count; i++) {
		if (width_of(columns[i].title) > widest)
			widest = width_of(columns[i].title);
	}
	for (size_t i = 0; i < count; i++) {
		auto_free char *cell = cell_of(object, columns[i].key);
		int is_state = str_ends_with(columns[i].key, "state");

		if (!*cell)
			continue;
		(void)printf("%s%*s%s%s%s\n", columns[i].title,
		             (int)(widest - width_of(columns[i].title) + GAP), "",
		             is_state ? terminal_color(STDOUT_FILENO, terminal_state_color(cell))
		                      : "",
		             cell, is_state ? terminal_color(STDOUT_FILENO, COLOR_NONE) : "");
	}
}

void output_object(const struct call *call, const json_t *object,
                   const struct output_column *columns, size_t count)
{
	auto_json json_t *list = NULL;

	switch (call->format) {
	case FORMAT_TABLE:
		print_members(object, columns, count);
		break;
	case FORMAT_JSON:
	case FORMAT_JSONL:
		if (call->format == FORMAT_JSON) {
			print_json(object);
		} else {
			auto_free char *text = json_text(object);

			(void)puts(text);
		}
		break;
	case FORMAT_CSV:
		list = json_array();
		json_array_append(list, (json_t *)(uintptr_t)object);
		print_csv(list, columns, count);
		break;
	}
}

void output_errors(FILE *stream, const struct yaml_errors *errors)
{
	auto_buf struct buf text = {0};

	yaml_errors_format(errors, &text);
	(void)fputs(buf_string(&text), stream);
}

void output_duration(double seconds, char text[16])
{
	long whole = (long)seconds;

	if (seconds < 10)
		(void)snprintf(text, 16, "%.2fs", seconds);
	else if (seconds < 60)
		(void)snprintf(text, 16, "%.1fs", seconds);
	else if (seconds < 3600)
		(void)snprintf(text, 16, "%ldm%02lds", whole / 60 % 60, whole % 60);
	else
		(void)snprintf(text, 16, "%ldh%02ldm", whole / 3600, whole / 60 % 60);
}

void output_count(double count, char text[16])
{
	static const struct {
		double from;
		char sign;
	} signs[] = {{1e9, 'G'}, {1e6, 'M'}, {1e4, 'k'}};

	for (size_t i = 0; i < countof(signs); i++) {
		double unit = signs[i].sign == 'k' ? 1e3 : signs[i].from;

		if (count < signs[i].from)
			continue;
		(void)snprintf(text, 16, count / unit < 100 && unit > 1e3 ? "%.1f%c" : "%.0f%c",
		               count / unit, signs[i].sign);
		return;
	}
	(void)snprintf(text, 16, "%.0f", count);
}

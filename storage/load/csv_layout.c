/* csv_layout.c - matching names of fields with columns */
#include "storage/load/csv_layout.h"

#include <string.h>

#include "lib/limits.h"
#include "lib/mem.h"
#include "lib/str.h"

static const char *const reject_fields[CSV_LAYOUT_REJECT_FIELDS] = {"line", "column", "code",
                                                                    "reason"};

int csv_layout_is_rejects(const struct csv_record *record)
{
	if (record->field_count <= CSV_LAYOUT_REJECT_FIELDS)
		return 0;
	for (size_t i = 0; i < countof(reject_fields); i++) {
		size_t size = strlen(reject_fields[i]);

		if (record->fields[i].size != size ||
		    memcmp(record->fields[i].text, reject_fields[i], size) != 0)
			return 0;
	}
	return 1;
}

/* What is being matched. */
struct matching {
	const struct table *table;
	const struct load_options *options;
	struct arena *arena;
	enum err_code code; /* of what does not fit */
	const char *what;   /* "the header" or "'columns'" */
	const struct column **columns, **loaded;
	size_t width;
};

static const char *mapped_name(const struct load_options *options, const char *name)
{
	for (size_t i = 0; i < options->map_count; i++)
		if (str_equal(options->map[i].from, name))
			return options->map[i].to;
	return name;
}

static int unknown_column(const struct matching *matching, const char *name, struct err *err)
{
	const struct table *table = matching->table;
	auto_free const char **names = mem_array(table->declared_count + 1, sizeof(*names));
	const char *nearest;

	for (size_t i = 0; i <= table->declared_count; i++)
		names[i] = table->columns[i].name;
	nearest = str_nearest(name, names, table->declared_count + 1);
	if (nearest)
		return err_set(
			err, matching->code,
			"%s names '%.60s', which table '%s' does not have, did you mean '%s'?",
			matching->what, name, table->name, nearest);
	return err_set(err, matching->code, "%s names '%.60s', which table '%s' does not have",
	               matching->what, name, table->name);
}

/* NULL for a field to be skipped. */
static int match(const struct matching *matching, const char *name, const struct column **column,
                 struct err *err)
{
	const char *wanted = mapped_name(matching->options, name);
	const struct table *table = matching->table;

	*column = NULL;
	if (str_equal(wanted, "-"))
		return 0;
	*column = catalog_column_by_alias(table, wanted);
	if (!*column)
		return unknown_column(matching, wanted, err);
	if (((*column)->flags & COLUMN_IMPLICIT) && *column != table->id)
		return err_set(
			err, matching->code,
			"%s names '%s', which the program keeps by itself; map it to '-' to leave it "
			"out",
			matching->what, wanted);
	return 0;
}

static int add_field(struct matching *matching, size_t field, const char *name, struct err *err)
{
	const struct column *column;

	if (match(matching, name, &column, err) < 0)
		return -1;
	matching->columns[field] = column;
	if (!column)
		return 0;
	for (size_t i = 0; i < matching->width; i++)
		if (matching->loaded[i] == column)
			return err_set(err, matching->code, "%s names column '%s' twice",
			               matching->what, column->name);
	matching->loaded[matching->width++] = column;
	return 0;
}

static int is_loaded(const struct matching *matching, const struct column *column)
{
	for (size_t i = 0; i < matching->width; i++)
		if (matching->loaded[i] == column)
			return 1;
	return 0;
}

static int check_required(const struct matching *matching, struct err *err)
{
	const struct table *table = matching->table;

	if (matching->width == 0)
		return err_set(err, matching->code, "%s names no column of table '%s'",
		               matching->what, table->name);
	for (size_t i = TABLE_FIRST_DECLARED; i <= table->declared_count; i++) {
		const struct column *column = &table->columns[i];

		if ((column->flags & COLUMN_REQUIRED) &&
		    column->default_kind == COLUMN_DEFAULT_NONE && !is_loaded(matching, column))
			return err_set(err, matching->code,
			               "%s lacks column '%s', which table '%s' requires",
			               matching->what, column->name, table->name);
	}
	return 0;
}

static int match_all(struct matching *matching, const char *const *names, size_t count,
                     struct csv_layout *layout, struct err *err)
{
	matching->columns = arena_array(matching->arena, count + 1, sizeof(*matching->columns));
	matching->loaded = arena_array(matching->arena, count + 1, sizeof(*matching->loaded));
	for (size_t i = 0; i < count; i++)
		if (add_field(matching, i, names[i], err) < 0)
			return -1;
	if (check_required(matching, err) < 0)
		return -1;
	layout->names = names;
	layout->field_count = count;
	layout->columns = matching->columns;
	layout->loaded = matching->loaded;
	layout->width = matching->width;
	return 0;
}

int csv_layout_from_columns(const struct table *table, const struct load_options *options,
                            struct arena *arena, struct csv_layout *layout, struct err *err)
{
	struct matching matching = {
		.table = table,
		.options = options,
		.arena = arena,
		.code = ERR_USAGE,
		.what = "'columns'",
	};

	layout->leading = 0;
	return match_all(&matching, options->columns, options->column_count, layout, err);
}

/* The name in a header's field: blanks around it are nobody's intention. */
static const char *header_name(const struct csv_field *field, struct arena *arena)
{
	const char *text = field->text;
	size_t size = field->size;

	while (!field->is_quoted && size > 0 && text[0] == ' ') {
		text++;
		size--;
	}
	while (!field->is_quoted && size > 0 && text[size - 1] == ' ')
		size--;
	return arena_strndup(arena, text, size);
}

static int check_header(const struct csv_record *header, struct err *err)
{
	enum flaw_code flaw = value_check_text(header->raw, header->raw_size);

	if (flaw == FLAW_NONE)
		flaw = header->flaw;
	if (flaw != FLAW_NONE)
		return err_set(err, ERR_INVALID, "the header cannot be read (%s)", flaw_name(flaw));
	if (header->field_count > LIMIT_TABLE_COLUMNS)
		return err_set(err, ERR_INVALID,
		               "the header has %zu fields, at most %d are allowed",
		               header->field_count, LIMIT_TABLE_COLUMNS);
	return 0;
}

/* A name in `map` that the file does not have is a slip of the pen. */
static int check_map(const struct load_options *options, const char *const *names, size_t count,
                     struct err *err)
{
	for (size_t i = 0; i < options->map_count; i++) {
		const char *nearest;
		size_t at = 0;

		while (at < count && !str_equal(names[at], options->map[i].from))
			at++;
		if (at < count)
			continue;
		nearest = str_nearest(options->map[i].from, names, count);
		return err_set(err, ERR_INVALID,
		               "'map' names '%.60s', which the header does not have%s%.60s",
		               options->map[i].from, nearest ? ", did you mean " : "",
		               nearest ? nearest : "");
	}
	return 0;
}

int csv_layout_from_header(const struct table *table, const struct load_options *options,
                           const struct csv_record *header, struct arena *arena,
                           struct csv_layout *layout, struct err *err)
{
	struct matching matching = {
		.table = table,
		.options = options,
		.arena = arena,
		.code = ERR_INVALID,
		.what = "the header",
	};
	const char **names;
	size_t count;

	if (check_header(header, err) < 0)
		return -1;
	layout->leading = csv_layout_is_rejects(header) ? CSV_LAYOUT_REJECT_FIELDS : 0;
	count = header->field_count - layout->leading;
	names = arena_array(arena, count + 1, sizeof(*names));
	for (size_t i = 0; i < count; i++)
		names[i] = header_name(&header->fields[layout->leading + i], arena);
	if (check_map(options, names, count, err) < 0)
		return -1;
	return match_all(&matching, names, count, layout, err);
}

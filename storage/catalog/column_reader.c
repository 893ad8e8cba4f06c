/* column_reader.c - a column or a parameter out of a catalog file */
#include "storage/catalog/column_reader.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "lib/limits.h"
#include "lib/str.h"
#include "storage/catalog/decimal.h"
#include "storage/catalog/value_parse.h"

#define TYPE(name)  (1U << COLUMN_##name)
#define TYPES_ALL   ((1U << COLUMN_TYPE_COUNT) - 1)
#define TYPES_TEXT  (TYPE(STRING) | TYPE(TEXT))
#define TYPES_RANGE (TYPE(INT) | TYPE(FLOAT) | TYPE(DECIMAL) | TYPE(DATE) | TYPE(TIMESTAMP))
#define TYPES_ENUM  (TYPES_TEXT | TYPE(INT) | TYPE(DECIMAL) | TYPE(DATE) | TYPE(UUID))
#define TYPES_KEY   (TYPES_ALL & ~TYPE(JSON))
#define USE_ALL     (COLUMN_READER_TABLE | COLUMN_READER_PARAM | COLUMN_READER_RESULT)
#define USE_INPUT   (COLUMN_READER_TABLE | COLUMN_READER_PARAM)

/* What may be said of a column, by its type and by what it is a column of. */
static const struct {
	const char *key;
	unsigned types, uses;
} keys[] = {
	{"name", TYPES_ALL, USE_ALL},
	{"type", TYPES_ALL, USE_ALL},
	{"description", TYPES_ALL, USE_ALL},
	{"precision", TYPE(DECIMAL), USE_ALL},
	{"scale", TYPE(DECIMAL), USE_ALL},
	{"required", TYPES_ALL, USE_INPUT},
	{"default", TYPES_ALL, USE_INPUT},
	{"min", TYPES_RANGE, USE_INPUT},
	{"max", TYPES_RANGE, USE_INPUT},
	{"min_length", TYPES_TEXT | TYPE(BYTES), USE_INPUT},
	{"max_length", TYPES_TEXT | TYPE(BYTES), USE_INPUT},
	{"pattern", TYPES_TEXT, USE_INPUT},
	{"enum", TYPES_ENUM, USE_INPUT},
	{"references", TYPE(INT), COLUMN_READER_TABLE},
	{"unique", TYPES_KEY, COLUMN_READER_TABLE},
	{"index", TYPES_KEY, COLUMN_READER_TABLE},
	{"aliases", TYPES_ALL, COLUMN_READER_TABLE},
};

int column_reader_same_name(const char *a, const char *b)
{
	return strcasecmp(a, b) == 0;
}

static void check_keys(const struct source *source, const struct yaml_node *node,
                       enum column_reader_use use)
{
	const char *known[countof(keys)];
	size_t count = 0;

	for (size_t i = 0; i < countof(keys); i++) {
		if (keys[i].uses & use)
			known[count++] = keys[i].key;
	}
	yaml_check_keys(source->yaml, node, known, count, source->errors);
}

/* Constraints that mean nothing to this type are faults, not ignored. */
static void check_keys_of_type(const struct source *source, const struct yaml_node *node,
                               const struct column *column)
{
	for (size_t i = 0; i < countof(keys); i++) {
		const struct yaml_node *value = yaml_get(node, keys[i].key);

		if (!value || (keys[i].types & 1U << column->type))
			continue;
		yaml_error(source->yaml, value, source->errors, "'%s' does not apply to type '%s'",
		           keys[i].key, catalog_type_name(column->type));
	}
}

/* The bounds of an id are those of every reference to one. */
static void check_keys_of_reference(const struct source *source, const struct yaml_node *node)
{
	static const char *const refused[] = {"min", "max", "enum"};

	for (size_t i = 0; i < countof(refused); i++) {
		const struct yaml_node *value = yaml_get(node, refused[i]);

		if (value)
			yaml_error(source->yaml, value, source->errors,
			           "'%s' does not apply to a reference", refused[i]);
	}
}

static enum column_type find_type(const char *name)
{
	enum column_type type = COLUMN_STRING;

	while (type < COLUMN_TYPE_COUNT && !str_equal(catalog_type_name(type), name))
		type++;
	return type;
}

static void report_unknown_type(const struct source *source, const struct yaml_node *node)
{
	const char *names[COLUMN_TYPE_COUNT];
	const char *nearest;
	struct buf list = {0};

	for (size_t i = 0; i < countof(names); i++) {
		names[i] = catalog_type_name((enum column_type)i);
		buf_printf(&list, "%s%s", i ? ", " : "", names[i]);
	}
	nearest = str_nearest(node->text, names, countof(names));
	if (nearest)
		yaml_error(source->yaml, node, source->errors,
		           "unknown type '%s', did you mean '%s'?", node->text, nearest);
	else
		yaml_error(source->yaml, node, source->errors,
		           "unknown type '%s', expected one of %s", node->text, buf_string(&list));
	buf_release(&list);
}

/* 0, or -1 when nothing can be said about values of this column. */
static int read_type(const struct source *source, const struct yaml_node *node,
                     struct column *column)
{
	const struct yaml_node *type = yaml_get(node, "type");

	if (yaml_get(node, "references")) {
		column->type = COLUMN_INT;
		if (type)
			yaml_error(source->yaml, type, source->errors,
			           "a reference has the type of an id, leave 'type' out");
		return 0;
	}
	if (!source_needed(source, node, "type"))
		return -1;
	if (type->kind != YAML_STRING) {
		yaml_error(source->yaml, type, source->errors, "'type' must be text, not %s",
		           yaml_kind_name(type->kind));
		return -1;
	}
	column->type = find_type(type->text);
	if (column->type < COLUMN_TYPE_COUNT)
		return 0;
	column->type = COLUMN_TEXT;
	report_unknown_type(source, type);
	return -1;
}

static void read_precision(const struct source *source, const struct yaml_node *node,
                           struct column *column)
{
	int64_t precision = VALUE_DECIMAL_INT_DIGITS, scale = 0;

	if (column->type != COLUMN_DECIMAL)
		return;
	if (source_needed(source, node, "precision") &&
	    source_int(source, node, "precision", (struct source_range){1, DECIMAL_PRECISION_MAX},
	               &precision))
		source_int(source, node, "scale", (struct source_range){0, precision}, &scale);
	column->precision = (int)precision;
	column->scale = (int)scale;
}

static void read_lengths(const struct source *source, const struct yaml_node *node,
                         enum column_reader_use use, struct column *column)
{
	int64_t shortest = 0, longest = 0;

	source_int(source, node, "min_length", (struct source_range){0, LIMIT_TEXT_CHARACTERS},
	           &shortest);
	if (column->type == COLUMN_STRING && use == COLUMN_READER_TABLE &&
	    !yaml_get(node, "max_length"))
		yaml_error(source->yaml, node, source->errors,
		           "a 'string' needs 'max_length'; 'text' has none");
	source_int(source, node, "max_length",
	           (struct source_range){shortest ? shortest : 1, LIMIT_TEXT_CHARACTERS}, &longest);
	column->min_length = (size_t)shortest;
	column->max_length = (size_t)longest;
}

/* A scalar of the file as a value of the column, checked against what was read of it so far. */
static int read_value(const struct source *source, const struct yaml_node *node, const char *key,
                      const struct column *column, struct value *value)
{
	const char *text = node->text;
	struct flaw flaw;

	if (column->type == COLUMN_JSON) {
		json_t *json = yaml_to_json(node);
		char *compact = json_text(json);

		text = arena_strdup(source->arena, compact);
		free(compact);
		json_decref(json);
	} else if (!text || node->kind == YAML_NULL) {
		yaml_error(source->yaml, node, source->errors, "'%s' must be one value, not %s",
		           key, yaml_kind_name(node->kind));
		return -1;
	}
	text = arena_strdup(source->arena, text);
	if (value_parse(column, text, strlen(text), source->arena, value, &flaw) == 0)
		return 0;
	yaml_error(source->yaml, node, source->errors, "'%s' does not fit the column: %s", key,
	           flaw.detail);
	return -1;
}

static void read_range(const struct source *source, const struct yaml_node *node,
                       struct column *column)
{
	const struct yaml_node *min = yaml_get(node, "min"), *max = yaml_get(node, "max");

	if (min && read_value(source, min, "min", column, &column->min) == 0)
		column->flags |= COLUMN_HAS_MIN;
	if (max && read_value(source, max, "max", column, &column->max) == 0)
		column->flags |= COLUMN_HAS_MAX;
}

static void read_pattern(const struct source *source, const struct yaml_node *node,
                         struct column *column)
{
	const char *text = source_text(source, node, "pattern");
	struct err err = {0};

	if (!text)
		return;
	column->pattern = pattern_new(text, &err);
	if (!column->pattern)
		yaml_error(source->yaml, yaml_get(node, "pattern"), source->errors, "'pattern': %s",
		           err.text);
}

static int is_listed(const struct value *values, size_t count, const struct value *value)
{
	for (size_t i = 0; i < count; i++) {
		if (value_equal(&values[i], value))
			return 1;
	}
	return 0;
}

static void read_enum(const struct source *source, const struct yaml_node *node,
                      struct column *column)
{
	const struct yaml_node *list = source_list(source, node, "enum");
	struct value *values;
	size_t count = 0;

	if (!list)
		return;
	if (!list->as.list.count || list->as.list.count > LIMIT_ENUM_VALUES) {
		yaml_error(source->yaml, list, source->errors, "'enum' has 1 to %d values",
		           LIMIT_ENUM_VALUES);
		return;
	}
	values = arena_array(source->arena, list->as.list.count, sizeof(*values));
	for (size_t i = 0; i < list->as.list.count; i++) {
		const struct yaml_node *item = list->as.list.items[i];

		if (read_value(source, item, "enum", column, &values[count]) < 0)
			continue;
		if (is_listed(values, count, &values[count]))
			yaml_error(source->yaml, item, source->errors, "'%s' is listed twice",
			           item->text);
		else
			count++;
	}
	column->enum_values = values;
	column->enum_count = count;
}

static void read_current(const struct source *source, const struct yaml_node *node,
                         struct column *column)
{
	static const struct {
		const char *word;
		enum column_type type;
		enum column_default kind;
	} words[] = {
		{"year", COLUMN_INT, COLUMN_DEFAULT_CURRENT_YEAR},
		{"date", COLUMN_DATE, COLUMN_DEFAULT_CURRENT_DATE},
		{"timestamp", COLUMN_TIMESTAMP, COLUMN_DEFAULT_CURRENT_TIMESTAMP},
	};
	static const char *const known[] = {"current"};
	const char *text;

	yaml_check_keys(source->yaml, node, known, countof(known), source->errors);
	text = source_text(source, node, "current");
	for (size_t i = 0; text && i < countof(words); i++) {
		if (str_equal(words[i].word, text) && words[i].type == column->type) {
			column->default_kind = words[i].kind;
			return;
		}
	}
	yaml_error(
		source->yaml, node, source->errors,
		"'default' is a value, '{current: year}' for an int, '{current: date}' for a date "
		"or '{current: timestamp}' for a timestamp");
}

static void read_default(const struct source *source, const struct yaml_node *node,
                         struct column *column)
{
	const struct yaml_node *value = yaml_get(node, "default");

	if (!value)
		return;
	if (value->kind == YAML_MAP && column->type != COLUMN_JSON)
		read_current(source, value, column);
	else if (read_value(source, value, "default", column, &column->default_value) == 0)
		column->default_kind = COLUMN_DEFAULT_VALUE;
}

static void read_aliases(const struct source *source, const struct yaml_node *node,
                         struct column *column)
{
	const struct yaml_node *list = source_list(source, node, "aliases");
	const char **aliases;

	if (!list)
		return;
	aliases = arena_array(source->arena, list->as.list.count, sizeof(*aliases));
	for (size_t i = 0; i < list->as.list.count; i++) {
		const char *name = source_name(source, list->as.list.items[i]);

		if (name)
			aliases[column->alias_count++] = name;
	}
	column->aliases = aliases;
}

static void read_flags(const struct source *source, const struct yaml_node *node,
                       struct column *column)
{
	static const struct {
		const char *key;
		unsigned flag;
	} flags[] = {
		{"required", COLUMN_REQUIRED},
		{"unique", COLUMN_UNIQUE},
		{"index", COLUMN_INDEX},
	};

	for (size_t i = 0; i < countof(flags); i++) {
		if (source_flag(source, node, flags[i].key, 0))
			column->flags |= flags[i].flag;
	}
	if (yaml_get(node, "references")) {
		column->flags |= COLUMN_INDEX | COLUMN_HAS_MIN | COLUMN_HAS_MAX;
		column->min = value_int(1);
		column->max = value_int(VALUE_ID_MAX);
	}
}

void column_reader_read(const struct source *source, const struct yaml_node *node,
                        enum column_reader_use use, struct column *column)
{
	const struct yaml_node *name;

	column->name = column->description = "";
	if (node->kind != YAML_MAP) {
		yaml_error(source->yaml, node, source->errors,
		           "a column must be a map like {name: …, type: …}, not %s",
		           yaml_kind_name(node->kind));
		return;
	}
	check_keys(source, node, use);
	name = source_needed(source, node, "name");
	if (name) {
		const char *text = source_name(source, name);

		column->name = text ? text : "";
	}
	if (yaml_get(node, "description")) {
		const char *text = source_text(source, node, "description");

		column->description = text ? text : "";
	}
	read_flags(source, node, column);
	read_aliases(source, node, column);
	if (read_type(source, node, column) < 0)
		return;
	check_keys_of_type(source, node, column);
	read_precision(source, node, column);
	read_lengths(source, node, use, column);
	if (yaml_get(node, "references")) {
		check_keys_of_reference(source, node);
	} else {
		read_range(source, node, column);
		read_enum(source, node, column);
	}
	read_pattern(source, node, column);
	read_default(source, node, column);
}

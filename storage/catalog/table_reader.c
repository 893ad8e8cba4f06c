/* table_reader.c - a table out of a catalog file */
#include "storage/catalog/table_reader.h"

#include <string.h>
#include <strings.h>

#include "lib/limits.h"
#include "lib/str.h"
#include "storage/catalog/column_reader.h"

enum { BULK_MAX_ROWS = 1000 };

static const struct {
	const char *name;
	enum column_type type;
	unsigned flags; /* of enum column_flags */
	const char *description;
} implicit[] = {
	{"id", COLUMN_INT, COLUMN_IMPLICIT | COLUMN_HAS_MIN | COLUMN_HAS_MAX, "names the row"},
	{"created_at", COLUMN_TIMESTAMP, COLUMN_IMPLICIT | COLUMN_REQUIRED, "when it was stored"},
	{"updated_at", COLUMN_TIMESTAMP, COLUMN_IMPLICIT | COLUMN_REQUIRED, "when it last changed"},
	{"deleted_at", COLUMN_TIMESTAMP, COLUMN_IMPLICIT, "when it was hidden"},
	{"version", COLUMN_INT, COLUMN_IMPLICIT | COLUMN_REQUIRED,
         "1, and 1 more with each change"},
};

/* In replies, but no column of the database. */
static const char is_active[] = "is_active";

static void set_implicit(struct column *column, size_t which)
{
	column->name = implicit[which].name;
	column->description = implicit[which].description;
	column->type = implicit[which].type;
	column->flags = implicit[which].flags;
	if (column->flags & COLUMN_HAS_MIN) {
		column->min = value_int(1);
		column->max = value_int(VALUE_ID_MAX);
	}
}

static void set_implicit_columns(struct table *table, struct column *columns)
{
	size_t tail = TABLE_FIRST_DECLARED + table->declared_count;

	set_implicit(&columns[TABLE_ID], 0);
	for (size_t i = 0; i < TABLE_IMPLICIT_TAIL; i++)
		set_implicit(&columns[tail + i], i + 1);
	table->column_count = tail + TABLE_IMPLICIT_TAIL;
	table->columns = columns;
	table->id = &columns[TABLE_ID];
	table->created_at = &columns[tail];
	table->updated_at = &columns[tail + 1];
	table->deleted_at = &columns[tail + 2];
	table->version = &columns[tail + 3];
	for (size_t i = 0; i < table->column_count; i++)
		columns[i].position = i;
}

static void check_reserved_name(const struct source *source, const struct yaml_node *node,
                                const char *name)
{
	int taken = column_reader_same_name(name, is_active);

	for (size_t i = 0; i < countof(implicit); i++)
		taken |= column_reader_same_name(name, implicit[i].name);
	if (taken)
		yaml_error(source->yaml, node, source->errors,
		           "every table has a column '%s' of its own, choose another name", name);
}

static void check_column_name(const struct table_draft *draft, const struct yaml_node *node,
                              size_t position)
{
	const char *name = draft->columns[position].name;
	const struct yaml_node *place = yaml_get(node, "name");

	if (!*name)
		return;
	check_reserved_name(&draft->source, place, name);
	for (size_t i = TABLE_FIRST_DECLARED; i < position; i++) {
		if (column_reader_same_name(draft->columns[i].name, name))
			yaml_error(draft->source.yaml, place, draft->source.errors,
			           "column '%s' is declared twice (letter case does not count)",
			           name);
	}
}

static void read_columns(struct table_draft *draft, const struct yaml_node *root)
{
	const struct source *source = &draft->source;
	const struct yaml_node *list = NULL;
	size_t count = 0;

	if (source_needed(source, root, "columns"))
		list = source_list(source, root, "columns");
	if (list)
		count = list->as.list.count;
	if (list && (!count || count > LIMIT_TABLE_COLUMNS)) {
		yaml_error(source->yaml, list, source->errors, "a table has 1 to %d columns",
		           LIMIT_TABLE_COLUMNS);
		count = 0;
	}
	draft->table.declared_count = count;
	draft->columns =
		arena_array(source->arena, count + TABLE_FIRST_DECLARED + TABLE_IMPLICIT_TAIL,
	                    sizeof(*draft->columns));
	draft->references = arena_array(source->arena, count + TABLE_FIRST_DECLARED,
	                                sizeof(*draft->references));
	for (size_t i = 0; i < count; i++) {
		const struct yaml_node *node = list->as.list.items[i];
		size_t position = TABLE_FIRST_DECLARED + i;

		column_reader_read(source, node, COLUMN_READER_TABLE, &draft->columns[position]);
		check_column_name(draft, node, position);
		if (node->kind == YAML_MAP)
			draft->references[position] = yaml_get(node, "references");
	}
	set_implicit_columns(&draft->table, draft->columns);
}

/* An alias means one column only. */
static void check_aliases(const struct table_draft *draft)
{
	const struct table *table = &draft->table;

	for (size_t i = 0; i < table->column_count; i++) {
		const struct column *column = &table->columns[i];

		for (size_t k = 0; k < column->alias_count; k++) {
			const struct column *other =
				catalog_column_by_alias(table, column->aliases[k]);

			if (other != column)
				yaml_error(draft->source.yaml, draft->name, draft->source.errors,
				           "alias '%s' of column '%s' also means column '%s'",
				           column->aliases[k], column->name, other->name);
		}
	}
}

static const struct column *key_column(const struct table_draft *draft,
                                       const struct yaml_node *node)
{
	const struct source *source = &draft->source;
	const char *name = source_name(source, node);
	const struct column *column = name ? catalog_column(&draft->table, name) : NULL;

	if (!name)
		return NULL;
	if (!column || (column->flags & COLUMN_IMPLICIT)) {
		yaml_error(source->yaml, node, source->errors, "the table declares no column '%s'",
		           name);
		return NULL;
	}
	if (column->type == COLUMN_JSON) {
		yaml_error(source->yaml, node, source->errors,
		           "a json column cannot be in a unique key");
		return NULL;
	}
	return column;
}

static int key_has(const struct table_key *key, const struct column *column)
{
	for (size_t i = 0; i < key->count; i++) {
		if (key->columns[i] == column)
			return 1;
	}
	return 0;
}

static int same_key(const struct table_key *a, const struct table_key *b)
{
	if (a->count != b->count)
		return 0;
	for (size_t i = 0; i < a->count; i++) {
		if (!key_has(b, a->columns[i]))
			return 0;
	}
	return 1;
}

/* 0, or -1 when the node is no key; then it was reported. */
static int read_key(const struct table_draft *draft, const struct yaml_node *node,
                    struct table_key *key)
{
	const struct source *source = &draft->source;
	const struct column **columns;

	if (node->kind != YAML_LIST || !node->as.list.count) {
		yaml_error(source->yaml, node, source->errors,
		           "a unique key is a list of columns, like [name, job_id]");
		return -1;
	}
	columns = arena_array(source->arena, node->as.list.count, sizeof(const struct column *));
	*key = (struct table_key){.columns = columns};
	for (size_t i = 0; i < node->as.list.count; i++) {
		const struct yaml_node *item = node->as.list.items[i];
		const struct column *column = key_column(draft, item);

		if (!column)
			return -1;
		if (key_has(key, column)) {
			yaml_error(source->yaml, item, source->errors,
			           "column '%s' is in this key twice", column->name);
			return -1;
		}
		columns[key->count++] = column;
	}
	return 0;
}

static void add_key(struct table_draft *draft, struct table_key *keys, const struct table_key *key,
                    const struct yaml_node *node)
{
	for (size_t i = 0; i < draft->table.key_count; i++) {
		if (same_key(&keys[i], key)) {
			yaml_error(draft->source.yaml, node, draft->source.errors,
			           "this unique key is declared already");
			return;
		}
	}
	keys[draft->table.key_count++] = *key;
}

static void read_keys(struct table_draft *draft, const struct yaml_node *root)
{
	const struct source *source = &draft->source;
	const struct yaml_node *list = source_list(source, root, "unique");
	size_t declared = list ? list->as.list.count : 0;
	struct table_key *keys =
		arena_array(source->arena, draft->table.column_count + declared, sizeof(*keys));

	draft->table.keys = keys;
	for (size_t i = 0; i < draft->table.column_count; i++) {
		const struct column *column = &draft->columns[i];

		if (column->flags & COLUMN_UNIQUE) {
			const struct column **columns =
				arena_alloc(source->arena, sizeof(*columns));

			columns[0] = column;
			keys[draft->table.key_count++] = (struct table_key){columns, 1};
		}
	}
	for (size_t i = 0; i < declared; i++) {
		const struct yaml_node *node = list->as.list.items[i];
		struct table_key key;

		if (read_key(draft, node, &key) == 0)
			add_key(draft, keys, &key, node);
	}
}

static void read_retention_column(struct table_draft *draft, const struct yaml_node *node)
{
	const struct source *source = &draft->source;
	const char *name = source_name(source, node);
	const struct column *column = name ? catalog_column(&draft->table, name) : NULL;

	if (!name)
		return;
	if (!column)
		yaml_error(source->yaml, node, source->errors, "the table has no column '%s'",
		           name);
	else if (column->type != COLUMN_TIMESTAMP && column->type != COLUMN_DATE)
		yaml_error(source->yaml, node, source->errors,
		           "rows age by a timestamp or a date, '%s' is of type '%s'", name,
		           catalog_type_name(column->type));
	draft->table.retention_column = column;
}

static void read_retention_keep(struct table_draft *draft, const struct yaml_node *node)
{
	struct err err = {0};

	if (node->text && str_equal(node->text, "forever"))
		return;
	if (!node->text ||
	    str_to_duration_ms(node->text, &draft->table.retention_keep_ms, &err) < 0 ||
	    !draft->table.retention_keep_ms)
		yaml_error(draft->source.yaml, node, draft->source.errors,
		           "'keep' must be 'forever' or a duration like 365d");
}

static void read_retention(struct table_draft *draft, const struct yaml_node *root)
{
	static const char *const known[] = {"column", "keep"};
	const struct source *source = &draft->source;
	const struct yaml_node *retention = yaml_get(root, "retention");
	const struct yaml_node *column, *keep;

	if (!retention)
		return;
	if (retention->kind != YAML_MAP) {
		yaml_error(source->yaml, retention, source->errors,
		           "'retention' must be a map like {column: created_at, keep: 365d}");
		return;
	}
	yaml_check_keys(source->yaml, retention, known, countof(known), source->errors);
	column = source_needed(source, retention, "column");
	keep = source_needed(source, retention, "keep");
	if (column)
		read_retention_column(draft, column);
	if (keep)
		read_retention_keep(draft, keep);
}

static void read_name(struct table_draft *draft, const struct yaml_node *root)
{
	const struct source *source = &draft->source;
	const struct yaml_node *node = source_needed(source, root, "table");
	const char *name = node ? source_name(source, node) : NULL;

	draft->name = node ? node : root;
	if (!name)
		return;
	draft->table.name = name;
	if (strncasecmp(name, "millrace_", 9) == 0 || strncasecmp(name, "sqlite_", 7) == 0)
		yaml_error(source->yaml, node, source->errors,
		           "names that begin with 'millrace_' or 'sqlite_' are taken");
}

void table_reader_read(struct table_draft *draft, const char *file, const struct yaml_node *root)
{
	static const char *const known[] = {"table",         "description", "columns",  "unique",
	                                    "bulk_max_rows", "soft_delete", "retention"};
	const struct source *source = &draft->source;
	struct table *table = &draft->table;

	*table = (struct table){.name = "", .description = "", .bulk_max_rows = BULK_MAX_ROWS};
	table->file = arena_strdup(source->arena, file);
	draft->name = root;
	if (root->kind != YAML_MAP) {
		yaml_error(source->yaml, root, source->errors,
		           "a table file must be a map with 'table' and 'columns', not %s",
		           yaml_kind_name(root->kind));
		return;
	}
	yaml_check_keys(source->yaml, root, known, countof(known), source->errors);
	read_name(draft, root);
	if (yaml_get(root, "description")) {
		const char *text = source_text(source, root, "description");

		table->description = text ? text : "";
	}
	read_columns(draft, root);
	check_aliases(draft);
	read_keys(draft, root);
	source_int(source, root, "bulk_max_rows", (struct source_range){1, LIMIT_BULK_ROWS},
	           &table->bulk_max_rows);
	table->soft_delete = source_flag(source, root, "soft_delete", 1);
	read_retention(draft, root);
}

static int is_shown(const struct table_draft *draft, const char *name)
{
	if (column_reader_same_name(name, is_active) || catalog_column(&draft->table, name))
		return 1;
	for (size_t i = 0; i < draft->table.column_count; i++) {
		if (draft->columns[i].expand_name && str_equal(draft->columns[i].expand_name, name))
			return 1;
	}
	return 0;
}

/* `department` for `department_id`; `boss_row` where there is no ending to drop, or no room. */
static const char *expand_name(const struct table_draft *draft, const char *column)
{
	size_t size = strlen(column);

	if (size > 3 && str_ends_with(column, "_id")) {
		const char *name = arena_strndup(draft->source.arena, column, size - 3);

		if (!is_shown(draft, name))
			return name;
	}
	return arena_printf(draft->source.arena, "%s_row", column);
}

static const struct table *find_table(const struct table_draft *draft, const struct map *tables,
                                      const struct yaml_node *node)
{
	const char *name = source_name(&draft->source, node);
	const struct table *table = name ? map_get(tables, name) : NULL;

	if (name && !table)
		yaml_error(draft->source.yaml, node, draft->source.errors,
		           "no file declares a table '%s'", name);
	return table;
}

void table_reader_link(struct table_draft *draft, const struct map *tables)
{
	for (size_t i = 0; i < TABLE_FIRST_DECLARED + draft->table.declared_count; i++) {
		struct column *column = &draft->columns[i];

		if (!draft->references || !draft->references[i])
			continue;
		column->references = find_table(draft, tables, draft->references[i]);
		if (column->references)
			column->expand_name = expand_name(draft, column->name);
	}
}

void table_reader_release(const struct table *table)
{
	for (size_t i = 0; i < table->column_count; i++)
		pattern_free(table->columns[i].pattern);
}

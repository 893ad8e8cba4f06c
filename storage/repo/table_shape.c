/* table_shape.c - what of a table is visible to the database */
#include "storage/repo/table_shape.h"

#include <stdlib.h>
#include <string.h>

#include "lib/json.h"
#include "lib/str.h"

static void add_index(struct table_shape *shape, const char *const *columns, size_t count,
                      int is_unique)
{
	struct ddl_index index = {columns, count, is_unique};

	if (!table_shape_has_index(shape, &index))
		shape->indexes[shape->index_count++] = index;
}

static const char **names_of(const struct column *const *columns, size_t count, struct arena *arena)
{
	const char **names = arena_array(arena, count, sizeof(*names));

	for (size_t i = 0; i < count; i++)
		names[i] = columns[i]->name;
	return names;
}

/* An index asked for is there already where a unique key begins with its column. */
static int is_covered(const struct table *table, const struct column *column)
{
	for (size_t i = 0; i < table->key_count; i++) {
		if (table->keys[i].columns[0] == column)
			return 1;
	}
	return 0;
}

void table_shape_of(const struct table *table, struct arena *arena, struct table_shape *shape)
{
	*shape = (struct table_shape){.column_count = table->declared_count};
	shape->columns = arena_array(arena, table->declared_count, sizeof(*shape->columns));
	shape->indexes = arena_array(arena, table->declared_count + table->key_count,
	                             sizeof(*shape->indexes));
	for (size_t i = 0; i < table->declared_count; i++) {
		const struct column *column = &table->columns[TABLE_FIRST_DECLARED + i];
		auto_buf struct buf kind = {0};

		ddl_storage_kind(column, &kind);
		shape->columns[i] = (struct table_shape_column){
			.name = column->name,
			.kind = arena_strdup(arena, kind.data),
			.references = column->references ? column->references->name : "",
			.is_required = (column->flags & COLUMN_REQUIRED) != 0,
		};
	}
	for (size_t i = 0; i < table->key_count; i++) {
		const struct table_key *key = &table->keys[i];

		add_index(shape, names_of(key->columns, key->count, arena), key->count, 1);
	}
	for (size_t i = 0; i < table->declared_count; i++) {
		const struct column *column = &table->columns[TABLE_FIRST_DECLARED + i];

		if ((column->flags & COLUMN_INDEX) && !is_covered(table, column))
			add_index(shape, names_of(&column, 1, arena), 1, 0);
	}
}

const char *table_shape_to_json(const struct table_shape *shape, struct arena *arena)
{
	json_t *columns = json_array(), *indexes = json_array();
	json_t *json = json_pack("{s:o, s:o}", "columns", columns, "indexes", indexes);
	const char *copy;
	char *text;

	for (size_t i = 0; i < shape->column_count; i++) {
		const struct table_shape_column *column = &shape->columns[i];

		json_array_append_new(columns, json_pack("{s:s, s:s, s:s, s:b}", "name",
		                                         column->name, "kind", column->kind,
		                                         "references", column->references,
		                                         "required", column->is_required));
	}
	for (size_t i = 0; i < shape->index_count; i++) {
		json_t *names = json_array();

		for (size_t k = 0; k < shape->indexes[i].count; k++)
			json_array_append_new(names, json_string(shape->indexes[i].columns[k]));
		json_array_append_new(indexes, json_pack("{s:o, s:b}", "columns", names, "unique",
		                                         shape->indexes[i].is_unique));
	}
	text = json_text(json);
	copy = arena_strdup(arena, text);
	free(text);
	json_decref(json);
	return copy;
}

static void read_column(const json_t *json, struct arena *arena, struct table_shape_column *column)
{
	column->name = arena_strdup(arena, json_get_text(json, "name", ""));
	column->kind = arena_strdup(arena, json_get_text(json, "kind", ""));
	column->references = arena_strdup(arena, json_get_text(json, "references", ""));
	column->is_required = json_is_true(json_object_get(json, "required"));
}

static void read_index(const json_t *json, struct arena *arena, struct ddl_index *index)
{
	const json_t *names = json_object_get(json, "columns");
	const char **columns = arena_array(arena, json_array_size(names), sizeof(*columns));

	index->count = json_array_size(names);
	for (size_t i = 0; i < index->count; i++) {
		const char *name = json_string_value(json_array_get(names, i));

		columns[i] = arena_strdup(arena, name ? name : "");
	}
	index->columns = columns;
	index->is_unique = json_is_true(json_object_get(json, "unique"));
}

int table_shape_from_json(const char *text, struct arena *arena, struct table_shape *shape,
                          struct err *err)
{
	json_t *json = json_parse(text, strlen(text), err);
	const json_t *columns = json_object_get(json, "columns");
	const json_t *indexes = json_object_get(json, "indexes");

	*shape = (struct table_shape){.column_count = json_array_size(columns),
	                              .index_count = json_array_size(indexes)};
	if (!json || !json_is_array(columns) || !json_is_array(indexes)) {
		json_decref(json);
		return err_set(err, ERR_DAMAGED, "the recorded shape of a table cannot be read");
	}
	shape->columns = arena_array(arena, shape->column_count, sizeof(*shape->columns));
	shape->indexes = arena_array(arena, shape->index_count, sizeof(*shape->indexes));
	for (size_t i = 0; i < shape->column_count; i++)
		read_column(json_array_get(columns, i), arena, &shape->columns[i]);
	for (size_t i = 0; i < shape->index_count; i++)
		read_index(json_array_get(indexes, i), arena, &shape->indexes[i]);
	json_decref(json);
	return 0;
}

const struct table_shape_column *table_shape_column(const struct table_shape *shape,
                                                    const char *name)
{
	for (size_t i = 0; i < shape->column_count; i++) {
		if (str_equal(shape->columns[i].name, name))
			return &shape->columns[i];
	}
	return NULL;
}

static int same_index(const struct ddl_index *a, const struct ddl_index *b)
{
	if (a->count != b->count || a->is_unique != b->is_unique)
		return 0;
	for (size_t i = 0; i < a->count; i++) {
		if (!str_equal(a->columns[i], b->columns[i]))
			return 0;
	}
	return 1;
}

int table_shape_has_index(const struct table_shape *shape, const struct ddl_index *index)
{
	for (size_t i = 0; i < shape->index_count; i++) {
		if (same_index(&shape->indexes[i], index))
			return 1;
	}
	return 0;
}

/* row_reader.c - rows of a statement of table_sql.h */
#include "storage/repo/row_reader.h"

#include "storage/repo/row_binding.h"

static void init_parent(struct row_reader *reader, size_t position, struct arena *arena)
{
	const struct table *parent = reader->table->columns[position].references;

	if (!parent)
		return;
	reader->parent_values[position] =
		arena_array(arena, parent->column_count, sizeof(struct value));
	reader->parents[position].table = parent;
	reader->parents[position].values = reader->parent_values[position];
}

void row_reader_init(struct row_reader *reader, const struct table *table, int expand,
                     struct arena *arena)
{
	size_t count = table->column_count;

	*reader = (struct row_reader){.table = table};
	reader->values = arena_array(arena, count, sizeof(struct value));
	if (!expand)
		return;
	reader->parent_values = arena_array(arena, count, sizeof(struct value *));
	reader->parents = arena_array(arena, count, sizeof(struct table_row));
	reader->expanded = arena_array(arena, count, sizeof(const struct table_row *));
	for (size_t i = 0; i < count; i++)
		init_parent(reader, i, arena);
}

static int read_values(struct db_stmt *stmt, const struct table *table, int first,
                       struct value *values, struct err *err)
{
	for (size_t i = 0; i < table->column_count; i++) {
		if (row_binding_get(stmt, first + (int)i, &table->columns[i], &values[i], err) < 0)
			return err_prefix(err, "table '%s'", table->name);
	}
	return 0;
}

int row_reader_read(struct row_reader *reader, struct db_stmt *stmt, struct table_row *row,
                    struct err *err)
{
	const struct table *table = reader->table;
	int first = (int)table->column_count;

	*row = (struct table_row){table, reader->values, reader->expanded};
	if (read_values(stmt, table, 0, reader->values, err) < 0)
		return -1;
	for (size_t i = 0; reader->expanded && i < table->column_count; i++) {
		const struct table *parent = table->columns[i].references;

		if (!parent)
			continue;
		reader->expanded[i] = NULL;
		if (!db_column_is_null(stmt, first + TABLE_ID)) {
			if (read_values(stmt, parent, first, reader->parent_values[i], err) < 0)
				return -1;
			reader->expanded[i] = &reader->parents[i];
		}
		first += (int)parent->column_count;
	}
	return 0;
}

static void keep_texts(const struct table *table, struct value *values, struct arena *arena)
{
	for (size_t i = 0; i < table->column_count; i++) {
		if (values[i].kind == VALUE_TEXT || values[i].kind == VALUE_BYTES)
			values[i].as.text = arena_strndup(arena, values[i].as.text, values[i].size);
	}
}

void row_reader_keep(struct row_reader *reader, struct arena *arena)
{
	keep_texts(reader->table, reader->values, arena);
	for (size_t i = 0; reader->expanded && i < reader->table->column_count; i++) {
		if (reader->expanded[i])
			keep_texts(reader->parents[i].table, reader->parent_values[i], arena);
	}
}

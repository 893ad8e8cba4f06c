/* row_json.c - rows of the catalog's tables as JSON */
#include "api/row_json.h"

#include <string.h>

#include "lib/vec.h"
#include "storage/catalog/value_parse.h"

static void write_members(const struct table_row *row, struct json_writer *w)
{
	const struct table *table = row->table;

	for (size_t i = 0; i < table->column_count; i++) {
		const struct column *column = &table->columns[i];

		json_writer_key(w, column->name);
		value_write_json(column, &row->values[i], w);
		if (!row->expanded || !column->references)
			continue;
		json_writer_key(w, column->expand_name);
		if (row->expanded[i])
			row_json_write(row->expanded[i], w);
		else
			json_writer_null(w);
	}
	json_writer_key(w, "is_active");
	json_writer_bool(w, row->values[table->deleted_at->position].kind == VALUE_NULL);
}

void row_json_write(const struct table_row *row, struct json_writer *w)
{
	json_writer_object(w);
	write_members(row, w);
	json_writer_object_end(w);
}

static void add_fault(struct row_json_faults *faults, struct arena *arena, const char *name,
                      const struct flaw *flaw)
{
	struct respond_fault *fault = vec_push(faults);
	size_t extra = 0;
	char *pointer, *to;

	/* RFC 6901: ~ and / are escaped */
	for (const char *at = name; *at; at++)
		extra += *at == '~' || *at == '/';
	to = pointer = arena_alloc(arena, strlen(name) + extra + 2);
	*to++ = '/';
	for (const char *at = name; *at; at++) {
		*to++ = *at == '/' ? '~' : *at;
		if (*at == '~' || *at == '/')
			*to++ = *at == '~' ? '0' : '1';
	}
	fault->pointer = pointer;
	fault->column = arena_strdup(arena, name);
	fault->code = flaw_name(flaw->code);
	fault->detail = arena_strdup(arena, flaw->detail);
}

static int read_column(const struct column *column, const json_t *json, int64_t now_us,
                       struct arena *arena, struct value *value, struct flaw *flaw)
{
	*value = (struct value){.kind = VALUE_UNSET};
	if (json)
		return value_parse_json(column, json, arena, value, flaw);
	if (column->position == TABLE_ID)
		return 0;
	return value_parse_missing(column, now_us, value, flaw);
}

static int is_settable(const struct table *table, const char *name)
{
	const struct column *column = catalog_column(table, name);

	return column && (column->position == TABLE_ID || !(column->flags & COLUMN_IMPLICIT));
}

size_t row_json_read(const struct table *table, const json_t *object, int64_t now_us,
                     struct arena *arena, struct value *values, struct row_json_faults *faults)
{
	const char *name;
	const json_t *member;
	struct flaw flaw;

	for (size_t i = 0; i <= table->declared_count; i++) {
		const struct column *column = &table->columns[i];

		if (read_column(column, json_object_get(object, column->name), now_us, arena,
		                &values[i], &flaw) < 0)
			add_fault(faults, arena, column->name, &flaw);
	}
	for (size_t i = table->declared_count + 1; i < table->column_count; i++)
		values[i] = (struct value){.kind = VALUE_UNSET};
	json_object_foreach((json_t *)(uintptr_t)object, name, member)
	{
		if (is_settable(table, name))
			continue;
		flaw_set(&flaw, FLAW_UNKNOWN_COLUMN, "there is no such column to set");
		add_fault(faults, arena, name, &flaw);
	}
	return faults->count;
}

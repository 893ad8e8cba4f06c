/* host_value.c - values of the ABI and values of storage, there and back */
#include "scheduler/runner/host_value.h"

static struct value load_value(const struct mr_value *value)
{
	if (value->is_null)
		return value_null();
	switch (value->type) {
	case MR_INT:
	case MR_BOOL:
	case MR_TIMESTAMP:
	case MR_DATE:
		return value_int(value->as.i);
	case MR_FLOAT:
		return value_float(value->as.f);
	case MR_BYTES:
		return value_bytes(value->as.s.p, value->as.s.n);
	default:
		return value_text(value->as.s.p, value->as.s.n);
	}
}

const struct value *host_value_load(const struct mr_rows *rows, struct arena *arena)
{
	size_t count = rows->count * rows->columns;
	struct value *values = arena_array(arena, count + 1, sizeof(*values));

	for (size_t i = 0; i < count; i++)
		values[i] = load_value(&rows->values[i]);
	return values;
}

const struct load_source *host_value_sources(const struct mr_rows *rows, struct arena *arena)
{
	struct load_source *sources;

	if (!rows->sources)
		return NULL;
	sources = arena_array(arena, rows->count + 1, sizeof(*sources));
	for (size_t i = 0; i < rows->count; i++)
		sources[i].line = rows->sources[i].line;
	return sources;
}

static const struct {
	int32_t type;
	enum db_type db_type;
} db_types[] = {
	{MR_TEXT, DB_TEXT},   {MR_SECRET, DB_TEXT},  {MR_INT, DB_INT},
	{MR_FLOAT, DB_FLOAT}, {MR_BOOL, DB_BOOL},    {MR_JSON, DB_JSON},
	{MR_BYTES, DB_BYTES}, {MR_DATE, DB_DATE},    {MR_TIMESTAMP, DB_TIMESTAMP},
	{MR_UUID, DB_UUID},   {MR_DECIMAL, DB_TEXT},
};

static int is_text(enum db_type type)
{
	return type == DB_TEXT || type == DB_BYTES || type == DB_JSON || type == DB_UUID;
}

struct db_value host_value_bind(const struct mr_value *value)
{
	struct db_value bound = {.type = DB_NULL};

	for (size_t i = 0; !value->is_null && i < countof(db_types); i++)
		if (db_types[i].type == value->type)
			bound.type = db_types[i].db_type;
	if (is_text(bound.type)) {
		bound.size = (uint32_t)value->as.s.n;
		bound.as.text = value->as.s.p;
	} else if (bound.type == DB_FLOAT) {
		bound.as.real = value->as.f;
	} else if (bound.type != DB_NULL) {
		bound.as.integer = value->as.i;
	}
	return bound;
}

struct mr_value host_value_field(const struct db_value *value, struct arena *arena)
{
	struct mr_value field = {.type = MR_TEXT, .is_null = value->type == DB_NULL};

	/* a decimal's column is not known to a query: the databases give it as a number or text */
	for (size_t i = 0; i < countof(db_types); i++)
		if (db_types[i].db_type == value->type && value->type != DB_TEXT)
			field.type = db_types[i].type;
	if (is_text(value->type)) {
		field.as.s.p = arena_strndup(arena, value->as.text, value->size);
		field.as.s.n = value->size;
	} else if (value->type == DB_FLOAT) {
		field.as.f = value->as.real;
	} else if (value->type != DB_NULL) {
		field.as.i = value->as.integer;
	}
	return field;
}

/* table_json.c - what the catalog declares of a table, as JSON */
#include "storage/catalog/table_json.h"

#include "lib/buf.h"
#include "lib/json_writer.h"

json_t *table_json_value(const struct column *column, const struct value *value)
{
	auto_buf struct buf text = {0};
	struct json_writer writer;
	struct err err;

	json_writer_init(&writer, &text);
	value_write_json(column, value, &writer);
	return json_parse(buf_string(&text), text.size, &err);
}

static void add_constraints(json_t *object, const struct column *column)
{
	json_t *values;

	if (column->max_length)
		json_object_set_new(object, "max_length",
		                    json_integer((json_int_t)column->max_length));
	if (column->min_length)
		json_object_set_new(object, "min_length",
		                    json_integer((json_int_t)column->min_length));
	if (column->flags & COLUMN_HAS_MIN)
		json_object_set_new(object, "min", table_json_value(column, &column->min));
	if (column->flags & COLUMN_HAS_MAX)
		json_object_set_new(object, "max", table_json_value(column, &column->max));
	if (!column->enum_count)
		return;
	values = json_array();
	for (size_t i = 0; i < column->enum_count; i++)
		json_array_append_new(values, table_json_value(column, &column->enum_values[i]));
	json_object_set_new(object, "enum", values);
}

static json_t *column_json(const struct column *column)
{
	json_t *object = json_pack(
		"{s:s, s:s, s:b, s:b, s:b, s:s}", "column", column->name, "type",
		catalog_type_name(column->type), "required", (column->flags & COLUMN_REQUIRED) != 0,
		"unique", (column->flags & COLUMN_UNIQUE) != 0, "implicit",
		(column->flags & COLUMN_IMPLICIT) != 0, "description", column->description);

	json_object_set_new(object, "references",
	                    column->references ? json_string(column->references->name)
	                                       : json_null());
	if (column->type == COLUMN_DECIMAL) {
		json_object_set_new(object, "precision", json_integer(column->precision));
		json_object_set_new(object, "scale", json_integer(column->scale));
	}
	add_constraints(object, column);
	return object;
}

static json_t *keys_json(const struct table *table)
{
	json_t *keys = json_array();

	for (size_t i = 0; i < table->key_count; i++) {
		json_t *key = json_array();

		for (size_t j = 0; j < table->keys[i].count; j++)
			json_array_append_new(key, json_string(table->keys[i].columns[j]->name));
		json_array_append_new(keys, key);
	}
	return keys;
}

static json_t *retention_json(const struct table *table)
{
	if (!table->retention_column)
		return json_null();
	return json_pack("{s:s, s:o}", "column", table->retention_column->name, "keep_s",
	                 table->retention_keep_ms
	                         ? json_real((double)table->retention_keep_ms / 1000)
	                         : json_null());
}

json_t *table_json(const struct table *table)
{
	json_t *columns = json_array();

	for (size_t i = 0; i < table->column_count; i++)
		json_array_append_new(columns, column_json(&table->columns[i]));
	return json_pack("{s:s, s:s, s:s, s:b, s:o, s:o, s:o}", "table", table->name, "description",
	                 table->description, "file", table->file, "soft_delete", table->soft_delete,
	                 "retention", retention_json(table), "unique", keys_json(table), "columns",
	                 columns);
}

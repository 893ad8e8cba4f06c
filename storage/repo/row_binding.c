/* row_binding.c - values of the catalog to and from statements */
#include "storage/repo/row_binding.h"

enum db_type row_binding_type(const struct column *column)
{
	switch (column->type) {
	case COLUMN_INT:
		return DB_INT;
	case COLUMN_FLOAT:
		return DB_FLOAT;
	case COLUMN_DECIMAL:
		return column->precision <= VALUE_DECIMAL_INT_DIGITS ? DB_DECIMAL : DB_TEXT;
	case COLUMN_BOOL:
		return DB_BOOL;
	case COLUMN_DATE:
		return DB_DATE;
	case COLUMN_TIMESTAMP:
		return DB_TIMESTAMP;
	case COLUMN_JSON:
		return DB_JSON;
	case COLUMN_BYTES:
		return DB_BYTES;
	case COLUMN_UUID:
		return DB_UUID;
	case COLUMN_STRING:
	case COLUMN_TEXT:
	case COLUMN_TYPE_COUNT:
		break;
	}
	return DB_TEXT;
}

struct db_value row_binding_value(const struct column *column, const struct value *value)
{
	struct db_value bound = {.type = row_binding_type(column), .size = value->size};

	switch (value->kind) {
	case VALUE_UNSET:
	case VALUE_NULL:
		bound.type = DB_NULL;
		break;
	case VALUE_INT:
		bound.as.integer = value->as.integer;
		bound.scale = column->scale;
		break;
	case VALUE_FLOAT:
		bound.as.real = value->as.real;
		break;
	case VALUE_TEXT:
	case VALUE_BYTES:
		bound.as.text = value->as.text;
		break;
	}
	return bound;
}

void row_binding_set(struct db_stmt *stmt, int index, const struct column *column,
                     const struct value *value)
{
	struct db_value bound = row_binding_value(column, value);

	db_bind(stmt, index, &bound);
}

static struct value value_of(const struct db_value *stored)
{
	switch (stored->type) {
	case DB_NULL:
		break;
	case DB_INT:
	case DB_BOOL:
	case DB_DECIMAL:
	case DB_DATE:
	case DB_TIMESTAMP:
		return value_int(stored->as.integer);
	case DB_FLOAT:
		return value_float(stored->as.real);
	case DB_TEXT:
	case DB_JSON:
	case DB_UUID:
		return value_text(stored->as.text, stored->size);
	case DB_BYTES:
		return value_bytes(stored->as.text, stored->size);
	}
	return value_null();
}

int row_binding_get(struct db_stmt *stmt, int index, const struct column *column,
                    struct value *value, struct err *err)
{
	struct db_value stored;

	if (db_column(stmt, index, row_binding_type(column), column->scale, &stored) < 0)
		return err_set(err, ERR_DAMAGED, "column '%s' holds what is not of type '%s'",
		               column->name, catalog_type_name(column->type));
	*value = value_of(&stored);
	return 0;
}

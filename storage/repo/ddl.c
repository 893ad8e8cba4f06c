/* ddl.c - what makes tables, in the words of one database */
#include "storage/repo/ddl.h"

#include <inttypes.h>
#include <string.h>

#include "lib/crypto.h"
#include "lib/timestamp.h"

enum { INDEX_NAME_WORDS = 40, INDEX_NAME_DIGITS = 8 };

/* The words of one database. */
struct ddl_words {
	const char *types[COLUMN_TYPE_COUNT];
	const char *long_decimal; /* of more digits than an integer has */
	const char *id;           /* behind the name of the id column */
	const char *table_end;
	const char *table_exists; /* asks for the table named $1 */
};

static const struct ddl_words words[] = {
	[DB_DIALECT_SQLITE] =
		{
			.types =
				{
					[COLUMN_STRING] = "TEXT",
					[COLUMN_TEXT] = "TEXT",
					[COLUMN_INT] = "INTEGER",
					[COLUMN_FLOAT] = "REAL",
					[COLUMN_DECIMAL] = "INTEGER",
					[COLUMN_BOOL] = "INTEGER",
					[COLUMN_DATE] = "TEXT",
					[COLUMN_TIMESTAMP] = "TEXT",
					[COLUMN_JSON] = "TEXT",
					[COLUMN_BYTES] = "BLOB",
					[COLUMN_UUID] = "TEXT",
				},
			.long_decimal = "TEXT",
			/* never reuses the id of a row that was removed */
			.id = "INTEGER PRIMARY KEY AUTOINCREMENT",
			.table_end = " STRICT",
			.table_exists =
				"SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = $1",
		},
};

static const char *type_of(enum db_dialect dialect, const struct column *column)
{
	if (column->type == COLUMN_DECIMAL && column->precision > VALUE_DECIMAL_INT_DIGITS)
		return words[dialect].long_decimal;
	return words[dialect].types[column->type];
}

static void append_column(enum db_dialect dialect, const struct column *column, struct buf *sql)
{
	db_quote(sql, column->name);
	buf_printf(sql, " %s", type_of(dialect, column));
	if (column->flags & COLUMN_REQUIRED)
		buf_text(sql, " NOT NULL");
	if (column->references) {
		buf_text(sql, " REFERENCES ");
		db_quote(sql, column->references->name);
		buf_text(sql, " (\"id\")");
	}
}

void ddl_create_table(enum db_dialect dialect, const struct table *table, struct buf *sql)
{
	buf_text(sql, "CREATE TABLE ");
	db_quote(sql, table->name);
	buf_text(sql, " (\n  ");
	db_quote(sql, table->id->name);
	buf_printf(sql, " %s CHECK (\"id\" BETWEEN 1 AND %" PRId64 ")", words[dialect].id,
	           VALUE_ID_MAX);
	for (size_t i = TABLE_FIRST_DECLARED; i < table->column_count; i++) {
		buf_text(sql, ",\n  ");
		append_column(dialect, &table->columns[i], sql);
	}
	buf_printf(sql, "\n)%s", words[dialect].table_end);
}

void ddl_drop_table(const char *table, struct buf *sql)
{
	buf_text(sql, "DROP TABLE ");
	db_quote(sql, table);
}

void ddl_storage_kind(const struct column *column, struct buf *kind)
{
	if (column->type == COLUMN_DECIMAL)
		buf_printf(kind, "decimal(%s,%d)",
		           column->precision <= VALUE_DECIMAL_INT_DIGITS ? "short" : "long",
		           column->scale);
	else if (column->type == COLUMN_STRING)
		buf_text(kind, catalog_type_name(COLUMN_TEXT));
	else
		buf_text(kind, catalog_type_name(column->type));
}

int ddl_can_add_column(const struct column *column)
{
	if (!(column->flags & COLUMN_REQUIRED))
		return 1;
	return column->default_kind == COLUMN_DEFAULT_VALUE && !column->references;
}

static void append_literal(const struct column *column, const struct value *value, struct buf *sql)
{
	auto_buf struct buf text = {0};

	if (value->kind == VALUE_INT && column->type != COLUMN_DATE &&
	    column->type != COLUMN_TIMESTAMP) {
		buf_printf(sql, "%" PRId64, value->as.integer);
		return;
	}
	if (value->kind == VALUE_BYTES) {
		buf_text(sql, "x'");
		for (uint32_t i = 0; i < value->size; i++)
			buf_printf(sql, "%02x", (unsigned)(unsigned char)value->as.text[i]);
		buf_char(sql, '\'');
		return;
	}
	if (column->type == COLUMN_TIMESTAMP) {
		char moment[TIMESTAMP_SIZE];

		timestamp_format(value->as.integer, moment);
		buf_text(&text, moment);
	} else {
		value_append_text(column, value, &text);
	}
	buf_char(sql, '\'');
	for (size_t i = 0; i < text.size; i++) {
		if (text.data[i] == '\'')
			buf_char(sql, '\'');
		buf_char(sql, text.data[i]);
	}
	buf_char(sql, '\'');
}

void ddl_add_column(enum db_dialect dialect, const char *table, const struct column *column,
                    struct buf *sql)
{
	buf_text(sql, "ALTER TABLE ");
	db_quote(sql, table);
	buf_text(sql, " ADD COLUMN ");
	append_column(dialect, column, sql);
	if (column->flags & COLUMN_REQUIRED) {
		buf_text(sql, " DEFAULT ");
		append_literal(column, &column->default_value, sql);
	}
}

void ddl_drop_column(const char *table, const char *column, struct buf *sql)
{
	buf_text(sql, "ALTER TABLE ");
	db_quote(sql, table);
	buf_text(sql, " DROP COLUMN ");
	db_quote(sql, column);
}

static void append_names(const char *const *names, size_t count, struct buf *sql)
{
	for (size_t i = 0; i < count; i++) {
		buf_text(sql, i ? ", " : "");
		db_quote(sql, names[i]);
	}
}

/* At most `size` bytes, whole characters. */
static size_t cut(const char *text, size_t size)
{
	size_t end = strlen(text);

	if (end <= size)
		return end;
	while (size && ((unsigned char)text[size] & 0xc0) == 0x80)
		size--;
	return size;
}

const char *ddl_index_name(const char *table, const struct ddl_index *index, struct arena *arena)
{
	char digest[CRYPTO_SHA256_HEX_SIZE];
	auto_buf struct buf exact = {0};
	auto_buf struct buf readable = {0};

	db_quote(&exact, table);
	append_names(index->columns, index->count, &exact);
	crypto_sha256_hex(exact.data, exact.size, digest);
	buf_text(&readable, table);
	for (size_t i = 0; i < index->count; i++)
		buf_printf(&readable, "_%s", index->columns[i]);
	return arena_printf(arena, "%.*s_%.*s_%s", (int)cut(readable.data, INDEX_NAME_WORDS),
	                    readable.data, INDEX_NAME_DIGITS, digest,
	                    index->is_unique ? "key" : "idx");
}

void ddl_create_index(const char *name, const char *table, const struct ddl_index *index,
                      struct buf *sql)
{
	buf_text(sql, index->is_unique ? "CREATE UNIQUE INDEX " : "CREATE INDEX ");
	db_quote(sql, name);
	buf_text(sql, " ON ");
	db_quote(sql, table);
	buf_text(sql, " (");
	append_names(index->columns, index->count, sql);
	buf_char(sql, ')');
}

void ddl_drop_index(const char *name, struct buf *sql)
{
	buf_text(sql, "DROP INDEX ");
	db_quote(sql, name);
}

const char *ddl_table_exists(enum db_dialect dialect)
{
	return words[dialect].table_exists;
}

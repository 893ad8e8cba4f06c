/* table_sql.c - the statements of one table, built from the catalog */
#include "storage/repo/table_sql.h"

#include <stdio.h>

#include "storage/db/db.h"

static char *keep(struct arena *arena, const struct buf *sql)
{
	return arena_strndup(arena, buf_string(sql), sql->size);
}

/* `alias."a", alias."b"` of all columns. */
static void append_columns(const struct table *table, const char *alias, struct buf *sql)
{
	for (size_t i = 0; i < table->column_count; i++) {
		buf_printf(sql, "%s%s.", i ? ", " : "", alias);
		db_quote(sql, table->columns[i].name);
	}
}

static void append_expanded(const struct table *table, struct buf *sql)
{
	for (size_t i = 0; i < table->column_count; i++) {
		char alias[16];

		if (!table->columns[i].references)
			continue;
		snprintf(alias, sizeof(alias), "r%zu", i);
		buf_text(sql, ", ");
		append_columns(table->columns[i].references, alias, sql);
	}
}

/* A parent that is hidden reads as none. */
static void append_joins(const struct table *table, struct buf *sql)
{
	for (size_t i = 0; i < table->column_count; i++) {
		const struct column *column = &table->columns[i];

		if (!column->references)
			continue;
		buf_text(sql, " LEFT JOIN ");
		db_quote(sql, column->references->name);
		buf_printf(sql, " r%zu ON r%zu.\"id\" = t.", i, i);
		db_quote(sql, column->name);
		buf_printf(sql, " AND r%zu.\"deleted_at\" IS NULL", i);
	}
}

static void append_select(const struct table *table, int expand, struct buf *sql)
{
	buf_text(sql, "SELECT ");
	append_columns(table, "t", sql);
	if (expand)
		append_expanded(table, sql);
	buf_text(sql, " FROM ");
	db_quote(sql, table->name);
	buf_text(sql, " t");
	if (expand)
		append_joins(table, sql);
}

static const char *get_sql(const struct table *table, int expand, struct arena *arena)
{
	auto_buf struct buf sql = {0};

	append_select(table, expand, &sql);
	buf_text(&sql, " WHERE t.\"id\" = $1");
	return keep(arena, &sql);
}

static const char *list_sql(const struct table *table, unsigned variant, struct arena *arena)
{
	auto_buf struct buf sql = {0};

	append_select(table, (variant & TABLE_SQL_EXPAND) != 0, &sql);
	buf_text(&sql, " WHERE t.\"id\" > $1");
	if (!(variant & TABLE_SQL_INCLUDE_DELETED))
		buf_text(&sql, " AND t.\"deleted_at\" IS NULL");
	buf_text(&sql, " ORDER BY t.\"id\" LIMIT $2 OFFSET $3");
	return keep(arena, &sql);
}

/* `before "table" after`: the shape of all short statements. */
static const char *around(const char *before, const struct table *table, const char *after,
                          struct arena *arena)
{
	auto_buf struct buf sql = {0};

	buf_text(&sql, before);
	db_quote(&sql, table->name);
	buf_text(&sql, after);
	return keep(arena, &sql);
}

static void append_placeholders(size_t count, struct buf *sql)
{
	for (size_t i = 0; i < count; i++)
		buf_printf(sql, "%s$%zu", i ? ", " : "", i + 1);
}

static void append_names(const struct column *const *columns, size_t count, struct buf *sql)
{
	for (size_t i = 0; i < count; i++) {
		db_quote(sql, columns[i]->name);
		buf_text(sql, ", ");
	}
}

static void append_insert(const struct table *table, const struct column *const *columns,
                          size_t count, struct buf *sql)
{
	buf_text(sql, "INSERT INTO ");
	db_quote(sql, table->name);
	buf_text(sql, " (");
	append_names(columns, count, sql);
	buf_text(sql, "\"version\") VALUES (");
	append_placeholders(count, sql);
	buf_text(sql, ", 1) ON CONFLICT DO NOTHING");
}

const char *table_sql_insert(const struct table *table, const struct column *const *columns,
                             size_t count, struct arena *arena)
{
	auto_buf struct buf sql = {0};

	append_insert(table, columns, count, &sql);
	return keep(arena, &sql);
}

const char *table_sql_insert_rows(const struct table *table,
                                  const struct table_sql_columns *columns, size_t rows,
                                  struct arena *arena)
{
	auto_buf struct buf sql = {0};
	size_t parameter = columns->same_count;

	buf_text(&sql, "INSERT INTO ");
	db_quote(&sql, table->name);
	buf_text(&sql, " (");
	append_names(columns->same, columns->same_count, &sql);
	append_names(columns->other, columns->other_count, &sql);
	buf_text(&sql, "\"version\") VALUES ");
	for (size_t row = 0; row < rows; row++) {
		buf_text(&sql, row ? ", (" : "(");
		for (size_t i = 0; i < columns->same_count; i++)
			buf_printf(&sql, "$%zu, ", i + 1);
		for (size_t i = 0; i < columns->other_count; i++)
			buf_printf(&sql, "$%zu, ", ++parameter);
		buf_text(&sql, "1)");
	}
	return keep(arena, &sql);
}

/* From `first` on, all but deleted_at and version. */
static const char *insert_row_sql(const struct table *table, size_t first, struct arena *arena)
{
	size_t count = table->deleted_at->position - first;
	const struct column **columns = arena_array(arena, count, sizeof(*columns));
	auto_buf struct buf sql = {0};

	for (size_t i = 0; i < count; i++)
		columns[i] = &table->columns[first + i];
	append_insert(table, columns, count, &sql);
	buf_text(&sql, " RETURNING \"id\"");
	return keep(arena, &sql);
}

static void append_update(const struct table *table, const struct column *const *columns,
                          size_t count, struct buf *sql)
{
	buf_text(sql, "UPDATE ");
	db_quote(sql, table->name);
	buf_text(sql, " SET ");
	for (size_t i = 0; i < count; i++) {
		db_quote(sql, columns[i]->name);
		buf_printf(sql, " = $%zu, ", i + 1);
	}
	buf_printf(sql, "\"updated_at\" = $%zu, \"version\" = \"version\" + 1", count + 1);
}

const char *table_sql_update(const struct table *table, const struct column *const *columns,
                             size_t count, struct arena *arena)
{
	auto_buf struct buf sql = {0};

	append_update(table, columns, count, &sql);
	buf_printf(&sql, ", \"deleted_at\" = NULL WHERE \"id\" = $%zu", count + 2);
	return keep(arena, &sql);
}

static const char *update_row_sql(const struct table *table, struct arena *arena)
{
	size_t count = table->declared_count;
	const struct column **columns = arena_array(arena, count, sizeof(*columns));
	auto_buf struct buf sql = {0};

	for (size_t i = 0; i < count; i++)
		columns[i] = &table->columns[TABLE_FIRST_DECLARED + i];
	append_update(table, columns, count, &sql);
	buf_printf(&sql, " WHERE \"id\" = $%zu AND \"version\" = $%zu", count + 2, count + 3);
	return keep(arena, &sql);
}

static const char *key_sql(const struct table *table, const struct column *const *columns,
                           size_t count, struct arena *arena)
{
	auto_buf struct buf sql = {0};

	buf_text(&sql, "SELECT \"id\", \"created_at\" FROM ");
	db_quote(&sql, table->name);
	for (size_t i = 0; i < count; i++) {
		buf_text(&sql, i ? " AND " : " WHERE ");
		db_quote(&sql, columns[i]->name);
		buf_printf(&sql, " = $%zu", i + 1);
	}
	return keep(arena, &sql);
}

static void build_keys(struct table_sql *sql, struct arena *arena)
{
	const struct table *table = sql->table;
	const char **keys = arena_array(arena, table->key_count, sizeof(*keys));

	for (size_t i = 0; i < table->key_count; i++)
		keys[i] = key_sql(table, table->keys[i].columns, table->keys[i].count, arena);
	sql->keys = keys;
	sql->has_id = key_sql(table, &table->id, 1, arena);
}

static const char *const *parent_sqls(const struct table *table, const char *after,
                                      struct arena *arena)
{
	const char **parents = arena_array(arena, table->column_count, sizeof(*parents));

	for (size_t i = 0; i < table->column_count; i++) {
		if (table->columns[i].references)
			parents[i] = around("SELECT 1 FROM ", table->columns[i].references, after,
			                    arena);
	}
	return parents;
}

/* A foreign key alone keeps nobody from hiding the parent meanwhile. */
static void build_parents(struct table_sql *sql, struct arena *arena)
{
	sql->parents =
		parent_sqls(sql->table, " WHERE \"id\" = $1 AND \"deleted_at\" IS NULL", arena);
	sql->held_parents = parent_sqls(
		sql->table, " WHERE \"id\" = $1 AND \"deleted_at\" IS NULL FOR SHARE", arena);
}

struct table_sql *table_sql_new(const struct table *table, struct arena *arena)
{
	struct table_sql *sql = arena_alloc(arena, sizeof(*sql));

	sql->table = table;
	for (int expand = 0; expand < 2; expand++)
		sql->get[expand] = get_sql(table, expand, arena);
	for (unsigned variant = 0; variant < TABLE_SQL_VARIANTS; variant++)
		sql->list[variant] = list_sql(table, variant, arena);
	sql->count = around("SELECT count(*) FROM ", table, " WHERE \"deleted_at\" IS NULL", arena);
	sql->insert = insert_row_sql(table, TABLE_ID, arena);
	sql->insert_without_id = insert_row_sql(table, TABLE_FIRST_DECLARED, arena);
	sql->update = update_row_sql(table, arena);
	sql->revive = around("UPDATE ", table,
	                     " SET \"deleted_at\" = NULL, \"updated_at\" = $1, \"version\" = "
	                     "\"version\" + 1 WHERE \"id\" = $2",
	                     arena);
	sql->soft_delete = around("UPDATE ", table,
	                          " SET \"deleted_at\" = $1, \"updated_at\" = $1, \"version\" = "
	                          "\"version\" + 1 WHERE \"id\" = $2",
	                          arena);
	sql->hard_delete = around("DELETE FROM ", table, " WHERE \"id\" = $1", arena);
	sql->clear = around("DELETE FROM ", table, "", arena);
	build_keys(sql, arena);
	build_parents(sql, arena);
	return sql;
}

static void begin_count_by(struct buf *sql, const struct table *child, const struct column *column)
{
	buf_text(sql, "SELECT count(*) FROM ");
	db_quote(sql, child->name);
	buf_text(sql, " WHERE ");
	db_quote(sql, column->name);
}

const char *table_sql_count_children(const struct table *child, const struct column *column,
                                     struct arena *arena)
{
	auto_buf struct buf sql = {0};

	begin_count_by(&sql, child, column);
	buf_text(&sql, " = $1");
	if (column->references == child)
		buf_text(&sql, " AND \"id\" <> $1");
	return keep(arena, &sql);
}

const char *table_sql_count_referring(const struct table *child, const struct column *column,
                                      struct arena *arena)
{
	auto_buf struct buf sql = {0};

	begin_count_by(&sql, child, column);
	buf_text(&sql, " IS NOT NULL");
	return keep(arena, &sql);
}

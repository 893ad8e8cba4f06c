/* table_indexes.c - indexes by the texts SQLite keeps of them */
#include "storage/repo/table_indexes.h"

#include "lib/str.h"

static int has_rows(struct db *db, const struct table *table, struct err *err)
{
	struct buf sql = {0};
	struct db_stmt *stmt;
	int result = -1;

	buf_text(&sql, "SELECT 1 FROM ");
	db_quote(&sql, table->name);
	buf_text(&sql, " LIMIT 1");
	stmt = db_prepare(db, sql.data, err);
	if (stmt)
		result = db_step(stmt, err);
	db_stmt_free(stmt);
	buf_release(&sql);
	return result;
}

/* Those made by a statement; what a constraint made has no text and cannot be dropped. */
static int find(struct db *db, const struct table *table, struct arena *arena,
                struct table_indexes *indexes, struct err *err)
{
	static const char query[] = "SELECT name, sql FROM sqlite_master WHERE type = 'index'"
				    " AND tbl_name = $1 AND sql IS NOT NULL ORDER BY rowid";
	struct db_stmt *stmt = db_cached(db, query, err);
	size_t capacity = table->key_count + table->column_count + 1;
	int more;

	if (!stmt)
		return -1;
	indexes->names = arena_array(arena, capacity, sizeof(*indexes->names));
	indexes->sql = arena_array(arena, capacity, sizeof(*indexes->sql));
	indexes->count = 0;
	db_bind_text(stmt, 1, table->name);
	while ((more = db_step(stmt, err)) > 0 && indexes->count < capacity) {
		indexes->names[indexes->count] = arena_strdup(arena, db_column_text(stmt, 0));
		indexes->sql[indexes->count++] = arena_strdup(arena, db_column_text(stmt, 1));
	}
	db_reset(stmt);
	return more;
}

static size_t count_unique(const struct table_indexes *indexes)
{
	size_t count = 0;

	for (size_t i = 0; i < indexes->count; i++)
		count += (size_t)str_starts_with(indexes->sql[i], "CREATE UNIQUE ");
	return count;
}

static int drop(struct db *db, const struct table_indexes *indexes, struct err *err)
{
	struct buf sql = {0};
	int result;

	for (size_t i = 0; i < indexes->count; i++) {
		buf_text(&sql, "DROP INDEX ");
		db_quote(&sql, indexes->names[i]);
		buf_char(&sql, ';');
	}
	result = db_exec(db, buf_string(&sql), err);
	buf_release(&sql);
	return result;
}

int table_indexes_drop(struct db *db, const struct table *table, struct arena *arena,
                       struct table_indexes *indexes, struct err *err)
{
	int more;

	indexes->count = 0;
	if (db_dialect(db) != DB_DIALECT_SQLITE)
		return 0;
	more = has_rows(db, table, err);
	if (more != 0)
		return more < 0 ? -1 : 0;
	more = find(db, table, arena, indexes, err);
	if (more < 0)
		return -1;
	/* more indexes than the catalog can have asked for, or unique ones of somebody else */
	if (more > 0 || indexes->count == 0 || count_unique(indexes) != table->key_count)
		return 0;
	return drop(db, indexes, err) < 0 ? -1 : 1;
}

int table_indexes_make(struct db *db, const struct table_indexes *indexes, struct err *err)
{
	for (size_t i = 0; i < indexes->count; i++)
		if (db_exec(db, indexes->sql[i], err) < 0)
			return err_prefix(err, "could not make index '%s'", indexes->names[i]);
	return 0;
}

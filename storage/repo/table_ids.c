/* table_ids.c - the generator of a table's ids, when ids are given from outside */
#include "storage/repo/table_ids.h"

/* The last record of the table, which every writer of ids of its own locks first. */
static const char lock_sql[] =
	"SELECT 1 FROM millrace_data.migration WHERE seq ="
	" (SELECT max(seq) FROM millrace_data.migration WHERE \"table\" = $1)"
	" FOR UPDATE";

static const char pass_sql[] =
	"SELECT setval(sequence::regclass, $2) FROM"
	" pg_get_serial_sequence(quote_ident($1), 'id') AS sequence"
	" WHERE $2 >= coalesce(pg_sequence_last_value(sequence::regclass), 0)";

/* 1: it had a row, 0, -1. */
static int run(struct db *db, const char *sql, const struct table *table, const int64_t *id,
               struct err *err)
{
	struct db_stmt *stmt = db_cached(db, sql, err);
	int found;

	if (!stmt)
		return -1;
	db_bind_text(stmt, 1, table->name);
	if (id)
		db_bind_int(stmt, 2, *id);
	found = db_step(stmt, err);
	db_reset(stmt);
	return found;
}

int table_ids_pass(struct db *db, const struct table *table, int64_t id, struct err *err)
{
	if (db_dialect(db) != DB_DIALECT_POSTGRES)
		return 0;
	if (run(db, lock_sql, table, NULL, err) < 0)
		return -1;
	return run(db, pass_sql, table, &id, err) < 0 ? -1 : 0;
}

static int highest(struct db *db, const struct table *table, int64_t *id, struct err *err)
{
	auto_buf struct buf sql = {0};
	struct db_stmt *stmt;
	int found;

	buf_text(&sql, "SELECT max(\"id\") FROM ");
	db_quote(&sql, table->name);
	stmt = db_cached(db, buf_string(&sql), err);
	if (!stmt)
		return -1;
	found = db_step(stmt, err);
	*id = found > 0 ? db_column_int(stmt, 0) : 0;
	db_reset(stmt);
	return found;
}

int table_ids_catch_up(struct db *db, const struct table *table, struct err *err)
{
	int64_t id;

	if (db_dialect(db) != DB_DIALECT_POSTGRES)
		return 0;
	if (run(db, lock_sql, table, NULL, err) < 0 || highest(db, table, &id, err) < 0)
		return -1;
	return run(db, pass_sql, table, &id, err);
}

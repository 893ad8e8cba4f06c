/* bulk_keys.c - what PostgreSQL's catalog says of constraints, dropped and made again by its own words */
#include "storage/repo/bulk_keys.h"

#include "lib/vec.h"

/* Constraints in the order they can be dropped in, then plain indexes. Making goes the other way. */
static const char list_sql[] =
	"SELECT CASE WHEN contype = 'f' THEN 0 ELSE 1 END AS rank,"
	" format('ALTER TABLE %s DROP CONSTRAINT %I', conrelid::regclass, conname),"
	" format('ALTER TABLE %s ADD CONSTRAINT %I %s', conrelid::regclass, conname,"
	" pg_get_constraintdef(oid))"
	" FROM pg_constraint WHERE conrelid = to_regclass(quote_ident($1))"
	" AND (contype IN ('p', 'u') OR $2 AND contype = 'f')"
	" UNION ALL SELECT 2, format('DROP INDEX %s', i.indexrelid::regclass),"
	" pg_get_indexdef(i.indexrelid)"
	" FROM pg_index i WHERE i.indrelid = to_regclass(quote_ident($1))"
	" AND NOT EXISTS (SELECT 1 FROM pg_constraint c WHERE c.conindid = i.indexrelid"
	" AND c.conrelid = i.indrelid) ORDER BY 1, 2";

/* What the words above would lose. */
static const char special_sql[] =
	"SELECT 1 FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid"
	" WHERE i.indrelid = to_regclass(quote_ident($1)) AND (i.indisclustered OR i.indisreplident"
	" OR NOT i.indisvalid OR c.reltablespace <> 0)"
	" UNION ALL SELECT 1 FROM pg_description d, pg_constraint c"
	" WHERE c.conrelid = to_regclass(quote_ident($1)) AND d.objoid IN (c.oid, c.conindid)"
	" UNION ALL SELECT 1 FROM pg_constraint c WHERE c.conrelid = to_regclass(quote_ident($1))"
	" AND NOT c.convalidated";

static struct db_stmt *about(struct db *db, const char *sql, const struct table *table,
                             struct err *err)
{
	struct db_stmt *stmt = db_cached(db, sql, err);

	if (stmt)
		db_bind_text(stmt, 1, table->name);
	return stmt;
}

static int lock(struct db *db, const struct table *table, unsigned flags, struct err *err)
{
	auto_buf struct buf sql = {0};

	buf_text(&sql, "SET LOCAL lock_timeout = '1s'; LOCK TABLE ");
	db_quote(&sql, table->name);
	for (size_t i = 0; (flags & BULK_KEYS_REFERENCES) && i < table->column_count; i++) {
		if (!table->columns[i].references)
			continue;
		buf_text(&sql, ", ");
		db_quote(&sql, table->columns[i].references->name);
	}
	buf_text(&sql, " IN ACCESS EXCLUSIVE MODE");
	return db_exec(db, buf_string(&sql), err);
}

static int check(struct db *db, const struct table *table, struct err *err)
{
	auto_buf struct buf sql = {0};
	struct db_stmt *stmt;
	int found;

	buf_text(&sql, "SELECT 1 FROM ");
	db_quote(&sql, table->name);
	buf_text(&sql, " LIMIT 1");
	stmt = db_cached(db, buf_string(&sql), err);
	found = stmt ? db_step(stmt, err) : -1;
	if (stmt)
		db_reset(stmt);
	if (found == 0) {
		stmt = about(db, special_sql, table, err);
		found = stmt ? db_step(stmt, err) : -1;
		if (stmt)
			db_reset(stmt);
	}
	if (found > 0)
		return err_set(err, ERR_CONFLICT,
		               "table '%s' has rows, or keys that cannot be made again",
		               table->name);
	return found;
}

int bulk_keys_drop(struct db *db, const struct table *table, unsigned flags, struct arena *arena,
                   struct bulk_keys *keys, struct err *err)
{
	const struct db_value references = {.type = DB_BOOL,
	                                    .as.integer = (flags & BULK_KEYS_REFERENCES) != 0};
	auto_buf struct buf dropping = {0};
	struct db_stmt *stmt;
	int more;

	if (lock(db, table, flags, err) < 0 || check(db, table, err) < 0)
		return -1;
	stmt = about(db, list_sql, table, err);
	if (!stmt)
		return -1;
	db_bind(stmt, 2, &references);
	while ((more = db_step(stmt, err)) > 0) {
		buf_printf(&dropping, "%s;", db_column_text(stmt, 1));
		*vec_push(&keys->making) = arena_strdup(arena, db_column_text(stmt, 2));
	}
	if (more < 0)
		return -1;
	return dropping.size ? db_exec(db, buf_string(&dropping), err) : 0;
}

int bulk_keys_make(struct db *db, const struct bulk_keys *keys, struct err *err)
{
	for (size_t i = keys->making.count; i > 0; i--)
		if (db_exec(db, keys->making.items[i - 1], err) < 0)
			return -1;
	return 0;
}

void bulk_keys_release(struct bulk_keys *keys)
{
	vec_release(&keys->making);
}

/* bulk_look.c - asking catalog, rights and parents */
#include "storage/repo/bulk_look.h"

#include <inttypes.h>
#include <string.h>

#include "storage/repo/bulk_repo.h"

static const char look_sql[] =
	"SELECT c.relkind = 'r' AND NOT c.relhasrules AND NOT c.relrowsecurity, EXISTS"
	" (SELECT 1 FROM pg_trigger WHERE tgrelid = c.oid AND NOT tgisinternal),"
	" EXISTS (SELECT 1 FROM pg_constraint WHERE confrelid = c.oid AND contype = 'f'),"
	" (SELECT count(*) FROM pg_constraint WHERE conrelid = c.oid AND contype = 'f'),"
	" has_database_privilege(current_database(), 'TEMP') AND coalesce(has_sequence_privilege("
	"pg_get_serial_sequence(quote_ident($1), 'id'), 'USAGE'), false)"
	" FROM pg_class c WHERE c.oid = to_regclass(quote_ident($1))";

static const char reference_sql[] =
	"SELECT count(*), coalesce(bool_and(has_table_privilege(f.confrelid, 'UPDATE')), true)"
	" FROM pg_constraint f"
	" JOIN pg_attribute a ON a.attrelid = f.conrelid AND a.attnum = f.conkey[1]"
	" JOIN pg_attribute p ON p.attrelid = f.confrelid AND p.attnum = f.confkey[1]"
	" WHERE f.contype = 'f' AND f.conrelid = to_regclass(quote_ident($1))"
	" AND f.confrelid = to_regclass(quote_ident($2)) AND a.attname = $3 AND p.attname = 'id'"
	" AND cardinality(f.conkey) = 1";

static int look_at_rows(struct db *db, const struct table *table, struct bulk_look *look,
                        struct err *err)
{
	auto_buf struct buf sql = {0};
	struct db_stmt *stmt;
	int found;

	buf_text(&sql, "SELECT 1 FROM ");
	db_quote(&sql, table->name);
	buf_text(&sql, " LIMIT 1");
	stmt = db_cached(db, buf_string(&sql), err);
	if (!stmt)
		return -1;
	found = db_step(stmt, err);
	db_reset(stmt);
	look->is_empty = found == 0;
	return found < 0 ? -1 : 0;
}

static int look_at_reference(struct db *db, const struct table *table, const struct column *column,
                             struct bulk_look *look, struct err *err)
{
	struct db_stmt *stmt = db_cached(db, reference_sql, err);
	int found;

	if (!stmt)
		return -1;
	db_bind_text(stmt, 1, table->name);
	db_bind_text(stmt, 2, column->references->name);
	db_bind_text(stmt, 3, column->name);
	found = db_step(stmt, err);
	if (found > 0) {
		look->references += db_column_int(stmt, 0);
		look->may_keep &= (int)db_column_int(stmt, 1);
	}
	db_reset(stmt);
	return found < 0 ? -1 : 0;
}

/* Whether the role may: the only way to know on every version is to try. */
static int try_replica(struct db *db, struct bulk_look *look, struct err *err)
{
	struct err denied;

	if (db_savepoint(db, err) < 0)
		return -1;
	look->may_replicate = bulk_repo_check_references(db, 0, &denied) == 0;
	return db_savepoint_rollback(db, err);
}

int bulk_look_table(struct db *db, const struct table *table, struct bulk_look *look,
                    struct err *err)
{
	struct db_stmt *stmt = db_cached(db, look_sql, err);
	int64_t references = 0;
	int found;

	memset(look, 0, sizeof(*look));
	look->may_keep = 1;
	if (!stmt)
		return -1;
	db_bind_text(stmt, 1, table->name);
	found = db_step(stmt, err);
	if (found > 0) {
		look->is_plain = (int)db_column_int(stmt, 0);
		look->has_triggers = (int)db_column_int(stmt, 1);
		look->is_referred = (int)db_column_int(stmt, 2);
		references = db_column_int(stmt, 3);
		look->may_stage = (int)db_column_int(stmt, 4);
	}
	db_reset(stmt);
	if (found < 0 || look_at_rows(db, table, look, err) < 0)
		return -1;
	for (size_t i = 0; i < table->column_count; i++)
		if (table->columns[i].references &&
		    look_at_reference(db, table, &table->columns[i], look, err) < 0)
			return -1;
	look->has_own_references = references != look->references;
	return try_replica(db, look, err);
}

int64_t bulk_look_parents(struct db *db, const struct table *parent,
                          const struct bulk_look_ids *ids, enum bulk_look_keep keep, int64_t *found,
                          struct err *err)
{
	auto_buf struct buf sql = {0};
	auto_buf struct buf list = {0};
	struct db_stmt *stmt;
	int64_t got = 0;
	int more;

	buf_text(&sql, "SELECT p.\"id\" FROM ");
	db_quote(&sql, parent->name);
	buf_printf(&sql,
	           " p JOIN unnest($1::bigint[]) AS u(wanted) ON p.\"id\" = u.wanted"
	           " WHERE p.\"deleted_at\" IS NULL%s",
	           keep == BULK_LOOK_KEEP ? " FOR KEY SHARE OF p" : "");
	for (size_t i = 0; i < ids->count; i++)
		buf_printf(&list, "%c%" PRId64, i ? ',' : '{', ids->items[i]);
	buf_text(&list, ids->count ? "}" : "{}");
	stmt = db_cached(db, buf_string(&sql), err);
	if (!stmt)
		return -1;
	db_bind_text(stmt, 1, buf_string(&list));
	while ((more = db_step(stmt, err)) > 0 && got < (int64_t)ids->count)
		found[got++] = db_column_int(stmt, 0);
	db_reset(stmt);
	return more < 0 ? -1 : got;
}

int bulk_look_keep_all(struct db *db, const struct table *parent, struct err *err)
{
	auto_buf struct buf sql = {0};

	buf_text(&sql, "LOCK TABLE ");
	db_quote(&sql, parent->name);
	buf_text(&sql, " IN SHARE MODE");
	return db_exec(db, buf_string(&sql), err);
}

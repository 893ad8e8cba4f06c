/* watermark_repo.c - the SQL of watermarks */
#include "storage/repo/watermark_repo.h"

#include "storage/repo/own_table.h"

#define GET(table) "SELECT value FROM " table " WHERE name = $1"
#define SET(table)                                                                                 \
	"INSERT INTO " table " (name, value, updated_at) VALUES ($1, $2, $3)"                      \
	" ON CONFLICT (name) DO UPDATE SET value = excluded.value,"                                \
	" updated_at = excluded.updated_at"
#define REMOVE(table) "DELETE FROM " table " WHERE name = $1"

static const struct own_table_sql get = OWN_TABLE_SQL(GET, "watermark");
static const struct own_table_sql set = OWN_TABLE_SQL(SET, "watermark");
static const struct own_table_sql removal = OWN_TABLE_SQL(REMOVE, "watermark");

int watermark_repo_get(struct db *db, const char *name, struct arena *arena, const char **json,
                       struct err *err)
{
	struct db_stmt *stmt = own_table_cached(db, &get, err);
	int found;

	if (!stmt)
		return -1;
	db_bind_text(stmt, 1, name);
	found = db_step(stmt, err);
	if (found > 0)
		*json = arena_strdup(arena, db_column_text(stmt, 0));
	db_reset(stmt);
	return found;
}

int watermark_repo_set(struct db *db, const char *name, const char *json, int64_t now_us,
                       struct err *err)
{
	struct db_value now = {.type = DB_TIMESTAMP, .as.integer = now_us};
	struct db_stmt *stmt = own_table_cached(db, &set, err);

	if (!stmt)
		return -1;
	db_bind_text(stmt, 1, name);
	db_bind_text(stmt, 2, json);
	db_bind(stmt, 3, &now);
	return db_run(stmt, err);
}

int watermark_repo_remove(struct db *db, const char *name, struct err *err)
{
	struct db_stmt *stmt = own_table_cached(db, &removal, err);

	if (!stmt)
		return -1;
	db_bind_text(stmt, 1, name);
	return db_run(stmt, err);
}

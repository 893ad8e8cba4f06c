/* watermark_repo.c - the SQL of watermarks */
#include "storage/repo/watermark_repo.h"

/* One text per database: they differ in the table's name. */
struct statement {
	const char *sql[2];
};

#define GET(table) "SELECT value FROM " table " WHERE name = $1"
#define SET(table)                                                                                 \
	"INSERT INTO " table " (name, value, updated_at) VALUES ($1, $2, $3)"                      \
	" ON CONFLICT (name) DO UPDATE SET value = excluded.value,"                                \
	" updated_at = excluded.updated_at"
#define REMOVE(table) "DELETE FROM " table " WHERE name = $1"

#define BOTH(statement)                                                                            \
	{                                                                                          \
		{                                                                                  \
			statement("millrace_watermark"), statement("millrace_data.watermark")      \
		}                                                                                  \
	}

static const struct statement get = BOTH(GET);
static const struct statement set = BOTH(SET);
static const struct statement removal = BOTH(REMOVE);

static struct db_stmt *prepared(struct db *db, const struct statement *statement, struct err *err)
{
	return db_cached(db, statement->sql[db_dialect(db) == DB_DIALECT_POSTGRES], err);
}

int watermark_repo_get(struct db *db, const char *name, struct arena *arena, const char **json,
                       struct err *err)
{
	struct db_stmt *stmt = prepared(db, &get, err);
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
	struct db_stmt *stmt = prepared(db, &set, err);

	if (!stmt)
		return -1;
	db_bind_text(stmt, 1, name);
	db_bind_text(stmt, 2, json);
	db_bind(stmt, 3, &now);
	return db_run(stmt, err);
}

int watermark_repo_remove(struct db *db, const char *name, struct err *err)
{
	struct db_stmt *stmt = prepared(db, &removal, err);

	if (!stmt)
		return -1;
	db_bind_text(stmt, 1, name);
	return db_run(stmt, err);
}

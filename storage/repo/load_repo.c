/* load_repo.c - the SQL of checkpoints and fences */
#include "storage/repo/load_repo.h"

#include "lib/str.h"
#include "storage/repo/own_table.h"

static const char *const state_names[] = {
	[LOAD_REPO_OPEN] = "open",
	[LOAD_REPO_LOADED] = "loaded",
	[LOAD_REPO_DONE] = "done",
};

#define COLUMNS " load_id, fence, source, line, spool_bytes, counts, stamp, state "

#define FIND(table)      "SELECT" COLUMNS "FROM " table " WHERE load_id = $1"
#define BEGIN(table)     "INSERT INTO " table " (" COLUMNS ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8)"
#define TAKE_OVER(table) "UPDATE " table " SET fence = fence + 1 WHERE load_id = $1 AND fence = $2"
#define GUARD(table)                                                                               \
	"INSERT INTO " table " AS kept (" COLUMNS ")"                                              \
	" VALUES ($1, $2, '', $3, 0, '', $4, 'done') ON CONFLICT (load_id) DO UPDATE"              \
	" SET fence = excluded.fence, line = excluded.line, stamp = excluded.stamp"                \
	" WHERE (kept.fence, kept.line) <= (excluded.fence, excluded.line)"
#define TRIM(table)                                                                                \
	"DELETE FROM " table " WHERE load_id IN (SELECT load_id FROM " table                       \
	" WHERE state = 'done' AND stamp < $1 LIMIT $2)"
#define SAVE(table)                                                                                \
	"UPDATE " table " SET source = $3, line = $4, spool_bytes = $5, counts = $6, state = $7"   \
	" WHERE load_id = $1 AND fence = $2"

static const struct own_table_sql find = OWN_TABLE_SQL(FIND, "load");
static const struct own_table_sql begin = OWN_TABLE_SQL(BEGIN, "load");
static const struct own_table_sql take_over = OWN_TABLE_SQL(TAKE_OVER, "load");
static const struct own_table_sql guard = OWN_TABLE_SQL(GUARD, "load");
static const struct own_table_sql trim = OWN_TABLE_SQL(TRIM, "load");
static const struct own_table_sql save = OWN_TABLE_SQL(SAVE, "load");

const char *load_repo_schema(enum db_dialect dialect)
{
	if (dialect == DB_DIALECT_SQLITE)
		return "CREATE TABLE IF NOT EXISTS millrace_load (load_id TEXT NOT NULL PRIMARY KEY,"
		       " fence INTEGER NOT NULL, source TEXT NOT NULL, line INTEGER NOT NULL,"
		       " spool_bytes INTEGER NOT NULL, counts TEXT NOT NULL, stamp INTEGER NOT NULL,"
		       " state TEXT NOT NULL) WITHOUT ROWID";
	return "CREATE TABLE IF NOT EXISTS millrace_data.load (load_id text COLLATE \"C\" PRIMARY KEY,"
	       " fence bigint NOT NULL, source text NOT NULL, line bigint NOT NULL,"
	       " spool_bytes bigint NOT NULL, counts text NOT NULL, stamp bigint NOT NULL,"
	       " state text NOT NULL)";
}

static enum load_repo_state state_of(const char *name)
{
	for (size_t i = 0; i < countof(state_names); i++)
		if (str_equal(state_names[i], name))
			return (enum load_repo_state)i;
	return LOAD_REPO_OPEN;
}

int load_repo_find(struct db *db, const char *load_id, struct arena *arena,
                   struct load_record *record, struct err *err)
{
	struct db_stmt *stmt = own_table_cached(db, &find, err);
	int result;

	if (!stmt)
		return -1;
	db_bind_text(stmt, 1, load_id);
	result = db_step(stmt, err);
	if (result <= 0)
		return result;
	record->load_id = arena_strdup(arena, db_column_text(stmt, 0));
	record->fence = db_column_int(stmt, 1);
	record->source = arena_strdup(arena, db_column_text(stmt, 2));
	record->line = db_column_int(stmt, 3);
	record->spool_bytes = db_column_int(stmt, 4);
	record->counts = arena_strdup(arena, db_column_text(stmt, 5));
	record->stamp_us = db_column_int(stmt, 6);
	record->state = state_of(db_column_text(stmt, 7));
	db_reset(stmt);
	return 1;
}

int load_repo_begin(struct db *db, const struct load_record *record, struct err *err)
{
	struct db_stmt *stmt = own_table_cached(db, &begin, err);

	if (!stmt)
		return -1;
	db_bind_text(stmt, 1, record->load_id);
	db_bind_int(stmt, 2, record->fence);
	db_bind_text(stmt, 3, record->source);
	db_bind_int(stmt, 4, record->line);
	db_bind_int(stmt, 5, record->spool_bytes);
	db_bind_text(stmt, 6, record->counts);
	db_bind_int(stmt, 7, record->stamp_us);
	db_bind_text(stmt, 8, state_names[record->state]);
	return db_run(stmt, err);
}

/* Runs a change that its fence lets only the owner make. */
static int change_own(struct db *db, struct db_stmt *stmt, const struct load_record *record,
                      struct err *err)
{
	if (db_run(stmt, err) < 0)
		return -1;
	if (db_changes(db) == 1)
		return 0;
	return err_set(err, ERR_STALE, "load '%.120s' was taken over by another attempt",
	               record->load_id);
}

int load_repo_take_over(struct db *db, struct load_record *record, struct err *err)
{
	struct db_stmt *stmt = own_table_cached(db, &take_over, err);

	if (!stmt)
		return -1;
	db_bind_text(stmt, 1, record->load_id);
	db_bind_int(stmt, 2, record->fence);
	if (change_own(db, stmt, record, err) < 0)
		return -1;
	record->fence++;
	return 0;
}

int load_repo_guard(struct db *db, const char *name, const struct load_claim *claim,
                    struct err *err)
{
	struct db_stmt *stmt = own_table_cached(db, &guard, err);

	if (!stmt)
		return -1;
	db_bind_text(stmt, 1, name);
	db_bind_int(stmt, 2, claim->attempt);
	db_bind_int(stmt, 3, claim->fence);
	db_bind_int(stmt, 4, claim->now_us);
	if (db_run(stmt, err) < 0)
		return -1;
	if (db_changes(db) == 1)
		return 0;
	return err_set(err, ERR_STALE, "'%.120s' was taken over by another attempt", name);
}

int load_repo_save(struct db *db, const struct load_record *record, struct err *err)
{
	struct db_stmt *stmt = own_table_cached(db, &save, err);

	if (!stmt)
		return -1;
	db_bind_text(stmt, 1, record->load_id);
	db_bind_int(stmt, 2, record->fence);
	db_bind_text(stmt, 3, record->source);
	db_bind_int(stmt, 4, record->line);
	db_bind_int(stmt, 5, record->spool_bytes);
	db_bind_text(stmt, 6, record->counts);
	db_bind_text(stmt, 7, state_names[record->state]);
	return change_own(db, stmt, record, err);
}

int64_t load_repo_trim(struct db *db, int64_t before_us, int64_t limit, struct err *err)
{
	struct db_stmt *stmt = own_table_cached(db, &trim, err);

	if (!stmt)
		return -1;
	db_bind_int(stmt, 1, before_us);
	db_bind_int(stmt, 2, limit);
	return db_run(stmt, err) < 0 ? -1 : db_changes(db);
}

/* migration_record.c - what was migrated, recorded in the data database */
#include "storage/repo/migration_record.h"

#include <string.h>

#include "lib/crypto.h"
#include "lib/str.h"
#include "lib/vec.h"
#include "storage/repo/ddl.h"
#include "storage/repo/load_repo.h"

/* What must be atomic with a write of rows stands beside the rows (storage.md §2). Times are text as in
 * all tables of this database. */
static const char *const own_versions[MIGRATION_RECORD_VERSION] = {
	"CREATE TABLE \"millrace_migration\" (\n"
	"  \"seq\" INTEGER PRIMARY KEY,\n"
	"  \"table\" TEXT NOT NULL,\n"
	"  \"version\" INTEGER NOT NULL,\n"
	"  \"sql\" TEXT NOT NULL,\n"
	"  \"shape\" TEXT NOT NULL,\n"
	"  \"checksum\" TEXT NOT NULL,\n"
	"  \"applied_at\" TEXT NOT NULL\n"
	") STRICT;\n"
	"CREATE INDEX \"millrace_migration_table\" ON \"millrace_migration\" (\"table\", \"seq\");\n"
	"CREATE TABLE \"millrace_watermark\" (\n"
	"  \"name\" TEXT PRIMARY KEY,\n"
	"  \"value\" TEXT NOT NULL,\n"
	"  \"updated_at\" TEXT NOT NULL\n"
	") STRICT, WITHOUT ROWID;\n"
	"CREATE TABLE \"millrace_idempotency\" (\n"
	"  \"caller\" TEXT NOT NULL,\n"
	"  \"key\" TEXT NOT NULL,\n"
	"  \"request_hash\" TEXT NOT NULL,\n"
	"  \"status\" INTEGER,\n"
	"  \"headers\" TEXT,\n"
	"  \"body\" BLOB,\n"
	"  \"created_at\" TEXT NOT NULL,\n"
	"  PRIMARY KEY (\"caller\", \"key\")\n"
	") STRICT, WITHOUT ROWID;\n"
	"CREATE INDEX \"millrace_idempotency_age\" ON \"millrace_idempotency\" (\"created_at\");\n"
	"CREATE TABLE \"millrace_audit\" (\n"
	"  \"id\" INTEGER PRIMARY KEY AUTOINCREMENT,\n"
	"  \"at\" TEXT NOT NULL,\n"
	"  \"actor\" TEXT NOT NULL,\n"
	"  \"action\" TEXT NOT NULL,\n"
	"  \"table\" TEXT NOT NULL,\n"
	"  \"row_id\" INTEGER,\n"
	"  \"request_id\" TEXT,\n"
	"  \"detail\" TEXT\n"
	") STRICT;\n"
	"CREATE INDEX \"millrace_audit_row\" ON \"millrace_audit\" (\"table\", \"row_id\", \"id\");",
};

void migration_record_own_sql(enum db_dialect dialect, int64_t version, struct buf *sql)
{
	buf_text(sql, own_versions[version - 1]);
	if (version == 1)
		buf_printf(sql, "\n%s;", load_repo_schema(dialect));
}

static int is_there(struct db *db, struct err *err)
{
	struct db_stmt *stmt = db_cached(db, ddl_table_exists(db_dialect(db)), err);
	int found;

	if (!stmt)
		return -1;
	db_bind_text(stmt, 1, "millrace_migration");
	found = db_step(stmt, err);
	db_reset(stmt);
	return found;
}

int migration_record_version(struct db *db, int64_t *version, struct err *err)
{
	int there = is_there(db, err);
	struct db_stmt *stmt;

	*version = 0;
	if (there <= 0)
		return there;
	stmt = db_cached(db, "SELECT max(\"version\") FROM \"millrace_migration\"", err);
	if (!stmt || db_step(stmt, err) < 0)
		return -1;
	*version = db_column_int(stmt, 0);
	db_reset(stmt);
	if (*version > MIGRATION_RECORD_VERSION)
		return err_set(
			err, ERR_CONFLICT,
			"the database was migrated by a newer version of the program: its own tables "
			"are of version %lld, this program knows %d",
			(long long)*version, MIGRATION_RECORD_VERSION);
	return 0;
}

static void checksum(const struct migration_record *record, char hex[CRYPTO_SHA256_HEX_SIZE])
{
	auto_buf struct buf text = {0};

	buf_printf(&text, "%s\n%lld\n%s\n%s", record->table, (long long)record->version,
	           record->sql, record->shape);
	crypto_sha256_hex(text.data, text.size, hex);
}

static int check(const struct migration_record *record, const char *expected, struct err *err)
{
	char hex[CRYPTO_SHA256_HEX_SIZE];

	checksum(record, hex);
	if (expected && str_equal(expected, hex))
		return 1;
	return err_set(err, ERR_DAMAGED, "the record of table '%s' does not match its checksum",
	               record->table);
}

int migration_record_find(struct db *db, const char *table, struct arena *arena,
                          struct migration_record *record, struct err *err)
{
	struct db_stmt *stmt = db_cached(
		db,
		"SELECT \"version\", \"sql\", \"shape\", \"checksum\" FROM \"millrace_migration\" "
		"WHERE \"table\" = $1 ORDER BY \"seq\" DESC LIMIT 1",
		err);
	int found;

	if (!stmt)
		return -1;
	db_bind_text(stmt, 1, table);
	found = db_step(stmt, err);
	if (found > 0) {
		*record = (struct migration_record){
			.table = table,
			.version = db_column_int(stmt, 0),
			.sql = arena_strdup(arena, db_column_text(stmt, 1)),
			.shape = arena_strdup(arena, db_column_text(stmt, 2)),
		};
		found = check(record, db_column_text(stmt, 3), err);
	}
	db_reset(stmt);
	if (found > 0 && !*record->shape)
		return 0;
	return found;
}

int migration_record_tables(struct db *db, struct arena *arena, const char ***names, size_t *count,
                            struct err *err)
{
	struct db_stmt *stmt = db_cached(
		db,
		"SELECT \"table\" FROM \"millrace_migration\" m WHERE \"table\" <> '' AND \"seq\" = "
		"(SELECT max(\"seq\") FROM \"millrace_migration\" WHERE \"table\" = m.\"table\") "
		"AND \"shape\" <> '' ORDER BY \"seq\" DESC",
		err);
	struct {
		const char **items;
		size_t count, capacity;
	} found = {0};
	int row;

	if (!stmt)
		return -1;
	while ((row = db_step(stmt, err)) > 0)
		*vec_push(&found) = arena_strdup(arena, db_column_text(stmt, 0));
	*count = found.count;
	*names = arena_array(arena, found.count, sizeof(const char *));
	if (found.count)
		memcpy(*names, found.items, found.count * sizeof(const char *));
	vec_release(&found);
	return row;
}

int migration_record_add(struct db *db, const struct migration_record *record, int64_t now_us,
                         struct err *err)
{
	struct db_stmt *stmt = db_cached(
		db,
		"INSERT INTO \"millrace_migration\" (\"table\", \"version\", \"sql\", \"shape\", "
		"\"checksum\", \"applied_at\") VALUES ($1, $2, $3, $4, $5, $6)",
		err);
	struct db_value moment = {.type = DB_TIMESTAMP, .as.integer = now_us};
	char hex[CRYPTO_SHA256_HEX_SIZE];

	if (!stmt)
		return -1;
	checksum(record, hex);
	db_bind_text(stmt, 1, record->table);
	db_bind_int(stmt, 2, record->version);
	db_bind_text(stmt, 3, record->sql);
	db_bind_text(stmt, 4, record->shape);
	db_bind_text(stmt, 5, hex);
	db_bind(stmt, 6, &moment);
	return db_run(stmt, err);
}

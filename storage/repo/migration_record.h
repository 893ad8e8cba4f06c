/* migration_record.h - what was migrated, recorded in the data database
 *
 * `millrace_migration` has a row for each change of a table and for each version of the program's own
 * tables, each with a SHA-256 over what it says. Writes run in the caller's transaction.
 */
#ifndef STORAGE_REPO_MIGRATION_RECORD_H
#define STORAGE_REPO_MIGRATION_RECORD_H

#include <stdint.h>

#include "lib/arena.h"
#include "lib/buf.h"
#include "lib/compiler.h"
#include "lib/err.h"
#include "storage/db/db.h"

/* Version of the program's own tables: millrace_load, millrace_watermark, millrace_idempotency,
 * millrace_audit and millrace_migration. */
enum { MIGRATION_RECORD_VERSION = 1 };

struct migration_record {
	const char *table; /* "" for the program's own */
	int64_t version;   /* of the program's own tables when it was written */
	const char *sql, *shape;
};

/* The SQL that makes version `version` of the program's own tables, from 1: several statements. */
void migration_record_own_sql(enum db_dialect dialect, int64_t version, struct buf *sql);

/* Until the transaction ends nobody else migrates. */
MUST_CHECK int migration_record_lock(struct db *db, struct err *err);
/* The version that is there, 0 for none. ERR_CONFLICT when it is newer than this program. */
MUST_CHECK int migration_record_version(struct db *db, int64_t *version, struct err *err);

/* The last record of a table that was not dropped: 1 with the record, 0, -1 (ERR_DAMAGED when its
 * checksum differs). */
MUST_CHECK int migration_record_find(struct db *db, const char *table, struct arena *arena,
                                     struct migration_record *record, struct err *err);

/* Names of all tables that are recorded and not dropped, the newest first. */
MUST_CHECK int migration_record_tables(struct db *db, struct arena *arena, const char ***names,
                                       size_t *count, struct err *err);

/* `shape` is "" for a dropped table. */
MUST_CHECK int migration_record_add(struct db *db, const struct migration_record *record,
                                    int64_t now_us, struct err *err);

#endif

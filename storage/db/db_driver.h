/* db_driver.h - what a database must be able to do
 *
 * One constant table per database, found by the URL's scheme in db.c, which knows them all. A driver's connection begins
 * with a struct db, its statement with a struct db_stmt; db.c owns the caches and the state that is
 * the same everywhere, the driver the rest. Only storage/db includes this.
 */
#ifndef STORAGE_DB_DB_DRIVER_H
#define STORAGE_DB_DB_DRIVER_H

#include <stdatomic.h>

#include "lib/map.h"
#include "storage/db/db.h"

struct db_driver {
	enum db_dialect dialect;

	struct db *(*open)(const char *url, const struct db_options *options, struct err *err);
	void (*close)(struct db *db);

	struct db_stmt *(*prepare)(struct db *db, const char *sql, struct err *err);
	void (*stmt_free)(struct db_stmt *stmt);
	void (*bind)(struct db_stmt *stmt, int index, const struct db_value *value);
	int (*step)(struct db_stmt *stmt, struct err *err);
	void (*reset)(struct db_stmt *stmt);
	/* whether it may write: such a statement runs inside a write transaction only */
	int (*writes)(const struct db_stmt *stmt);
	int64_t (*changes)(const struct db *db);
	int (*exec)(struct db *db, const char *sql, struct err *err);

	int (*column_count)(const struct db_stmt *stmt);
	const char *(*column_name)(const struct db_stmt *stmt, int column);
	int (*column)(struct db_stmt *stmt, int column, enum db_type type, struct db_value *value);
	void (*column_any)(struct db_stmt *stmt, int column, struct db_value *value);

	int (*begin)(struct db *db, enum db_mode mode, struct err *err);
	int (*commit)(struct db *db, struct err *err);
	void (*rollback)(struct db *db);
	/* runs a statement that belongs to transactions: SAVEPOINT and its like */
	int (*control)(struct db *db, const char *sql, struct err *err);
	int (*writer_waiting)(const struct db *db);

	void (*cancel)(struct db *db); /* any thread */
	int64_t (*wal_pages)(const struct db *db);
	int (*checkpoint)(struct db *db, struct err *err);
	int (*set_cache)(struct db *db, int64_t bytes, struct err *err); /* 0: as opened */
	int (*set_relaxed)(struct db *db, int relaxed, struct err *err); /* 0: as opened */
	int (*grow_wal)(struct db *db, int64_t pages, struct err *err);
};

enum db_transaction { DB_TRANSACTION_NONE, DB_TRANSACTION_READ, DB_TRANSACTION_WRITE };

struct db {
	const struct db_driver *driver;
	struct map cache; /* sql text (the statement's) to struct db_stmt */
	enum db_transaction transaction;
	int savepoints; /* open ones */
	int64_t timeout_ms, budget;
	int over_budget; /* the last failure was the budget's */
	atomic_int cancelled;
	struct db_constraint constraint;
};

struct db_stmt {
	struct db *db;
	char *sql; /* owned; the cache's key */
};

extern const struct db_driver sqlite_driver, postgres_driver;

#endif

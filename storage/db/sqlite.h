/* sqlite.h - the inside of the SQLite driver, shared by its three files
 *
 * sqlite.c opens, keeps transactions and the log; sqlite_stmt.c prepares, binds and steps;
 * sqlite_error.c says in our words what went wrong. Nothing outside storage/db/sqlite*.c includes
 * this. Statements on one connection may be stepped in turns: each has its own deadline and budget,
 * and the connection holds those of the one that runs.
 */
#ifndef STORAGE_DB_SQLITE_H
#define STORAGE_DB_SQLITE_H

#include <sqlite3.h>

#include "storage/db/db_driver.h"
#include "storage/db/gate.h"

enum {
	SQLITE_PROGRESS_STEP = 1000, /* instructions between two looks at the clock and the flag */
	SQLITE_DEFAULT_WAIT_MS = 5000,
	SQLITE_MAX_PARAMETERS = 32766, /* SQLite's own bound */
};

struct sqlite {
	struct db base;
	sqlite3 *handle;
	char *path; /* NULL: in memory */
	struct gate gate;
	int64_t wal_pages;
	int64_t changes;
	int in_driver; /* the driver's own SQL runs: transactions and pragmas are allowed */
	/* of what runs now; 0: no bound */
	int64_t deadline_us, budget_left;
	int64_t cache_bytes;
	int is_normal; /* opened with DB_NORMAL_DURABILITY */
};

struct sqlite_stmt {
	struct db_stmt base;
	sqlite3_stmt *handle;
	int *places; /* SQLite's parameter number of $1, $2, …; 0: not used */
	int parameter_count;
	int running; /* 1: started, 2: has given a row */
	int bind_result;
	int64_t deadline_us, budget_left;
	char (*moments)[28]; /* texts of bound times, by parameter; NULL until there is one */
};

struct sqlite *sqlite_of(struct db *db);
/* Sets the bounds of what runs next from the connection's settings, and errno to 0. */
void sqlite_arm(struct sqlite *sqlite);

/* sqlite_stmt.c: the driver's functions of the same names. */
struct db_stmt *sqlite_stmt_prepare(struct db *db, const char *sql, struct err *err);
void sqlite_stmt_free(struct db_stmt *stmt);
void sqlite_stmt_bind(struct db_stmt *stmt, int index, const struct db_value *value);
int sqlite_stmt_step(struct db_stmt *stmt, struct err *err);
void sqlite_stmt_reset(struct db_stmt *stmt);
int sqlite_stmt_writes(const struct db_stmt *stmt);
int sqlite_stmt_column_count(const struct db_stmt *stmt);
const char *sqlite_stmt_column_name(const struct db_stmt *stmt, int column);
int sqlite_stmt_column(struct db_stmt *stmt, int column, enum db_type type, struct db_value *value);
void sqlite_stmt_column_any(struct db_stmt *stmt, int column, struct db_value *value);
int sqlite_stmt_exec(struct db *db, const char *sql, struct err *err);

/* sqlite_error.c */
/* The last failure of the connection, `result` its extended code; records a broken constraint. */
int sqlite_error_set(struct sqlite *sqlite, int result, struct err *err);

#endif

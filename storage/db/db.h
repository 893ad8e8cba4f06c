/* db.h - one connection to a database, whichever it is
 *
 *   struct db_stmt *stmt = db_cached(db, "SELECT name FROM t WHERE id = $1", err);
 *   if (!stmt)
 *           return -1;
 *   db_bind_int(stmt, 1, id);
 *   while ((row = db_step(stmt, err)) > 0)
 *           use(db_column_text(stmt, 0));
 *   return row;
 *
 * Parameters are written $1, $2, … and count from 1, columns count from 0. Whatever a statement ends
 * with (last row, error, db_reset) ends its bindings too. Writes need a transaction: db_begin() of
 * DB_WRITE takes the turn among all writers of all processes (gate.h), db_run() and db_exec() open
 * one by themselves when there is none. When a statement fails inside a transaction, roll back, to a
 * savepoint or altogether.
 *
 * A connection belongs to one thread at a time; only db_cancel() may be called from another. Text
 * handed in is borrowed until the statement ends, text handed out is good until its next step.
 * Errors carry what the driver's code means as enum err_code: ERR_DUPLICATE, ERR_FOREIGN_KEY and
 * ERR_INVALID for broken constraints (db_constraint() says more), ERR_BUSY when the turn did not
 * come within the timeout, ERR_TIMEOUT, ERR_CANCELLED, ERR_NO_SPACE, ERR_DAMAGED, ERR_UNAVAILABLE.
 */
#ifndef STORAGE_DB_DB_H
#define STORAGE_DB_DB_H

#include <stddef.h>
#include <stdint.h>

#include "lib/buf.h"
#include "lib/compiler.h"
#include "lib/err.h"

struct db;
struct db_stmt;

enum db_flags {
	DB_CREATE = 1,            /* a missing SQLite file is made */
	DB_READ_ONLY = 2,         /* writes are refused */
	DB_NORMAL_DURABILITY = 4, /* a power cut may cost the last commits, never consistency */
};

struct db_options {
	unsigned flags;
	int64_t timeout_ms;  /* as db_set_timeout_ms(); 0: none */
	int64_t cache_bytes; /* page cache; 0: 2 MiB */
};

enum db_dialect { DB_DIALECT_SQLITE, DB_DIALECT_POSTGRES };
enum db_mode { DB_READ, DB_WRITE };

/* What a value means; the driver knows how its database keeps it (formats.md §3 of the design). */
enum db_type {
	DB_NULL,
	DB_INT,
	DB_BOOL,
	DB_FLOAT,
	DB_DECIMAL, /* as.integer times 10^-scale; at most 18 digits, longer ones are DB_TEXT */
	DB_TEXT,
	DB_BYTES,
	DB_DATE,      /* as.integer: days since the epoch */
	DB_TIMESTAMP, /* as.integer: microseconds since the epoch, UTC */
	DB_JSON,
	DB_UUID,
};

struct db_value {
	enum db_type type;
	uint32_t size; /* of text and bytes */
	int scale;     /* of a decimal: digits behind the point */
	union {
		int64_t integer; /* all types but those below */
		double real;
		const char *text; /* text, bytes, json, uuid; not NUL-terminated when bound */
	} as;
};

enum db_constraint_kind {
	DB_CONSTRAINT_NONE,
	DB_CONSTRAINT_UNIQUE, /* primary keys too */
	DB_CONSTRAINT_FOREIGN_KEY,
	DB_CONSTRAINT_CHECK,
	DB_CONSTRAINT_NOT_NULL,
};

/* What is known of the constraint that the last failed statement broke. */
struct db_constraint {
	enum db_constraint_kind kind;
	char name[256]; /* of the CHECK or index, "" where the database does not say */
	char keys[512]; /* `table.column, table.column`, "" where the database does not say */
};

/* `sqlite:PATH`, `sqlite::memory:` or `postgresql://…` (libpq's own syntax). NULL on error. */
MUST_CHECK struct db *db_open(const char *url, const struct db_options *options, struct err *err);
/* Rolls back what is open. NULL is fine. */
void db_close(struct db *db);
enum db_dialect db_dialect(const struct db *db);

/* A statement of the connection's own cache: prepared at its first use, kept for the next, freed by
 * db_close(). For texts that are built once; one use of a text at a time. NULL on error. */
MUST_CHECK struct db_stmt *db_cached(struct db *db, const char *sql, struct err *err);
/* A statement of the caller's, to be freed before the connection. Exactly one statement. */
MUST_CHECK struct db_stmt *db_prepare(struct db *db, const char *sql, struct err *err);
void db_stmt_free(struct db_stmt *stmt);

void db_bind(struct db_stmt *stmt, int index, const struct db_value *value);
void db_bind_null(struct db_stmt *stmt, int index);
void db_bind_int(struct db_stmt *stmt, int index, int64_t value);
void db_bind_float(struct db_stmt *stmt, int index, double value);
/* NULL binds NULL. */
void db_bind_text(struct db_stmt *stmt, int index, const char *text);

/* 1: there is a row; 0: there is none any more; -1. */
MUST_CHECK int db_step(struct db_stmt *stmt, struct err *err);
/* All of a statement whose rows do not matter, in a transaction of its own if none is open. */
MUST_CHECK int db_run(struct db_stmt *stmt, struct err *err);
/* Ends a statement before its last row. */
void db_reset(struct db_stmt *stmt);
/* Rows written by the last statement that ran to its end. */
int64_t db_changes(const struct db *db);
/* Statements without parameters, separated by semicolons, their rows dropped: DDL and scripts. */
MUST_CHECK int db_exec(struct db *db, const char *sql, struct err *err);

int db_column_count(const struct db_stmt *stmt);
const char *db_column_name(const struct db_stmt *stmt, int column);
/* The value read as `type`, DB_NULL when it is NULL. `scale` matters to DB_DECIMAL alone. Text is
 * NUL-terminated. -1 when what is stored is not of that type. */
MUST_CHECK int db_column(struct db_stmt *stmt, int column, enum db_type type, int scale,
                         struct db_value *value);
/* The value as the database says it is. */
void db_column_any(struct db_stmt *stmt, int column, struct db_value *value);
int db_column_is_null(struct db_stmt *stmt, int column);
/* 0 when NULL. */
int64_t db_column_int(struct db_stmt *stmt, int column);
/* NULL when NULL; NUL-terminated. */
const char *db_column_text(struct db_stmt *stmt, int column);

/* DB_READ: one consistent snapshot. DB_WRITE: waits for its turn, as long as the timeout allows. */
MUST_CHECK int db_begin(struct db *db, enum db_mode mode, struct err *err);
/* On error the transaction is gone, rolled back. */
MUST_CHECK int db_commit(struct db *db, struct err *err);
/* Fine without a transaction. */
void db_rollback(struct db *db);
int db_in_transaction(const struct db *db);
/* Nest like brackets, inside a transaction. db_savepoint_rollback() ends the savepoint too. */
MUST_CHECK int db_savepoint(struct db *db, struct err *err);
MUST_CHECK int db_savepoint_release(struct db *db, struct err *err);
MUST_CHECK int db_savepoint_rollback(struct db *db, struct err *err);

/* Whether somebody else waits for the turn this connection has: a long writer that may commit in
 * between looks now and then. */
int db_writer_waiting(const struct db *db);

/* Of a statement, from its first step, and of waiting for the turn. 0: none. */
void db_set_timeout_ms(struct db *db, int64_t timeout_ms);
int64_t db_timeout_ms(const struct db *db);
/* Work one statement may do before it fails with ERR_TIMEOUT, so that a quick thread can hand it to
 * a patient one; db_over_budget() tells it from the timeout. 0: no bound. Virtual machine
 * instructions on SQLite, without meaning elsewhere. */
void db_set_budget(struct db *db, int64_t instructions);
int db_over_budget(const struct db *db);
/* From any thread: what runs and all that follows fails with ERR_CANCELLED until db_uncancel(). */
void db_cancel(struct db *db);
void db_uncancel(struct db *db);

const struct db_constraint *db_constraint(const struct db *db);
/* Whether the broken constraint is the one on these columns. Order matters. */
int db_constraint_is_on(const struct db *db, const char *table, const char *const *columns,
                        size_t count);

/* Pages that wait in the write-ahead log as of this connection's last commit; 0 without one. */
int64_t db_wal_pages(const struct db *db);
/* Moves what it can from the write-ahead log into the database without disturbing anybody. */
MUST_CHECK int db_checkpoint(struct db *db, struct err *err);
/* Page cache from now on, also inside a transaction; 0: as it was opened with. */
MUST_CHECK int db_set_cache_bytes(struct db *db, int64_t bytes, struct err *err);
/* From the next transaction on, outside of one: `relaxed` commits may be as with DB_NORMAL_DURABILITY, and the next
 * other one, of any connection, makes them durable too; 0: as it was opened with. */
MUST_CHECK int db_set_relaxed(struct db *db, int relaxed, struct err *err);
/* Makes the log `pages` long once, so that commits overwrite instead of extending it. */
MUST_CHECK int db_grow_wal(struct db *db, int64_t pages, struct err *err);

/* Appends a name in quotes, whatever it contains. */
void db_quote(struct buf *sql, const char *identifier);

#endif

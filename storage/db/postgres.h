/* postgres.h - the inside of the PostgreSQL driver, shared by its files
 *
 * postgres.c keeps transactions and waits; postgres_connect.c opens; postgres_stmt.c prepares, binds and steps;
 * postgres_error.c says in our words what went wrong. Nothing outside storage/db/postgres*.c
 * includes this.
 *
 * Everything is sent without blocking and waited for with poll(2), so that a cancel, a deadline and
 * a server that has stopped to answer are all seen. Rows come one by one; when another statement
 * begins meanwhile, the rest of the first is fetched and kept. A connection that was lost is opened
 * again by the next statement outside of a transaction; `life` counts the connections, a statement
 * prepared in an earlier one is prepared again.
 */
#ifndef STORAGE_DB_POSTGRES_H
#define STORAGE_DB_POSTGRES_H

#include "lib/arena.h"
#include "lib/buf.h"
#include "storage/db/db_driver.h"
#include "storage/db/postgres_library.h"

struct postgres_stmt;

struct postgres {
	struct db base;
	const struct postgres_library *pq;
	PGconn *conn; /* NULL: not connected */
	char *conninfo;
	unsigned flags;                  /* enum db_flags */
	int wake_fd;                     /* eventfd: somebody cancels */
	unsigned life;                   /* how many connections there have been */
	unsigned next_name;              /* of a prepared statement */
	struct postgres_stmt *streaming; /* its rows are on the wire */
	int64_t changes;
	int64_t told_timeout_ms;        /* what the server knows, -1: nothing */
	int64_t deadline_us;            /* of what runs now, 0: none */
	int is_ending;                  /* a ROLLBACK does not hear of cancels */
	struct postgres_cancel *cancel; /* a request under way, NULL: none */
};

/* Rows that were fetched ahead. */
struct postgres_rows {
	PGresult **items;
	size_t count, capacity;
	size_t taken;
};

struct postgres_param {
	Oid type; /* as the server sees it */
	int size, format;
	const char *value; /* NULL: null; else its own or in `texts` */
	size_t offset;     /* in `texts` */
	int in_texts;
};

struct postgres_stmt {
	struct db_stmt base;
	char name[24];
	unsigned life; /* the connection it is prepared in */
	unsigned text; /* enum postgres_text_flags */
	struct postgres_param *params;
	int param_count;
	struct buf texts; /* of bound values */
	int bind_failed;
	PGresult *shape; /* describes the columns */
	PGresult *row;   /* the one that is shown, NULL: none */
	int is_running;
	struct postgres_rows ahead;
	struct arena decoded; /* bytea and jsonb of the row */
};

struct postgres *postgres_of(struct db *db);

/* postgres_connect.c: opens it. */
int postgres_connect(struct postgres *pg, struct err *err);

/* 1: the socket is ready; 0: the deadline has passed, or somebody cancels and it `hears` that. */
int postgres_wait(struct postgres *pg, short events, int64_t deadline_us, int hears);
/* Whether the connection stands; opens it where that is possible. */
int postgres_ready(struct postgres *pg, struct err *err);
/* Sets the deadline of what is sent next, and fetches what another statement still has to get. */
int postgres_arm(struct postgres *pg, struct err *err);
/* The next result of what was sent, NULL at its end; -1 when the connection is lost. */
int postgres_next(struct postgres *pg, PGresult **result, struct err *err);
/* All results of what was sent; the first that failed is the error. */
int postgres_finish(struct postgres *pg, struct err *err);
/* A script of the driver's own. */
int postgres_run(struct postgres *pg, const char *sql, struct err *err);
/* To the COPY that runs; waits while the server does not keep up. */
int postgres_send_copy(struct postgres *pg, const char *bytes, size_t size, struct err *err);
/* The end of it; `why` it is broken off, NULL: it is not. */
int postgres_end_copy(struct postgres *pg, const char *why, struct err *err);
/* The connection is of no use any more. */
void postgres_drop(struct postgres *pg);

/* postgres_cancel.c: asks the server to end what runs, on a thread of its own. */
void postgres_cancel_request(struct postgres *pg);
/* Until the request has reached the server, so that it cannot hit what is sent next. 0; -1: it has not by
 * the deadline, and nothing may be sent on this connection any more. */
int postgres_cancel_settle(struct postgres *pg, int64_t deadline_us);
/* The connection goes; whatever still runs cleans up after itself. */
void postgres_cancel_forget(struct postgres *pg);

/* postgres_stmt.c: the driver's functions of the same names. */
struct db_stmt *postgres_stmt_prepare(struct db *db, const char *sql, struct err *err);
void postgres_stmt_free(struct db_stmt *stmt);
void postgres_stmt_bind(struct db_stmt *stmt, int index, const struct db_value *value);
int postgres_stmt_step(struct db_stmt *stmt, struct err *err);
void postgres_stmt_reset(struct db_stmt *stmt);
int postgres_stmt_writes(const struct db_stmt *stmt);
int postgres_stmt_column_count(const struct db_stmt *stmt);
const char *postgres_stmt_column_name(const struct db_stmt *stmt, int column);
int postgres_stmt_column(struct db_stmt *stmt, int column, enum db_type type,
                         struct db_value *value);
void postgres_stmt_column_any(struct db_stmt *stmt, int column, struct db_value *value);
/* Fetches and keeps the rest of the rows of this statement. */
int postgres_stmt_absorb(struct postgres_stmt *stmt, struct err *err);

/* postgres_error.c */
/* A result that failed; records a broken constraint. Returns -1. */
int postgres_error_set(struct postgres *pg, const PGresult *result, struct err *err);
/* A connection that could not be made, or was lost. Returns -1. */
int postgres_error_connection(struct postgres *pg, const char *what, struct err *err);

#endif

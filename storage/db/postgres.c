/* postgres.c - the PostgreSQL driver: connections, transactions, waiting */
#include "storage/db/postgres.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "lib/clock.h"
#include "lib/fault.h"
#include "lib/mem.h"
#include "lib/str.h"
#include "storage/db/postgres_text.h"

enum {
	/* For the answer to a cancel, and on top of the timeout that the server keeps by itself. */
	GRACE_MS = 2000,
};

struct postgres *postgres_of(struct db *db)
{
	return (struct postgres *)db;
}

/* --- waiting --- */

static int milliseconds_until(int64_t deadline_us)
{
	int64_t left_us = deadline_us - clock_monotonic_us();

	if (!deadline_us)
		return -1;
	return left_us <= 0 ? 0 : (int)(left_us / 1000 < 3600000 ? left_us / 1000 + 1 : 3600000);
}

int postgres_wait(struct postgres *pg, short events, int64_t deadline_us, int hears)
{
	struct pollfd fds[] = {
		{.fd = pg->pq->socket(pg->conn), .events = events},
		{.fd = pg->wake_fd, .events = POLLIN},
	};

	for (;;) {
		int timeout_ms = milliseconds_until(deadline_us);
		int got = poll(fds, hears ? 2 : 1, timeout_ms);

		if (got > 0 && fds[0].revents)
			return 1;
		if (got > 0 || (got == 0 && timeout_ms >= 0))
			return 0;
	}
}

void postgres_drop(struct postgres *pg)
{
	PGconn *conn = pg->conn;

	/* there is no rest of the rows to look for */
	pg->conn = NULL;
	if (pg->streaming)
		postgres_stmt_reset((struct db_stmt *)pg->streaming);
	pg->streaming = NULL;
	postgres_cancel_forget(pg);
	pg->pq->finish(conn);
}

static int lose(struct postgres *pg, const char *what, struct err *err)
{
	if (what)
		err_set(err, ERR_UNAVAILABLE, "%s", what);
	else
		postgres_error_connection(pg, "the connection to the database was lost", err);
	if (err->code != ERR_UNAVAILABLE)
		err->code = ERR_UNAVAILABLE;
	postgres_drop(pg);
	return -1;
}

/* Until a result can be read. */
static int wait_until_ready(struct postgres *pg, struct err *err)
{
	const struct postgres_library *pq = pg->pq;
	int64_t deadline_us = pg->deadline_us;
	int asked_to_stop = 0, unsent;

	for (;;) {
		unsent = pq->flush(pg->conn);
		if (unsent < 0)
			return lose(pg, NULL, err);
		if (!unsent && !pq->is_busy(pg->conn))
			return 0;
		if (postgres_wait(pg, (short)(POLLIN | (unsent ? POLLOUT : 0)), deadline_us,
		                  !asked_to_stop && !pg->is_ending)) {
			if (!pq->consume_input(pg->conn))
				return lose(pg, NULL, err);
			continue;
		}
		if (asked_to_stop)
			return lose(pg, "the database does not answer", err);
		asked_to_stop = 1;
		postgres_cancel_request(pg);
		deadline_us = clock_monotonic_us() + GRACE_MS * INT64_C(1000);
	}
}

int postgres_next(struct postgres *pg, PGresult **result, struct err *err)
{
	*result = NULL;
	if (wait_until_ready(pg, err) < 0)
		return -1;
	*result = pg->pq->get_result(pg->conn);
	return 0;
}

/* Nothing here reads or writes the stream of a COPY: a text of a user's began it. */
static int end_copy(struct postgres *pg, const PGresult *result, struct err *err)
{
	ExecStatusType status = pg->pq->result_status(result);
	char *line;

	if (status == PGRES_COPY_IN)
		pg->pq->put_copy_end(pg->conn, "COPY FROM STDIN is not allowed here");
	while (status == PGRES_COPY_OUT && pg->pq->get_copy_data(pg->conn, &line, 0) > 0)
		pg->pq->freemem(line);
	return err_set(err, ERR_DENIED, "COPY from or to the client is not allowed here");
}

static int check_result(struct postgres *pg, PGresult *result, struct err *err)
{
	switch (pg->pq->result_status(result)) {
	case PGRES_COMMAND_OK:
	case PGRES_EMPTY_QUERY:
		pg->changes = strtoll(pg->pq->cmd_tuples(result), NULL, 10);
		return 0;
	case PGRES_TUPLES_OK:
	case PGRES_SINGLE_TUPLE:
		return 0;
	case PGRES_COPY_IN:
	case PGRES_COPY_OUT:
	case PGRES_COPY_BOTH:
		return end_copy(pg, result, err);
	case PGRES_BAD_RESPONSE:
	case PGRES_NONFATAL_ERROR:
	case PGRES_FATAL_ERROR:
	case PGRES_PIPELINE_SYNC:
	case PGRES_PIPELINE_ABORTED:
		break;
	}
	return postgres_error_set(pg, result, err);
}

int postgres_finish(struct postgres *pg, struct err *err)
{
	struct err first = {.code = ERR_NONE}, found;
	PGresult *result;

	for (;;) {
		if (postgres_next(pg, &result, err) < 0)
			return -1;
		if (!result)
			break;
		if (check_result(pg, result, &found) < 0 && first.code == ERR_NONE)
			first = found;
		pg->pq->clear(result);
	}
	if (first.code == ERR_NONE)
		return 0;
	*err = first;
	if (pg->pq->status(pg->conn) == CONNECTION_BAD)
		postgres_drop(pg);
	return -1;
}

/* Until the server has taken what is waiting for it. */
static int flush_copy(struct postgres *pg, struct err *err)
{
	int unsent;

	while ((unsent = pg->pq->flush(pg->conn)) > 0) {
		if (!postgres_wait(pg, POLLIN | POLLOUT, pg->deadline_us, !pg->is_ending))
			return err_set(
				err, atomic_load(&pg->base.cancelled) ? ERR_CANCELLED : ERR_TIMEOUT,
				"the copy was broken off");
		if (!pg->pq->consume_input(pg->conn))
			return lose(pg, NULL, err);
	}
	return unsent < 0 ? lose(pg, NULL, err) : 0;
}

int postgres_send_copy(struct postgres *pg, const char *bytes, size_t size, struct err *err)
{
	int64_t timeout_ms = pg->base.timeout_ms;

	if (!pg->conn)
		return err_set(err, ERR_UNAVAILABLE, "the connection to the database was lost");
	/* each piece has its time: how long all of it takes is the sender's business */
	pg->deadline_us = timeout_ms > 0 ? clock_monotonic_us() + timeout_ms * 1000 : 0;
	if (pg->pq->put_copy_data(pg->conn, bytes, (int)size) < 0)
		return lose(pg, NULL, err);
	return flush_copy(pg, err);
}

int postgres_end_copy(struct postgres *pg, const char *why, struct err *err)
{
	if (!pg->conn)
		return err_set(err, ERR_UNAVAILABLE, "the connection to the database was lost");
	if (pg->pq->put_copy_end(pg->conn, why) < 0)
		return lose(pg, NULL, err);
	return postgres_finish(pg, err);
}

static void forget_cancel(struct postgres *pg)
{
	uint64_t count;

	(void)!read(pg->wake_fd, &count, sizeof(count));
}

int postgres_arm(struct postgres *pg, struct err *err)
{
	const struct db *db = &pg->base;

	if (pg->streaming && postgres_stmt_absorb(pg->streaming, err) < 0)
		return -1;
	if (postgres_cancel_settle(pg, clock_monotonic_us() + GRACE_MS * INT64_C(1000)) < 0)
		return lose(pg, "the database does not answer", err);
	if (!atomic_load(&db->cancelled))
		forget_cancel(pg);
	pg->deadline_us = db->timeout_ms > 0 ? clock_monotonic_us() + db->timeout_ms * 1000 : 0;
	return 0;
}

int postgres_run(struct postgres *pg, const char *sql, struct err *err)
{
	if (postgres_arm(pg, err) < 0)
		return -1;
	if (!pg->pq->send_query(pg->conn, sql))
		return lose(pg, NULL, err);
	return postgres_finish(pg, err);
}

/* --- connections --- */

/* The server ends by itself what takes too long, also when this process cannot ask it to. */
static int tell_timeout(struct postgres *pg, struct err *err)
{
	int64_t timeout_ms = pg->base.timeout_ms;
	char sql[160];

	if (pg->told_timeout_ms == timeout_ms)
		return 0;
	snprintf(sql, sizeof(sql),
	         "SET statement_timeout = %" PRId64 "; SET lock_timeout = %" PRId64,
	         timeout_ms ? timeout_ms + GRACE_MS : 0, timeout_ms);
	if (postgres_run(pg, sql, err) < 0)
		return -1;
	pg->told_timeout_ms = timeout_ms;
	return 0;
}

int postgres_ready(struct postgres *pg, struct err *err)
{
	if (pg->conn && pg->pq->status(pg->conn) == CONNECTION_BAD)
		postgres_drop(pg);
	if (pg->base.transaction != DB_TRANSACTION_NONE) {
		if (pg->conn)
			return 0;
		return err_set(err, ERR_UNAVAILABLE,
		               "the connection was lost in the middle of a transaction");
	}
	if (!pg->conn && postgres_connect(pg, err) < 0)
		return -1;
	return tell_timeout(pg, err);
}

static void postgres_close(struct db *db)
{
	struct postgres *pg = postgres_of(db);

	if (pg->pq)
		postgres_drop(pg);
	if (pg->wake_fd >= 0)
		close(pg->wake_fd);
	free(pg->conninfo);
	free(pg);
}

static struct db *postgres_open(const char *url, const struct db_options *options, struct err *err)
{
	struct postgres *pg = mem_alloc(sizeof(*pg));

	pg->base.driver = &postgres_driver;
	pg->base.timeout_ms = options->timeout_ms;
	pg->flags = options->flags;
	pg->conninfo = mem_strdup(url);
	pg->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	pg->pq = postgres_library(err);
	if (pg->pq && postgres_ready(pg, err) == 0)
		return &pg->base;
	err_prefix(err, "could not open the database");
	postgres_close(&pg->base);
	return NULL;
}

static int64_t postgres_changes(const struct db *db)
{
	return ((const struct postgres *)db)->changes;
}

/* --- transactions --- */

static int postgres_control(struct db *db, const char *sql, struct err *err)
{
	struct postgres *pg = postgres_of(db);
	int64_t changes = pg->changes;
	int result = -1;

	if (pg->conn)
		result = postgres_run(pg, sql, err);
	else
		err_set(err, ERR_UNAVAILABLE,
		        "the connection was lost in the middle of a transaction");
	pg->changes = changes;
	return result;
}

static int postgres_begin(struct db *db, enum db_mode mode, struct err *err)
{
	struct postgres *pg = postgres_of(db);

	if (mode == DB_WRITE && pg->flags & DB_READ_ONLY)
		return err_set(err, ERR_DENIED, "the database was opened for reading");
	if (postgres_ready(pg, err) < 0)
		return -1;
	if (mode == DB_READ)
		return postgres_control(db, "BEGIN ISOLATION LEVEL REPEATABLE READ", err);
	if (postgres_control(db, "BEGIN READ WRITE", err) == 0)
		return 0;
	/* it has no code of its own: a feature that is not there */
	return err->code == ERR_FAILED ? err_set(err, ERR_UNAVAILABLE,
	                                         "the database takes no writes, it is a standby")
	                               : -1;
}

static void postgres_rollback(struct db *db)
{
	struct postgres *pg = postgres_of(db);
	struct err ignored;

	pg->is_ending = 1;
	if (pg->streaming)
		postgres_stmt_reset((struct db_stmt *)pg->streaming);
	if (pg->conn && pg->pq->transaction_status(pg->conn) != PQTRANS_IDLE &&
	    postgres_control(db, "ROLLBACK", &ignored) < 0 && pg->conn)
		postgres_drop(pg);
	pg->is_ending = 0;
}

static int postgres_commit(struct db *db, struct err *err)
{
	struct postgres *pg = postgres_of(db);

	if (pg->conn && pg->pq->transaction_status(pg->conn) == PQTRANS_INERROR) {
		postgres_rollback(db);
		return err_set(err, ERR_CONFLICT, "the transaction failed before its end");
	}
	FAULT("db_commit");
	if (postgres_control(db, "COMMIT", err) < 0) {
		if (!pg->conn && db->transaction == DB_TRANSACTION_WRITE)
			err_set(err, ERR_OUTCOME_UNKNOWN,
			        "the connection was lost while the transaction was committed: "
			        "whether it was is not known");
		postgres_rollback(db);
		return -1;
	}
	FAULT("db_committed");
	return 0;
}

static int postgres_exec(struct db *db, const char *sql, struct err *err)
{
	struct postgres *pg = postgres_of(db);
	struct postgres_text text = postgres_text_scan(sql);

	if (text.flags & POSTGRES_TEXT_TRANSACTION)
		return err_set(err, ERR_DENIED, "the statement is not allowed here");
	if (postgres_ready(pg, err) < 0)
		return -1;
	return postgres_run(pg, sql, err);
}

static void postgres_cancel(struct db *db)
{
	uint64_t one = 1;

	/* fails only when it is full, and then it is readable */
	(void)!write(postgres_of(db)->wake_fd, &one, sizeof(one));
}

/* --- what only SQLite has --- */

static int postgres_writer_waiting(const struct db *db)
{
	(void)db;
	return 0;
}

static int64_t postgres_wal_pages(const struct db *db)
{
	(void)db;
	return 0;
}

static int postgres_checkpoint(struct db *db, struct err *err)
{
	(void)db;
	(void)err;
	return 0;
}

static int postgres_set_cache(struct db *db, int64_t bytes, struct err *err)
{
	(void)db;
	(void)bytes;
	(void)err;
	return 0;
}

/* Nobody stands behind another's commit here. */
static int postgres_set_relaxed(struct db *db, int relaxed, struct err *err)
{
	(void)db;
	(void)relaxed;
	(void)err;
	return 0;
}

static int postgres_grow_wal(struct db *db, int64_t pages, struct err *err)
{
	(void)db;
	(void)pages;
	(void)err;
	return 0;
}

const struct db_driver postgres_driver = {
	.dialect = DB_DIALECT_POSTGRES,
	.open = postgres_open,
	.close = postgres_close,
	.prepare = postgres_stmt_prepare,
	.stmt_free = postgres_stmt_free,
	.bind = postgres_stmt_bind,
	.step = postgres_stmt_step,
	.reset = postgres_stmt_reset,
	.writes = postgres_stmt_writes,
	.changes = postgres_changes,
	.exec = postgres_exec,
	.column_count = postgres_stmt_column_count,
	.column_name = postgres_stmt_column_name,
	.column = postgres_stmt_column,
	.column_any = postgres_stmt_column_any,
	.begin = postgres_begin,
	.commit = postgres_commit,
	.rollback = postgres_rollback,
	.control = postgres_control,
	.writer_waiting = postgres_writer_waiting,
	.cancel = postgres_cancel,
	.wal_pages = postgres_wal_pages,
	.checkpoint = postgres_checkpoint,
	.set_cache = postgres_set_cache,
	.set_relaxed = postgres_set_relaxed,
	.grow_wal = postgres_grow_wal,
};

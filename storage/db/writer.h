/* writer.h - the one thread of a process that writes a database for many others
 *
 * Whatever waits becomes one transaction, each write in a savepoint of its own: one that fails takes
 * nobody with it, and all that worked share one commit. A write that stood longer than its timeout
 * before its transaction began fails with ERR_BUSY, unrun.
 *
 * writer_submit() may be called from any thread. `write` and `done` run on the writer's thread; each
 * submitted write gets exactly one `done`, also at writer_stop(). `done` is told of success only
 * after the commit, so what `write` learned may be shown from there on. They must not submit. A log
 * that grows long is checkpointed by another thread of the writer's.
 */
#ifndef STORAGE_DB_WRITER_H
#define STORAGE_DB_WRITER_H

#include <stddef.h>
#include <stdint.h>

#include "lib/compiler.h"
#include "lib/err.h"
#include "storage/db/db.h"

struct writer;

struct writer_job {
	/* Inside a transaction and a savepoint; -1 with `err` undoes what it did. May be called again
	 * when the transaction around it failed for another write's sake. */
	int (*write)(struct db *db, void *context, struct err *err);
	/* `err` is NULL when it is stored. */
	void (*done)(void *context, const struct err *err);
	void *context;
	int64_t timeout_ms; /* of waiting and of each statement; 0: 5 s */
};

struct writer_options {
	const char *url;
	struct db_options db;
	size_t queue_capacity; /* 0: 10 000; more are refused with ERR_BUSY */
};

/* Opens a connection of its own and starts the thread. NULL on error. */
MUST_CHECK struct writer *writer_start(const struct writer_options *options, struct err *err);
/* Writes what waits, then ends. NULL is fine. */
void writer_stop(struct writer *writer);

/* Fails with ERR_BUSY when the queue is full; `done` is not called then. */
MUST_CHECK int writer_submit(struct writer *writer, const struct writer_job *job, struct err *err);

#endif

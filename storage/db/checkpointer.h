/* checkpointer.h - a thread that keeps a write-ahead log short
 *
 * Commits never checkpoint by themselves: moving pages costs two fsyncs that no writer should wait
 * for. Who commits tells the log's length; past a threshold the thread checkpoints on a connection
 * of its own. Without a log (another database than SQLite) nothing happens.
 */
#ifndef STORAGE_DB_CHECKPOINTER_H
#define STORAGE_DB_CHECKPOINTER_H

#include <stdint.h>

#include "lib/compiler.h"
#include "lib/err.h"

struct checkpointer;

enum {
	CHECKPOINTER_PAGES = 16000, /* 64 MB of pages of 4 KiB */
};

/* NULL on error. `pages`: the threshold, 0 for CHECKPOINTER_PAGES. */
MUST_CHECK struct checkpointer *checkpointer_start(const char *url, int64_t pages, struct err *err);
/* Checkpoints once more, then ends. NULL is fine. */
void checkpointer_stop(struct checkpointer *checkpointer);
/* After a commit, with db_wal_pages(). Any thread; never waits. */
void checkpointer_tell(struct checkpointer *checkpointer, int64_t wal_pages);

#endif

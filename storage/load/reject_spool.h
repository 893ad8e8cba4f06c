/* reject_spool.h - bad rows on their way to the rejects object
 *
 * An append-only file below `state/tmp`, one per attempt: its name follows from the load's id and the
 * fence, so an attempt that was given up and still runs writes to a file that nobody reads. It is
 * synced before a commit that counts on it; an attempt that goes on begins with a copy of what the last
 * checkpoint counted, so it holds exactly the rejects of what is stored. At the end it becomes the
 * rejects object. Shape: CSV with CRLF, formats.md §2. One thread.
 */
#ifndef STORAGE_LOAD_REJECT_SPOOL_H
#define STORAGE_LOAD_REJECT_SPOOL_H

#include <stddef.h>
#include <stdint.h>

#include "lib/buf.h"
#include "lib/compiler.h"
#include "lib/err.h"
#include "storage/load/csv_record.h"
#include "storage/load/stage.h"
#include "storage/object/object_store.h"

struct reject_spool {
	char *base; /* of the names of this load's files */
	char *path;
	int fd; /* -1 until the first reject */
	int64_t bytes, synced_bytes;
	struct buf pending;         /* not written yet */
	struct csv_dialect dialect; /* of the raw records */
	struct csv_record record;   /* to split them again with */
};

/* Nothing is made on disk yet. */
void reject_spool_init(struct reject_spool *spool, const char *folder, const char *load_id,
                       int64_t fence);
/* Closes; the file stays where the load can go on. */
void reject_spool_release(struct reject_spool *spool);

/* Under a new fence, behind the first `bytes` of what earlier attempts left; the rest of that goes.
 * ERR_DAMAGED when they are gone. */
MUST_CHECK int reject_spool_resume(struct reject_spool *spool, int64_t fence, int64_t bytes,
                                   struct err *err);

/* The first line of the object; only when there is nothing yet. `names` are those of the input. */
MUST_CHECK int reject_spool_begin(struct reject_spool *spool, const char *const *names,
                                  size_t count, struct err *err);
int reject_spool_is_begun(const struct reject_spool *spool);

/* One bad record. */
MUST_CHECK int reject_spool_add(struct reject_spool *spool, const struct stage_entry *entry,
                                struct err *err);

/* Forgets what came after `bytes`: its rows were rolled back. */
MUST_CHECK int reject_spool_cut(struct reject_spool *spool, int64_t bytes, struct err *err);

/* All of it is on disk; `bytes` says how much that is. */
MUST_CHECK int reject_spool_sync(struct reject_spool *spool, struct err *err);

MUST_CHECK int reject_spool_publish(struct reject_spool *spool, const struct object_ref *target,
                                    struct err *err);

/* Removes the file. */
void reject_spool_remove(struct reject_spool *spool);

#endif

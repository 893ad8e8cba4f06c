/* lease_repo.h - which scheduler leads, and which of its batches are stored
 *
 * Conventions: metadata.h; scheduler.md §4 of the design. The epoch is of the leader and grows with
 * each that takes over, the batch counts the leader's journal transactions. Each such transaction
 * begins with lease_repo_advance(), so a leader that was replaced can store nothing more, and one
 * that does not know whether its commit arrived can ask.
 */
#ifndef STORAGE_REPO_LEASE_REPO_H
#define STORAGE_REPO_LEASE_REPO_H

#include "storage/repo/metadata.h"

struct lease_repo_lease {
	int64_t epoch;
	int64_t batch; /* the last one that is known to be stored; the caller adds 1 after a commit */
};

/* Becomes the leader: a new epoch, batch 0. Opens its own transaction. */
MUST_CHECK int lease_repo_take(struct db *db, const char *holder, int64_t now_us,
                               struct lease_repo_lease *lease, struct err *err);

/* First statement of the transaction for batch `lease->batch + 1`. 0: go on and commit; 1: this batch
 * is stored already, roll back and go on with the next; -1: ERR_STALE, another leads. */
MUST_CHECK int lease_repo_advance(struct db *db, const struct lease_repo_lease *lease,
                                  struct err *err);

#endif

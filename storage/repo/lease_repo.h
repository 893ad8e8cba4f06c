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

enum {
	LEASE_REPO_ANY = -1, /* as the epoch of a claim: whoever leads */
	LEASE_REPO_HOLDER_SIZE = 128,
	LEASE_REPO_HOME_SIZE = 40,
};

/* Who wants to lead. */
struct lease_repo_claim {
	const char *holder; /* its name for people */
	const char
		*home; /* of its state directory, in which one server works at a time; NULL: none */
	int64_t epoch; /* that has to be there, 0: no lease at all */
	int64_t now_us;
};

/* What all can see. While a leader lives, `batch` or `beat` moves. */
struct lease_repo_row {
	int64_t epoch, batch, beat;
	char holder[LEASE_REPO_HOLDER_SIZE];
	char home[LEASE_REPO_HOME_SIZE]; /* "": the leader has left */
};

/* Becomes the leader: a new epoch, batch 0. Opens its own transaction. ERR_STALE: another epoch is
 * there than the claim says. */
MUST_CHECK int lease_repo_take(struct db *db, const struct lease_repo_claim *claim,
                               struct lease_repo_lease *lease, struct err *err);

/* 1: there is a lease; 0: nobody has led yet; -1. */
MUST_CHECK int lease_repo_read(struct db *db, struct lease_repo_row *row, struct err *err);

/* The leader is alive. ERR_STALE: another leads. */
MUST_CHECK int lease_repo_touch(struct db *db, const struct lease_repo_lease *lease,
                                struct err *err);
/* The leader goes: the next one need not wait. Fine when another leads. */
MUST_CHECK int lease_repo_leave(struct db *db, const struct lease_repo_lease *lease,
                                struct err *err);

/* First statement of the transaction for batch `lease->batch + 1`. 0: go on and commit; 1: this batch
 * is stored already, roll back and go on with the next; -1: ERR_STALE, another leads. */
MUST_CHECK int lease_repo_advance(struct db *db, const struct lease_repo_lease *lease,
                                  struct err *err);

#endif

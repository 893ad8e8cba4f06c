/* journal.h - stores batches, one transaction each
 *
 * A small batch is stored at once, on the owner's thread, while the disk is quick: a hand-over to
 * another thread and back takes as long as the commit. All others, and all trouble, are for a thread
 * of the journal, so that a slow disk holds the owner up for one commit at most. One batch is under way at a time; whatever comes up meanwhile is the next one, so commits group by
 * themselves. Each transaction begins with the lease: a leader that was replaced can store nothing. A
 * commit that fails is tried again, the same batch, until it works. `wake` is called on the journal's
 * thread after each change of what journal_take() and journal_trouble() say; everything else is for
 * the owner's thread.
 */
#ifndef SCHEDULER_SERVICE_JOURNAL_H
#define SCHEDULER_SERVICE_JOURNAL_H

#include "lib/err.h"
#include "scheduler/service/batch.h"
#include "storage/repo/lease_repo.h"

struct journal;

/* Takes `db` over. */
struct journal *journal_start(struct db *db, const struct lease_repo_lease *lease,
                              void (*wake)(void *context), void *context);

/* 1: it is committed. 0: it is not, and is to be submitted; it was too large, the disk is slow, the
 * thread is at work, or it failed. */
int journal_store(struct journal *journal, const struct batch *batch);

/* Takes the batch over until journal_take() gives it back. None may be under way. */
void journal_submit(struct journal *journal, struct batch *batch);

/* The batch that was committed, or NULL when it is not yet. */
struct batch *journal_take(struct journal *journal);

/* ERR_NONE while all is well; else why the batch cannot be stored at the moment. ERR_STALE is for
 * good: another leads, and nothing will ever be stored again. */
void journal_trouble(struct journal *journal, struct err *trouble);

/* Gives up what is not stored and ends the thread. NULL is fine. */
void journal_stop(struct journal *journal);

#endif

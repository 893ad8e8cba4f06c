/* journal.c - stores batches, one transaction each */
#include "scheduler/service/journal.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "lib/clock.h"
#include "lib/fault.h"
#include "lib/log.h"
#include "lib/mem.h"
#include "scheduler/service/batch_store.h"

enum {
	FIRST_PAUSE_MS = 50,
	LONGEST_PAUSE_MS = 5000,
	QUIET_CHECKPOINT_MS = 2000, /* without work for so long */
	QUIET_GROW_MS = 50,         /* as long as what a start stores takes to come */
	WAL_PAGES_AT_START = 1000,  /* commits overwrite what is there instead of extending it */
	CHECKPOINT_PAGES = 900,     /* so that they go on to */
	SMALL_ROWS = 16,            /* of a batch that the owner stores itself */
	SLOW_COMMIT_US = 2000,      /* the next ones are the thread's until one is quicker */
	OWNER_WAITS_MS = 5,         /* for another writer */
	BEAT_MS = 2000,             /* between two signs of life on a shared database */
	BEAT_AGAIN_MS = 500,        /* while they cannot be stored */
};

struct journal {
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	void (*wake)(void *context);
	void *context;

	/* The owner's while `is_at_rest`, else the thread's. */
	struct db *db;
	struct lease_repo_lease lease;
	int is_slow;                /* the last commit was */
	int is_grown;               /* the log, once */
	int64_t checkpointed_pages; /* how long the log was then */
	int is_shared;              /* others watch the lease; all is the thread's */

	/* Under the lock. */
	struct batch *waiting, *committed;
	struct err trouble;
	int is_stopping;
	int is_at_rest; /* the thread waits for a batch */
	int is_lent;    /* the owner commits */
	int was_lent;   /* since the thread has looked last */
	int is_quiet;   /* checkpointed, nothing was committed since */
};

static int store(struct journal *journal, const struct batch *batch, struct err *err)
{
	struct db *db = journal->db;
	int64_t begun_us = clock_monotonic_us();
	int stored;

	journal->is_slow = 1;

	if (db_begin(db, DB_WRITE, err) < 0)
		return -1;
	stored = lease_repo_advance(db, &journal->lease, err);
	if (stored > 0) {
		/* the commit whose answer was lost had arrived */
		db_rollback(db);
		journal->lease.batch++;
		return 0;
	}
	if (stored < 0 || batch_store(batch, db, err) < 0) {
		db_rollback(db);
		return -1;
	}
	FAULT("journal-before-commit");
	if (db_commit(db, err) < 0)
		return -1;
	FAULT("journal-after-commit");
	if (FAULT_FAILS("journal-answer"))
		return err_set(err, ERR_UNAVAILABLE, "the answer to the commit is lost");
	journal->is_slow = clock_monotonic_us() - begun_us > SLOW_COMMIT_US;
	journal->lease.batch++;
	return 0;
}

static void set_trouble(struct journal *journal, const struct err *trouble)
{
	pthread_mutex_lock(&journal->lock);
	journal->trouble = *trouble;
	pthread_mutex_unlock(&journal->lock);
	journal->wake(journal->context);
}

static void deadline_in(struct timespec *deadline, int64_t ms)
{
	clock_gettime(CLOCK_MONOTONIC, deadline);
	deadline->tv_sec += ms / 1000;
	deadline->tv_nsec += ms % 1000 * 1000000;
	if (deadline->tv_nsec >= 1000000000) {
		deadline->tv_sec++;
		deadline->tv_nsec -= 1000000000;
	}
}

/* Sleeps unless told to stop: 1 when it was. */
static int pause_for(struct journal *journal, int64_t ms)
{
	struct timespec deadline;
	int is_stopping;

	deadline_in(&deadline, ms);
	pthread_mutex_lock(&journal->lock);
	while (!journal->is_stopping &&
	       pthread_cond_timedwait(&journal->changed, &journal->lock, &deadline) == 0)
		continue;
	is_stopping = journal->is_stopping;
	pthread_mutex_unlock(&journal->lock);
	return is_stopping;
}

/* Until it is stored. -1: told to stop, or another leads. */
static int store_stubbornly(struct journal *journal, const struct batch *batch)
{
	int64_t pause_ms = FIRST_PAUSE_MS;
	struct err err;
	int was_in_trouble = 0;

	while (store(journal, batch, &err) < 0) {
		if (!was_in_trouble)
			log_error("journal", "could not store what happened, trying on: %s",
			          err.text);
		was_in_trouble = 1;
		set_trouble(journal, &err);
		if (err.code == ERR_STALE || pause_for(journal, pause_ms))
			return -1;
		pause_ms = pause_ms * 2 < LONGEST_PAUSE_MS ? pause_ms * 2 : LONGEST_PAUSE_MS;
	}
	if (was_in_trouble) {
		log_info("journal", "what happened is stored again");
		set_trouble(journal, &(struct err){.code = ERR_NONE});
	}
	return 0;
}

static void checkpoint(struct journal *journal)
{
	struct err err;

	if (db_checkpoint(journal->db, &err) < 0)
		log_warn("journal", "checkpoint: %s", err.text);
	journal->checkpointed_pages = db_wal_pages(journal->db);
}

/* A reader may keep the log from beginning anew; then it is tried again only when it has grown as much
 * once more. */
static int is_checkpoint_due(struct journal *journal)
{
	int64_t pages = db_wal_pages(journal->db);

	if (pages < journal->checkpointed_pages)
		journal->checkpointed_pages = 0;
	return pages - journal->checkpointed_pages > CHECKPOINT_PAGES;
}

static void grow(struct journal *journal)
{
	struct err err;

	journal->is_grown = 1;
	if (db_grow_wal(journal->db, WAL_PAGES_AT_START, &err) < 0)
		log_warn("journal", "could not grow the log: %s", err.text);
}

/* The sign of life; tells too whether the database can be reached. */
static void touch(struct journal *journal)
{
	struct err err, before;

	journal_trouble(journal, &before);
	if (lease_repo_touch(journal->db, &journal->lease, &err) == 0) {
		if (before.code == ERR_NONE)
			return;
		log_info("journal", "the metadata database can be written again");
		err.code = ERR_NONE;
	} else if (before.code == ERR_NONE) {
		log_error("journal", "could not show that this scheduler lives: %s", err.text);
	}
	set_trouble(journal, &err);
}

/* Under the lock: as rest() on a database that others watch. */
static void rest_shared(struct journal *journal)
{
	struct timespec deadline;

	deadline_in(&deadline, journal->trouble.code == ERR_NONE ? BEAT_MS : BEAT_AGAIN_MS);
	if (pthread_cond_timedwait(&journal->changed, &journal->lock, &deadline) == 0 ||
	    journal->trouble.code == ERR_STALE)
		return;
	pthread_mutex_unlock(&journal->lock);
	touch(journal);
	pthread_mutex_lock(&journal->lock);
}

/* Under the lock: waits a while for a batch, for good once all is checkpointed. */
static void rest(struct journal *journal)
{
	void (*chore)(struct journal *) = journal->is_grown ? checkpoint : grow;
	struct timespec deadline;

	if (journal->is_shared) {
		rest_shared(journal);
		return;
	}
	if (journal->is_quiet) {
		pthread_cond_wait(&journal->changed, &journal->lock);
		return;
	}
	deadline_in(&deadline, journal->is_grown ? QUIET_CHECKPOINT_MS : QUIET_GROW_MS);
	journal->was_lent = 0;
	if (pthread_cond_timedwait(&journal->changed, &journal->lock, &deadline) == 0 ||
	    journal->is_lent || journal->was_lent)
		return;
	journal->is_quiet = journal->is_grown;
	journal->is_at_rest = 0;
	pthread_mutex_unlock(&journal->lock);
	chore(journal);
	pthread_mutex_lock(&journal->lock);
	journal->is_at_rest = 1;
}

/* The next batch; NULL: told to stop. Quiet times are for checkpoints. */
static struct batch *next_batch(struct journal *journal)
{
	struct batch *batch;

	pthread_mutex_lock(&journal->lock);
	journal->is_at_rest = 1;
	while (!journal->waiting && !journal->is_stopping)
		rest(journal);
	batch = journal->waiting;
	journal->waiting = NULL;
	journal->is_at_rest = journal->is_quiet = 0;
	pthread_mutex_unlock(&journal->lock);
	return batch;
}

static void give_back(struct journal *journal, struct batch *batch)
{
	pthread_mutex_lock(&journal->lock);
	journal->committed = batch;
	pthread_mutex_unlock(&journal->lock);
	journal->wake(journal->context);
}

/* It will never be stored; the owner still knows it. */
static void keep(struct journal *journal, struct batch *batch)
{
	pthread_mutex_lock(&journal->lock);
	journal->waiting = batch;
	pthread_mutex_unlock(&journal->lock);
}

static void *run(void *context)
{
	struct journal *journal = context;
	struct batch *batch;

	while ((batch = next_batch(journal))) {
		if (store_stubbornly(journal, batch) < 0) {
			keep(journal, batch);
			break;
		}
		give_back(journal, batch);
		if (is_checkpoint_due(journal))
			checkpoint(journal);
	}
	return NULL;
}

struct journal *journal_start(struct db *db, const struct lease_repo_lease *lease,
                              void (*wake)(void *context), void *context)
{
	struct journal *journal = mem_alloc(sizeof(*journal));
	pthread_condattr_t attributes;

	journal->db = db;
	journal->is_shared = db_dialect(db) == DB_DIALECT_POSTGRES;
	journal->lease = *lease;
	journal->wake = wake;
	journal->context = context;
	pthread_mutex_init(&journal->lock, NULL);
	/* a wall clock that is set back must not make a pause last for hours */
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&journal->changed, &attributes);
	pthread_condattr_destroy(&attributes);
	if (pthread_create(&journal->thread, NULL, run, journal) != 0)
		abort();
	return journal;
}

static int is_small(const struct batch *batch)
{
	return !batch->retention.count && batch->versions.count == 0 &&
	       batch->dags.count + batch->new_runs.count + batch->new_tasks.count +
	                       batch->attempts.count + batch->outputs.count + batch->tasks.count +
	                       batch->runs.count <=
	               SMALL_ROWS;
}

/* 1: the database is the caller's until give_up(). */
static int borrow(struct journal *journal)
{
	int is_lent;

	pthread_mutex_lock(&journal->lock);
	is_lent = journal->is_at_rest && !journal->is_shared && !journal->is_slow &&
	          !is_checkpoint_due(journal);
	journal->is_lent = is_lent;
	if (is_lent && journal->is_quiet) {
		journal->is_quiet = 0;
		pthread_cond_signal(&journal->changed);
	}
	pthread_mutex_unlock(&journal->lock);
	return is_lent;
}

static void give_up(struct journal *journal)
{
	pthread_mutex_lock(&journal->lock);
	journal->is_lent = 0;
	journal->was_lent = 1;
	pthread_mutex_unlock(&journal->lock);
}

int journal_store(struct journal *journal, const struct batch *batch)
{
	int64_t timeout_ms;
	struct err err;
	int is_stored;

	if (!is_small(batch) || !borrow(journal))
		return 0;
	timeout_ms = db_timeout_ms(journal->db);
	db_set_timeout_ms(journal->db, OWNER_WAITS_MS);
	/* the thread tries again, and says what is wrong */
	is_stored = store(journal, batch, &err) == 0;
	db_set_timeout_ms(journal->db, timeout_ms);
	give_up(journal);
	return is_stored;
}

void journal_submit(struct journal *journal, struct batch *batch)
{
	pthread_mutex_lock(&journal->lock);
	journal->waiting = batch;
	pthread_cond_signal(&journal->changed);
	pthread_mutex_unlock(&journal->lock);
}

struct batch *journal_take(struct journal *journal)
{
	struct batch *batch;

	pthread_mutex_lock(&journal->lock);
	batch = journal->committed;
	journal->committed = NULL;
	pthread_mutex_unlock(&journal->lock);
	return batch;
}

void journal_trouble(struct journal *journal, struct err *trouble)
{
	pthread_mutex_lock(&journal->lock);
	*trouble = journal->trouble;
	pthread_mutex_unlock(&journal->lock);
}

/* Whoever stands by may lead at once. */
static void leave(struct journal *journal)
{
	struct err err;

	if (journal->is_shared && journal->trouble.code == ERR_NONE &&
	    lease_repo_leave(journal->db, &journal->lease, &err) < 0)
		log_warn("journal", "could not give up the lead: %s", err.text);
}

void journal_stop(struct journal *journal)
{
	if (!journal)
		return;
	pthread_mutex_lock(&journal->lock);
	journal->is_stopping = 1;
	pthread_cond_signal(&journal->changed);
	pthread_mutex_unlock(&journal->lock);
	pthread_join(journal->thread, NULL);
	leave(journal);
	batch_free(journal->waiting);
	batch_free(journal->committed);
	db_close(journal->db);
	pthread_cond_destroy(&journal->changed);
	pthread_mutex_destroy(&journal->lock);
	free(journal);
}

/* writer.c - the one thread of a process that writes a database for many others */
#include "storage/db/writer.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>

#include "lib/clock.h"
#include "lib/mem.h"
#include "storage/db/checkpointer.h"

enum {
	DEFAULT_QUEUE = 10000,
	DEFAULT_TIMEOUT_MS = 5000,
	BATCH_JOBS = 256, /* of one transaction */
};

struct entry {
	struct writer_job job;
	int64_t timeout_ms;
	int64_t deadline_us; /* its transaction must have begun by then */
	int failed;          /* its savepoint was undone, `err` says why */
	struct err err;
	struct entry *next;
};

struct entries {
	struct entry *first, **last;
	size_t count;
};

struct writer {
	struct db *db;
	char *url;
	struct checkpointer *checkpointer; /* NULL until the log has grown long */
	size_t capacity;
	pthread_t thread;
	pthread_mutex_t mutex; /* guards what follows */
	pthread_cond_t changed;
	struct entries waiting;
	int stopping;
};

static void entries_init(struct entries *entries)
{
	*entries = (struct entries){0};
	entries->last = &entries->first;
}

static void entries_add(struct entries *entries, struct entry *entry)
{
	entry->next = NULL;
	*entries->last = entry;
	entries->last = &entry->next;
	entries->count++;
}

static struct entry *entries_take(struct entries *entries)
{
	struct entry *entry = entries->first;

	if (!entry)
		return NULL;
	entries->first = entry->next;
	if (!entries->first)
		entries->last = &entries->first;
	entries->count--;
	return entry;
}

static void finish(struct entry *entry, const struct err *err)
{
	entry->job.done(entry->job.context, err);
	free(entry);
}

static void finish_all(struct entries *entries, const struct err *err)
{
	struct entry *entry;

	while ((entry = entries_take(entries)))
		finish(entry, err ? err : entry->failed ? &entry->err : NULL);
}

/* Ends those that have stood too long; gives the time left to the most impatient of the rest. */
static int64_t expire(struct entries *batch)
{
	int64_t now_us = clock_monotonic_us(), nearest_us = INT64_MAX;
	struct entries rest;
	struct entry *entry;
	struct err err;

	entries_init(&rest);
	while ((entry = entries_take(batch))) {
		if (entry->deadline_us > now_us) {
			if (entry->deadline_us < nearest_us)
				nearest_us = entry->deadline_us;
			entries_add(&rest, entry);
			continue;
		}
		err_set(&err, ERR_BUSY,
		        "the database is busy: this write did not get its turn within %.3g s",
		        (double)entry->timeout_ms / 1000.0);
		finish(entry, &err);
	}
	entries_init(batch);
	while ((entry = entries_take(&rest)))
		entries_add(batch, entry);
	return (nearest_us - now_us) / 1000 + 1;
}

/* 0, or -1 when the transaction cannot go on; `entry->err` says why. */
static int run_one(struct db *db, struct entry *entry)
{
	struct err ignored;

	entry->failed = 0;
	db_set_timeout_ms(db, entry->timeout_ms);
	if (db_savepoint(db, &entry->err) < 0)
		return -1;
	if (entry->job.write(db, entry->job.context, &entry->err) == 0)
		return db_savepoint_release(db, &entry->err);
	entry->failed = 1;
	/* a full disk or a timeout has undone the whole transaction, savepoints and all */
	return db_savepoint_rollback(db, &ignored);
}

/* Fails the one that broke the transaction, and leaves the others to be tried again. */
static void drop(struct entries *batch, struct entry *culprit)
{
	struct entries rest;
	struct entry *entry;

	entries_init(&rest);
	while ((entry = entries_take(batch))) {
		if (entry == culprit)
			finish(entry, &entry->err);
		else
			entries_add(&rest, entry);
	}
	entries_init(batch);
	while ((entry = entries_take(&rest)))
		entries_add(batch, entry);
}

/* One transaction. 1: stored; 0: try again with what is left; -1: the commit failed. */
static int try_batch(struct db *db, struct entries *batch, struct err *err)
{
	for (struct entry *entry = batch->first; entry; entry = entry->next) {
		if (run_one(db, entry) == 0)
			continue;
		db_rollback(db);
		drop(batch, entry);
		return 0;
	}
	return db_commit(db, err) < 0 ? -1 : 1;
}

/* Without the thread the log is longer than it should be, and the next commit tries again. */
static void keep_log_short(struct writer *writer)
{
	int64_t pages = db_wal_pages(writer->db);
	struct err ignored;

	if (pages < CHECKPOINTER_PAGES)
		return;
	if (!writer->checkpointer)
		writer->checkpointer = checkpointer_start(writer->url, 0, &ignored);
	if (writer->checkpointer)
		checkpointer_tell(writer->checkpointer, pages);
}

static void run_batch(struct writer *writer, struct entries *batch);

/* A commit fails for all (disk full) or for one (a constraint checked late): alone, each learns its
 * own truth. */
static void run_singly(struct writer *writer, struct entries *batch)
{
	struct entry *entry;

	while ((entry = entries_take(batch))) {
		struct entries single;

		entries_init(&single);
		entries_add(&single, entry);
		run_batch(writer, &single);
	}
}

static void run_batch(struct writer *writer, struct entries *batch)
{
	struct db *db = writer->db;
	struct err err;
	int result = 0;

	while (batch->first && result == 0) {
		int64_t left_ms = expire(batch);

		if (!batch->first)
			return;
		db_set_timeout_ms(db, left_ms);
		if (db_begin(db, DB_WRITE, &err) == 0)
			result = try_batch(db, batch, &err);
		else if (err.code != ERR_BUSY)
			result = -1;
	}
	if (result < 0 && batch->count > 1) {
		run_singly(writer, batch);
		return;
	}
	finish_all(batch, result < 0 ? &err : NULL);
	if (result > 0)
		keep_log_short(writer);
}

static void *run(void *argument)
{
	struct writer *writer = argument;

	pthread_mutex_lock(&writer->mutex);
	while (writer->waiting.first || !writer->stopping) {
		struct entries batch;

		if (!writer->waiting.first) {
			pthread_cond_wait(&writer->changed, &writer->mutex);
			continue;
		}
		entries_init(&batch);
		while (writer->waiting.first && batch.count < BATCH_JOBS)
			entries_add(&batch, entries_take(&writer->waiting));
		pthread_mutex_unlock(&writer->mutex);
		run_batch(writer, &batch);
		pthread_mutex_lock(&writer->mutex);
	}
	pthread_mutex_unlock(&writer->mutex);
	return NULL;
}

/* Signals are the main thread's. */
static int start_thread(struct writer *writer)
{
	sigset_t all, before;
	int result;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	result = pthread_create(&writer->thread, NULL, run, writer);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return result;
}

static void release(struct writer *writer)
{
	checkpointer_stop(writer->checkpointer);
	pthread_cond_destroy(&writer->changed);
	pthread_mutex_destroy(&writer->mutex);
	db_close(writer->db);
	free(writer->url);
	free(writer);
}

struct writer *writer_start(const struct writer_options *options, struct err *err)
{
	struct writer *writer = mem_alloc(sizeof(*writer));
	int result;

	writer->capacity = options->queue_capacity ? options->queue_capacity : DEFAULT_QUEUE;
	entries_init(&writer->waiting);
	writer->db = db_open(options->url, &options->db, err);
	if (!writer->db) {
		free(writer);
		return NULL;
	}
	writer->url = mem_strdup(options->url);
	pthread_mutex_init(&writer->mutex, NULL);
	pthread_cond_init(&writer->changed, NULL);
	result = start_thread(writer);
	if (result != 0) {
		err_errno(err, result, "could not start the writer's thread");
		release(writer);
		return NULL;
	}
	return writer;
}

void writer_stop(struct writer *writer)
{
	if (!writer)
		return;
	pthread_mutex_lock(&writer->mutex);
	writer->stopping = 1;
	pthread_cond_signal(&writer->changed);
	pthread_mutex_unlock(&writer->mutex);
	pthread_join(writer->thread, NULL);
	release(writer);
}

int writer_submit(struct writer *writer, const struct writer_job *job, struct err *err)
{
	struct entry *entry = mem_alloc(sizeof(*entry));
	int taken = 0;

	entry->job = *job;
	entry->timeout_ms = job->timeout_ms > 0 ? job->timeout_ms : DEFAULT_TIMEOUT_MS;
	entry->deadline_us = clock_monotonic_us() + entry->timeout_ms * 1000;
	pthread_mutex_lock(&writer->mutex);
	if (writer->waiting.count < writer->capacity && !writer->stopping) {
		entries_add(&writer->waiting, entry);
		pthread_cond_signal(&writer->changed);
		taken = 1;
	}
	pthread_mutex_unlock(&writer->mutex);
	if (taken)
		return 0;
	free(entry);
	return err_set(err, ERR_BUSY, "too many writes wait for the database");
}

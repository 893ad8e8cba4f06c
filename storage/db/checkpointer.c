/* checkpointer.c - a thread that keeps a write-ahead log short */
#include "storage/db/checkpointer.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>

#include "lib/log.h"
#include "lib/mem.h"
#include "storage/db/db.h"

struct checkpointer {
	struct db *db;
	int64_t threshold;
	pthread_t thread;
	pthread_mutex_t mutex; /* guards what follows */
	pthread_cond_t changed;
	int due, stopping;
};

static void checkpoint(struct checkpointer *checkpointer)
{
	struct err err;

	if (db_checkpoint(checkpointer->db, &err) < 0)
		log_warn("database", "checkpoint failed, the log goes on growing cause=\"%s\"",
		         err.text);
}

static void *run(void *argument)
{
	struct checkpointer *checkpointer = argument;

	pthread_mutex_lock(&checkpointer->mutex);
	while (!checkpointer->stopping) {
		if (!checkpointer->due) {
			pthread_cond_wait(&checkpointer->changed, &checkpointer->mutex);
			continue;
		}
		checkpointer->due = 0;
		pthread_mutex_unlock(&checkpointer->mutex);
		checkpoint(checkpointer);
		pthread_mutex_lock(&checkpointer->mutex);
	}
	pthread_mutex_unlock(&checkpointer->mutex);
	checkpoint(checkpointer);
	return NULL;
}

/* Signals are the main thread's. */
static int start_thread(struct checkpointer *checkpointer)
{
	sigset_t all, before;
	int result;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	result = pthread_create(&checkpointer->thread, NULL, run, checkpointer);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return result;
}

struct checkpointer *checkpointer_start(const char *url, int64_t pages, struct err *err)
{
	struct checkpointer *checkpointer = mem_alloc(sizeof(*checkpointer));
	int result;

	checkpointer->threshold = pages > 0 ? pages : CHECKPOINTER_PAGES;
	checkpointer->db = db_open(url, NULL, err);
	if (!checkpointer->db) {
		free(checkpointer);
		return NULL;
	}
	pthread_mutex_init(&checkpointer->mutex, NULL);
	pthread_cond_init(&checkpointer->changed, NULL);
	result = start_thread(checkpointer);
	if (result != 0) {
		err_errno(err, result, "could not start the checkpointer's thread");
		db_close(checkpointer->db);
		free(checkpointer);
		return NULL;
	}
	return checkpointer;
}

void checkpointer_stop(struct checkpointer *checkpointer)
{
	if (!checkpointer)
		return;
	pthread_mutex_lock(&checkpointer->mutex);
	checkpointer->stopping = 1;
	pthread_cond_signal(&checkpointer->changed);
	pthread_mutex_unlock(&checkpointer->mutex);
	pthread_join(checkpointer->thread, NULL);
	pthread_cond_destroy(&checkpointer->changed);
	pthread_mutex_destroy(&checkpointer->mutex);
	db_close(checkpointer->db);
	free(checkpointer);
}

void checkpointer_tell(struct checkpointer *checkpointer, int64_t wal_pages)
{
	if (wal_pages < checkpointer->threshold)
		return;
	pthread_mutex_lock(&checkpointer->mutex);
	checkpointer->due = 1;
	pthread_cond_signal(&checkpointer->changed);
	pthread_mutex_unlock(&checkpointer->mutex);
}

/* slow.c - threads for reads that take long */
#include "api/slow.h"

#include <pthread.h>
#include <stdlib.h>

#include "api/respond.h"
#include "lib/mem.h"

enum {
	THREADS = 2,
	QUEUE_JOBS = 256,
	TIMEOUT_MS = 300000,
	PIECE_BYTES = 64 * 1024,   /* leaves at once when the client reads */
	QUEUED_BYTES = 256 * 1024, /* a writer waits above this */
};

struct slow_job {
	struct mail mail;
	struct slow_job *next; /* in the pool's queue */
	struct request *request;
	enum request_database database;
	request_work_fn work;
	request_respond_fn respond; /* NULL: a stream */
	int started;                /* the stream's head has left; loop thread only */
	int takes;                  /* the client takes more; loop thread only */

	pthread_mutex_t lock; /* guards what follows */
	pthread_cond_t room;
	struct buf queued;
	struct db *db; /* while it runs */
	int posted;    /* the mail is on its way */
	int finished, cancelled;
	struct err err; /* of a finished job; code ERR_NONE when it worked */
};

struct slow_pool {
	const struct api_options *options;
	pthread_mutex_t lock; /* guards what follows */
	pthread_cond_t work;
	pthread_t threads[THREADS];
	int running, stopping;
	size_t jobs;
	struct slow_job *first, **last;
};

struct slow_pool *slow_pool_new(const struct api_options *options)
{
	struct slow_pool *pool = mem_alloc(sizeof(*pool));

	pool->options = options;
	pthread_mutex_init(&pool->lock, NULL);
	pthread_cond_init(&pool->work, NULL);
	pool->last = &pool->first;
	return pool;
}

void slow_pool_free(struct slow_pool *pool)
{
	if (!pool)
		return;
	pthread_mutex_lock(&pool->lock);
	pool->stopping = 1;
	pthread_cond_broadcast(&pool->work);
	pthread_mutex_unlock(&pool->lock);
	for (int i = 0; i < pool->running; i++)
		pthread_join(pool->threads[i], NULL);
	pthread_cond_destroy(&pool->work);
	pthread_mutex_destroy(&pool->lock);
	free(pool);
}

static struct slow_job *take_job(struct slow_pool *pool)
{
	struct slow_job *job;

	pthread_mutex_lock(&pool->lock);
	while (!pool->first && !pool->stopping)
		pthread_cond_wait(&pool->work, &pool->lock);
	job = pool->first;
	if (job) {
		pool->first = job->next;
		if (!pool->first)
			pool->last = &pool->first;
		pool->jobs--;
	}
	pthread_mutex_unlock(&pool->lock);
	return job;
}

/* Tells the loop that there is something to take; the job's lock is held. */
static void post(struct slow_job *job)
{
	if (job->posted)
		return;
	job->posted = 1;
	/* a loop ends after its pending reads */
	if (mailbox_post(job->request->session->mailbox, &job->mail) < 0)
		abort();
}

static int begin(struct slow_job *job, struct db *db, struct err *err)
{
	int cancelled;

	pthread_mutex_lock(&job->lock);
	cancelled = job->cancelled;
	db_uncancel(db);
	job->db = db;
	pthread_mutex_unlock(&job->lock);
	return cancelled ? err_set(err, ERR_CANCELLED, "the client has gone") : 0;
}

static void run_job(struct slow_job *job, struct db *db)
{
	struct err err = {0};
	int failed;

	buf_clear(&job->request->reply);
	failed = begin(job, db, &err) < 0 || job->work(job->request, db, &err) < 0;
	pthread_mutex_lock(&job->lock);
	job->db = NULL;
	job->finished = 1;
	if (failed)
		job->err = err;
	post(job);
	pthread_mutex_unlock(&job->lock);
}

static void fail_job(struct slow_job *job, const struct err *err)
{
	pthread_mutex_lock(&job->lock);
	job->finished = 1;
	job->err = *err;
	post(job);
	pthread_mutex_unlock(&job->lock);
}

static struct db *open_for(struct slow_pool *pool, enum request_database database, struct err *err)
{
	const struct db_options options = {.flags = DB_READ_ONLY, .timeout_ms = TIMEOUT_MS};

	return db_open(database == REQUEST_DATA ? pool->options->data_url
	                                        : pool->options->metadata_url,
	               &options, err);
}

static void *thread_main(void *argument)
{
	struct slow_pool *pool = argument;
	struct db *dbs[2] = {NULL, NULL};
	struct slow_job *job;

	while ((job = take_job(pool))) {
		struct db **db = &dbs[job->database];
		struct err err = {0};

		if (!*db)
			*db = open_for(pool, job->database, &err);
		if (*db)
			run_job(job, *db);
		else
			fail_job(job, &err);
	}
	db_close(dbs[0]);
	db_close(dbs[1]);
	return NULL;
}

static int push_job(struct slow_pool *pool, struct slow_job *job)
{
	int refused;

	pthread_mutex_lock(&pool->lock);
	while (pool->running < THREADS &&
	       pthread_create(&pool->threads[pool->running], NULL, thread_main, pool) == 0)
		pool->running++;
	refused = pool->jobs == QUEUE_JOBS || pool->running == 0;
	if (!refused) {
		*pool->last = job;
		pool->last = &job->next;
		pool->jobs++;
		pthread_cond_signal(&pool->work);
	}
	pthread_mutex_unlock(&pool->lock);
	return refused ? -1 : 0;
}

static void free_job(struct slow_job *job)
{
	pthread_mutex_destroy(&job->lock);
	pthread_cond_destroy(&job->room);
	buf_release(&job->queued);
	free(job);
}

static void abandon(struct request *request)
{
	struct slow_job *job = request->work;

	pthread_mutex_lock(&job->lock);
	job->cancelled = 1;
	if (job->db)
		db_cancel(job->db);
	pthread_cond_signal(&job->room);
	pthread_mutex_unlock(&job->lock);
}

static struct slow_job *new_job(struct request *request, enum request_database database,
                                request_work_fn work, request_respond_fn respond)
{
	struct slow_job *job = mem_alloc(sizeof(*job));

	job->request = request;
	job->database = database;
	job->work = work;
	job->respond = respond;
	job->takes = 1;
	pthread_mutex_init(&job->lock, NULL);
	pthread_cond_init(&job->room, NULL);
	return job;
}

static void submit(struct slow_job *job, void (*deliver)(struct mail *mail))
{
	struct request *request = job->request;

	job->mail.deliver = deliver;
	request_suspend(request);
	request->work = job;
	request->abandon = abandon;
	request->session->pending++;
	if (push_job(request->session->shared->slow, job) == 0)
		return;
	request->session->pending--;
	free_job(job);
	if (request_resume(request))
		respond_problem(request, PROBLEM_OVERLOADED, "too many long reads wait already");
}

static void read_delivered(struct mail *mail)
{
	struct slow_job *job = container_of(mail, struct slow_job, mail);
	struct request *request = job->request;

	request->session->pending--;
	if (request_resume(request))
		job->respond(request, job->err.code == ERR_NONE ? NULL : &job->err);
	free_job(job);
}

void slow_read(struct request *request, enum request_database database, request_work_fn work,
               request_respond_fn respond)
{
	submit(new_job(request, database, work, respond), read_delivered);
}

static void move_pieces(struct request *request)
{
	struct slow_job *job = request->work;
	struct buf taken = {0};

	job->takes = 1;
	pthread_mutex_lock(&job->lock);
	if (job->queued.size) {
		taken = job->queued;
		job->queued = (struct buf){0};
		job->takes = 0;
		pthread_cond_signal(&job->room);
	}
	pthread_mutex_unlock(&job->lock);
	if (taken.size)
		respond_stream_write(request, &taken);
	buf_release(&taken);
}

/* The client has taken all; more may lie ready. */
static void on_wanted(struct request *request)
{
	if (request->pending)
		move_pieces(request);
}

static void finish_stream(struct slow_job *job)
{
	struct request *request = job->request;

	request->session->pending--;
	if (request_resume(request)) {
		if (!job->started && job->err.code != ERR_NONE) {
			respond_error(request, &job->err);
		} else if (!job->started) {
			buf_append(&request->reply, job->queued.data, job->queued.size);
			respond_reply(request, RESPOND_OK);
		} else if (job->err.code != ERR_NONE) {
			respond_stream_abort(request);
		} else {
			respond_stream_write(request, &job->queued);
			respond_stream_end(request);
		}
	}
	free_job(job);
}

static void stream_delivered(struct mail *mail)
{
	struct slow_job *job = container_of(mail, struct slow_job, mail);
	struct request *request = job->request;
	int finished;

	pthread_mutex_lock(&job->lock);
	job->posted = 0;
	finished = job->finished;
	pthread_mutex_unlock(&job->lock);
	if (finished) {
		finish_stream(job);
		return;
	}
	if (!request->exchange)
		return;
	if (!job->started) {
		job->started = 1;
		respond_stream(request, on_wanted);
	}
	if (job->takes)
		move_pieces(request);
}

void slow_stream(struct request *request, enum request_database database, request_work_fn work)
{
	if (request->head.minor == 0)
		respond_problem(request, PROBLEM_HTTP_VERSION, "this answer needs HTTP/1.1");
	else
		submit(new_job(request, database, work, NULL), stream_delivered);
}

int slow_write(struct request *request, struct buf *bytes, struct err *err)
{
	struct slow_job *job = request->work;
	int cancelled;

	pthread_mutex_lock(&job->lock);
	buf_append(&job->queued, bytes->data, bytes->size);
	if (job->queued.size >= PIECE_BYTES)
		post(job);
	while (job->queued.size > QUEUED_BYTES && !job->cancelled)
		pthread_cond_wait(&job->room, &job->lock);
	cancelled = job->cancelled;
	pthread_mutex_unlock(&job->lock);
	buf_clear(bytes);
	return cancelled ? err_set(err, ERR_CANCELLED, "the client has gone") : 0;
}

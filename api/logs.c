/* logs.c - handler of the logs of attempts */
#include "api/logs.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <uv.h>

#include "api/request.h"
#include "api/respond.h"
#include "api/run_tasks.h"
#include "api/slow.h"
#include "lib/mem.h"
#include "lib/str.h"
#include "storage/object/log_store.h"
#include "storage/repo/attempt_repo.h"

enum {
	PIECE_BYTES = 64 * 1024,
	WHOLE_BYTES = 256 * 1024, /* up to here the answer is in one piece */
	FOLLOW_MS = 250,
};

struct log_work {
	const char *path, *name;
	int64_t attempt; /* row id */
	int64_t number;  /* asked for */
	int64_t offset;  /* of the next byte */
	int64_t end;     /* stops here; INT64_MAX while following */
	int fd;          /* -1: nothing was written yet */
	int has_ended;   /* the attempt: nothing will be added */
	int was_fetched; /* the object store was asked */
	uv_timer_t *timer;
};

static void free_timer(uv_handle_t *handle)
{
	free(handle);
}

static void release_work(struct request *request)
{
	struct log_work *work = request->work_data;

	if (work->fd >= 0)
		close(work->fd);
	if (work->timer)
		uv_close((uv_handle_t *)work->timer, free_timer);
}

static int find_attempt(const struct attempt_repo_rows *attempts, struct log_work *work)
{
	/* of one number the latest row counts: it went on under a new fence */
	for (size_t i = attempts->count; i-- > 0;) {
		if (attempts->items[i].number != (uint64_t)work->number)
			continue;
		work->attempt = attempts->items[i].id;
		work->has_ended = attempts->items[i].ended_at_us != 0;
		return 0;
	}
	return -1;
}

static int find_work(struct request *request, struct db *db, struct err *err)
{
	struct log_work *work = request->work_data;
	struct run_repo_row run;
	struct task_repo_row task;
	struct attempt_repo_rows attempts = {0};
	int found = run_repo_by_name(db, request->values[0], request->values[1], &request->arena,
	                             &run, err);

	if (found == 0)
		return err_set(err, ERR_NOT_FOUND, "there is no run '%s/%s'", request->values[0],
		               request->values[1]);
	if (found < 0 || run_tasks_find(request, db, &run, &task, err) < 0 ||
	    attempt_repo_list(db, task.id, &request->arena, &attempts, err) < 0)
		return -1;
	if (find_attempt(&attempts, work) < 0)
		return err_set(err, ERR_NOT_FOUND, "task '%s' has no attempt %lld", task.task,
		               (long long)work->number);
	work->name = run_tasks_log_name(request, &run, &task, (uint32_t)work->number);
	work->path = run_tasks_log_path(request, &run, &task, (uint32_t)work->number);
	return 0;
}

static void open_log(struct log_work *work)
{
	if (work->fd < 0)
		work->fd = open(work->path, O_RDONLY | O_CLOEXEC);
}

/* The next bytes into `buf`; how many, 0 at the end. */
static size_t read_piece(struct log_work *work, struct buf *buf)
{
	int64_t left = work->end - work->offset;
	size_t want = left < PIECE_BYTES ? (size_t)left : PIECE_BYTES;
	ssize_t got;

	open_log(work);
	if (work->fd < 0 || left <= 0)
		return 0;
	got = pread(work->fd, buf_reserve(buf, want), want, work->offset);
	if (got <= 0)
		return 0;
	buf->size += (size_t)got;
	work->offset += got;
	return (size_t)got;
}

static void step(struct request *request);

/* Looks whether the attempt has ended; when the database cannot say, it is asked again later. */
static void look_again(struct request *request)
{
	struct log_work *work = request->work_data;
	struct attempt_repo_row attempt;
	struct arena arena;
	struct err err;
	struct db *db = session_metadata(request->session, &err);

	arena_init(&arena);
	if (db && attempt_repo_get(db, work->attempt, &arena, &attempt, &err) > 0)
		work->has_ended = attempt.ended_at_us != 0;
	arena_release(&arena);
}

static void on_timer(uv_timer_t *timer)
{
	struct request *request = timer->data;

	look_again(request);
	step(request);
}

/* What there is, then more when it comes, until the attempt ends. */
static void step(struct request *request)
{
	struct log_work *work = request->work_data;
	int had_ended = work->has_ended;
	auto_buf struct buf piece = {0};

	if (read_piece(work, &piece))
		respond_stream_write(request, &piece);
	else if (had_ended || work->offset >= work->end)
		respond_stream_end(request);
	else
		uv_timer_start(work->timer, on_timer, FOLLOW_MS, 0);
}

static void begin_stream(struct request *request)
{
	if (request->head.minor == 0) {
		respond_problem(request, PROBLEM_HTTP_VERSION, "this answer needs HTTP/1.1");
		return;
	}
	respond_stream(request, step);
	if (request->method != ROUTE_HEAD)
		step(request);
}

static void follow(struct request *request)
{
	struct log_work *work = request->work_data;

	work->end = INT64_MAX;
	work->timer = mem_alloc(sizeof(*work->timer));
	uv_timer_init(request->session->loop, work->timer);
	work->timer->data = request;
	request->flags |= REQUEST_FOLLOWS;
	begin_stream(request);
}

static void send_what_is_there(struct request *request)
{
	struct log_work *work = request->work_data;
	struct stat status;

	open_log(work);
	work->end = work->fd >= 0 && fstat(work->fd, &status) == 0 ? status.st_size : 0;
	if (work->end - work->offset > WHOLE_BYTES) {
		/* it may be cut shorter meanwhile */
		work->has_ended = 1;
		begin_stream(request);
		return;
	}
	while (read_piece(work, &request->reply))
		;
	respond_reply(request, RESPOND_OK);
}

/* The file is gone: the object that was made of it is as good. */
static int fetch_work(struct request *request, struct db *db, struct err *err)
{
	const struct api_options *options = request->session->shared->options;
	struct log_work *work = request->work_data;

	(void)db;
	work->was_fetched = 1;
	work->fd = log_store_fetch(options->logs, work->name, options->state_dir, err);
	return work->fd < 0 && err->code != ERR_NOT_FOUND ? -1 : 0;
}

static int is_elsewhere(struct request *request)
{
	struct log_work *work = request->work_data;

	open_log(work);
	return work->fd < 0 && work->has_ended && !work->was_fetched &&
	       request->session->shared->options->logs;
}

static void show_respond(struct request *request, const struct err *err)
{
	const char *follows = request_parameter(request, "follow");

	if (err)
		respond_error(request, err);
	else if (is_elsewhere(request))
		slow_read(request, REQUEST_METADATA, fetch_work, show_respond);
	else if (follows && !str_equal(follows, "0") && !str_equal(follows, "false"))
		follow(request);
	else
		send_what_is_there(request);
}

void logs_show(struct request *request)
{
	static const int64_t offsets[2] = {0, INT64_MAX - 1};
	struct log_work *work = arena_alloc(&request->arena, sizeof(*work));
	int32_t map_index;
	struct err err;

	work->fd = -1;
	request->work_data = work;
	request->cleanup = release_work;
	if (str_to_int(request->values[3], &work->number, &err) < 0 || work->number < 0)
		respond_problem(request, PROBLEM_NOT_FOUND, "'%s' is not the number of an attempt",
		                request->values[3]);
	else if (run_tasks_map_index(request, &map_index) == 0 &&
	         request_integer(request, "offset", offsets, &work->offset) == 0)
		request_read(request, REQUEST_METADATA, find_work, show_respond);
}

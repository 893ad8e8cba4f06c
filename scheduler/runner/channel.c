/* channel.c - the wire as the two threads of a runner share it */
#include "scheduler/runner/channel.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "lib/log.h"
#include "lib/mem.h"
#include "lib/vec.h"

enum {
	ALIVE_MS = 5000,
	GRACE_MS = 10000,
	WATCH_AFTER_US = 2000, /* longer than a quick task, shorter than anybody notices */
};

static void ring(int event_fd)
{
	uint64_t one = 1;

	/* fails only when it is rung already */
	(void)!write(event_fd, &one, sizeof(one));
}

/* Has the helper watch the wire after so long; 0: not at all. */
static void watch_in(const struct channel *channel, int64_t us)
{
	struct itimerspec when = {.it_value.tv_nsec = us * 1000};

	timerfd_settime(channel->watch_fd, 0, &when, NULL);
}

/* 1: it had rung. */
static int silence(int event_fd)
{
	uint64_t count;

	return read(event_fd, &count, sizeof(count)) == sizeof(count);
}

void channel_init(struct channel *channel, int fd)
{
	*channel = (struct channel){
		.fd = fd,
		.wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK),
		.watch_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK),
		.cancel_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK),
		.grace_ms = GRACE_MS,
		.alive_ms = ALIVE_MS,
	};
	wire_reader_init(&channel->reader, WIRE_FROM_SERVICE);
	pthread_mutex_init(&channel->mutex, NULL);
	pthread_cond_init(&channel->arrived, NULL);
}

static void put(struct channel *channel, const struct wire_frame *frame)
{
	struct err err;

	/* everything a plugin can make large was cut before it came here */
	if (wire_writer_put(&channel->writer, frame, &err) < 0)
		log_error("runner", "frame lost type=%s: %s", wire_type_name(frame->type),
		          err.text);
}

static enum wire_io flush(struct channel *channel)
{
	struct err err;
	enum wire_io io = wire_writer_flush(&channel->writer, channel->fd, &err);

	if (io == WIRE_IO_WAIT)
		ring(channel->wake_fd);
	return io;
}

void channel_send(struct channel *channel, const struct wire_frame *frame)
{
	pthread_mutex_lock(&channel->mutex);
	put(channel, frame);
	flush(channel);
	pthread_mutex_unlock(&channel->mutex);
}

int64_t channel_current(struct channel *channel)
{
	int64_t current;

	pthread_mutex_lock(&channel->mutex);
	current = channel->current;
	pthread_mutex_unlock(&channel->mutex);
	return current;
}

static int queue_has(const struct channel_queue *queue)
{
	return queue->taken < queue->count;
}

void channel_started(struct channel *channel, const struct wire_start *start, int64_t at_us)
{
	struct wire_frame frame = {
		.type = WIRE_STARTED,
		.as.started = {start->attempt, start->fence, at_us},
	};

	channel_send(channel, &frame);
}

void channel_finished(struct channel *channel, const struct wire_finished *finished)
{
	struct wire_frame frame = {.type = WIRE_FINISHED, .as.finished = *finished};

	pthread_mutex_lock(&channel->mutex);
	put(channel, &frame);
	channel->current = 0;
	if (atomic_exchange(&channel->cancelled, channel->has_ended) && !channel->has_ended)
		silence(channel->cancel_fd);
	if (!queue_has(&channel->queue))
		flush(channel);
	pthread_mutex_unlock(&channel->mutex);
}

static void give_back(struct channel *channel, const int64_t *attempts, size_t count)
{
	struct wire_frame frame = {.type = WIRE_RECALLED};

	frame.as.recall.attempts.items = mem_array(count + 1, sizeof(*attempts));
	frame.as.recall.attempts.count = count;
	if (count)
		memcpy(frame.as.recall.attempts.items, attempts, count * sizeof(*attempts));
	put(channel, &frame);
	flush(channel);
	free(frame.as.recall.attempts.items);
}

static int is_listed(const struct wire_ids *ids, int64_t attempt)
{
	for (size_t i = 0; i < ids->count; i++)
		if (ids->items[i] == attempt)
			return 1;
	return 0;
}

/* Takes the listed (NULL: all) attempts out of the queue and says which. */
static void recall(struct channel *channel, const struct wire_ids *ids)
{
	struct channel_queue *queue = &channel->queue;
	struct {
		int64_t *items;
		size_t count, capacity;
	} gone = {0};
	size_t kept = queue->taken;

	for (size_t i = queue->taken; i < queue->count; i++) {
		int64_t attempt = queue->items[i].as.start.attempt;

		if (ids && !is_listed(ids, attempt)) {
			queue->items[kept++] = queue->items[i];
			continue;
		}
		*vec_push(&gone) = attempt;
		wire_release(&queue->items[i]);
	}
	queue->count = kept;
	give_back(channel, gone.items, gone.count);
	vec_release(&gone);
}

int channel_request(struct channel *channel, const char *what, const char *name, const char *body,
                    struct buf *value, struct err *err)
{
	struct wire_frame frame = {.type = WIRE_REQUEST};
	struct wire_frame reply;

	pthread_mutex_lock(&channel->mutex);
	frame.as.request =
		(struct wire_request){channel->current, ++channel->request_id, what, name, body};
	put(channel, &frame);
	flush(channel);
	watch_in(channel, 1);
	while (channel->reply.type != WIRE_REPLY && !atomic_load(&channel->cancelled))
		pthread_cond_wait(&channel->arrived, &channel->mutex);
	reply = channel->reply;
	channel->reply = (struct wire_frame){0};
	pthread_mutex_unlock(&channel->mutex);

	if (reply.type != WIRE_REPLY)
		return err_set(err, ERR_CANCELLED, "%s '%s': the task was cancelled", what, name);
	if (reply.as.reply.value)
		buf_text(value, reply.as.reply.value);
	else if (reply.as.reply.busy)
		err_set(err, ERR_BUSY, "%s", reply.as.reply.busy);
	else
		err_set(err, ERR_NOT_FOUND, "%s",
		        reply.as.reply.error ? reply.as.reply.error : "no answer");
	wire_release(&reply);
	return value->data ? 0 : -1;
}

static void cancel(struct channel *channel)
{
	atomic_store(&channel->cancelled, 1);
	ring(channel->cancel_fd);
	pthread_cond_broadcast(&channel->arrived);
}

/* A frame under the mutex; what is kept is taken over. 1: the current attempt was cancelled. */
static int take_in(struct channel *channel, struct wire_frame *frame)
{
	struct wire_ids one = {&frame->as.cancel.attempt, 1};

	if (frame->type == WIRE_HELLO) {
		channel->config = json_incref(frame->as.hello.config);
		channel->grace_ms = frame->as.hello.grace_ms;
		if (frame->as.hello.alive_ms > 0)
			channel->alive_ms = frame->as.hello.alive_ms;
	} else if (frame->type == WIRE_START) {
		if (channel->is_retired) {
			give_back(channel, &frame->as.start.attempt, 1);
			return 0;
		}
		*vec_push(&channel->queue) = *frame;
		*frame = (struct wire_frame){0};
	} else if (frame->type == WIRE_RECALL) {
		recall(channel, &frame->as.recall.attempts);
	} else if (frame->type == WIRE_CANCEL) {
		if (frame->as.cancel.attempt != channel->current) {
			recall(channel, &one);
			return 0;
		}
		cancel(channel);
		return 1;
	} else if (frame->type == WIRE_REPLY && frame->as.reply.id == channel->request_id) {
		channel->reply = *frame;
		*frame = (struct wire_frame){0};
	}
	return 0;
}

/* Every whole frame. -1: the format is broken. */
static int take_all(struct channel *channel, enum channel_received *received, struct err *err)
{
	struct wire_frame frame;
	int got;

	while ((got = wire_reader_next(&channel->reader, &frame, err)) > 0) {
		if (take_in(channel, &frame))
			*received = CHANNEL_CANCELLED;
		wire_release(&frame);
	}
	pthread_cond_broadcast(&channel->arrived);
	return got;
}

/* Under the mutex. */
static enum channel_received receive(struct channel *channel)
{
	enum channel_received received = CHANNEL_TAKEN;
	struct err err = {0};
	enum wire_io io;

	while ((io = wire_reader_fill(&channel->reader, channel->fd, &err)) == WIRE_IO_OK) {
		if (take_all(channel, &received, &err) < 0) {
			io = WIRE_IO_ERROR;
			break;
		}
	}
	if (io == WIRE_IO_ERROR)
		log_error("runner", "the service broke the wire format: %s", err.text);
	return io == WIRE_IO_WAIT ? received : CHANNEL_GONE;
}

/* Under the mutex, which is let go meanwhile: receives until there is something to run. */
static void idle(struct channel *channel)
{
	struct pollfd wire = {.fd = channel->fd, .events = POLLIN};

	channel->is_idle = 1;
	channel->is_watched = 0;
	watch_in(channel, 0);
	while (!queue_has(&channel->queue) && !channel->has_ended) {
		pthread_mutex_unlock(&channel->mutex);
		poll(&wire, 1, -1);
		pthread_mutex_lock(&channel->mutex);
		if (receive(channel) == CHANNEL_GONE)
			channel->has_ended = 1;
	}
	watch_in(channel, WATCH_AFTER_US);
	channel->is_idle = 0;
}

int channel_take(struct channel *channel, struct wire_frame *frame)
{
	struct channel_queue *queue = &channel->queue;
	int got;

	pthread_mutex_lock(&channel->mutex);
	if (!queue_has(queue))
		idle(channel);
	got = queue_has(queue) && !channel->has_ended;
	if (got) {
		*frame = queue->items[queue->taken++];
		if (queue->taken == queue->count)
			queue->taken = queue->count = 0;
		channel->current = frame->as.start.attempt;
	}
	pthread_mutex_unlock(&channel->mutex);
	return got;
}

void channel_retire(struct channel *channel)
{
	pthread_mutex_lock(&channel->mutex);
	channel->is_retired = 1;
	if (queue_has(&channel->queue))
		recall(channel, NULL);
	/* what came in the meantime goes back too */
	if (!channel->has_ended)
		(void)receive(channel);
	while (flush(channel) == WIRE_IO_WAIT) {
		struct pollfd ready = {.fd = channel->fd, .events = POLLOUT};

		poll(&ready, 1, -1);
	}
	pthread_mutex_unlock(&channel->mutex);
}

enum channel_received channel_receive(struct channel *channel)
{
	enum channel_received received = CHANNEL_UNWATCHED;

	pthread_mutex_lock(&channel->mutex);
	if (silence(channel->watch_fd))
		channel->is_watched = !channel->is_idle;
	if (channel->is_watched)
		received = receive(channel);
	pthread_mutex_unlock(&channel->mutex);
	return received;
}

int channel_flush(struct channel *channel)
{
	struct err err;
	enum wire_io io;

	silence(channel->wake_fd);
	pthread_mutex_lock(&channel->mutex);
	io = wire_writer_flush(&channel->writer, channel->fd, &err);
	pthread_mutex_unlock(&channel->mutex);
	return io == WIRE_IO_WAIT;
}

void channel_end(struct channel *channel)
{
	pthread_mutex_lock(&channel->mutex);
	channel->has_ended = 1;
	cancel(channel);
	pthread_mutex_unlock(&channel->mutex);
}

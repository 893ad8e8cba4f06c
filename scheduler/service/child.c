/* child.c - one runner process, as the service sees it */
#include "scheduler/service/child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/clock.h"
#include "lib/fault.h"
#include "lib/file.h"
#include "lib/log.h"
#include "lib/mask.h"
#include "lib/mem.h"

enum {
	READS_PER_TURN = 16,           /* then the other runners get their turn */
	SIGNS_OF_LIFE = 6,             /* in the time that a runner may be silent */
	DRAIN_MAX_BYTES = 1024 * 1024, /* more than a pipe holds */
};

static void on_poll(uv_poll_t *poll, int status, int events);

/* Listens for what is needed now. */
static void watch(struct child *child)
{
	int events = UV_READABLE;

	if (child->is_reaped || child->process.wire_fd < 0)
		return;
	if (wire_writer_pending(&child->writer))
		events |= UV_WRITABLE;
	if (events == child->watched)
		return;
	child->watched = events;
	uv_poll_start(&child->poll, events, on_poll);
}

struct child *child_start(uv_loop_t *loop, const char *program, const char *folder,
                          const struct child_events *events, struct err *err)
{
	struct child *child = mem_alloc(sizeof(*child));

	if (process_start(program, folder, &child->process, err) < 0) {
		free(child);
		return NULL;
	}
	child->events = events;
	child->heard_us = clock_monotonic_us();
	job_queue_init(&child->jobs);
	wire_reader_init(&child->reader, WIRE_FROM_RUNNER);
	uv_poll_init(loop, &child->poll, child->process.wire_fd);
	child->poll.data = child;
	watch(child);
	return child;
}

/* Gives out every whole frame. -1: it broke the format. */
static int give_frames(struct child *child)
{
	struct wire_frame frame;
	struct err err;
	int got;

	while ((got = wire_reader_next(&child->reader, &frame, &err)) > 0) {
		child->events->on_frame(child, &frame);
		wire_release(&frame);
	}
	if (got < 0)
		log_warn("worker", "runner %d broke the protocol: %s",
		         (int)child->process.identity.pid, err.text);
	return got;
}

/* Reads what is there. -1: nothing more will come. */
static int read_frames(struct child *child, int turns)
{
	for (int i = 0; i < turns; i++) {
		struct err err;
		enum wire_io io = wire_reader_fill(&child->reader, child->process.wire_fd, &err);

		if (io == WIRE_IO_WAIT)
			return 0;
		if (io != WIRE_IO_OK || give_frames(child) < 0)
			return -1;
	}
	return 0;
}

static int64_t silence_us(void)
{
	return FAULT_SILENCE_US(CHILD_SILENCE_US);
}

int64_t child_alive_ms(void)
{
	return silence_us() / SIGNS_OF_LIFE / 1000;
}

int child_is_silent(const struct child *child, int64_t now_us)
{
	char byte;

	return child->heard_us < now_us - silence_us() &&
	       recv(child->process.wire_fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) <= 0;
}

static void on_poll(uv_poll_t *poll, int status, int events)
{
	struct child *child = poll->data;

	child->heard_us = clock_monotonic_us();
	if (status < 0 || read_frames(child, READS_PER_TURN) < 0) {
		/* the rest comes when it is reaped */
		uv_poll_stop(&child->poll);
		child->watched = 0;
		process_kill(child->process.identity.pid);
		return;
	}
	if (events & UV_WRITABLE)
		child_flush(child);
}

int child_send(struct child *child, const struct wire_frame *frame, struct err *err)
{
	return wire_writer_put(&child->writer, frame, err);
}

void child_flush(struct child *child)
{
	struct err err;

	if (child->is_reaped || !wire_writer_pending(&child->writer))
		return;
	/* a peer that is gone shows as EOF when it is read */
	if (wire_writer_flush(&child->writer, child->process.wire_fd, &err) == WIRE_IO_ERROR)
		log_warn("worker", "could not write to runner %d: %s",
		         (int)child->process.identity.pid, err.text);
	watch(child);
}

void child_dismiss(struct child *child)
{
	child->is_retired = 1;
	if (!child->is_reaped)
		shutdown(child->process.wire_fd, SHUT_WR);
}

void child_kill(struct child *child, const char *why)
{
	child->is_retired = 1;
	child->killed_for = why;
	if (!child->is_reaped)
		process_kill(child->process.identity.pid);
}

void child_reaped(struct child *child, int wait_status)
{
	enum { ALL = 1 << 20 };

	child->wait_status = wait_status;
	child->is_retired = 1;
	/* what it wrote before it died still counts */
	(void)read_frames(child, ALL);
	child->is_reaped = 1;
	process_kill(child->process.identity.pid); /* the rest of its group */
	uv_poll_stop(&child->poll);
	child->events->on_end(child);
}

/* The runner makes the folder with its first output, and may have died before. */
static void append_to_log(const char *log, const struct buf *text)
{
	const char *slash = strrchr(log, '/');
	auto_free char *folder = mem_strndup(log, slash ? (size_t)(slash - log) : 0);
	struct err err;

	if (file_make_folder(folder, &err) < 0) {
		log_warn("worker", "the last output of a task is lost: %s", err.text);
		return;
	}
	auto_close int fd = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640);

	if (fd < 0 || file_write_all(fd, text->data, text->size) < 0)
		log_warn("worker", "could not write the last output of a task to '%s'", log);
}

static int64_t size_of(const char *log)
{
	struct stat info;

	return log && stat(log, &info) == 0 ? info.st_size : 0;
}

int64_t child_drain_log(struct child *child, const char *log, const json_t *secrets)
{
	enum { CHUNK = 64 * 1024 };
	auto_buf struct buf text = {0}, masked = {0};
	struct pollfd ready = {.fd = child->process.log_fd, .events = POLLIN};

	while (text.size < DRAIN_MAX_BYTES && poll(&ready, 1, 0) > 0) {
		ssize_t got = read(ready.fd, buf_reserve(&text, CHUNK), CHUNK);

		if (got <= 0)
			break;
		text.size += (size_t)got;
	}
	if (text.size && log) {
		/* the runner may have died with the first half of a secret in its hands */
		mask_append(&masked, text.data, text.size, secrets,
		            MASK_CUT_BEFORE | MASK_CUT_BEHIND);
		append_to_log(log, &masked);
	}
	return size_of(log);
}

void child_describe_end(const struct child *child, struct buf *text)
{
	int status = child->wait_status;

	if (child->killed_for)
		buf_text(text, child->killed_for);
	else if (WIFSIGNALED(status))
		buf_printf(text, "the runner was killed by signal %d (%s)", WTERMSIG(status),
		           sigdescr_np(WTERMSIG(status)) ? sigdescr_np(WTERMSIG(status))
		                                         : "unknown");
	else
		buf_printf(text, "the runner exited with status %d in the middle of the task",
		           WEXITSTATUS(status));
}

static void on_closed(uv_handle_t *handle)
{
	struct child *child = handle->data;

	process_close(&child->process);
	wire_reader_release(&child->reader);
	wire_writer_release(&child->writer);
	free(child->plugin);
	free(child);
}

void child_free(struct child *child)
{
	struct job *job;

	while ((job = job_queue_pop(&child->jobs)))
		job_free(job);
	uv_close((uv_handle_t *)&child->poll, on_closed);
}

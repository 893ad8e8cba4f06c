/* attempt_log.c - the log file of the attempt that runs */
#include "scheduler/runner/attempt_log.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/file.h"
#include "lib/log.h"
#include "lib/mask.h"
#include "lib/mem.h"
#include "lib/timestamp.h"

enum {
	READ_BYTES = 64 * 1024,
	PIPE_BYTES = 1024 * 1024, /* what an unprivileged pipe can hold */
};

static const char *const level_names[] = {"debug", "info", "warn", "error"};

void attempt_log_init(struct attempt_log *log, int pipe_fd)
{
	int flags = fcntl(pipe_fd, F_GETFL);

	*log = (struct attempt_log){
		.pipe_fd = pipe_fd,
		.spare_fd = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, pipe_fd),
		.fd = -1,
	};
	pthread_mutex_init(&log->mutex, NULL);
	if (flags >= 0)
		fcntl(pipe_fd, F_SETFL, flags | O_NONBLOCK);
}

void attempt_log_begin(struct attempt_log *log, const char *path, int64_t cap_bytes,
                       const json_t *secrets)
{
	pthread_mutex_lock(&log->mutex);
	log->path = path;
	log->cap_bytes = cap_bytes;
	log->size_bytes = 0;
	log->is_cut = 0;
	log->is_open = 1;
	log->secrets = json_array_size(secrets) ? json_copy((json_t *)(uintptr_t)secrets) : NULL;
	pthread_mutex_unlock(&log->mutex);
}

void attempt_log_add_secret(struct attempt_log *log, const char *text)
{
	pthread_mutex_lock(&log->mutex);
	if (!log->secrets)
		log->secrets = json_array();
	mask_add(log->secrets, text);
	pthread_mutex_unlock(&log->mutex);
}

/* The folders above the file are made here: most attempts never need them. */
static int open_file(struct attempt_log *log, struct err *err)
{
	char *folder = mem_strndup(log->path, (size_t)(file_basename(log->path) - log->path));
	int made = *folder ? file_make_folder(folder, err) : 0;
	struct stat stat;

	free(folder);
	if (made < 0)
		return -1;
	log->fd = open(log->path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
	if (log->fd < 0)
		return err_errno(err, errno, "could not open '%s'", log->path);
	if (fstat(log->fd, &stat) == 0)
		log->size_bytes = stat.st_size;
	/* an earlier call of this attempt has filled it, and said so */
	if (log->cap_bytes && log->size_bytes > log->cap_bytes)
		log->is_cut = 1;
	return 0;
}

static void write_file(struct attempt_log *log, const char *bytes, size_t size)
{
	if (file_write_all(log->fd, bytes, size) < 0) {
		log->is_cut = 1;
		return;
	}
	log->size_bytes += (int64_t)size;
}

static void open_once(struct attempt_log *log)
{
	struct err err;

	if (log->fd >= 0 || log->is_cut || !log->is_open)
		return;
	if (open_file(log, &err) < 0) {
		log_error("runner", "no log file: %s", err.text);
		log->is_cut = 1;
	}
}

static void write_capped(struct attempt_log *log, const char *bytes, size_t size)
{
	char note[80];
	size_t room;

	open_once(log);
	if (!size || log->is_cut)
		return;
	room = log->size_bytes < log->cap_bytes ? (size_t)(log->cap_bytes - log->size_bytes) : 0;
	if (!log->cap_bytes || size <= room) {
		write_file(log, bytes, size);
		return;
	}
	write_file(log, bytes, room);
	snprintf(note, sizeof(note), "\n[the log is cut here, at %lld bytes]\n",
	         (long long)log->cap_bytes);
	write_file(log, note, strlen(note));
	log->is_cut = 1;
}

static void write_masked(struct attempt_log *log, const char *bytes, size_t size, unsigned flags)
{
	auto_buf struct buf out = {0};

	buf_append(&log->held, bytes, size);
	buf_consume(&log->held,
	            mask_append(&out, log->held.data, log->held.size, log->secrets, flags));
	write_capped(log, out.data, out.size);
}

static void write_bytes(struct attempt_log *log, const char *bytes, size_t size)
{
	if (!log->is_open)
		return;
	if (log->secrets)
		write_masked(log, bytes, size, MASK_MORE_COMES);
	else
		write_capped(log, bytes, size);
}

static int has_bytes(const struct attempt_log *log)
{
	int waiting = 0;

	return ioctl(log->pipe_fd, FIONREAD, &waiting) == 0 && waiting > 0;
}

/* The file is opened before anything is taken out of the pipe: should the process die in between, the
 * service finds it there. */
static void pump(struct attempt_log *log)
{
	char bytes[READ_BYTES];

	for (size_t moved = 0; moved < PIPE_BYTES && has_bytes(log);) {
		ssize_t got;

		open_once(log);
		got = read(log->pipe_fd, bytes, sizeof(bytes));
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return;
		write_bytes(log, bytes, (size_t)got);
		moved += (size_t)got;
	}
}

void attempt_log_pump(struct attempt_log *log)
{
	pthread_mutex_lock(&log->mutex);
	pump(log);
	pthread_mutex_unlock(&log->mutex);
}

void attempt_log_line(struct attempt_log *log, int level, const char *text, int64_t now_us)
{
	auto_buf struct buf line = {0};
	char time[TIMESTAMP_SIZE];

	if (level < 0 || level >= (int)countof(level_names))
		level = 1;
	timestamp_format(now_us, time);
	buf_printf(&line, "%s %-5s %s\n", time, level_names[level], text);
	pthread_mutex_lock(&log->mutex);
	pump(log);
	write_bytes(log, line.data, line.size);
	pthread_mutex_unlock(&log->mutex);
}

int64_t attempt_log_end(struct attempt_log *log)
{
	int64_t size;

	pthread_mutex_lock(&log->mutex);
	pump(log);
	if (log->held.size)
		write_masked(log, "", 0, 0);
	size = log->fd >= 0 ? log->size_bytes : 0;
	if (log->fd >= 0)
		close(log->fd);
	log->fd = -1;
	log->is_open = 0;
	json_decref(log->secrets);
	log->secrets = NULL;
	dup2(log->spare_fd, STDOUT_FILENO);
	dup2(log->spare_fd, STDERR_FILENO);
	pthread_mutex_unlock(&log->mutex);
	return size;
}

void attempt_log_freeze(struct attempt_log *log)
{
	/* never unlocked: the helper must not take anything any more */
	pthread_mutex_lock(&log->mutex);
	pump(log);
}

/* attempt_log.h - the log file of the attempt that runs
 *
 * What comes out of the pipe that is stdout and stderr, and what the plugin says by host->log(), goes
 * into the file that the start frame names, secrets replaced by `***`, up to its cap. The file is
 * made with its first byte: a silent attempt leaves none. Any thread; one mutex.
 */
#ifndef SCHEDULER_RUNNER_ATTEMPT_LOG_H
#define SCHEDULER_RUNNER_ATTEMPT_LOG_H

#include <pthread.h>

#include "lib/buf.h"
#include "lib/json.h"

struct attempt_log {
	pthread_mutex_t mutex;
	int pipe_fd;        /* read end, not blocking */
	int spare_fd;       /* write end: an operator may close its stdout */
	int fd;             /* of the file, -1 before the first byte */
	int is_open;        /* an attempt runs; else bytes are dropped */
	int is_cut;         /* full, or the file cannot be written */
	const char *path;   /* borrowed until attempt_log_end() */
	int64_t size_bytes; /* of the file */
	int64_t cap_bytes;  /* 0: none */
	struct buf held;    /* the beginning of what may be a secret */
	json_t *secrets;    /* array of texts */
};

void attempt_log_init(struct attempt_log *log, int pipe_fd);

void attempt_log_begin(struct attempt_log *log, const char *path, int64_t cap_bytes,
                       const json_t *secrets);
/* From now on this text is masked too. */
void attempt_log_add_secret(struct attempt_log *log, const char *text);
/* Moves what is in the pipe; at most what a pipe holds, so that a flood cannot keep the caller. */
void attempt_log_pump(struct attempt_log *log);
/* A line of its own, `level` as in plugin.h, `now_us` since the epoch. Pumps first: order is kept. */
void attempt_log_line(struct attempt_log *log, int level, const char *text, int64_t now_us);
/* Empties the pipe, closes the file, makes stdout and stderr the pipe again for the next attempt. The
 * size of the file, or 0 when nothing was written. */
int64_t attempt_log_end(struct attempt_log *log);
/* The process is about to end in the middle of an attempt: what has come so far is written, nobody
 * reads the pipe any more, so that the service finds the rest in it. */
void attempt_log_freeze(struct attempt_log *log);

#endif

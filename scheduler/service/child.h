/* child.h - one runner process, as the service sees it
 *
 * Frames in and out on the loop's thread, its end noticed whatever ends it: EOF, a broken frame, the
 * process being reaped. `on_end` comes once, after the process is reaped and the last frame it wrote
 * was given to `on_frame`; free the child there or later, not in `on_frame`.
 */
#ifndef SCHEDULER_SERVICE_CHILD_H
#define SCHEDULER_SERVICE_CHILD_H

#include <uv.h>

#include "scheduler/service/job.h"
#include "scheduler/service/process.h"
#include "scheduler/wire/wire_reader.h"
#include "scheduler/wire/wire_writer.h"

enum { CHILD_SILENCE_US = 30 * 1000 * 1000 };

struct child;

struct child_events {
	void (*on_frame)(struct child *child, const struct wire_frame *frame);
	void (*on_end)(struct child *child);
};

struct child {
	struct child *next; /* in the fleet */
	void *fleet;
	const struct child_events *events;
	struct process process;
	uv_poll_t poll;
	int watched; /* the events it listens for, 0: none */
	struct wire_reader reader;
	struct wire_writer writer;

	/* Kept by the fleet. */
	char *plugin;           /* path of the .so it serves; heap */
	int is_fresh;           /* for one attempt only */
	int is_retired;         /* takes no more attempts */
	const char *killed_for; /* NULL: not by us; else why, for the reason of what it ran */
	struct job_queue jobs;  /* sent to it, in order: the first is running */
	uint32_t window;        /* how many may be there at a time */
	int64_t front_since_us; /* the first job's turn began; monotonic */
	int64_t heard_us;       /* last frame; monotonic */

	int wait_status; /* of waitpid, valid once it is reaped */
	int is_reaped;
};

/* Starts `program runner` in `folder` and listens to it. NULL on error. */
struct child *child_start(uv_loop_t *loop, const char *program, const char *folder,
                          const struct child_events *events, struct err *err);

/* Puts a frame; it goes out at the end of the turn, see child_flush(). */
MUST_CHECK int child_send(struct child *child, const struct wire_frame *frame, struct err *err);
void child_flush(struct child *child);
/* How often a runner is to show that it lives, and is looked at. */
int64_t child_alive_ms(void);
/* Nothing came for CHILD_SILENCE_US up to `now_us`, monotonic; nor does anything wait to be read, as when
 * the loop was held up itself. */
int child_is_silent(const struct child *child, int64_t now_us);

/* Closes our sending side: a runner without work exits by itself. */
void child_dismiss(struct child *child);
/* SIGKILL to its group; `why` is static text. */
void child_kill(struct child *child, const char *why);
/* waitpid() has said so. */
void child_reaped(struct child *child, int wait_status);

/* What is still in the pipe of its stdout and stderr, appended to `log`, `secrets` (array of texts)
 * masked. The size of `log` then, 0 when there is none. */
int64_t child_drain_log(struct child *child, const char *log, const json_t *secrets);

/* How it ended, for a person: `killed by signal 11 (Segmentation fault)`, `exited with status 3`. */
void child_describe_end(const struct child *child, struct buf *text);

/* After on_end, or when it was killed and is not waited for; jobs it still has go along. */
void child_free(struct child *child);

#endif

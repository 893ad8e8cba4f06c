/* delivery.h - one try to deliver a message of the outbox
 *
 * A webhook is sent and a log is uploaded by a thread of its own, a command is a child process: neither keeps the loop. Secrets
 * are put in here and are in nothing that is handed back. `on_end` comes once, on the loop's thread, never
 * from within delivery_start(); then free it. One thread, the loop's.
 */
#ifndef SCHEDULER_SERVICE_DELIVERY_H
#define SCHEDULER_SERVICE_DELIVERY_H

#include <pthread.h>
#include <stdatomic.h>
#include <uv.h>

#include "lib/config.h"
#include "lib/json.h"
#include "scheduler/service/process.h"
#include "storage/repo/outbox_repo.h"

enum {
	DELIVERY_WEBHOOK_TIMEOUT_MS = 10 * 1000,
	DELIVERY_COMMAND_TIMEOUT_MS = 60 * 1000,
};

struct delivery;

struct delivery_options {
	uv_loop_t *loop;
	const struct config *config;
	void (*on_end)(struct delivery *delivery);
	/* Any thread: puts the log of this name, its file at `path`, into the object store; NULL: nobody
	 * can. */
	int (*upload)(void *context, const char *name, const char *path, struct err *err);
	void *upload_context;
	/* A child was started: who must be killed after a crash of ours. */
	void (*child_started)(void *context, const struct process_identity *process);
	void *context;
};

struct delivery {
	struct delivery *next; /* the owner's */
	const struct delivery_options *options;
	struct arena arena;
	struct outbox_repo_row row; /* as it was stored */
	json_t *target;
	json_t *secrets; /* array of texts to mask */

	/* How it ended, valid from `on_end` on. */
	struct err err; /* ERR_NONE: delivered; the text is masked */
	int is_final;   /* trying again is of no use */

	uv_async_t ended;
	int has_ended;
	pthread_t thread;
	int has_thread;
	atomic_int cancel;
	const char *url, *signature; /* of a webhook */

	struct process_identity process; /* of a command; pid 0: none */
	uv_poll_t poll;
	uv_timer_t timer;
	int output_fd;
	int has_timed_out;
	struct buf output; /* the beginning of what it said */
	int handles;       /* that are not closed yet */
};

/* Copies the row. The options must outlive it. */
struct delivery *delivery_start(const struct delivery_options *options,
                                const struct outbox_repo_row *row);

/* A child of this pid has ended: 1 when it was ours. */
int delivery_reaped(struct delivery *delivery, pid_t pid, int wait_status);

/* What it is of, for logs: `dag/run/task`. */
const char *delivery_of(const struct delivery *delivery);

/* Breaks it off when it has not ended. Freed once its handles are closed. */
void delivery_free(struct delivery *delivery);

/* For the kinds of them: the text of a piece list with its secrets; the arena's. NULL on error. */
const char *delivery_text(struct delivery *delivery, const json_t *pieces, struct err *err);
/* It has ended; `err` as above. Calls on_end at the next turn of the loop. */
void delivery_end(struct delivery *delivery, const struct err *err);

#endif

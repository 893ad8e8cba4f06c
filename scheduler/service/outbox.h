/* outbox.h - sends what the metadata database keeps for others
 *
 * A message is a row, stored together with the change it tells of; it leaves after that commit, at least
 * once: what became of it is a row again, and until that is stored a restart sends it anew. What fails is
 * tried again after outbox_pause_us(), up to OUTBOX_MAX_TRIES times or OUTBOX_MAX_AGE_US. Few are under way
 * at a time, fewer to one host, so that one that hangs keeps nobody. One thread, the loop's.
 */
#ifndef SCHEDULER_SERVICE_OUTBOX_H
#define SCHEDULER_SERVICE_OUTBOX_H

#include <uv.h>

#include "lib/config.h"
#include "scheduler/service/process.h"
#include "storage/repo/outbox_repo.h"

enum {
	OUTBOX_UNDER_WAY = 16,
	OUTBOX_UNDER_WAY_PLACE = 4,
	OUTBOX_MAX_TRIES = 100,
};
#define OUTBOX_MAX_AGE_US (INT64_C(3) * 86400 * 1000000)

struct outbox;

struct outbox_options {
	uv_loop_t *loop;
	const struct config *config;
	struct db *reader; /* metadata */
	/* To be stored with the next batch; texts are borrowed for the call. Then outbox_stored(). */
	void (*store)(void *context, const struct outbox_repo_row *row);
	/* A child was started: who must be killed after a crash of ours. */
	void (*child_started)(void *context, const struct process_identity *process);
	void *context;
};

struct outbox *outbox_new(const struct outbox_options *options);
/* Breaks off what is under way; it is sent again by the next life. NULL is fine. */
void outbox_free(struct outbox *outbox);

/* Any thread: puts the log of this name, its file at `path`, into the object store. */
typedef int (*outbox_upload_fn)(void *context, const char *name, const char *path, struct err *err);

/* Before the first outbox_look(). */
void outbox_set_upload(struct outbox *outbox, outbox_upload_fn upload, void *context);

/* There may be something to send: new rows are committed, or the server has just started. */
void outbox_look(struct outbox *outbox);
/* What became of a message is committed. */
void outbox_stored(struct outbox *outbox, int64_t id);
/* Nothing new leaves. */
void outbox_drain(struct outbox *outbox);

/* A child of this pid has ended: 1 when it was ours. */
int outbox_reaped(struct outbox *outbox, pid_t pid, int wait_status);
int outbox_knows(const struct outbox *outbox, pid_t pid);

/* How long to wait after the `tries`-th failed try: doubles from half a second to an hour; of each pause the
 * second half is by chance, `random` in 0…UINT32_MAX, so that many do not come back at once. Pure. */
int64_t outbox_pause_us(int64_t tries, uint32_t random);

#endif

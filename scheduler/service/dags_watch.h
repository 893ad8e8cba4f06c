/* dags_watch.h - notices that something in the folder of DAG files has changed
 *
 * inotify by libuv; nothing is polled. What comes within a few milliseconds is one change, so that an
 * editor that writes beside and renames, or a deployment of many files, is read once. The folder itself
 * may go, be replaced and come back: the nearest folder above it is watched meanwhile, and an absence
 * that is over soon is none. On the loop's thread; the handles are the loop's owner's to close.
 */
#ifndef SCHEDULER_SERVICE_DAGS_WATCH_H
#define SCHEDULER_SERVICE_DAGS_WATCH_H

#include <sys/types.h>
#include <uv.h>

struct dags_watch_events {
	/* Read the folder: something may be other than it was. */
	void (*changed)(void *context);
	/* Nothing has changed for a second: what is wrong now is not half of something. */
	void (*settled)(void *context);
	void *context;
};

struct dags_watch {
	const char *path;
	struct dags_watch_events events;
	uv_fs_event_t folder, above;
	uv_timer_t soon;   /* reads what has changed */
	uv_timer_t settle; /* tells that it is quiet again */
	uint64_t first_ms; /* of the changes that wait to be read, 0: none do */
	int is_watched;    /* `folder` is, and is this one: */
	dev_t device;
	ino_t inode;
};

/* Initialises the handles; `path` is borrowed. */
void dags_watch_init(struct dags_watch *watch, uv_loop_t *loop, const char *path,
                     const struct dags_watch_events *events);
void dags_watch_start(struct dags_watch *watch);

#endif

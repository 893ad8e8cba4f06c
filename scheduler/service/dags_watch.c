/* dags_watch.c - notices that something in the folder of DAG files has changed */
#include "scheduler/service/dags_watch.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "lib/log.h"
#include "lib/mem.h"

enum {
	SOON_MS = 5,    /* after the latest change */
	LATEST_MS = 40, /* and never later than this after the first one */
	SETTLE_MS = 1000,
};

static void watch_what_is_there(struct dags_watch *watch);

static void on_settled(uv_timer_t *timer)
{
	struct dags_watch *watch = timer->data;

	/* its absence was no moment of a deployment */
	if (!watch->is_watched)
		watch->events.changed(watch->events.context);
	watch->events.settled(watch->events.context);
}

static void on_soon(uv_timer_t *timer)
{
	struct dags_watch *watch = timer->data;

	watch->first_ms = 0;
	watch_what_is_there(watch);
	if (watch->is_watched)
		watch->events.changed(watch->events.context);
	uv_timer_start(&watch->settle, on_settled, SETTLE_MS, 0);
}

static void look_soon(struct dags_watch *watch)
{
	uint64_t now_ms = uv_now(watch->soon.loop);

	if (!watch->first_ms)
		watch->first_ms = now_ms;
	if (now_ms - watch->first_ms < LATEST_MS)
		uv_timer_start(&watch->soon, on_soon, SOON_MS, 0);
}

static void on_event(uv_fs_event_t *handle, const char *name, int events, int status)
{
	struct dags_watch *watch = handle->data;

	(void)name;
	(void)events;
	if (status == 0)
		look_soon(watch);
}

static int start(struct dags_watch *watch, uv_fs_event_t *handle, const char *path)
{
	int result = uv_fs_event_start(handle, on_event, path, 0);

	if (result < 0 && result != UV_ENOENT)
		log_warn("dags", "changes in '%s' are not noticed before SIGHUP: %s", watch->path,
		         uv_strerror(result));
	return result;
}

/* The nearest folder that is there tells when the next one below it is. */
static void watch_above(struct dags_watch *watch)
{
	char *path = mem_strdup(watch->path);
	char *slash;

	uv_fs_event_stop(&watch->above);
	do {
		slash = strrchr(path, '/');
		if (slash)
			slash[slash == path] = '\0';
	} while (slash && start(watch, &watch->above, path) == UV_ENOENT && path[1]);
	free(path);
}

static void watch_folder(struct dags_watch *watch, const struct stat *now)
{
	uv_fs_event_stop(&watch->above);
	uv_fs_event_stop(&watch->folder);
	if (start(watch, &watch->folder, watch->path) == UV_ENOENT)
		return;
	watch->device = now->st_dev;
	watch->inode = now->st_ino;
	watch->is_watched = 1;
}

/* What is watched may have been moved away, or replaced by another one of its name. */
static void watch_what_is_there(struct dags_watch *watch)
{
	struct stat now;

	/* it may come while the one above it begins to be watched */
	for (int i = 0; i < 2; i++) {
		int is_there = stat(watch->path, &now) == 0;

		if (is_there && watch->is_watched && now.st_dev == watch->device &&
		    now.st_ino == watch->inode)
			return;
		watch->is_watched = 0;
		if (is_there) {
			watch_folder(watch, &now);
		} else if (i == 0) {
			uv_fs_event_stop(&watch->folder);
			watch_above(watch);
		}
	}
}

void dags_watch_init(struct dags_watch *watch, uv_loop_t *loop, const char *path,
                     const struct dags_watch_events *events)
{
	*watch = (struct dags_watch){.path = path, .events = *events};
	uv_fs_event_init(loop, &watch->folder);
	uv_fs_event_init(loop, &watch->above);
	uv_timer_init(loop, &watch->soon);
	uv_timer_init(loop, &watch->settle);
	watch->folder.data = watch->above.data = watch->soon.data = watch->settle.data = watch;
}

void dags_watch_start(struct dags_watch *watch)
{
	watch_what_is_there(watch);
	/* what has changed since it was first read, before it was watched */
	look_soon(watch);
}

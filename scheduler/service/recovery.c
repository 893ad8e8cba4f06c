/* recovery.c - what an earlier life left, taken up again */
#include "scheduler/service/recovery.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/file.h"
#include "lib/log.h"
#include "lib/mem.h"
#include "lib/str.h"
#include "lib/vec.h"
#include "scheduler/service/backfills.h"
#include "scheduler/service/reload.h"
#include "scheduler/service/restore.h"
#include "scheduler/service/schedules.h"

enum {
	RUNNERS_FILE_BYTES = 64 * 1024 * 1024,
};

static void kill_noted(const char *line)
{
	struct process_identity identity = {0};
	long long ticks;
	int pid;

	/* NOLINTNEXTLINE(cert-err34-c): a line that does not fit names nobody */
	if (sscanf(line, "%d %lld %36s", &pid, &ticks, identity.boot_id) != 3)
		return;
	identity.pid = pid;
	identity.start_ticks = ticks;
	if (process_kill_leftover(&identity))
		log_warn("worker", "killed runner %d of an earlier life", pid);
}

static int kill_leftovers(struct leader *leader, struct err *err)
{
	auto_buf struct buf text = {0};
	char *rest, *line;

	if (file_exists(leader->runners_file) &&
	    file_read(leader->runners_file, RUNNERS_FILE_BYTES, &text, err) < 0)
		return -1;
	rest = text.data;
	while (rest && (line = strsep(&rest, "\n")))
		kill_noted(line);
	leader->runners_fd = open(leader->runners_file,
	                          O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0640);
	if (leader->runners_fd < 0)
		return err_errno(err, errno, "could not open '%s'", leader->runners_file);
	return 0;
}

/* A file that has turned bad meanwhile: what was good stays. */
static void take_up_version(struct leader *leader, struct registry_dag *entry,
                            const struct dag_repo_row *row, struct arena *arena)
{
	struct err err;

	if (entry->dag || !row->hash || !str_equal(entry->file, row->file))
		return;
	entry->dag = restore_version(leader, row->dag, row->hash, arena, &err);
	if (!entry->dag)
		log_warn("dags", "DAG '%s' has no good version: %s", row->dag, err.text);
}

static void take_up_entry(struct leader *leader, struct registry_dag *entry,
                          const struct dag_repo_row *row, struct arena *arena)
{
	if (row->is_paused)
		entry->is_paused = 1;
	take_up_version(leader, entry, row, arena);
}

/* A DAG as an earlier life knew it: what is paused stays so, and whose file went meanwhile is marked. */
static void take_up_dag(struct leader *leader, const struct dag_repo_row *row,
                        struct arena *scratch)
{
	struct registry_dag *entry = registry_find(&leader->registry, row->dag);
	struct event event = {.type = EVENT_PAUSE, .pause = {row->dag, 1}};
	struct arena *arena = &leader->next->arena;
	struct dag_repo_row *gone;

	if (row->is_paused)
		leader_step(leader, &event);
	if (entry)
		take_up_entry(leader, entry, row, scratch);
	if (entry || row->is_missing)
		return;
	gone = vec_push(&leader->next->dags);
	*gone = *row;
	gone->dag = arena_strdup(arena, row->dag);
	gone->file = arena_strdup(arena, row->file);
	gone->hash = row->hash ? arena_strdup(arena, row->hash) : NULL;
	gone->faults = "[]";
	gone->is_missing = 1;
}

static int take_up_dags(struct leader *leader, struct err *err)
{
	struct dag_repo_rows rows = {0};
	struct arena arena;
	int result;

	arena_init(&arena);
	result = dag_repo_list(leader->reader, &arena, &rows, err);
	for (size_t i = 0; result == 0 && i < rows.count; i++)
		take_up_dag(leader, &rows.items[i], &arena);
	arena_release(&arena);
	return result;
}

int recovery_run(struct leader *leader, struct err *err)
{
	struct event tick = {.type = EVENT_TICK};

	if (kill_leftovers(leader, err) < 0)
		return -1;
	reload(leader, RELOAD_PLUGINS);
	if (take_up_dags(leader, err) < 0 || restore_unfinished(leader, err) < 0)
		return -1;
	if (backfills_start(leader, err) < 0)
		return -1;
	/* a queued run may have a place free by now */
	leader_step(leader, &tick);
	outbox_look(leader->outbox);
	return schedules_start(leader->schedules, err);
}

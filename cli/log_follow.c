/* log_follow.c - the logs of a run as they come */
#include "cli/log_follow.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cli/follow.h"
#include "cli/interrupt.h"
#include "cli/task_list.h"
#include "cli/terminal.h"
#include "lib/file.h"
#include "lib/map.h"
#include "lib/mem.h"
#include "lib/str.h"
#include "scheduler/core/state.h"

enum {
	FIRST_PAUSE_MS = 20,
	LONGEST_PAUSE_MS = 250,
	LINE_BYTES = 64 * 1024, /* longer ones are shown in pieces */
	NAME_WIDTH = 16,
};

/* How far the log of one task instance was shown. */
struct tail {
	char name[TASK_LIST_NAME_SIZE];
	int64_t attempt, offset;
	struct buf line; /* one that has no end yet */
	enum terminal_color color;
};

struct log_follow {
	struct call *call;
	struct client *client;
	const struct log_follow_wanted *wanted;
	struct map tails; /* name to struct tail */
	int is_alone;     /* one task, not mapped: nothing in front of its lines */
	int pause_ms;
	int has_said;       /* something, in this round */
	int is_cut;         /* stdout takes nothing any more */
	struct arena arena; /* of one round */
};

static struct tail *tail_of(struct log_follow *follow, const json_t *task)
{
	static const enum terminal_color colors[] = {COLOR_BLUE, COLOR_GREEN, COLOR_YELLOW,
	                                             COLOR_GREY};
	char name[TASK_LIST_NAME_SIZE];
	struct tail *tail;

	task_list_name(task, name);
	tail = map_get(&follow->tails, name);
	if (tail)
		return tail;
	tail = mem_alloc(sizeof(*tail));
	memcpy(tail->name, name, sizeof(name));
	tail->attempt = 1;
	tail->color = colors[follow->tails.count % countof(colors)];
	map_set(&follow->tails, tail->name, tail);
	return tail;
}

/* --- printing --- */

static void print(struct log_follow *follow, const struct tail *tail, const char *text, size_t size)
{
	auto_buf struct buf line = {0};

	if (!follow->is_alone)
		buf_printf(&line, "%s%-*s |%s ", terminal_color(STDOUT_FILENO, tail->color),
		           NAME_WIDTH, tail->name, terminal_color(STDOUT_FILENO, COLOR_NONE));
	buf_append(&line, text, size);
	if (!size || text[size - 1] != '\n')
		buf_char(&line, '\n');
	if (file_write_all(STDOUT_FILENO, line.data, line.size) < 0)
		follow->is_cut = 1;
	follow->has_said = 1;
}

static void print_lines(struct log_follow *follow, struct tail *tail)
{
	const char *end;

	while ((end = memchr(buf_string(&tail->line), '\n', tail->line.size))) {
		size_t size = (size_t)(end - tail->line.data) + 1;

		print(follow, tail, tail->line.data, size);
		buf_consume(&tail->line, size);
	}
	if (tail->line.size < LINE_BYTES)
		return;
	print(follow, tail, tail->line.data, tail->line.size);
	buf_clear(&tail->line);
}

/* Nothing more comes of this attempt. */
static void print_rest(struct log_follow *follow, struct tail *tail)
{
	if (tail->line.size)
		print(follow, tail, tail->line.data, tail->line.size);
	buf_clear(&tail->line);
}

/* --- asking --- */

struct piece {
	struct log_follow *follow;
	struct tail *tail;
};

static int take_piece(void *data, const char *bytes, size_t size)
{
	struct piece *piece = data;

	buf_append(&piece->tail->line, bytes, size);
	piece->tail->offset += (int64_t)size;
	print_lines(piece->follow, piece->tail);
	return piece->follow->is_cut ? -1 : 0;
}

/* What the log has beyond what was shown. */
static int fetch(struct log_follow *follow, const json_t *task, struct tail *tail, struct err *err)
{
	const struct log_follow_wanted *wanted = follow->wanted;
	int64_t map_index = json_get_int(task, "map_index", -1);
	struct piece piece = {follow, tail};
	auto_buf struct buf rest = {0};

	buf_text(&rest, "/tasks/");
	client_segment(&rest, json_get_text(task, "task", ""));
	buf_printf(&rest, "/logs/%lld?offset=%lld", (long long)tail->attempt,
	           (long long)tail->offset);
	if (map_index >= 0)
		buf_printf(&rest, "&map_index=%lld", (long long)map_index);
	return client_stream(
		follow->client,
		client_run_path(&follow->arena, wanted->dag, wanted->run, buf_string(&rest)),
		take_piece, &piece, err);
}

/* An attempt without a log, or one whose log went away meanwhile, is passed over. */
static int fetch_attempt(struct log_follow *follow, const json_t *task, struct tail *tail,
                         struct err *err)
{
	return fetch(follow, task, tail, err) < 0 && err->code != ERR_NOT_FOUND ? -1 : 0;
}

static int is_finished(const char *state)
{
	int known = state_task_from_name(state);

	return known >= 0 && state_task_is_finished((enum task_state)known);
}

static int show_task(struct log_follow *follow, const json_t *task, struct err *err)
{
	struct tail *tail = tail_of(follow, task);
	int64_t attempt = json_get_int(task, "attempt", 0);

	while (tail->attempt < attempt) {
		if (fetch_attempt(follow, task, tail, err) < 0)
			return -1;
		print_rest(follow, tail);
		call_say(follow->call, "--- %s, attempt %lld", tail->name,
		         (long long)++tail->attempt);
		tail->offset = 0;
	}
	if (attempt && json_get_int(task, "log_bytes", 0) > tail->offset &&
	    fetch_attempt(follow, task, tail, err) < 0)
		return -1;
	if (is_finished(json_get_text(task, "state", "")))
		print_rest(follow, tail);
	return 0;
}

static int is_wanted(const struct log_follow *follow, const json_t *task)
{
	const struct log_follow_wanted *wanted = follow->wanted;

	return (!wanted->task || str_equal(json_get_text(task, "task", ""), wanted->task)) &&
	       (wanted->map_index < 0 || json_get_int(task, "map_index", -1) == wanted->map_index);
}

/* How many of the tasks are wanted, and of them how many go on; -1. */
static int show_tasks(struct log_follow *follow, const json_t *tasks, int *unfinished,
                      struct err *err)
{
	int found = 0;
	size_t i;
	json_t *task = NULL;

	*unfinished = 0;
	json_array_foreach(tasks, i, task)
	{
		if (!is_wanted(follow, task))
			continue;
		found++;
		*unfinished += !is_finished(json_get_text(task, "state", ""));
		follow->is_alone = follow->wanted->task && json_get_int(task, "map_index", -1) < 0;
		if (show_task(follow, task, err) < 0)
			return -1;
	}
	return found;
}

/* --- until the end --- */

static void pause_a_little(struct log_follow *follow)
{
	struct timespec pause = {.tv_nsec = (long)follow->pause_ms * 1000000};

	nanosleep(&pause, NULL);
	follow->pause_ms = follow->has_said ? FIRST_PAUSE_MS : follow->pause_ms * 2;
	if (follow->pause_ms > LONGEST_PAUSE_MS)
		follow->pause_ms = LONGEST_PAUSE_MS;
	follow->has_said = 0;
}

static int exit_status(const struct log_follow *follow, const json_t *run)
{
	const json_t *tasks = json_object_get(run, "tasks");
	size_t i;
	json_t *task = NULL;

	if (!follow->wanted->task)
		return str_equal(json_get_text(run, "state", ""), "success") ? EXIT_OK : EXIT_BAD;
	json_array_foreach(tasks, i, task)
	{
		const char *state = json_get_text(task, "state", "");

		if (is_wanted(follow, task) && !str_equal(state, "success") &&
		    !str_equal(state, "skipped"))
			return EXIT_BAD;
	}
	return EXIT_OK;
}

/* One look. 1: it goes on; 0: `status` says how it ended; -1. */
static int look(struct log_follow *follow, const char *path, int *status, struct err *err)
{
	auto_json json_t *run = client_get(follow->client, path, err);
	int found, unfinished;

	arena_reset(&follow->arena);
	if (!run)
		return -1;
	found = show_tasks(follow, json_object_get(run, "tasks"), &unfinished, err);
	if (found < 0)
		return -1;
	if (!found && follow->wanted->map_index >= 0)
		return err_set(err, ERR_NOT_FOUND, "no task asked for has an item %lld",
		               (long long)follow->wanted->map_index);
	if (!found)
		return err_set(err, ERR_NOT_FOUND, "the run has no task '%s'",
		               follow->wanted->task ? follow->wanted->task : "");
	if (!follow_has_ended(run) && (!follow->wanted->task || unfinished))
		return 1;
	*status = exit_status(follow, run);
	return 0;
}

static int follow_on(struct log_follow *follow, const char *path)
{
	int status = EXIT_OK, goes_on;
	struct err err;

	while ((goes_on = look(follow, path, &status, &err)) > 0) {
		if (interrupt_seen()) {
			err_set(&err, ERR_CANCELLED, "interrupted; the run goes on");
			return call_fail(&err);
		}
		pause_a_little(follow);
	}
	return goes_on < 0 ? call_fail(&err) : status;
}

int log_follow(struct call *call, struct client *client, const struct log_follow_wanted *wanted)
{
	struct log_follow follow = {
		.call = call,
		.client = client,
		.wanted = wanted,
		.pause_ms = FIRST_PAUSE_MS,
	};
	const struct map_entry *entry;
	size_t position = 0;
	int status;

	arena_init(&follow.arena);
	interrupt_watch();
	status = follow_on(&follow,
	                   client_run_path(&call->arena, wanted->dag, wanted->run, "?tasks=true"));
	while ((entry = map_next(&follow.tails, &position))) {
		struct tail *tail = entry->value;

		buf_release(&tail->line);
		free(tail);
	}
	map_release(&follow.tails);
	arena_release(&follow.arena);
	return status;
}

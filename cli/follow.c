/* follow.c - waiting for a run */
#include "cli/follow.h"

#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cli/interrupt.h"
#include "cli/meter.h"
#include "cli/output.h"
#include "cli/task_list.h"
#include "cli/terminal.h"
#include "lib/clock.h"
#include "lib/str.h"
#include "lib/timestamp.h"

enum {
	FIRST_PAUSE_US = 2000,
	LONGEST_PAUSE_US = 250000,
	SHOWN_TASKS = 10,
};

struct follow {
	struct meter meter;
	json_t *states; /* of each task instance by its name, as last shown */
	int64_t started_us;
};

static const struct output_column task_columns[] = {
	{"TASK", "name"},       {"STATE", "state"},       {"DURATION", "duration_s"},
	{"ATTEMPT", "attempt"}, {"OPERATOR", "operator"}, {"REASON", "reason"},
};

static const struct output_column run_columns[] = {
	{"run", "run_id"},       {"dag", "dag"},
	{"state", "state"},      {"type", "type"},
	{"queued", "queued_at"}, {"started", "started_at"},
	{"ended", "ended_at"},   {"duration", "duration_s"},
	{"params", "params"},    {"reason", "reason"},
	{"note", "note"},
};

int follow_has_ended(const json_t *run)
{
	const char *state = json_get_text(run, "state", "");

	return str_equal(state, "success") || str_equal(state, "failed") ||
	       str_equal(state, "cancelled");
}

int follow_print(const struct call *call, const json_t *run)
{
	const json_t *tasks = json_object_get(run, "tasks");
	auto_json json_t *named = NULL;

	if (call->format == FORMAT_TABLE && json_array_size(tasks)) {
		output_object(call, run, run_columns, countof(run_columns));
		(void)putchar('\n');
		named = task_list_named(tasks);
		output_list(call, named, task_columns, countof(task_columns));
	} else {
		output_object(call, run, run_columns, countof(run_columns));
	}
	return str_equal(json_get_text(run, "state", ""), "success") ? EXIT_OK : EXIT_BAD;
}

static double seconds_since(const char *moment)
{
	int64_t started_us;

	if (!*moment || timestamp_parse(moment, strlen(moment), &started_us) < 0)
		return 0;
	return (double)(clock_now_us() - started_us) / 1e6;
}

/* Says what changed since the last look, one line a task. */
static void show_changes(struct follow *follow, const json_t *tasks)
{
	size_t i;
	json_t *task = NULL;

	json_array_foreach(tasks, i, task)
	{
		const char *state = json_get_text(task, "state", "");
		auto_buf struct buf reason = {0};
		char name[TASK_LIST_NAME_SIZE];

		task_list_name(task, name);
		if (str_equal(json_get_text(follow->states, name, "none"), state))
			continue;
		json_object_set_new(follow->states, name, json_string(state));
		if (str_equal(state, "scheduled") || str_equal(state, "queued") ||
		    str_equal(state, "none"))
			continue;
		buf_text(&reason, json_get_text(task, "reason", ""));
		output_printable(reason.data, reason.size);
		meter_clear(&follow->meter);
		(void)fprintf(stderr, "%-16s %s%s%s%s%s\n", name,
		              terminal_color(STDERR_FILENO, terminal_state_color(state)), state,
		              terminal_color(STDERR_FILENO, COLOR_NONE), reason.size ? ": " : "",
		              buf_string(&reason));
	}
}

static void show_progress(struct follow *follow, const json_t *tasks)
{
	struct meter_task shown[SHOWN_TASKS];
	size_t i, count = 0;
	json_t *task = NULL;

	json_array_foreach(tasks, i, task)
	{
		const json_t *progress = json_object_get(task, "progress");

		if (!progress || count == SHOWN_TASKS ||
		    !str_equal(json_get_text(task, "state", ""), "running"))
			continue;
		shown[count++] = (struct meter_task){
			.name = json_get_text(task, "task", ""),
			.unit = json_get_text(progress, "unit", ""),
			.note = json_get_text(progress, "note", ""),
			.done = json_get_int(progress, "done", 0),
			.total = json_get_int(progress, "total", -1),
			.seconds = seconds_since(json_get_text(task, "started_at", "")),
		};
	}
	if (count && meter_is_due(&follow->meter))
		meter_draw(&follow->meter, shown, count);
}

/* Short at first and never more than a part of what the run took so far. */
static void pause_a_little(const struct follow *follow)
{
	int64_t pause_us = (clock_monotonic_us() - follow->started_us) / 16;
	struct timespec pause = {0};

	pause_us = pause_us < FIRST_PAUSE_US ? FIRST_PAUSE_US : pause_us;
	pause_us = pause_us > LONGEST_PAUSE_US ? LONGEST_PAUSE_US : pause_us;
	pause.tv_nsec = pause_us * 1000;
	nanosleep(&pause, NULL);
}

static json_t *ask(struct client *client, const char *path, int with_tasks, struct err *err)
{
	char url[1024];

	(void)snprintf(url, sizeof(url), "%s%s", path,
	               with_tasks ? "?tasks=true" : "?counts=false");
	return client_get(client, url, err);
}

/* Neither the time nor the patience of the caller ends the run. */
static int is_enough(int64_t deadline_us, struct err *err)
{
	if (interrupt_seen())
		return err_set(err, ERR_CANCELLED, "interrupted; the run goes on");
	if (deadline_us && clock_monotonic_us() >= deadline_us)
		return err_set(err, ERR_TIMEOUT, "the run has not ended yet; it goes on");
	return 0;
}

static json_t *wait_for_end(struct follow *follow, struct client *client, const char *path,
                            unsigned flags, int64_t deadline_us, struct err *err)
{
	json_t *run;

	for (;;) {
		run = ask(client, path, flags & FOLLOW_SHOW, err);
		if (!run)
			return NULL;
		if (flags & FOLLOW_SHOW) {
			show_changes(follow, json_object_get(run, "tasks"));
			show_progress(follow, json_object_get(run, "tasks"));
		}
		if (follow_has_ended(run))
			break;
		json_decref(run);
		if (is_enough(deadline_us, err))
			return NULL;
		pause_a_little(follow);
	}
	if (flags & FOLLOW_SHOW)
		return run;
	json_decref(run);
	return ask(client, path, 1, err);
}

json_t *follow_run(struct call *call, struct client *client, const char *path, unsigned flags,
                   int64_t timeout_ms, struct err *err)
{
	struct follow follow = {.states = json_object(), .started_us = clock_monotonic_us()};
	json_t *run;

	meter_init(&follow.meter, call_has(call, "quiet") ? METER_QUIET : 0);
	if (call_has(call, "quiet"))
		flags &= ~(unsigned)FOLLOW_SHOW;
	run = wait_for_end(&follow, client, path, flags,
	                   timeout_ms ? follow.started_us + timeout_ms * 1000 : 0, err);
	meter_clear(&follow.meter);
	json_decref(follow.states);
	return run;
}

int follow_timeout(const struct call *call, int64_t *timeout_ms)
{
	const char *text = call_option(call, "timeout");
	struct err err;

	*timeout_ms = 0;
	if (!text || str_to_duration_ms(text, timeout_ms, &err) == 0)
		return 0;
	(void)call_usage("--timeout: %s", err.text);
	return -1;
}

json_t *follow_as_asked(struct call *call, struct client *client, const char *path, int *status)
{
	unsigned flags = call_has(call, "follow") ? FOLLOW_SHOW : 0;
	int64_t timeout_ms;
	json_t *run;
	struct err err;

	*status = EXIT_USAGE;
	if (follow_timeout(call, &timeout_ms) < 0)
		return NULL;
	interrupt_watch();
	run = follow_run(call, client, path, flags, timeout_ms, &err);
	*status = run ? EXIT_OK : call_fail(&err);
	return run;
}

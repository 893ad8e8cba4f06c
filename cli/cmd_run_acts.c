/* cmd_run_acts.c - `millrace runs cancel|retry|mark|explain` */
#include "cli/cmd_run_acts.h"

#include <stdio.h>
#include <time.h>

#include "cli/follow.h"
#include "cli/interrupt.h"
#include "cli/output.h"
#include "cli/run_name.h"
#include "cli/task_list.h"
#include "lib/clock.h"
#include "lib/str.h"
#include "scheduler/core/state.h"

enum {
	LOOK_US = 50000, /* between two looks at a task that is waited for */
};

static const struct output_column run_columns[] = {
	{"run", "run_id"},    {"dag", "dag"},   {"state", "state"},
	{"reason", "reason"}, {"note", "note"},
};

static const struct output_column task_columns[] = {
	{"TASK", "name"},
	{"STATE", "state"},
	{"REASON", "reason"},
};

static const struct output_column cleared_columns[] = {
	{"TASK", "name"},
	{"WAS", "was"},
	{"ATTEMPTS", "attempt"},
	{"OPERATOR", "operator"},
};

/* The run as it ended; NULL after saying why not, with the exit status. */
static json_t *wait_for_run(struct call *call, struct client *client, const struct run_name *name,
                            int *status)
{
	return follow_as_asked(call, client,
	                       client_run_path(&call->arena, name->dag, name->run, ""), status);
}

/* `…/tasks/{task}?map_index=N`, as the options say. */
static const char *task_path(struct call *call, const struct run_name *name)
{
	const char *map_index = call_option(call, "map-index");
	auto_buf struct buf rest = {0};

	buf_text(&rest, "/tasks/");
	client_segment(&rest, call_option(call, "task"));
	if (map_index) {
		buf_text(&rest, "?map_index=");
		client_segment(&rest, map_index);
	}
	return client_run_path(&call->arena, name->dag, name->run, buf_string(&rest));
}

static json_t *set_state(struct client *client, const char *path, const char *state, int *status)
{
	auto_json json_t *body = json_pack("{s:s}", "state", state);
	struct err err;
	json_t *reply = client_call(client, "PATCH", path, body, &err);

	*status = EXIT_OK;
	if (!reply)
		*status = client_fail(client, &err);
	return reply;
}

static void print_list(const struct call *call, const json_t *tasks,
                       const struct output_column *columns, size_t count)
{
	auto_json json_t *named = NULL;

	/* CSV shows these columns too, JSON what came */
	if (call->format == FORMAT_TABLE || call->format == FORMAT_CSV)
		named = task_list_named(tasks);
	output_list(call, named ? named : tasks, columns, count);
}

/* One task instance, or all of a mapped task. */
static void print_task(const struct call *call, const json_t *task)
{
	auto_json json_t *list = NULL;

	if (!json_is_array(task) && call->format != FORMAT_TABLE && call->format != FORMAT_CSV) {
		output_object(call, task, NULL, 0);
		return;
	}
	if (!json_is_array(task))
		list = json_pack("[O]", task);
	print_list(call, list ? list : task, task_columns, countof(task_columns));
}

/* --- cancel --- */

static int has_ended(const json_t *task)
{
	int state = state_task_from_name(json_get_text(task, "state", ""));

	return state >= 0 && state_task_is_finished((enum task_state)state);
}

static int have_ended(const json_t *tasks)
{
	size_t i;
	json_t *task = NULL;

	if (!json_is_array(tasks))
		return has_ended(tasks);
	json_array_foreach(tasks, i, task)
	{
		if (!has_ended(task))
			return 0;
	}
	return 1;
}

/* What the cancel gave, until all of it has ended. */
static json_t *wait_for_task(struct call *call, struct client *client, const char *path,
                             json_t *task, int *status)
{
	int64_t timeout_ms, begun_us = clock_monotonic_us();
	struct err err = {.code = ERR_NONE};

	*status = EXIT_USAGE;
	if (follow_timeout(call, &timeout_ms) < 0)
		goto failed;
	interrupt_watch();
	while (!have_ended(task)) {
		if (interrupt_seen())
			err_set(&err, ERR_CANCELLED, "interrupted; the task is being cancelled");
		else if (timeout_ms && clock_monotonic_us() - begun_us > timeout_ms * 1000)
			err_set(&err, ERR_TIMEOUT, "the task has not ended yet");
		if (err.code != ERR_NONE)
			break;
		nanosleep(&(struct timespec){.tv_nsec = LOOK_US * 1000L}, NULL);
		json_decref(task);
		task = client_get(client, path, &err);
		if (!task)
			break;
	}
	*status = EXIT_OK;
	if (err.code == ERR_NONE)
		return task;
	*status = call_fail(&err);
failed:
	json_decref(task);
	return NULL;
}

static int cancel_task(struct call *call, struct client *client, const struct run_name *name)
{
	const char *path = task_path(call, name);
	json_t *task;
	int status;

	task = set_state(client, path, "cancelled", &status);
	if (task && call_has(call, "wait"))
		task = wait_for_task(call, client, path, task, &status);
	if (task)
		print_task(call, task);
	json_decref(task);
	return status;
}

static int cancel_run(struct call *call, struct client *client, const struct run_name *name)
{
	const char *path = client_run_path(&call->arena, name->dag, name->run, "");
	json_t *run;
	int status;

	run = set_state(client, path, "cancelled", &status);
	if (run && call_has(call, "wait")) {
		json_decref(run);
		run = wait_for_run(call, client, name, &status);
		if (run) {
			(void)follow_print(call, run);
			status = EXIT_OK;
		}
	} else if (run) {
		output_object(call, run, run_columns, countof(run_columns));
	}
	json_decref(run);
	return status;
}

static int cancel(struct call *call, struct client *client, const struct run_name *name)
{
	return call_has(call, "task") ? cancel_task(call, client, name)
	                              : cancel_run(call, client, name);
}

int cmd_run_acts_cancel(struct call *call)
{
	int64_t timeout_ms;

	/* before anything is ended */
	if (follow_timeout(call, &timeout_ms) < 0)
		return EXIT_USAGE;
	if (call_has(call, "map-index") && !call_has(call, "task"))
		return call_usage("--map-index needs --task");
	return run_name_with(call, cancel);
}

/* --- retry --- */

static json_t *retry_body(const struct call *call)
{
	const char *version = call_option(call, "version"), *task;
	json_t *body = json_object(), *tasks = json_array();
	size_t position = 0;

	while ((task = call_next_option(call, "task", &position)))
		json_array_append_new(tasks, json_string(task));
	json_object_set_new(body, "tasks", tasks);
	json_object_set_new(body, "only_failed", json_boolean(call_has(call, "failed")));
	json_object_set_new(body, "downstream", json_boolean(call_has(call, "downstream")));
	json_object_set_new(body, "version", json_string(version ? version : "same"));
	json_object_set_new(body, "dry_run", json_true());
	return body;
}

static json_t *clear(struct call *call, struct client *client, const struct run_name *name,
                     const json_t *body, int *status)
{
	const char *path = client_run_path(&call->arena, name->dag, name->run, "/clear");
	struct err err;
	json_t *cleared = client_call(client, "POST", path, body, &err);

	*status = EXIT_OK;
	if (!cleared)
		*status = client_fail(client, &err);
	return cleared;
}

static size_t count_succeeded(const json_t *cleared)
{
	size_t i, count = 0;
	json_t *task = NULL;

	json_array_foreach(cleared, i, task) count +=
		str_equal(json_get_text(task, "was", ""), "success");
	return count;
}

/* Nothing was said of which tasks: then those that have succeeded would run again as well. */
static int may_run_all(const struct call *call, const json_t *planned)
{
	size_t succeeded = count_succeeded(planned);

	if (call_has(call, "failed") || call_has(call, "task") || !succeeded)
		return 1;
	return call_confirm(call, "running %zu tasks again that have succeeded (not only --failed)",
	                    succeeded);
}

static int after_retry(struct call *call, struct client *client, const struct run_name *name,
                       const json_t *cleared)
{
	auto_json json_t *run = NULL;
	int status;

	if (!call_has(call, "wait") && !call_has(call, "follow")) {
		print_list(call, cleared, cleared_columns, countof(cleared_columns));
		return EXIT_OK;
	}
	run = wait_for_run(call, client, name, &status);
	return run ? follow_print(call, run) : status;
}

static int retry(struct call *call, struct client *client, const struct run_name *name)
{
	auto_json json_t *body = retry_body(call);
	auto_json json_t *planned = NULL;
	auto_json json_t *cleared = NULL;
	int status, is_allowed;

	planned = clear(call, client, name, body, &status);
	if (!planned)
		return status;
	if (call_has(call, "dry-run")) {
		print_list(call, planned, cleared_columns, countof(cleared_columns));
		return EXIT_OK;
	}
	is_allowed = may_run_all(call, planned);
	if (is_allowed <= 0)
		return is_allowed < 0 ? EXIT_USAGE : EXIT_FAILED;
	json_object_set_new(body, "dry_run", json_false());
	cleared = clear(call, client, name, body, &status);
	if (cleared && !json_array_size(cleared))
		call_say(call, "nothing to run again");
	return cleared ? after_retry(call, client, name, cleared) : status;
}

int cmd_run_acts_retry(struct call *call)
{
	int64_t timeout_ms;

	if (follow_timeout(call, &timeout_ms) < 0)
		return EXIT_USAGE;
	return run_name_with(call, retry);
}

/* --- mark --- */

static int mark(struct call *call, struct client *client, const struct run_name *name)
{
	const char *state = call_argument(call, 1);
	int is_task = call_has(call, "task"), status;
	const char *path = is_task ? task_path(call, name)
	                           : client_run_path(&call->arena, name->dag, name->run, "");
	auto_json json_t *marked = set_state(client, path, state, &status);

	if (marked && is_task)
		print_task(call, marked);
	else if (marked)
		output_object(call, marked, run_columns, countof(run_columns));
	return status;
}

int cmd_run_acts_mark(struct call *call)
{
	const char *state = call_argument(call, 1);

	if (call_has(call, "map-index") && !call_has(call, "task"))
		return call_usage("--map-index needs --task");
	if (str_equal(state, "cancelled"))
		return call_usage("what runs is ended with `millrace runs cancel`");
	return run_name_with(call, mark);
}

/* --- explain --- */

static int explain(struct call *call, struct client *client, const struct run_name *name)
{
	const char *path = client_run_path(&call->arena, name->dag, name->run, "/explain");
	struct err err;
	auto_json json_t *run = client_get(client, path, &err);
	const json_t *tasks = json_object_get(run, "tasks");

	if (!run)
		return call_fail(&err);
	output_object(call, run, run_columns, countof(run_columns) - 1);
	if (call->format == FORMAT_TABLE && json_array_size(tasks)) {
		(void)putchar('\n');
		print_list(call, tasks, task_columns, countof(task_columns));
	}
	return EXIT_OK;
}

int cmd_run_acts_explain(struct call *call)
{
	return run_name_with(call, explain);
}

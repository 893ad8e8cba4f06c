/* cmd_runs.c - commands of runs */
#include "cli/cmd_runs.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/client.h"
#include "cli/follow.h"
#include "cli/interrupt.h"
#include "cli/output.h"
#include "cli/task_list.h"
#include "lib/file.h"
#include "lib/str.h"

static const struct output_column list_columns[] = {
	{"DAG", "dag"},   {"RUN", "run_id"},       {"STATE", "state"},
	{"TYPE", "type"}, {"QUEUED", "queued_at"}, {"DURATION", "duration_s"},
};

int cmd_runs_list(struct call *call)
{
	struct client *client = client_new(call);
	const char *state = call_option(call, "state"), *limit = call_option(call, "limit");
	auto_buf struct buf path = {0};
	auto_json json_t *runs = NULL;
	struct err err;
	int status = EXIT_OK;

	if (!client)
		return EXIT_BAD;
	buf_text(&path, "/v1/");
	if (call_argument(call, 0)) {
		buf_text(&path, "dags/");
		client_segment(&path, call_argument(call, 0));
		buf_char(&path, '/');
	}
	buf_text(&path, "runs?limit=");
	client_segment(&path, limit ? limit : "50");
	if (state) {
		buf_text(&path, "&state=");
		client_segment(&path, state);
	}
	runs = client_get(client, buf_string(&path), &err);
	if (runs)
		output_list(call, runs, list_columns, countof(list_columns));
	else
		status = call_fail(&err);
	client_free(client);
	return status;
}

/* Which run `DAG/RUN` or RUN means. */
struct wanted {
	const char *dag, *run;
};

/* Adds the DAG when it has such a run; -1 when the server cannot be asked. */
static int look_in(struct call *call, struct client *client, const char *dag, const char *run,
                   json_t *found)
{
	struct err err;
	json_t *reply = client_get(client, client_run_path(&call->arena, dag, run, ""), &err);

	if (reply)
		json_array_append_new(found, json_string(dag));
	json_decref(reply);
	if (reply || err.code == ERR_NOT_FOUND)
		return 0;
	return -1;
}

/* A run by its id alone: fits when only one DAG has it. */
static int find_by_id(struct call *call, struct client *client, const char *run,
                      struct wanted *wanted)
{
	struct err err;
	auto_json json_t *dags = client_get(client, "/v1/dags", &err);
	auto_json json_t *found = json_array();
	size_t i;
	json_t *dag = NULL;

	if (!dags)
		return call_fail(&err);
	json_array_foreach(dags, i, dag)
	{
		if (look_in(call, client, json_get_text(dag, "dag", ""), run, found) < 0)
			return EXIT_UNAVAILABLE;
	}
	if (!json_array_size(found)) {
		(void)fprintf(stderr, "millrace: there is no run '%s'\n", run);
		return EXIT_NOT_FOUND;
	}
	if (json_array_size(found) == 1) {
		wanted->dag =
			arena_strdup(&call->arena, json_string_value(json_array_get(found, 0)));
		wanted->run = run;
		return EXIT_OK;
	}
	(void)fprintf(stderr, "millrace: '%s' is a run of several DAGs, which one?\n", run);
	json_array_foreach(found, i, dag)(void)
		fprintf(stderr, "  %s/%s\n", json_string_value(dag), run);
	return EXIT_USAGE;
}

static int find_run(struct call *call, struct client *client, struct wanted *wanted)
{
	const char *text = call_argument(call, 0);
	const char *slash = strchr(text, '/');

	if (!slash)
		return find_by_id(call, client, text, wanted);
	wanted->dag = arena_strndup(&call->arena, text, (size_t)(slash - text));
	wanted->run = slash + 1;
	return EXIT_OK;
}

static int show(struct call *call, struct client *client, const struct wanted *wanted)
{
	struct err err;
	auto_json json_t *run = client_get(
		client, client_run_path(&call->arena, wanted->dag, wanted->run, "?tasks=true"),
		&err);

	if (!run)
		return call_fail(&err);
	(void)follow_print(call, run);
	return EXIT_OK;
}

static int wait_for(struct call *call, struct client *client, const struct wanted *wanted)
{
	const char *timeout = call_option(call, "timeout");
	auto_json json_t *run = NULL;
	int64_t timeout_ms = 0;
	struct err err;

	if (timeout && str_to_duration_ms(timeout, &timeout_ms, &err) < 0)
		return call_usage("%s", err.text);
	interrupt_watch();
	run = follow_run(call, client, client_run_path(&call->arena, wanted->dag, wanted->run, ""),
	                 call_has(call, "follow") ? FOLLOW_SHOW : 0, timeout_ms, &err);
	return run ? follow_print(call, run) : call_fail(&err);
}

/* Logs */

static int write_piece(void *data, const char *bytes, size_t size)
{
	(void)data;
	return file_write_all(STDOUT_FILENO, bytes, size);
}

/* The last attempt's log, or the one asked for. */
static int print_log(struct call *call, struct client *client, const struct wanted *wanted,
                     const json_t *task)
{
	const char *attempt = call_option(call, "attempt");
	int64_t map_index = json_get_int(task, "map_index", -1);
	auto_buf struct buf rest = {0};
	struct err err;

	buf_text(&rest, "/tasks/");
	client_segment(&rest, json_get_text(task, "task", ""));
	buf_text(&rest, "/logs/");
	if (attempt)
		client_segment(&rest, attempt);
	else
		buf_printf(&rest, "%lld", (long long)json_get_int(task, "attempt", 1));
	buf_text(&rest, call_has(call, "follow") ? "?follow=true" : "?follow=false");
	if (map_index >= 0)
		buf_printf(&rest, "&map_index=%lld", (long long)map_index);
	if (client_stream(
		    client,
		    client_run_path(&call->arena, wanted->dag, wanted->run, buf_string(&rest)),
		    write_piece, NULL, &err) < 0)
		return call_fail(&err);
	return EXIT_OK;
}

static int logs_of(struct call *call, struct client *client, const struct wanted *wanted,
                   const json_t *tasks)
{
	const char *name = call_argument(call, 1), *map_index = call_option(call, "map-index");
	size_t i, found = 0;
	json_t *task = NULL;

	json_array_foreach(tasks, i, task)
	{
		char index[24], shown[TASK_LIST_NAME_SIZE];
		int status;

		(void)snprintf(index, sizeof(index), "%d",
		               (int)json_get_int(task, "map_index", -1));
		if ((name && !str_equal(json_get_text(task, "task", ""), name)) ||
		    (map_index && !str_equal(index, map_index)))
			continue;
		found++;
		if (!json_get_int(task, "attempt", 0))
			continue;
		task_list_name(task, shown);
		if (!name || (!map_index && json_get_int(task, "map_index", -1) >= 0))
			call_say(call, "--- %s", shown);
		status = print_log(call, client, wanted, task);
		if (status != EXIT_OK)
			return status;
	}
	if (found)
		return EXIT_OK;
	(void)fprintf(stderr, "millrace: the run has no task '%s'\n", name ? name : "");
	return EXIT_NOT_FOUND;
}

static int print_logs(struct call *call, struct client *client, const struct wanted *wanted)
{
	struct err err;
	auto_json json_t *run = client_get(
		client, client_run_path(&call->arena, wanted->dag, wanted->run, "?tasks=true"),
		&err);

	return run ? logs_of(call, client, wanted, json_object_get(run, "tasks")) : call_fail(&err);
}

static int with_run(struct call *call, int (*work)(struct call *call, struct client *client,
                                                   const struct wanted *wanted))
{
	struct client *client = client_new(call);
	struct wanted wanted = {0};
	int status;

	if (!client)
		return EXIT_BAD;
	status = find_run(call, client, &wanted);
	if (status == EXIT_OK)
		status = work(call, client, &wanted);
	client_free(client);
	return status;
}

int cmd_runs_show(struct call *call)
{
	return with_run(call, show);
}

int cmd_runs_wait(struct call *call)
{
	return with_run(call, wait_for);
}

int cmd_runs_logs(struct call *call)
{
	return with_run(call, print_logs);
}

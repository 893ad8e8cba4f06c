/* cmd_runs.c - commands of runs */
#include "cli/cmd_runs.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/client.h"
#include "cli/follow.h"
#include "cli/interrupt.h"
#include "cli/log_follow.h"
#include "cli/output.h"
#include "cli/run_name.h"
#include "cli/task_list.h"
#include "lib/file.h"
#include "lib/str.h"

static const struct output_column list_columns[] = {
	{"DAG", "dag"},   {"RUN", "run_id"},       {"STATE", "state"},
	{"TYPE", "type"}, {"QUEUED", "queued_at"}, {"DURATION", "duration_s"},
};

static int list(struct call *call, struct client *client)
{
	const char *state = call_option(call, "state"), *limit = call_option(call, "limit");
	auto_buf struct buf path = {0};
	auto_json json_t *runs = NULL;
	struct err err;

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
	if (!runs)
		return call_fail(&err);
	output_list(call, runs, list_columns, countof(list_columns));
	return EXIT_OK;
}

int cmd_runs_list(struct call *call)
{
	return client_with(call, list);
}

static int show(struct call *call, struct client *client, const struct run_name *which)
{
	struct err err;
	auto_json json_t *run = client_get(
		client, client_run_path(&call->arena, which->dag, which->run, "?tasks=true"), &err);

	if (!run)
		return call_fail(&err);
	(void)follow_print(call, run);
	return EXIT_OK;
}

static int wait_for(struct call *call, struct client *client, const struct run_name *which)
{
	const char *path = client_run_path(&call->arena, which->dag, which->run, "");
	int status;
	auto_json json_t *run = follow_as_asked(call, client, path, &status);

	return run ? follow_print(call, run) : status;
}

/* Logs */

static int write_piece(void *data, const char *bytes, size_t size)
{
	(void)data;
	return file_write_all(STDOUT_FILENO, bytes, size);
}

/* The last attempt's log, or the one asked for. */
static int print_log(struct call *call, struct client *client, const struct run_name *which,
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
	interrupt_ends();
	if (client_stream(client,
	                  client_run_path(&call->arena, which->dag, which->run, buf_string(&rest)),
	                  write_piece, NULL, &err) < 0)
		return call_fail(&err);
	return EXIT_OK;
}

static int logs_of(struct call *call, struct client *client, const struct run_name *which,
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
		status = print_log(call, client, which, task);
		if (status != EXIT_OK)
			return status;
	}
	if (found)
		return EXIT_OK;
	if (map_index)
		(void)fprintf(stderr, "millrace: no task asked for has an item %s\n", map_index);
	else
		(void)fprintf(stderr, "millrace: the run has no task '%s'\n", name ? name : "");
	return EXIT_NOT_FOUND;
}

static int follow_logs(struct call *call, struct client *client, const struct run_name *which)
{
	const char *map_index = call_option(call, "map-index");
	struct log_follow_wanted logs = {
		.dag = which->dag,
		.run = which->run,
		.task = call_argument(call, 1),
		.map_index = -1,
	};
	struct err err;

	if (map_index && str_to_int(map_index, &logs.map_index, &err) < 0)
		return call_usage("--map-index: %s", err.text);
	return log_follow(call, client, &logs);
}

static int print_logs(struct call *call, struct client *client, const struct run_name *which)
{
	struct err err;

	if (call_has(call, "follow") && !call_option(call, "attempt"))
		return follow_logs(call, client, which);
	auto_json json_t *run = client_get(
		client, client_run_path(&call->arena, which->dag, which->run, "?tasks=true"), &err);

	return run ? logs_of(call, client, which, json_object_get(run, "tasks")) : call_fail(&err);
}

int cmd_runs_show(struct call *call)
{
	return run_name_with(call, show);
}

int cmd_runs_wait(struct call *call)
{
	return run_name_with(call, wait_for);
}

int cmd_runs_logs(struct call *call)
{
	return run_name_with(call, print_logs);
}

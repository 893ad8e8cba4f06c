/* runs.c - handlers of runs and their tasks */
#include "api/runs.h"

#include <stdlib.h>
#include <string.h>

#include "api/body.h"
#include "api/dags.h"
#include "api/live.h"
#include "api/page.h"
#include "api/request.h"
#include "api/respond.h"
#include "api/run_tasks.h"
#include "lib/clock.h"
#include "lib/str.h"
#include "lib/timestamp.h"
#include "lib/vec.h"
#include "scheduler/core/run.h"
#include "storage/repo/run_json.h"
#include "storage/repo/run_repo.h"

struct run_work {
	int64_t run; /* row id of the run that was made */
	struct page page;
};

static struct run_work *begin_work(struct request *request)
{
	struct run_work *work = arena_alloc(&request->arena, sizeof(*work));

	request->work_data = work;
	return work;
}

static int write_run(struct request *request, struct db *db, const struct run_repo_row *run,
                     struct json_writer *w, struct err *err)
{
	const char *counts = NULL;

	if (!run->counts) {
		counts = run_repo_counts(db, run->id, &request->arena, err);
		if (!counts)
			return -1;
	}
	run_json_begin(run, counts, w);
	return 0;
}

/* POST /v1/dags/{dag}/runs */

static void take_params(struct request *request, const json_t *value, void *target,
                        struct body_faults *faults)
{
	struct command *command = target;

	(void)request;
	if (json_is_object(value))
		command->params = json_incref((json_t *)(uintptr_t)value);
	else if (!json_is_null(value))
		body_fault(faults, "/params", "must be an object");
}

static void take_run_id(struct request *request, const json_t *value, void *target,
                        struct body_faults *faults)
{
	struct command *command = target;

	if (json_is_string(value) && run_is_id(json_string_value(value)))
		command->run_id = arena_strdup(&request->arena, json_string_value(value));
	else if (!json_is_null(value))
		body_fault(faults, "/run_id", "must be 1 to 128 of letters, digits and _.~:+-");
}

static void take_logical_date(struct request *request, const json_t *value, void *target,
                              struct body_faults *faults)
{
	struct command *command = target;

	(void)request;
	if (!json_is_null(value) &&
	    (!json_is_string(value) ||
	     timestamp_parse(json_string_value(value), json_string_length(value),
	                     &command->logical_date_us) < 0))
		body_fault(faults, "/logical_date", "must be a date and time of ISO 8601");
}

static void take_note(struct request *request, const json_t *value, void *target,
                      struct body_faults *faults)
{
	struct command *command = target;

	if (json_is_string(value) && json_string_length(value) <= LIMIT_NOTE_BYTES)
		command->note = arena_strdup(&request->arena, json_string_value(value));
	else if (!json_is_null(value))
		body_fault(faults, "/note", "must be text of at most 4096 bytes");
}

static int created_work(struct request *request, struct db *db, struct err *err)
{
	const struct run_work *work = request->work_data;
	struct run_repo_row run;
	struct json_writer w;
	int found;

	buf_clear(&request->reply);
	json_writer_init(&w, &request->reply);
	found = run_repo_get(db, work->run, &request->arena, &run, err);
	if (found == 0)
		return err_set(err, ERR_INTERNAL, "the new run %lld is not there",
		               (long long)work->run);
	if (found < 0 || write_run(request, db, &run, &w, err) < 0)
		return -1;
	json_writer_object_end(&w);
	request_reply_field(
		request, "location",
		arena_printf(&request->arena, "/v1/dags/%s/runs/%s", run.dag, run.run_id));
	return 0;
}

static void on_triggered(struct request *request, struct command *command)
{
	struct run_work *work = request->work_data;

	work->run = command->made_run;
	if (command->err.code == ERR_NONE)
		request_read(request, REQUEST_METADATA, created_work, respond_created);
	else if (command->err.code == ERR_INVALID)
		body_respond_faults(request, command, "/params");
	else
		respond_error(request, &command->err);
}

void runs_create(struct request *request)
{
	static const struct body_member members[] = {{"params", take_params},
	                                             {"run_id", take_run_id},
	                                             {"logical_date", take_logical_date},
	                                             {"note", take_note}};
	struct command command = {.kind = COMMAND_TRIGGER,
	                          .by = "api",
	                          .dag = request->values[0],
	                          .logical_date_us = INT64_MIN,
	                          .note = ""};

	begin_work(request);
	if (body_take(request, members, countof(members), &command) == 0)
		request_command(request, &command, on_triggered);
	json_decref(command.params);
}

/* GET /v1/dags/{dag}/runs, GET /v1/runs */

static int write_runs(struct request *request, struct db *db, const struct run_repo_rows *runs,
                      struct err *err)
{
	struct run_work *work = request->work_data;
	struct json_writer w;
	size_t count = runs->count;

	if ((int64_t)count > work->page.limit) {
		count = (size_t)work->page.limit;
		work->page.next = runs->items[count - 1].id;
	}
	work->page.count = (int64_t)count;
	json_writer_init(&w, &request->reply);
	json_writer_array(&w);
	for (size_t i = 0; i < count; i++) {
		if (write_run(request, db, &runs->items[i], &w, err) < 0)
			return -1;
		json_writer_object_end(&w);
	}
	json_writer_array_end(&w);
	return 0;
}

static int list_work(struct request *request, struct db *db, struct err *err)
{
	struct run_work *work = request->work_data;
	struct run_repo_rows runs = {0};
	const struct run_repo_filter filter = {
		.dag = request->values[0] ? request->values[0] : request_parameter(request, "dag"),
		.run_id = request_parameter(request, "run_id"),
		.state = request_parameter(request, "state"),
		.type = request_parameter(request, "type"),
		.before_id = work->page.after,
		/* one more, to know whether there is a next page */
		.limit = (size_t)work->page.limit + 1,
	};
	int failed;

	buf_clear(&request->reply);
	failed = dags_check(request, db, err) < 0 ||
	         run_repo_list(db, &filter, &request->arena, &runs, err) < 0 ||
	         write_runs(request, db, &runs, err) < 0;
	return failed ? -1 : 0;
}

static void list_respond(struct request *request, const struct err *err)
{
	const struct run_work *work = request->work_data;

	if (err) {
		respond_error(request, err);
		return;
	}
	page_reply_fields(request, &work->page);
	respond_reply(request, RESPOND_OK);
}

void runs_list(struct request *request)
{
	struct run_work *work = begin_work(request);

	if (page_parse(request, &work->page) == 0)
		request_read(request, REQUEST_METADATA, list_work, list_respond);
}

/* GET /v1/dags/{dag}/runs/{run} */

/* A flag of the query. */
static int wants(const struct request *request, const char *name, int if_absent)
{
	const char *given = request_parameter(request, name);

	return given ? !str_equal(given, "false") && !str_equal(given, "0") : if_absent;
}

static int write_whole_run(struct request *request, struct db *db, const struct run_repo_row *run,
                           struct json_writer *w, struct err *err)
{
	/* who only waits for the end does not have them counted at each look */
	if (!wants(request, "counts", 1))
		run_json_begin(run, NULL, w);
	else if (write_run(request, db, run, w, err) < 0)
		return -1;
	if (wants(request, "tasks", 0)) {
		json_writer_key(w, "tasks");
		if (run_tasks_write(request, db, run, w, err) < 0)
			return -1;
	}
	json_writer_object_end(w);
	return 0;
}

void runs_show(struct request *request)
{
	live_show(request, write_whole_run, wants(request, "tasks", 0) ? LIVE_TASKS : 0);
}

/* GET …/tasks, GET …/tasks/{task} */

void runs_list_tasks(struct request *request)
{
	live_show(request, run_tasks_write, LIVE_TASKS);
}

void runs_show_task(struct request *request)
{
	int32_t map_index;

	if (run_tasks_map_index(request, &map_index) == 0)
		live_show(request, run_tasks_write_one, LIVE_TASKS);
}

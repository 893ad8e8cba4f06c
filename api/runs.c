/* runs.c - handlers of runs and their tasks */
#include "api/runs.h"

#include <stdlib.h>
#include <string.h>

#include "api/page.h"
#include "api/request.h"
#include "api/respond.h"
#include "api/run_tasks.h"
#include "lib/clock.h"
#include "lib/str.h"
#include "lib/timestamp.h"
#include "lib/vec.h"
#include "storage/repo/dag_repo.h"
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

static void respond_plain(struct request *request, const struct err *err)
{
	if (err)
		respond_error(request, err);
	else
		respond_reply(request, RESPOND_OK);
}

/* The run of the path. */
static int find_run(struct request *request, struct db *db, struct run_repo_row *run,
                    struct err *err)
{
	int found = run_repo_by_name(db, request->values[0], request->values[1], &request->arena,
	                             run, err);

	if (found == 0)
		return err_set(err, ERR_NOT_FOUND, "there is no run '%s/%s'", request->values[0],
		               request->values[1]);
	return found < 0 ? -1 : 0;
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

struct create_faults {
	struct respond_fault *items;
	size_t count, capacity;
};

static void add_fault(struct create_faults *faults, const char *pointer, const char *detail)
{
	struct respond_fault *fault = vec_push(faults);

	fault->pointer = pointer;
	fault->code = problem_name(PROBLEM_VALIDATION);
	fault->detail = detail;
}

static void take_params(const json_t *value, struct command *command, struct create_faults *faults)
{
	if (json_is_object(value))
		command->params = json_incref((json_t *)(uintptr_t)value);
	else if (!json_is_null(value))
		add_fault(faults, "/params", "must be an object");
}

static int is_run_id(const char *text)
{
	size_t size = strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	                           "0123456789_.~:+-");

	return size > 0 && size <= LIMIT_NAME_BYTES && text[size] == '\0';
}

static void take_run_id(const json_t *value, struct command *command, struct create_faults *faults)
{
	if (json_is_string(value) && is_run_id(json_string_value(value)))
		command->run_id = json_string_value(value);
	else if (!json_is_null(value))
		add_fault(faults, "/run_id", "must be 1 to 128 of letters, digits and _.~:+-");
}

static void take_logical_date(const json_t *value, struct command *command,
                              struct create_faults *faults)
{
	if (!json_is_null(value) &&
	    (!json_is_string(value) ||
	     timestamp_parse(json_string_value(value), json_string_length(value),
	                     &command->logical_date_us) < 0))
		add_fault(faults, "/logical_date", "must be a date and time of ISO 8601");
}

static void take_note(const json_t *value, struct command *command, struct create_faults *faults)
{
	enum { NOTE_BYTES = 4096 };

	if (json_is_string(value) && json_string_length(value) <= NOTE_BYTES)
		command->note = json_string_value(value);
	else if (!json_is_null(value))
		add_fault(faults, "/note", "must be text of at most 4096 bytes");
}

static const struct {
	const char *name;
	void (*take)(const json_t *value, struct command *command, struct create_faults *faults);
} members[] = {
	{"params", take_params},
	{"run_id", take_run_id},
	{"logical_date", take_logical_date},
	{"note", take_note},
};

static void take_member(struct request *request, const char *name, const json_t *value,
                        struct command *command, struct create_faults *faults)
{
	for (size_t i = 0; i < countof(members); i++) {
		if (!str_equal(members[i].name, name))
			continue;
		members[i].take(value, command, faults);
		return;
	}
	add_fault(faults, arena_printf(&request->arena, "/%s", name), "there is no such member");
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

static void created_respond(struct request *request, const struct err *err)
{
	if (err)
		respond_error(request, err);
	else
		respond_reply(request, RESPOND_CREATED);
}

/* The scheduler found the parameters wrong: all that it said. */
static void respond_command_faults(struct request *request, const struct command *command)
{
	struct create_faults faults = {0};
	size_t index;
	json_t *fault;

	json_array_foreach(command->faults, index, fault)
	{
		const char *pointer = json_get_text(fault, "pointer", "");

		/* theirs points into the parameters, ours into the body */
		if (!str_starts_with(pointer, "/params"))
			pointer = arena_printf(&request->arena, "/params%s", pointer);
		add_fault(&faults, pointer, json_get_text(fault, "detail", ""));
	}
	respond_faults(request, PROBLEM_VALIDATION, command->err.text, faults.items, faults.count);
	vec_release(&faults);
}

static void on_triggered(struct request *request, struct command *command)
{
	struct run_work *work = request->work_data;

	work->run = command->made_run;
	if (command->err.code == ERR_NONE)
		request_read(request, REQUEST_METADATA, created_work, created_respond);
	else if (command->err.code == ERR_INVALID)
		respond_command_faults(request, command);
	else
		respond_error(request, &command->err);
}

void runs_create(struct request *request)
{
	struct command command = {
		.kind = COMMAND_TRIGGER, .by = "api", .logical_date_us = INT64_MIN, .note = ""};
	struct create_faults faults = {0};
	json_t *body = request_body_object(request);
	const char *name;
	json_t *value;

	if (!body)
		return;
	json_object_foreach(body, name, value) take_member(request, name, value, &command, &faults);
	begin_work(request);
	if (faults.count) {
		respond_faults(request, PROBLEM_VALIDATION, "the body is not valid", faults.items,
		               faults.count);
	} else {
		command.dag = request->values[0];
		command.note = arena_strdup(&request->arena, command.note);
		if (command.run_id)
			command.run_id = arena_strdup(&request->arena, command.run_id);
		request_command(request, &command, on_triggered);
	}
	json_decref(command.params);
	json_decref(body);
	vec_release(&faults);
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
	struct dag_repo_row dag;
	struct run_repo_rows runs = {0};
	const struct run_repo_filter filter = {
		.dag = request->values[0] ? request->values[0] : request_parameter(request, "dag"),
		.state = request_parameter(request, "state"),
		.type = request_parameter(request, "type"),
		.before_id = work->page.after,
		/* one more, to know whether there is a next page */
		.limit = (size_t)work->page.limit + 1,
	};
	int found = 1;
	int failed;

	buf_clear(&request->reply);
	if (request->values[0])
		found = dag_repo_get(db, request->values[0], &request->arena, &dag, err);
	if (found == 0)
		return err_set(err, ERR_NOT_FOUND, "there is no DAG '%s'", request->values[0]);
	failed = found < 0 || run_repo_list(db, &filter, &request->arena, &runs, err) < 0 ||
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

static int wants_tasks(const struct request *request)
{
	const char *given = request_parameter(request, "tasks");

	return given && !str_equal(given, "false") && !str_equal(given, "0");
}

static int write_whole_run(struct request *request, struct db *db, const struct run_repo_row *run,
                           struct json_writer *w, struct err *err)
{
	if (write_run(request, db, run, w, err) < 0)
		return -1;
	if (wants_tasks(request)) {
		json_writer_key(w, "tasks");
		if (run_tasks_write(request, db, run, w, err) < 0)
			return -1;
	}
	json_writer_object_end(w);
	return 0;
}

typedef int (*write_run_fn)(struct request *request, struct db *db, const struct run_repo_row *run,
                            struct json_writer *w, struct err *err);

/* Writes about the run of the path; run and tasks are of one moment. */
static int in_snapshot(struct request *request, struct db *db, write_run_fn write, struct err *err)
{
	struct run_repo_row run;
	struct json_writer w;
	int failed;

	buf_clear(&request->reply);
	json_writer_init(&w, &request->reply);
	if (db_begin(db, DB_READ, err) < 0)
		return -1;
	failed = find_run(request, db, &run, err) < 0 || write(request, db, &run, &w, err) < 0;
	db_rollback(db);
	return failed ? -1 : 0;
}

static int show_work(struct request *request, struct db *db, struct err *err)
{
	return in_snapshot(request, db, write_whole_run, err);
}

void runs_show(struct request *request)
{
	request_read(request, REQUEST_METADATA, show_work, respond_plain);
}

/* GET …/tasks, GET …/tasks/{task} */

static int tasks_work(struct request *request, struct db *db, struct err *err)
{
	return in_snapshot(request, db, run_tasks_write, err);
}

void runs_list_tasks(struct request *request)
{
	request_read(request, REQUEST_METADATA, tasks_work, respond_plain);
}

static int task_work(struct request *request, struct db *db, struct err *err)
{
	return in_snapshot(request, db, run_tasks_write_one, err);
}

void runs_show_task(struct request *request)
{
	int32_t map_index;

	if (run_tasks_map_index(request, &map_index) == 0)
		request_read(request, REQUEST_METADATA, task_work, respond_plain);
}

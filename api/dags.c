/* dags.c - handlers of DAGs */
#include "api/dags.h"

#include <string.h>

#include "api/request.h"
#include "api/respond.h"
#include "lib/json_writer.h"
#include "lib/timestamp.h"
#include "storage/repo/dag_repo.h"
#include "storage/repo/run_json.h"
#include "storage/repo/run_repo.h"
#include "storage/repo/schedule_repo.h"

/* One DAG as it is shown. */
struct shown {
	const struct dag_repo_row *row;
	json_t *definition; /* its last good version; NULL when the file was never good */
};

static void write_json(struct json_writer *w, const char *key, const json_t *value,
                       const char *fallback)
{
	auto_buf struct buf text = {0};

	if (value)
		json_append(&text, value);
	else
		buf_text(&text, fallback);
	json_writer_key(w, key);
	json_writer_raw(w, text.data, text.size);
}

static void write_text(struct json_writer *w, const char *key, const char *text)
{
	json_writer_key(w, key);
	json_writer_text(w, text);
}

static int write_last_run(struct request *request, struct db *db, const char *dag,
                          struct json_writer *w, struct err *err)
{
	const struct run_repo_filter filter = {.dag = dag, .limit = 1};
	struct run_repo_rows runs = {0};

	if (run_repo_list(db, &filter, &request->arena, &runs, err) < 0)
		return -1;
	json_writer_key(w, "last_run");
	if (!runs.count) {
		json_writer_null(w);
		return 0;
	}
	json_writer_object(w);
	write_text(w, "run_id", runs.items[0].run_id);
	write_text(w, "state", runs.items[0].state);
	run_json_time(w, "ended_at", runs.items[0].ended_at_us);
	json_writer_object_end(w);
	return 0;
}

/* A paused DAG fires at no time. */
static int write_next_fire(struct request *request, struct db *db, const struct dag_repo_row *row,
                           struct json_writer *w, struct err *err)
{
	struct schedule_repo_row schedule = {0};
	char text[TIMESTAMP_SIZE];

	if (!row->is_paused && schedule_repo_get(db, row->dag, &request->arena, &schedule, err) < 0)
		return -1;
	json_writer_key(w, "next_fire");
	if (!(schedule.has & SCHEDULE_REPO_HAS_NEXT)) {
		json_writer_null(w);
		return 0;
	}
	timestamp_format_short(schedule.next_fire_us, text);
	json_writer_text(w, text);
	return 0;
}

/* The members that the list shows; the object stays open. */
static int write_dag(struct request *request, struct db *db, const struct shown *shown,
                     struct json_writer *w, struct err *err)
{
	const json_t *definition = shown->definition;
	const struct dag_repo_row *row = shown->row;

	json_writer_object(w);
	write_text(w, "dag", row->dag);
	write_text(w, "description", json_get_text(definition, "description", ""));
	write_json(w, "tags", json_object_get(definition, "tags"), "[]");
	write_text(w, "file", row->file);
	write_text(w, "dag_version", row->hash);
	write_json(w, "schedule", json_object_get(definition, "schedule"), "null");
	write_text(w, "timezone", json_get_text(definition, "timezone", "UTC"));
	json_writer_key(w, "is_paused");
	json_writer_bool(w, row->is_paused);
	if (write_next_fire(request, db, row, w, err) < 0 ||
	    write_last_run(request, db, row->dag, w, err) < 0)
		return -1;
	json_writer_key(w, "errors");
	json_writer_raw(w, row->faults, strlen(row->faults));
	return 0;
}

static void write_tasks(const json_t *definition, struct json_writer *w)
{
	const char *name;
	json_t *task;

	json_writer_key(w, "tasks");
	json_writer_array(w);
	json_object_foreach(json_object_get(definition, "tasks"), name, task)
	{
		json_writer_object(w);
		write_text(w, "task", name);
		write_text(w, "operator", json_get_text(task, "use", NULL));
		write_json(w, "needs", json_object_get(task, "needs"), "[]");
		write_text(w, "trigger_rule", json_get_text(task, "trigger_rule", "all_success"));
		json_writer_object_end(w);
	}
	json_writer_array_end(w);
}

static int read_definition(struct request *request, struct db *db, struct shown *shown,
                           struct err *err)
{
	struct dag_repo_version version;
	int found;

	if (!shown->row->hash)
		return 0;
	found = dag_repo_get_version(db, shown->row->hash, &request->arena, &version, err);
	if (found == 0)
		return 0;
	if (found > 0)
		shown->definition = json_parse(version.definition, strlen(version.definition), err);
	return shown->definition ? 0 : err_prefix(err, "DAG '%s'", shown->row->dag);
}

/* GET /v1/dags */

static int write_one(struct request *request, struct db *db, const struct dag_repo_row *row,
                     struct json_writer *w, struct err *err)
{
	struct shown shown = {.row = row};
	int failed = read_definition(request, db, &shown, err) < 0 ||
	             write_dag(request, db, &shown, w, err) < 0;

	json_decref(shown.definition);
	if (!failed)
		json_writer_object_end(w);
	return failed ? -1 : 0;
}

static int list_work(struct request *request, struct db *db, struct err *err)
{
	struct dag_repo_rows rows = {0};
	struct json_writer w;

	buf_clear(&request->reply);
	json_writer_init(&w, &request->reply);
	if (dag_repo_list(db, &request->arena, &rows, err) < 0)
		return -1;
	json_writer_array(&w);
	for (size_t i = 0; i < rows.count; i++) {
		if (!rows.items[i].is_missing &&
		    write_one(request, db, &rows.items[i], &w, err) < 0)
			return -1;
	}
	json_writer_array_end(&w);
	return 0;
}

void dags_list(struct request *request)
{
	request_read(request, REQUEST_METADATA, list_work, respond_done);
}

int dags_check(struct request *request, struct db *db, struct err *err)
{
	struct dag_repo_row dag;
	int found = 1;

	if (request->values[0])
		found = dag_repo_get(db, request->values[0], &request->arena, &dag, err);
	if (found == 0)
		return err_set(err, ERR_NOT_FOUND, "there is no DAG '%s'", request->values[0]);
	return found < 0 ? -1 : 0;
}

/* GET /v1/dags/{dag} */

static int show_work(struct request *request, struct db *db, struct err *err)
{
	const char *name = request->values[0];
	auto_json json_t *definition = NULL;
	struct dag_repo_row row;
	struct shown shown = {.row = &row};
	struct json_writer w;
	int found;

	buf_clear(&request->reply);
	json_writer_init(&w, &request->reply);
	found = dag_repo_get(db, name, &request->arena, &row, err);
	if (found < 0)
		return -1;
	if (found == 0 || row.is_missing)
		return err_set(err, ERR_NOT_FOUND, "there is no DAG '%s'", name);
	if (read_definition(request, db, &shown, err) < 0)
		return -1;
	definition = shown.definition;
	if (write_dag(request, db, &shown, &w, err) < 0)
		return -1;
	write_json(&w, "params", json_object_get(definition, "params"), "{}");
	write_tasks(definition, &w);
	json_writer_object_end(&w);
	return 0;
}

void dags_show(struct request *request)
{
	request_read(request, REQUEST_METADATA, show_work, respond_done);
}

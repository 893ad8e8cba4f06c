/* run_json.c - runs and task instances as JSON */
#include "storage/repo/run_json.h"

#include <string.h>

#include "lib/timestamp.h"

static void write_text(struct json_writer *w, const char *key, const char *text)
{
	json_writer_key(w, key);
	json_writer_text(w, text);
}

static void write_int(struct json_writer *w, const char *key, int64_t value)
{
	json_writer_key(w, key);
	json_writer_int(w, value);
}

/* JSON that is stored as text; `fallback` where there is none. */
static void write_json(struct json_writer *w, const char *key, const char *json,
                       const char *fallback)
{
	if (!json)
		json = fallback;
	json_writer_key(w, key);
	json_writer_raw(w, json, strlen(json));
}

static void write_moment(struct json_writer *w, const char *key, int64_t moment_us, int is_there)
{
	char text[TIMESTAMP_SIZE];

	json_writer_key(w, key);
	if (!is_there) {
		json_writer_null(w);
		return;
	}
	timestamp_format_short(moment_us, text);
	json_writer_text(w, text);
}

void run_json_time(struct json_writer *w, const char *key, int64_t moment_us)
{
	write_moment(w, key, moment_us, moment_us != 0);
}

static void write_duration(struct json_writer *w, int64_t started_us, int64_t ended_us)
{
	json_writer_key(w, "duration_s");
	if (started_us && ended_us)
		json_writer_float(w, (double)(ended_us - started_us) / 1e6);
	else
		json_writer_null(w);
}

void run_json_begin(const struct run_repo_row *run, const char *counts, struct json_writer *w)
{
	int has_interval = (run->has & RUN_REPO_HAS_INTERVAL) != 0;

	json_writer_object(w);
	write_text(w, "run_id", run->run_id);
	write_text(w, "dag", run->dag);
	write_text(w, "state", run->state);
	write_text(w, "type", run->type);
	write_moment(w, "logical_date", run->logical_at_us, (run->has & RUN_REPO_HAS_LOGICAL) != 0);
	write_moment(w, "interval_start", run->interval_start_us, has_interval);
	write_moment(w, "interval_end", run->interval_end_us, has_interval);
	run_json_time(w, "queued_at", run->queued_at_us);
	run_json_time(w, "started_at", run->started_at_us);
	run_json_time(w, "ended_at", run->ended_at_us);
	write_duration(w, run->started_at_us, run->ended_at_us);
	write_text(w, "reason", run->reason);
	write_json(w, "params", run->params, "{}");
	write_text(w, "dag_version", run->dag_version);
	write_text(w, "triggered_by", run->triggered_by);
	write_text(w, "note", run->note);
	write_json(w, "counts", run->counts ? run->counts : counts, "{}");
}

static void write_attempt(struct json_writer *w, const struct attempt_repo_row *attempt)
{
	json_writer_object(w);
	write_int(w, "number", attempt->number);
	write_int(w, "fence", attempt->fence);
	write_text(w, "state", attempt->state);
	write_text(w, "reason", attempt->reason);
	write_text(w, "worker", attempt->worker);
	json_writer_key(w, "pid");
	if (attempt->pid)
		json_writer_int(w, attempt->pid);
	else
		json_writer_null(w);
	write_text(w, "exit", attempt->exit);
	run_json_time(w, "started_at", attempt->started_at_us);
	run_json_time(w, "ended_at", attempt->ended_at_us);
	json_writer_object_end(w);
}

static void write_attempts(struct json_writer *w, const struct run_json_task *task)
{
	json_writer_key(w, "attempts");
	json_writer_array(w);
	for (size_t i = 0; i < task->attempt_count; i++)
		write_attempt(w, &task->attempts[i]);
	json_writer_array_end(w);
}

static void write_outputs(struct json_writer *w, const struct run_json_task *task)
{
	json_writer_key(w, "outputs");
	json_writer_object(w);
	for (size_t i = 0; i < task->output_count; i++)
		write_json(w, task->outputs[i].key, task->outputs[i].value, "null");
	json_writer_object_end(w);
}

static void write_progress(struct json_writer *w, const struct run_json_progress *progress)
{
	json_writer_key(w, "progress");
	json_writer_object(w);
	write_int(w, "done", progress->done);
	json_writer_key(w, "total");
	if (progress->total >= 0)
		json_writer_int(w, progress->total);
	else
		json_writer_null(w);
	write_text(w, "unit", progress->unit);
	write_text(w, "note", progress->note);
	json_writer_object_end(w);
}

void run_json_task(const struct run_json_task *task, struct json_writer *w)
{
	const struct task_repo_row *row = task->row;

	json_writer_object(w);
	if (task->dag) {
		write_text(w, "dag", task->dag);
		write_text(w, "run_id", task->run_id);
	}
	write_text(w, "task", row->task);
	write_int(w, "map_index", row->map_index);
	write_text(w, "state", row->state);
	write_int(w, "attempt", row->number);
	write_text(w, "operator", row->operator);
	write_text(w, "pool", row->pool);
	write_int(w, "priority", row->priority);
	run_json_time(w, "queued_at", row->queued_at_us);
	run_json_time(w, "started_at", row->started_at_us);
	run_json_time(w, "ended_at", row->ended_at_us);
	write_duration(w, row->started_at_us, row->ended_at_us);
	write_text(w, "reason", row->reason);
	write_outputs(w, task);
	write_int(w, "log_bytes", task->log_bytes);
	if (task->progress)
		write_progress(w, task->progress);
	if (task->with_attempts)
		write_attempts(w, task);
	json_writer_object_end(w);
}

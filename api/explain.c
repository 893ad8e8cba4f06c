/* explain.c - handlers that say why a run or a DAG waits */
#include "api/explain.h"

#include "api/live.h"
#include "api/respond.h"

static void write_text(struct json_writer *w, const char *key, const char *text)
{
	json_writer_key(w, key);
	json_writer_text(w, text);
}

static void write_task(const struct task_repo_row *task, const char *reason, struct json_writer *w)
{
	json_writer_object(w);
	write_text(w, "task", task->task);
	json_writer_key(w, "map_index");
	json_writer_int(w, task->map_index);
	write_text(w, "state", task->state);
	write_text(w, "reason", reason);
	json_writer_object_end(w);
}

/* Tasks that run, or have plainly succeeded, have nothing to say. */
static int write_run(struct request *request, struct db *db, const struct run_repo_row *run,
                     struct json_writer *w, struct err *err)
{
	struct task_repo_rows tasks = {0};

	if (task_repo_list(db, run->id, &request->arena, &tasks, err) < 0)
		return -1;
	json_writer_object(w);
	write_text(w, "dag", run->dag);
	write_text(w, "run_id", run->run_id);
	write_text(w, "state", run->state);
	write_text(w, "reason", run->reason);
	json_writer_key(w, "tasks");
	json_writer_array(w);
	for (size_t i = 0; i < tasks.count; i++) {
		const char *reason = live_reason(request, &tasks.items[i]);

		if (reason)
			write_task(&tasks.items[i], reason, w);
	}
	json_writer_array_end(w);
	json_writer_object_end(w);
	return 0;
}

void explain_show_run(struct request *request)
{
	live_show(request, write_run, LIVE_TASKS);
}

static void on_dag_explained(struct request *request, struct command *command)
{
	if (command->err.code != ERR_NONE) {
		respond_error(request, &command->err);
		return;
	}
	json_append(&request->reply, command->answer);
	respond_reply(request, RESPOND_OK);
}

void explain_show_dag(struct request *request)
{
	const struct command command = {
		.kind = COMMAND_EXPLAIN_DAG, .by = "api", .dag = request->values[0]};

	request_command(request, &command, on_dag_explained);
}

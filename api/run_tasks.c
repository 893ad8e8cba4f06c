/* run_tasks.c - the task instances of a run, gathered and written */
#include "api/run_tasks.h"

#include <string.h>
#include <sys/stat.h>

#include "api/live.h"
#include "lib/str.h"
#include "scheduler/core/state.h"
#include "storage/repo/run_json.h"

/* All of a run's, each list by task instance. */
struct gathered {
	struct request *request;
	const struct run_repo_row *run;
	struct task_repo_rows tasks;
	struct attempt_repo_rows attempts;
	struct output_repo_rows outputs;
	size_t attempt_at, output_at; /* behind what belongs to the tasks already written */
};

int run_tasks_map_index(struct request *request, int32_t *map_index)
{
	static const int64_t range[2] = {-1, INT32_MAX};
	int64_t value = -1;

	if (request_integer(request, "map_index", range, &value) < 0)
		return -1;
	*map_index = (int32_t)value;
	return 0;
}

const char *run_tasks_log_name(struct request *request, const struct run_repo_row *run,
                               const struct task_repo_row *task, uint32_t number)
{
	const char *map = "";

	if (task->map_index >= 0)
		map = arena_printf(&request->arena, "/map=%d", (int)task->map_index);
	return arena_printf(&request->arena, "dag=%s/run=%s/task=%s%s/attempt=%u.log", run->dag,
	                    run->run_id, task->task, map, (unsigned)number);
}

const char *run_tasks_log_path(struct request *request, const struct run_repo_row *run,
                               const struct task_repo_row *task, uint32_t number)
{
	return arena_printf(&request->arena, "%s/logs/%s",
	                    request->session->shared->options->state_dir,
	                    run_tasks_log_name(request, run, task, number));
}

static int is_running(const struct task_repo_row *task)
{
	return str_equal(task->state, state_task_name(TASK_RUNNING));
}

/* What the attempt's row says once it has ended, else the size of the file. */
static int64_t log_bytes(struct request *request, const struct run_repo_row *run,
                         const struct task_repo_row *task, const struct attempt_repo_row *latest)
{
	struct stat status;

	if (latest && latest->ended_at_us)
		return latest->log_bytes;
	if (!is_running(task) ||
	    stat(run_tasks_log_path(request, run, task, task->number), &status) < 0)
		return 0;
	return status.st_size;
}

static int ask_progress(struct request *request, const struct run_repo_row *run,
                        const struct task_repo_row *task, struct api_progress *progress)
{
	const struct api_options *options = request->session->shared->options;
	const struct api_instance instance = {.dag = run->dag,
	                                      .run_id = run->run_id,
	                                      .task = task->task,
	                                      .map_index = task->map_index};

	return options->progress && is_running(task) &&
	       options->progress(options->service, &instance, progress);
}

static void write_task(struct gathered *all, const struct task_repo_row *task,
                       struct run_json_task *json, struct json_writer *w)
{
	struct request *request = all->request;
	const struct attempt_repo_row *latest =
		json->attempt_count ? &json->attempts[json->attempt_count - 1] : NULL;
	struct api_progress progress = {.total = -1};
	struct run_json_progress shown;
	struct task_repo_row row = *task;

	row.reason = live_reason(request, task);
	json->row = &row;
	json->log_bytes = log_bytes(request, all->run, task, latest);
	if (ask_progress(request, all->run, task, &progress)) {
		shown = (struct run_json_progress){progress.done, progress.total, progress.unit,
		                                   progress.note};
		json->progress = &shown;
	}
	run_json_task(json, w);
	json->row = task;
	json->progress = NULL;
}

/* The attempts and outputs of the next task; lists may hold none of it. */
static void cut_task(struct gathered *all, const struct task_repo_row *task,
                     struct run_json_task *json)
{
	size_t attempts = all->attempt_at, outputs = all->output_at;

	while (attempts < all->attempts.count &&
	       all->attempts.items[attempts].task_instance <= task->id)
		attempts++;
	while (outputs < all->outputs.count &&
	       all->outputs.items[outputs].task_instance <= task->id)
		outputs++;
	json->attempts = all->attempts.items ? all->attempts.items + all->attempt_at : NULL;
	json->attempt_count = attempts - all->attempt_at;
	json->outputs = all->outputs.items ? all->outputs.items + all->output_at : NULL;
	json->output_count = outputs - all->output_at;
	all->attempt_at = attempts;
	all->output_at = outputs;
}

/* `only`: of this task; NULL: all. */
static int write_tasks(struct request *request, struct db *db, const struct run_repo_row *run,
                       const char *only, struct json_writer *w, struct err *err)
{
	struct gathered all = {.request = request, .run = run};
	struct arena *arena = &request->arena;

	if (task_repo_list(db, run->id, arena, &all.tasks, err) < 0 ||
	    attempt_repo_of_run(db, run->id, arena, &all.attempts, err) < 0 ||
	    output_repo_of_run(db, run->id, arena, &all.outputs, err) < 0)
		return -1;
	json_writer_array(w);
	for (size_t i = 0; i < all.tasks.count; i++) {
		struct run_json_task json = {0};

		cut_task(&all, &all.tasks.items[i], &json);
		if (!only || str_equal(all.tasks.items[i].task, only))
			write_task(&all, &all.tasks.items[i], &json, w);
	}
	json_writer_array_end(w);
	return 0;
}

int run_tasks_write(struct request *request, struct db *db, const struct run_repo_row *run,
                    struct json_writer *w, struct err *err)
{
	return write_tasks(request, db, run, NULL, w, err);
}

int run_tasks_find(struct request *request, struct db *db, const struct run_repo_row *run,
                   struct task_repo_row *task, struct err *err)
{
	struct task_repo_key key = {.run = run->id, .task = request->values[2], .map_index = -1};
	const char *index = request_parameter(request, "map_index");
	int64_t map_index;
	int found;

	if (index) {
		if (str_to_int(index, &map_index, err) < 0)
			return -1;
		key.map_index = (int32_t)map_index;
	}
	found = task_repo_get(db, &key, &request->arena, task, err);
	if (found == 0)
		return err_set(err, ERR_NOT_FOUND, "run '%s/%s' has no task '%s'%s", run->dag,
		               run->run_id, key.task, index ? " of this index" : "");
	return found < 0 ? -1 : 0;
}

int run_tasks_write_one(struct request *request, struct db *db, const struct run_repo_row *run,
                        struct json_writer *w, struct err *err)
{
	struct gathered all = {.request = request, .run = run};
	struct arena *arena = &request->arena;
	struct task_repo_row task;
	struct run_json_task json = {0};

	if (run_tasks_find(request, db, run, &task, err) < 0 ||
	    attempt_repo_list(db, task.id, arena, &all.attempts, err) < 0)
		return -1;
	if (task.attempt && str_equal(task.state, state_task_name(TASK_SUCCESS)) &&
	    output_repo_list(db, task.attempt, arena, &all.outputs, err) < 0)
		return -1;
	json.outputs = all.outputs.items;
	json.output_count = all.outputs.count;
	json.attempts = all.attempts.items;
	json.attempt_count = all.attempts.count;
	json.with_attempts = 1;
	write_task(&all, &task, &json, w);
	return 0;
}

int run_tasks_write_named(struct request *request, struct db *db, const struct run_repo_row *run,
                          struct json_writer *w, struct err *err)
{
	const struct task_repo_key key = {
		.run = run->id, .task = request->values[2], .map_index = -1};
	struct task_repo_row row;
	int is_one = request_parameter(request, "map_index") != NULL;

	if (!is_one)
		is_one = task_repo_get(db, &key, &request->arena, &row, err);
	if (is_one < 0)
		return -1;
	return is_one ? run_tasks_write_one(request, db, run, w, err)
	              : write_tasks(request, db, run, key.task, w, err);
}

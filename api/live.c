/* live.c - shows a run of the path with what the database does not know */
#include "api/live.h"

#include "api/respond.h"
#include "lib/str.h"
#include "scheduler/core/explanation.h"

struct live {
	live_write_fn write;
	unsigned flags;
	int64_t run; /* to be asked about, 0: nobody is asked */
	int is_asked;
	struct explanation *explanation; /* NULL: nothing is known */
};

static void forget(struct request *request)
{
	struct live *live = request->work_data;

	explanation_free(live->explanation);
}

/* A run that is under way waits for nothing; its tasks do. */
static int is_worth_asking(const struct live *live, const struct run_repo_row *run)
{
	if (live->is_asked || run->ended_at_us)
		return 0;
	return (live->flags & LIVE_TASKS) || str_equal(run->state, state_run_name(RUN_QUEUED));
}

static int write_now(struct request *request, struct db *db, struct run_repo_row *run,
                     struct err *err)
{
	struct live *live = request->work_data;
	struct json_writer w;

	live->run = 0;
	if (is_worth_asking(live, run)) {
		live->run = run->id;
		return 0;
	}
	if (live->explanation && !run->ended_at_us)
		run->reason = live->explanation->run;
	json_writer_init(&w, &request->reply);
	return live->write(request, db, run, &w, err);
}

static int work(struct request *request, struct db *db, struct err *err)
{
	const char *dag = request->values[0], *run_id = request->values[1];
	struct run_repo_row run;
	int found, failed;

	buf_clear(&request->reply);
	if (db_begin(db, DB_READ, err) < 0)
		return -1;
	found = run_repo_by_name(db, dag, run_id, &request->arena, &run, err);
	if (found == 0)
		err_set(err, ERR_NOT_FOUND, "there is no run '%s/%s'", dag, run_id);
	failed = found <= 0 || write_now(request, db, &run, err) < 0;
	db_rollback(db);
	return failed ? -1 : 0;
}

static void respond(struct request *request, const struct err *err);

static void on_explained(struct request *request, struct command *command)
{
	struct live *live = request->work_data;

	live->explanation = command->explanation;
	command->explanation = NULL;
	request_read(request, REQUEST_METADATA, work, respond);
}

static void respond(struct request *request, const struct err *err)
{
	struct live *live = request->work_data;
	struct command command = {.kind = COMMAND_EXPLAIN_RUN, .by = "api", .made_run = live->run};

	if (err) {
		respond_error(request, err);
	} else if (live->run) {
		live->is_asked = 1;
		request_command(request, &command, on_explained);
	} else {
		respond_reply(request, RESPOND_OK);
	}
}

void live_show(struct request *request, live_write_fn write, unsigned flags)
{
	struct live *live = arena_alloc(&request->arena, sizeof(*live));

	live->write = write;
	live->flags = flags;
	request->work_data = live;
	request->cleanup = forget;
	request_read(request, REQUEST_METADATA, work, respond);
}

const char *live_reason(const struct request *request, const struct task_repo_row *task)
{
	const struct live *live = request->work_data;
	int state = state_task_from_name(task->state);

	if (!live->explanation || state < 0 || state_task_is_finished((enum task_state)state))
		return task->reason;
	/* what it said itself when it wished to be called again */
	if (task->reason && (state == TASK_UP_FOR_RESCHEDULE || state == TASK_AWAITING_INPUT))
		return task->reason;
	return explanation_find(live->explanation, task->id, (enum task_state)state);
}

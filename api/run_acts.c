/* run_acts.c - handlers of what people do to runs: cancel, mark, note, clear */
#include "api/run_acts.h"

#include "api/body.h"
#include "api/live.h"
#include "api/run_tasks.h"
#include "api/runs.h"
#include "lib/limits.h"
#include "lib/str.h"

/* A command about the run of the path. */
static struct command begin(const struct request *request, enum command_kind kind)
{
	return (struct command){
		.kind = kind,
		.by = "api",
		.dag = request->values[0],
		.run_id = request->values[1],
		.map_index = COMMAND_ALL_ITEMS,
	};
}

static void take_note(struct request *request, const json_t *value, void *target,
                      struct body_faults *faults)
{
	struct command *command = target;

	if (json_is_null(value))
		command->note = "";
	else if (json_is_string(value) && json_string_length(value) <= LIMIT_NOTE_BYTES)
		command->note = arena_strdup(&request->arena, json_string_value(value));
	else
		body_fault(faults, "/note", "must be text of at most 4096 bytes");
}

static void take_run_state(struct request *request, const json_t *value, void *target,
                           struct body_faults *faults)
{
	static const char *const names[] = {"cancelled", "success", "failed", NULL};
	struct command *command = target;

	(void)request;
	command->state =
		body_choice(value, names, "/state", "must be cancelled, success or failed", faults);
}

static void take_task_state(struct request *request, const json_t *value, void *target,
                            struct body_faults *faults)
{
	static const char *const names[] = {"cancelled", "success", "failed", "skipped", NULL};
	struct command *command = target;

	(void)request;
	command->state = body_choice(value, names, "/state",
	                             "must be cancelled, success, failed or skipped", faults);
}

static enum command_kind kind_of(const struct command *command)
{
	if (!command->state)
		return COMMAND_NOTE;
	return str_equal(command->state, "cancelled") ? COMMAND_CANCEL : COMMAND_MARK;
}

/* PATCH …/runs/{run} */

static void on_run_updated(struct request *request, struct command *command)
{
	if (command->err.code == ERR_NONE)
		runs_show(request);
	else
		respond_error(request, &command->err);
}

void run_acts_update(struct request *request)
{
	static const struct body_member members[] = {{"state", take_run_state},
	                                             {"note", take_note}};
	struct command command = begin(request, COMMAND_NOTE);

	if (body_take(request, members, countof(members), &command) < 0)
		return;
	command.kind = kind_of(&command);
	if (!command.state && !command.note)
		respond_problem(request, PROBLEM_VALIDATION,
		                "there is no state and no note to set");
	else
		request_command(request, &command, on_run_updated);
}

/* PATCH …/runs/{run}/tasks/{task} */

static void on_task_updated(struct request *request, struct command *command)
{
	if (command->err.code == ERR_NONE)
		live_show(request, run_tasks_write_named, LIVE_TASKS);
	else
		respond_error(request, &command->err);
}

void run_acts_update_task(struct request *request)
{
	static const struct body_member members[] = {{"state", take_task_state}};
	struct command command = begin(request, COMMAND_MARK);
	int32_t map_index;

	if (run_tasks_map_index(request, &map_index) < 0 ||
	    body_take(request, members, countof(members), &command) < 0)
		return;
	command.kind = kind_of(&command);
	command.task = request->values[2];
	if (request_parameter(request, "map_index"))
		command.map_index = map_index;
	if (command.state)
		request_command(request, &command, on_task_updated);
	else
		respond_problem(request, PROBLEM_VALIDATION, "there is no state to set");
}

/* POST …/runs/{run}/clear */

static void take_tasks(struct request *request, const json_t *value, void *target,
                       struct body_faults *faults)
{
	struct command *command = target;
	size_t index;
	json_t *name = NULL;
	int is_good = json_is_array(value);

	(void)request;
	json_array_foreach(value, index, name) is_good &= json_is_string(name);
	if (is_good)
		command->params = json_incref((json_t *)(uintptr_t)value);
	else
		body_fault(faults, "/tasks", "must be an array of names of tasks");
}

static void take_flag(const json_t *value, struct command *command, unsigned flag,
                      const char *pointer, struct body_faults *faults)
{
	if (!json_is_boolean(value))
		body_fault(faults, pointer, "must be true or false");
	else if (json_is_true(value))
		command->clear |= flag;
}

static void take_only_failed(struct request *request, const json_t *value, void *target,
                             struct body_faults *faults)
{
	(void)request;
	take_flag(value, target, COMMAND_ONLY_FAILED, "/only_failed", faults);
}

static void take_downstream(struct request *request, const json_t *value, void *target,
                            struct body_faults *faults)
{
	(void)request;
	take_flag(value, target, COMMAND_DOWNSTREAM, "/downstream", faults);
}

static void take_dry_run(struct request *request, const json_t *value, void *target,
                         struct body_faults *faults)
{
	(void)request;
	take_flag(value, target, COMMAND_DRY_RUN, "/dry_run", faults);
}

static void take_version(struct request *request, const json_t *value, void *target,
                         struct body_faults *faults)
{
	struct command *command = target;
	const char *text = json_is_string(value) ? json_string_value(value) : "";

	(void)request;
	if (str_equal(text, "latest"))
		command->clear |= COMMAND_LATEST;
	else if (!str_equal(text, "same"))
		body_fault(faults, "/version", "must be same or latest");
}

static void on_cleared(struct request *request, struct command *command)
{
	if (command->err.code == ERR_NONE) {
		json_append(&request->reply, command->answer);
		respond_reply(request, RESPOND_OK);
	} else if (command->faults) {
		body_respond_faults(request, command, "/tasks");
	} else {
		respond_error(request, &command->err);
	}
}

void run_acts_clear(struct request *request)
{
	static const struct body_member members[] = {{"tasks", take_tasks},
	                                             {"only_failed", take_only_failed},
	                                             {"downstream", take_downstream},
	                                             {"version", take_version},
	                                             {"dry_run", take_dry_run}};
	struct command command = begin(request, COMMAND_CLEAR);

	if (body_take(request, members, countof(members), &command) == 0)
		request_command(request, &command, on_cleared);
	json_decref(command.params);
}

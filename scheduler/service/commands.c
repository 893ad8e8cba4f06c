/* commands.c - carries out what people ask of DAGs and runs */
#include "scheduler/service/commands.h"

#include <string.h>

#include "lib/clock.h"
#include "lib/fault.h"
#include "lib/limits.h"
#include "lib/str.h"
#include "lib/vec.h"
#include "scheduler/core/dag_params.h"
#include "scheduler/service/run_info.h"
#include "scheduler/service/run_maker.h"

/* Answered with the next commit. */
static void answer_later(struct leader *leader, struct command *command)
{
	command->next = leader->next->answers;
	leader->next->answers = command;
}

static int is_run_id(const char *text)
{
	size_t length = strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	                             "0123456789_.~:+-");

	return length && length <= LIMIT_NAME_BYTES && !text[length];
}

static int choose_run_id(struct leader *leader, struct command *command, int64_t now_us)
{
	int taken;

	if (!command->run_id)
		return run_maker_name(leader, command->dag, "manual", now_us, command->made_run_id,
		                      &command->err);
	if (!is_run_id(command->run_id))
		return err_set(&command->err, ERR_INVALID,
		               "'%.128s' is not a run id: up to %d letters, digits and _.~:+-",
		               command->run_id, LIMIT_NAME_BYTES);
	taken = run_maker_has_id(leader, command->dag, command->run_id, &command->err);
	if (taken > 0)
		return err_set(&command->err, ERR_CONFLICT, "the DAG '%s' has a run '%s' already",
		               command->dag, command->run_id);
	str_copy(command->made_run_id, sizeof(command->made_run_id), command->run_id);
	return taken;
}

static int check_logical_date(struct leader *leader, struct command *command)
{
	int taken;

	if (command->logical_date_us == RUN_INFO_NO_DATE)
		return 0;
	taken = run_maker_has_logical(leader, command->dag, command->logical_date_us,
	                              &command->err);
	if (taken > 0)
		return err_set(&command->err, ERR_CONFLICT,
		               "the DAG '%s' has a run of this logical date already", command->dag);
	return taken;
}

static struct registry_dag *find_dag(struct leader *leader, struct command *command)
{
	struct registry_dag *entry = registry_find(&leader->registry, command->dag);

	if (!entry)
		err_set(&command->err, ERR_NOT_FOUND, "there is no DAG '%.128s'", command->dag);
	else if (!entry->dag)
		err_set(&command->err, ERR_CONFLICT,
		        "the file of DAG '%s' has faults, `millrace dags validate` shows them",
		        command->dag);
	else
		return entry;
	return NULL;
}

static void create_run(struct leader *leader, struct command *command, struct dag *dag,
                       json_t *params)
{
	const struct run_maker_order order = {
		.dag = dag,
		.type = "manual",
		.run_id = command->made_run_id,
		.by = command->by,
		.note = command->note,
		.params = params,
		.logical_us = command->logical_date_us,
		.interval_start_us = RUN_INFO_NO_DATE,
		.interval_end_us = RUN_INFO_NO_DATE,
	};

	command->made_run = run_maker_make(leader, &order);
	FAULT("trigger-before-commit");
	answer_later(leader, command);
}

/* -1: refused, command->err says why. */
static int trigger(struct leader *leader, struct command *command)
{
	struct registry_dag *entry = find_dag(leader, command);
	json_t *params;

	if (!entry || choose_run_id(leader, command, clock_now_us()) < 0 ||
	    check_logical_date(leader, command) < 0)
		return -1;
	command->faults = json_array();
	params = dag_params_complete(entry->dag, command->params, command->faults, &command->err);
	if (!params)
		return -1;
	json_decref(command->faults);
	command->faults = NULL;
	create_run(leader, command, entry->dag, params);
	json_decref(params);
	return 0;
}

/* The run in memory: only those that have not ended are there. */
static struct run *find_run(struct leader *leader, struct command *command)
{
	struct run_repo_row row;
	struct run *run = NULL;
	struct arena arena;
	int found;

	arena_init(&arena);
	found = run_repo_by_name(leader->reader, command->dag, command->run_id, &arena, &row,
	                         &command->err);
	if (found > 0)
		run = engine_run(leader->engine, row.id);
	if (found == 0)
		err_set(&command->err, ERR_NOT_FOUND, "the DAG '%.128s' has no run '%.128s'",
		        command->dag, command->run_id);
	else if (found > 0 && !run)
		err_set(&command->err, ERR_CONFLICT, "the run '%s' has ended, it is %s",
		        command->run_id, row.state);
	arena_release(&arena);
	return run;
}

static int cancel(struct leader *leader, struct command *command)
{
	struct run *run = find_run(leader, command);
	struct event event = {.type = EVENT_CANCEL};

	if (!run)
		return -1;
	event.instance.run = run->id;
	event.instance.task = EVENT_ALL_TASKS;
	event.instance.map_index = EVENT_ALL_ITEMS;
	if (leader_step(leader, &event) != ENGINE_OK)
		return err_set(&command->err, ERR_CONFLICT, "the run '%s' cannot be cancelled",
		               command->run_id);
	command->made_run = run->id;
	str_copy(command->made_run_id, sizeof(command->made_run_id), command->run_id);
	answer_later(leader, command);
	return 0;
}

static int set_paused(struct leader *leader, struct command *command)
{
	struct registry_dag *entry = registry_find(&leader->registry, command->dag);
	struct event event = {.type = EVENT_PAUSE};

	if (!entry)
		return err_set(&command->err, ERR_NOT_FOUND, "there is no DAG '%.128s'",
		               command->dag);
	entry->is_paused = command->is_paused;
	event.pause.dag = entry->name;
	event.pause.paused = entry->is_paused;
	leader_step(leader, &event);
	*vec_push(&leader->next->pauses) = (struct batch_pause){
		arena_strdup(&leader->next->arena, entry->name), entry->is_paused};
	answer_later(leader, command);
	return 0;
}

void commands_do(struct leader *leader, struct command *command)
{
	static int (*const handlers[])(struct leader *, struct command *) = {
		[COMMAND_TRIGGER] = trigger,
		[COMMAND_CANCEL] = cancel,
		[COMMAND_PAUSE] = set_paused,
	};
	struct err trouble;
	int result;

	command->err.code = ERR_NONE;
	journal_trouble(leader->journal, &trouble);
	if (leader->is_draining)
		result = err_set(&command->err, ERR_STOPPING, "the server is stopping");
	else if (trouble.code != ERR_NONE)
		result = err_set(&command->err, ERR_UNAVAILABLE,
		                 "the metadata database cannot be written: %s", trouble.text);
	else
		result = handlers[command->kind](leader, command);
	if (result < 0)
		command->done(command);
}

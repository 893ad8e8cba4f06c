/* commands.c - carries out what people ask of DAGs and runs */
#include "scheduler/service/commands.h"

#include "lib/clock.h"
#include "lib/fault.h"
#include "lib/limits.h"
#include "lib/mem.h"
#include "lib/str.h"
#include "lib/vec.h"
#include "scheduler/core/dag_params.h"
#include "scheduler/service/backfills.h"
#include "scheduler/service/explain.h"
#include "scheduler/service/run_commands.h"
#include "scheduler/service/run_info.h"
#include "scheduler/service/run_maker.h"
#include "scheduler/service/schedules.h"

/* The kinds that are put on record; a trigger's record is its run. */
static const char *const recorded[] = {
	[COMMAND_TRIGGER] = NULL,        [COMMAND_CANCEL] = "cancel",
	[COMMAND_PAUSE] = "pause",       [COMMAND_CLEAR] = "clear",
	[COMMAND_MARK] = "mark",         [COMMAND_NOTE] = "note",
	[COMMAND_EXPLAIN_RUN] = NULL,    [COMMAND_EXPLAIN_DAG] = NULL,
	[COMMAND_BACKFILL] = "backfill", [COMMAND_BACKFILL_SET] = "backfill_set",
};

static json_t *arguments_of(const struct command *command)
{
	json_t *arguments = json_pack("{s:s*, s:s*, s:s*, s:s*, s:O*}", "dag", command->dag,
	                              "run_id", command->run_id, "task", command->task, "state",
	                              command->state, "tasks", command->params);

	if (command->task && command->map_index != COMMAND_ALL_ITEMS)
		json_object_set_new(arguments, "map_index", json_integer(command->map_index));
	if (command->backfill) {
		json_object_set_new(arguments, "backfill_id", json_string(command->made_run_id));
		if (command->kind == COMMAND_BACKFILL_SET)
			json_object_set_new(arguments, "state",
			                    json_string(command->backfill->state));
	}
	if (command->kind == COMMAND_PAUSE)
		json_object_set_new(arguments, "is_paused", json_boolean(command->is_paused));
	if (command->kind == COMMAND_CLEAR)
		json_object_set_new(arguments, "flags", json_integer(command->clear));
	return arguments;
}

static void record(struct leader *leader, const struct command *command)
{
	struct arena *arena = &leader->next->arena;
	auto_json json_t *arguments = arguments_of(command);
	auto_free char *text = json_text(arguments);
	int64_t now_us = clock_now_us();

	*vec_push(&leader->next->commands) = (struct command_repo_row){
		.id = leader->ids.command++,
		.kind = recorded[command->kind],
		.args = arena_strdup(arena, text),
		.by = arena_strdup(arena, command->by),
		.state = "done",
		.created_at_us = now_us,
		.ended_at_us = now_us,
	};
}

void commands_answer_later(struct leader *leader, struct command *command)
{
	if (recorded[command->kind])
		record(leader, command);
	command->next = leader->next->answers;
	leader->next->answers = command;
}

static int choose_run_id(struct leader *leader, struct command *command, int64_t now_us)
{
	int taken;

	if (!command->run_id)
		return run_maker_name(leader, command->dag, "manual", now_us, command->made_run_id,
		                      &command->err);
	if (!run_is_id(command->run_id))
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

struct registry_dag *commands_find_dag(struct leader *leader, struct command *command)
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
	commands_answer_later(leader, command);
}

/* -1: refused, command->err says why. */
static int trigger(struct leader *leader, struct command *command)
{
	struct registry_dag *entry = commands_find_dag(leader, command);
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
	schedules_set_paused(leader->schedules, entry->name, entry->is_paused);
	commands_answer_later(leader, command);
	return 0;
}

/* Why nothing can be changed now: -1 with the error. */
static int look_for_trouble(const struct leader *leader, struct err *err)
{
	struct err trouble;

	if (leader->is_draining)
		return err_set(err, ERR_STOPPING, "the server is stopping");
	journal_trouble(leader->journal, &trouble);
	if (trouble.code == ERR_NONE)
		return 0;
	return err_set(err, ERR_UNAVAILABLE, "the metadata database cannot be written: %s",
	               trouble.text);
}

static const struct {
	/* 0: answered with the commit; 1: answer it at once; -1: refused, command->err says why */
	int (*run)(struct leader *leader, struct command *command);
	int only_asks; /* nothing changes, so trouble does not matter */
} handlers[] = {
	[COMMAND_TRIGGER] = {trigger, 0},           [COMMAND_CANCEL] = {run_commands_cancel, 0},
	[COMMAND_PAUSE] = {set_paused, 0},          [COMMAND_CLEAR] = {run_commands_clear, 0},
	[COMMAND_MARK] = {run_commands_mark, 0},    [COMMAND_NOTE] = {run_commands_note, 0},
	[COMMAND_EXPLAIN_RUN] = {explain_run, 1},   [COMMAND_EXPLAIN_DAG] = {explain_dag, 1},
	[COMMAND_BACKFILL] = {backfills_create, 0}, [COMMAND_BACKFILL_SET] = {backfills_set, 0},
};

void commands_do(struct leader *leader, struct command *command)
{
	int result = 0;

	command->err.code = ERR_NONE;
	if (!handlers[command->kind].only_asks)
		result = look_for_trouble(leader, &command->err);
	if (result == 0)
		result = handlers[command->kind].run(leader, command);
	if (result != 0)
		command->done(command);
}

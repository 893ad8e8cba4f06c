/* run_commands.c - what people do to runs: cancel, clear, mark, note */
#include "scheduler/service/run_commands.h"

#include <stdlib.h>

#include "lib/fault.h"
#include "lib/mem.h"
#include "lib/str.h"
#include "lib/vec.h"
#include "scheduler/service/commands.h"
#include "scheduler/service/restore.h"
#include "scheduler/service/retention.h"
#include "scheduler/service/run_info.h"

/* The run a command is about. */
struct target {
	struct leader *leader;
	struct command *command;
	struct arena arena;
	struct run_repo_row row;
	struct run *run; /* in memory, or NULL */
	int is_restored; /* for this command alone */
};

/* -1: there is no such run. */
static int find(struct target *target, struct leader *leader, struct command *command)
{
	int found;

	*target = (struct target){.leader = leader, .command = command};
	arena_init(&target->arena);
	found = run_repo_by_name(leader->reader, command->dag, command->run_id, &target->arena,
	                         &target->row, &command->err);
	/* one that is being removed is gone for everybody */
	if (found > 0 && retention_takes(leader->retention, target->row.id))
		found = 0;
	if (found == 0)
		err_set(&command->err, ERR_NOT_FOUND, "the DAG '%.128s' has no run '%.128s'",
		        command->dag, command->run_id);
	if (found <= 0)
		return -1;
	target->run = engine_run(leader->engine, target->row.id);
	return 0;
}

/* Brings one that has ended back to memory; `dag`: with that version. */
static int restore(struct target *target, struct dag *dag)
{
	if (retention_takes(target->leader->retention, target->row.id))
		return err_set(
			&target->command->err, ERR_CONFLICT,
			"the run '%.128s' is older than its DAG keeps them and is being removed",
			target->command->run_id);
	if (!target->run) {
		target->run =
			restore_ended(target->leader, &target->row, dag, &target->command->err);
		target->is_restored = target->run != NULL;
	}
	return target->run ? 0 : -1;
}

/* What was restored and not changed goes again. */
static void leave(struct target *target)
{
	if (target->is_restored)
		leader_forget(target->leader, target->row.id);
	arena_release(&target->arena);
}

static int refuse(struct target *target, const char *what)
{
	return err_set(&target->command->err, ERR_CONFLICT, "the run '%.128s' %s",
	               target->command->run_id, what);
}

static void set_note(struct target *target, const char *note)
{
	struct batch *next = target->leader->next;

	*vec_push(&next->notes) = (struct batch_note){
		target->row.id, *note ? arena_strdup(&next->arena, note) : NULL};
	if (target->run)
		run_info_set_note(run_info_of(target->run), note);
}

static int take(struct target *target)
{
	struct command *command = target->command;

	if (command->note)
		set_note(target, command->note);
	command->made_run = target->row.id;
	str_copy(command->made_run_id, sizeof(command->made_run_id), command->run_id);
	FAULT("command-before-commit");
	commands_answer_later(target->leader, command);
	return 0;
}

/* Which instances the command names. */
static int find_instances(struct target *target, struct event_instance *what)
{
	const struct command *command = target->command;
	const struct dag_task *task = dag_task(target->run->dag, command->task);

	*what = (struct event_instance){.run = target->run->id, .map_index = EVENT_ALL_ITEMS};
	if (!task)
		return err_set(&target->command->err, ERR_NOT_FOUND,
		               "the run '%.128s' has no task '%.128s'", command->run_id,
		               command->task);
	what->task = task->index;
	if (command->map_index != COMMAND_ALL_ITEMS)
		what->map_index = command->map_index;
	return 0;
}

/* What the engine thinks of a command about instances. */
static int judge(struct target *target, enum engine_answer answer, const char *act)
{
	const struct command *command = target->command;
	struct instance *instance;

	if (answer == ENGINE_OK)
		return take(target);
	if (answer != ENGINE_CONFLICT)
		return err_set(&target->command->err, ERR_NOT_FOUND,
		               "the task '%.128s' of run '%.128s' has no item %d", command->task,
		               command->run_id, (int)command->map_index);
	instance = run_instance(target->run, dag_task(target->run->dag, command->task)->index,
	                        command->map_index == COMMAND_ALL_ITEMS ? -1 : command->map_index);
	return err_set(&target->command->err, ERR_CONFLICT,
	               "the task '%.128s' is %s, so it cannot be %s", command->task,
	               instance ? state_task_name(instance->state) : "not in a state for that",
	               act);
}

/* --- cancel --- */

static int cancel(struct target *target)
{
	struct event event = {.type = EVENT_CANCEL};

	if (!target->run || state_run_is_finished(target->run->state)) {
		const char *state =
			target->run ? state_run_name(target->run->state) : target->row.state;

		return refuse(target, arena_printf(&target->arena, "has ended, it is %s", state));
	}
	if (target->command->task) {
		if (find_instances(target, &event.instance) < 0)
			return -1;
		return judge(target, leader_step(target->leader, &event), "cancelled");
	}
	event.instance.run = target->run->id;
	event.instance.task = EVENT_ALL_TASKS;
	event.instance.map_index = EVENT_ALL_ITEMS;
	if (leader_step(target->leader, &event) != ENGINE_OK)
		return refuse(target, "cannot be cancelled");
	return take(target);
}

static int with_run(struct leader *leader, struct command *command,
                    int (*act)(struct target *target))
{
	struct target target;
	int result = find(&target, leader, command);

	if (result == 0)
		result = act(&target);
	leave(&target);
	return result;
}

int run_commands_cancel(struct leader *leader, struct command *command)
{
	return with_run(leader, command, cancel);
}

/* --- mark --- */

static int mark_run(struct target *target)
{
	struct event event = {.type = EVENT_MARK_RUN, .mark_run = {.run = target->run->id}};
	int state = state_run_from_name(target->command->state);

	if (!state_run_is_finished(target->run->state))
		return refuse(target, "has not ended: cancel it first");
	if (state != RUN_SUCCESS && state != RUN_FAILED)
		return err_set(&target->command->err, ERR_INVALID,
		               "a run can be marked as success or failed");
	event.mark_run.state = (enum run_state)state;
	if (leader_step(target->leader, &event) != ENGINE_OK)
		return refuse(target, arena_printf(&target->arena, "is %s already",
		                                   target->command->state));
	return take(target);
}

static int mark_task(struct target *target)
{
	struct event event = {.type = EVENT_MARK};
	int state = state_task_from_name(target->command->state);

	if (state != TASK_SUCCESS && state != TASK_FAILED && state != TASK_SKIPPED)
		return err_set(&target->command->err, ERR_INVALID,
		               "a task can be marked as success, failed or skipped");
	if (find_instances(target, &event.mark.what) < 0)
		return -1;
	event.mark.state = (enum task_state)state;
	return judge(target, leader_step(target->leader, &event),
	             arena_printf(&target->arena, "marked as %s", target->command->state));
}

static int mark(struct target *target)
{
	if (restore(target, NULL) < 0)
		return -1;
	return target->command->task ? mark_task(target) : mark_run(target);
}

int run_commands_mark(struct leader *leader, struct command *command)
{
	return with_run(leader, command, mark);
}

/* --- note --- */

static int note(struct target *target)
{
	return take(target);
}

int run_commands_note(struct leader *leader, struct command *command)
{
	return with_run(leader, command, note);
}

/* --- clear --- */

/* The newest version of the run's DAG; NULL when there is none. */
static struct dag *latest(struct target *target)
{
	const struct registry_dag *entry =
		registry_find(&target->leader->registry, target->command->dag);

	if (entry && entry->dag)
		return entry->dag;
	err_set(&target->command->err, ERR_CONFLICT,
	        "the DAG '%s' has no version but the run's own", target->command->dag);
	return NULL;
}

static int restore_latest(struct target *target)
{
	struct dag *dag = latest(target);

	if (!dag)
		return -1;
	if (target->run && state_run_is_finished(target->run->state))
		return err_set(&target->command->err, ERR_BUSY,
		               "the end of the run is being stored");
	if (target->run)
		return refuse(target, "has not ended, so it keeps its version");
	return restore(target, dag);
}

/* The tasks asked for, by index; NULL with all that do not exist in command->faults. */
static uint32_t *find_tasks(struct target *target)
{
	struct command *command = target->command;
	size_t count = json_array_size(command->params), i;
	uint32_t *tasks = mem_array(count + 1, sizeof(*tasks));
	json_t *faults = json_array(), *name = NULL;

	json_array_foreach(command->params, i, name)
	{
		const char *text = json_string_value(name);
		const struct dag_task *task = dag_task(target->run->dag, text);

		if (task)
			tasks[i] = task->index;
		else
			json_array_append_new(
				faults,
				json_pack("{s:o, s:o}", "pointer",
			                  json_sprintf("/tasks/%d", (int)i), "detail",
			                  json_sprintf("the run has no task '%.128s'", text)));
	}
	if (!json_array_size(faults)) {
		json_decref(faults);
		return tasks;
	}
	command->faults = faults;
	err_set(&command->err, ERR_INVALID, "not all of the tasks exist");
	free(tasks);
	return NULL;
}

/* A Task instance as it will be once cleared. */
static json_t *describe(const struct instance *instance)
{
	const struct dag_task *task = instance->node->task;

	return json_pack("{s:s, s:i, s:s, s:s, s:i, s:s, s:o, s:i}", "task", task->name,
	                 "map_index", (int)instance->map_index, "state", state_task_name(TASK_NONE),
	                 "was", state_task_name(instance->state), "attempt", (int)instance->number,
	                 "operator", task->operator, "pool",
	                 *task->pool ? json_string(task->pool) : json_null(), "priority",
	                 (int)task->priority);
}

/* What the clear means, before it happens. */
static json_t *describe_all(struct target *target)
{
	json_t *all = json_array();
	uint32_t task = 0, item = 0;
	struct instance *instance;

	vec_foreach(struct instance **, selected, &target->leader->effects.selected)
		json_array_append_new(all, describe(*selected));
	while ((instance = run_next(target->run, &task, &item))) {
		if (target->is_restored && instance->state == TASK_NONE)
			json_array_append_new(all, describe(instance));
	}
	return all;
}

static int clear_now(struct target *target, struct event *event)
{
	struct run_info *info = run_info_of(target->run);

	if ((target->command->clear & COMMAND_LATEST) &&
	    restore_remove_tasks(target->leader, target->run, &target->command->err) < 0)
		return -1;
	if (state_run_is_finished(target->run->state))
		info->started_us = info->ended_us = 0;
	event->clear.flags &= ~(uint32_t)CLEAR_DRY_RUN;
	(void)leader_step(target->leader, event);
	return take(target);
}

static int clear_tasks(struct target *target, const uint32_t *tasks)
{
	struct command *command = target->command;
	struct event event = {
		.type = EVENT_CLEAR,
		.clear = {.run = target->run->id,
	                  .tasks = tasks,
	                  .task_count = (uint32_t)json_array_size(command->params),
	                  .flags = CLEAR_DRY_RUN},
	};

	if (command->clear & COMMAND_ONLY_FAILED)
		event.clear.flags |= CLEAR_ONLY_FAILED;
	if (command->clear & COMMAND_DOWNSTREAM)
		event.clear.flags |= CLEAR_DOWNSTREAM;
	if (leader_step(target->leader, &event) != ENGINE_OK)
		return refuse(target, "is being cancelled: wait for its end");
	command->answer = describe_all(target);
	if ((command->clear & COMMAND_DRY_RUN) || !json_array_size(command->answer))
		return 1;
	return clear_now(target, &event);
}

static int clear(struct target *target)
{
	int restored = target->command->clear & COMMAND_LATEST ? restore_latest(target)
	                                                       : restore(target, NULL);
	uint32_t *tasks = restored == 0 ? find_tasks(target) : NULL;
	int result = tasks ? clear_tasks(target, tasks) : -1;

	free(tasks);
	return result;
}

int run_commands_clear(struct leader *leader, struct command *command)
{
	return with_run(leader, command, clear);
}

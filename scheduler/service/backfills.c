/* backfills.c - makes the runs of a span of time, one after the other */
#include "scheduler/service/backfills.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "lib/clock.h"
#include "lib/crypto.h"
#include "lib/fault.h"
#include "lib/log.h"
#include "lib/mem.h"
#include "lib/str.h"
#include "lib/timestamp.h"
#include "lib/vec.h"
#include "scheduler/core/dag_params.h"
#include "scheduler/service/backfill_plan.h"
#include "scheduler/service/commands.h"
#include "scheduler/service/leader.h"
#include "scheduler/service/restore.h"
#include "scheduler/service/run_commands.h"
#include "scheduler/service/run_info.h"
#include "scheduler/service/run_maker.h"

enum {
	DATES_AT_ONCE = 64, /* looked at in one turn of the loop */
};

struct backfill {
	struct backfill *next;
	struct arena arena; /* of all that follows */
	struct backfill_repo_row row;
	struct backfill_plan plan;
	size_t position; /* in the plan */
	struct dag *dag; /* the version whose schedule it has */
};

struct backfills {
	struct backfill *first;
	int64_t next_id;
	int is_due;
};

static void free_one(struct backfill *backfill)
{
	dag_release(backfill->dag);
	arena_release(&backfill->arena);
	free(backfill);
}

void backfills_free(struct backfills *backfills)
{
	while (backfills && backfills->first) {
		struct backfill *backfill = backfills->first;

		backfills->first = backfill->next;
		free_one(backfill);
	}
	free(backfills);
}

void backfills_look(struct backfills *backfills)
{
	if (backfills)
		backfills->is_due = 1;
}

/* --- storing --- */

static int is_in(const struct backfill *backfill, const char *state)
{
	return str_equal(backfill->row.state, state);
}

/* The row as it is now goes into the next batch. */
static void store(struct leader *leader, struct backfill *backfill)
{
	struct batch *batch = leader->next;
	struct backfill_repo_row *row = NULL;

	if (backfill->position < backfill->plan.count)
		backfill->row.next_us = backfill->plan.times[backfill->position];
	vec_foreach(struct backfill_repo_row *, other, &batch->backfills) {
		if (other->id == backfill->row.id)
			row = other;
	}
	if (!row)
		row = vec_push(&batch->backfills);
	*row = backfill->row;
	row->backfill_id = arena_strdup(&batch->arena, row->backfill_id);
	row->dag = arena_strdup(&batch->arena, row->dag);
	row->dag_version = arena_strdup(&batch->arena, row->dag_version);
	row->by = arena_strdup(&batch->arena, row->by);
	row->reason = row->reason ? arena_strdup(&batch->arena, row->reason) : NULL;
}

/* States, orders and the like are words of ours and live for ever. */
static const char *word(const char *text)
{
	static const char *const words[] = {"running", "paused", "success", "failed", "cancelled",
	                                    "asc",     "desc",   "skip",    "all"};

	for (size_t i = 0; i < countof(words); i++) {
		if (str_equal(words[i], text))
			return words[i];
	}
	return "";
}

static void set_state(struct leader *leader, struct backfill *backfill, const char *state,
                      const char *reason)
{
	backfill->row.state = word(state);
	backfill->row.reason = reason ? arena_strdup(&backfill->arena, reason) : NULL;
	if (!is_in(backfill, "running") && !is_in(backfill, "paused"))
		backfill->row.ended_at_us = clock_now_us();
	store(leader, backfill);
}

static void pause_it(struct leader *leader, struct backfill *backfill, const char *reason)
{
	log_warn("backfill", "'%s' of DAG '%s' is paused: %s", backfill->row.backfill_id,
	         backfill->row.dag, reason);
	set_state(leader, backfill, "paused", reason);
}

/* --- its runs --- */

static size_t count_runs(const struct leader *leader, const struct backfill *backfill,
                         int with_ended)
{
	size_t count = 0;

	for (const struct run_info *info = leader->infos; info; info = info->next)
		count += info->backfill == backfill->row.id && (with_ended || !info->ended_us);
	return count;
}

static void join(struct leader *leader, const struct backfill *backfill, int64_t run)
{
	run_info_of(engine_run(leader->engine, run))->backfill = backfill->row.id;
	*vec_push(&leader->next->joins) = (struct batch_join){run, backfill->row.id};
}

/* -1: it cannot be made, the backfill was paused. */
static int make_run(struct leader *leader, struct backfill *backfill, int64_t logical_us)
{
	const struct registry_dag *entry = registry_find(&leader->registry, backfill->row.dag);
	struct schedule_interval interval = schedule_interval(&backfill->dag->schedule, logical_us);
	struct run_maker_order order = {
		.type = "backfill",
		.note = "",
		.logical_us = logical_us,
		.interval_start_us = interval.start_us,
		.interval_end_us = interval.end_us,
	};
	auto_json json_t *faults = json_array(), *params = NULL;
	char run_id[LIMIT_NAME_BYTES + 1];
	struct err err;

	if (!entry || !entry->dag) {
		err_set(&err, ERR_NOT_FOUND, "the file of its DAG is gone or was never good");
	} else if (run_maker_name(leader, backfill->row.dag, "backfill", logical_us, run_id,
	                          &err) == 0) {
		params = dag_params_complete(entry->dag, NULL, faults, &err);
		order.dag = entry->dag;
	}
	if (!params) {
		pause_it(leader, backfill, err.text);
		return -1;
	}
	order.run_id = run_id;
	order.params = params;
	order.by = arena_printf(&leader->next->arena, "backfill %s", backfill->row.backfill_id);
	join(leader, backfill, run_maker_make(leader, &order));
	return 0;
}

static void on_cleared(struct command *command)
{
	json_decref(command->answer);
	json_decref(command->faults);
	free(command);
}

/* Runs it again as the DAG is now: 1 when it does, 0 when it does not need to, -1 later. */
static int rerun(struct leader *leader, const struct backfill *backfill,
                 const struct backfill_repo_run *run)
{
	struct command *command = mem_alloc(sizeof(*command));
	struct err err;
	int result;

	assert(run); /* nothing else is planned to run again */
	*command = (struct command){
		.kind = COMMAND_CLEAR,
		.by = arena_printf(&leader->next->arena, "backfill %s", backfill->row.backfill_id),
		.dag = backfill->row.dag,
		.run_id = arena_strdup(&leader->next->arena, run->run_id),
		.clear = COMMAND_LATEST,
		.done = on_cleared,
	};
	if (!str_equal(backfill->row.existing, "all"))
		command->clear |= COMMAND_ONLY_FAILED;
	result = run_commands_clear(leader, command);
	if (result == 0) {
		join(leader, backfill, run->id);
		return 1;
	}
	err = command->err;
	on_cleared(command);
	if (result > 0)
		return 0;
	if (err.code == ERR_BUSY)
		return -1;
	log_warn("backfill", "the run '%s' of DAG '%s' stays as it is: %s", run->run_id,
	         backfill->row.dag, err.text);
	return 0;
}

/* What comes of one logical date: 1 a run, 0 none is needed, -1 not now. */
static int do_date(struct leader *leader, struct backfill *backfill, int64_t logical_us)
{
	const int64_t span_us[2] = {logical_us, logical_us};
	struct backfill_repo_runs runs = {0};
	const struct backfill_repo_run *run;
	struct arena arena;
	struct err err;
	int result = -1;

	arena_init(&arena);
	if (backfill_repo_span(leader->reader, backfill->row.dag, span_us, &arena, &runs, &err) <
	    0) {
		pause_it(leader, backfill, err.text);
		goto released;
	}
	run = runs.count ? runs.items : NULL;
	/* one that is on its way into the database is not finished */
	if (!run && run_maker_has_logical(leader, backfill->row.dag, logical_us, &err) != 0) {
		result = 0;
		goto released;
	}
	switch (backfill_plan_action(backfill->row.existing, run)) {
	case BACKFILL_PLAN_CREATE:
		result = make_run(leader, backfill, logical_us) == 0 ? 1 : -1;
		break;
	case BACKFILL_PLAN_RERUN:
		result = rerun(leader, backfill, run);
		break;
	case BACKFILL_PLAN_SKIP:
		result = 0;
		break;
	}
released:
	arena_release(&arena);
	return result;
}

/* --- its way --- */

static void finish(struct leader *leader, struct backfill *backfill)
{
	struct backfill_repo_runs runs = {0};
	const char *state = "success";
	struct arena arena;
	struct err err;

	arena_init(&arena);
	if (backfill_repo_runs(leader->reader, backfill->row.id, &arena, &runs, &err) < 0)
		state = "failed";
	for (size_t i = 0; i < runs.count; i++) {
		if (!str_equal(runs.items[i].state, "success"))
			state = "failed";
	}
	arena_release(&arena);
	log_info("backfill", "'%s' of DAG '%s' has ended: %s", backfill->row.backfill_id,
	         backfill->row.dag, state);
	set_state(leader, backfill, state, NULL);
}

static void step(struct leader *leader, struct backfill *backfill)
{
	size_t active = count_runs(leader, backfill, 0), begin = backfill->position;

	while (backfill->position < backfill->plan.count &&
	       active < (size_t)backfill->row.max_active &&
	       backfill->position - begin < DATES_AT_ONCE) {
		int made = do_date(leader, backfill, backfill->plan.times[backfill->position]);

		if (made < 0)
			break;
		backfill->position++;
		active += (size_t)made;
		backfill->row.made += made;
		backfill->row.skipped += !made;
	}
	if (backfill->position > begin) {
		store(leader, backfill);
		FAULT("backfill-before-commit");
	} else if (backfill->position == backfill->plan.count && !count_runs(leader, backfill, 1)) {
		finish(leader, backfill);
	}
}

static int has_ended(const struct backfill *backfill)
{
	return backfill->row.ended_at_us != 0;
}

static void forget_ended(struct backfills *backfills)
{
	struct backfill **at = &backfills->first;

	while (*at) {
		struct backfill *backfill = *at;

		if (!has_ended(backfill)) {
			at = &backfill->next;
			continue;
		}
		*at = backfill->next;
		free_one(backfill);
	}
}

void backfills_turn(struct leader *leader)
{
	struct backfills *backfills = leader->backfills;

	/* one transaction after the other: what is under way may be a run of ours that has ended */
	if (!backfills || !backfills->is_due || leader->under_way || leader->is_draining)
		return;
	backfills->is_due = 0;
	for (struct backfill *at = backfills->first; at; at = at->next) {
		if (is_in(at, "running"))
			step(leader, at);
	}
	forget_ended(backfills);
}

/* --- what people ask --- */

static struct backfill *add(struct backfills *backfills)
{
	struct backfill *backfill = mem_alloc(sizeof(*backfill)), **end = &backfills->first;

	arena_init(&backfill->arena);
	while (*end)
		end = &(*end)->next;
	*end = backfill;
	return backfill;
}

/* `20261121T084200Z-3f9a1c` */
static const char *make_id(struct arena *arena, int64_t now_us)
{
	char text[TIMESTAMP_SIZE];
	unsigned char random[3];

	timestamp_format_short(now_us - now_us % 1000000, text);
	crypto_random(random, sizeof(random));
	return arena_printf(arena, "%.4s%.2s%.2sT%.2s%.2s%.2sZ-%02x%02x%02x", text, text + 5,
	                    text + 8, text + 11, text + 14, text + 17, random[0], random[1],
	                    random[2]);
}

static void begin(struct leader *leader, struct command *command, struct dag *dag,
                  const struct backfill_plan *plan)
{
	struct backfill *backfill = add(leader->backfills);
	const struct command_backfill *asked = command->backfill;
	struct arena *arena = &backfill->arena;
	int64_t now_us = clock_now_us();

	backfill->dag = dag_reference(dag);
	backfill->plan.count = plan->count;
	backfill->plan.times = arena_array(arena, plan->count + 1, sizeof(*plan->times));
	for (size_t i = 0; i < plan->count; i++)
		backfill->plan.times[i] = plan->times[i];
	backfill->row = (struct backfill_repo_row){
		.id = leader->backfills->next_id++,
		.backfill_id = make_id(arena, now_us),
		.dag = arena_strdup(arena, dag->name),
		.dag_version = arena_strdup(arena, dag->hash),
		.state = "running",
		.order = word(asked->order),
		.existing = word(asked->existing),
		.by = arena_strdup(arena, command->by),
		.from_us = asked->from_us,
		.to_us = asked->to_us,
		.max_active = asked->max_active,
		.total = (int64_t)plan->count,
		.created_at_us = now_us,
	};
	str_copy(command->made_run_id, sizeof(command->made_run_id), backfill->row.backfill_id);
	store(leader, backfill);
	backfills_look(leader->backfills);
	commands_answer_later(leader, command);
}

/* 1: the plan is the answer. */
static int show_plan(struct leader *leader, struct command *command,
                     const struct backfill_plan *plan, struct arena *arena)
{
	const int64_t span_us[2] = {command->backfill->from_us, command->backfill->to_us};
	struct backfill_repo_runs runs = {0};

	if (backfill_repo_span(leader->reader, command->dag, span_us, arena, &runs, &command->err) <
	    0)
		return -1;
	command->answer = backfill_plan_json(command, plan, &runs);
	return 1;
}

static int plan_it(struct leader *leader, struct command *command, struct dag *dag)
{
	const struct command_backfill *asked = command->backfill;
	const int64_t span_us[2] = {asked->from_us, asked->to_us};
	struct backfill_plan plan = {0};
	auto_json json_t *params = NULL;
	struct arena arena;
	int result = -1;

	if (asked->to_us > clock_now_us())
		return err_set(&command->err, ERR_INVALID,
		               "'to' lies in the future, which is the schedule's");
	arena_init(&arena);
	command->faults = json_array();
	params = dag_params_complete(dag, NULL, command->faults, &command->err);
	json_decref(command->faults);
	command->faults = NULL;
	if (!params)
		(void)err_prefix(&command->err, "a backfill takes the defaults of parameters");
	else if (backfill_plan_make(dag, span_us, asked->order, &arena, &plan, &command->err) == 0)
		result = asked->is_plan ? show_plan(leader, command, &plan, &arena) : 0;
	if (result == 0)
		begin(leader, command, dag, &plan);
	arena_release(&arena);
	return result;
}

int backfills_create(struct leader *leader, struct command *command)
{
	struct registry_dag *entry = commands_find_dag(leader, command);

	return entry ? plan_it(leader, command, entry->dag) : -1;
}

static void cancel_runs(struct leader *leader, const struct backfill *backfill)
{
	for (const struct run_info *info = leader->infos; info; info = info->next) {
		struct event event = {.type = EVENT_CANCEL};

		if (info->backfill != backfill->row.id || info->ended_us)
			continue;
		event.instance.run = info->id;
		event.instance.task = EVENT_ALL_TASKS;
		event.instance.map_index = EVENT_ALL_ITEMS;
		(void)leader_step(leader, &event);
	}
}

static struct backfill *find(struct leader *leader, struct command *command)
{
	struct backfill *at = leader->backfills->first;
	struct backfill_repo_row row;
	struct arena arena;
	int found;

	while (at && !str_equal(at->row.backfill_id, command->backfill->backfill_id))
		at = at->next;
	if (at)
		return at;
	arena_init(&arena);
	found = backfill_repo_get(leader->reader, command->backfill->backfill_id, &arena, &row,
	                          &command->err);
	if (found == 0)
		err_set(&command->err, ERR_NOT_FOUND, "there is no backfill '%.128s'",
		        command->backfill->backfill_id);
	else if (found > 0)
		err_set(&command->err, ERR_CONFLICT, "the backfill '%s' has ended",
		        row.backfill_id);
	arena_release(&arena);
	return NULL;
}

int backfills_set(struct leader *leader, struct command *command)
{
	struct backfill *backfill = find(leader, command);

	if (!backfill)
		return -1;
	set_state(leader, backfill, command->backfill->state, NULL);
	if (is_in(backfill, "cancelled"))
		cancel_runs(leader, backfill);
	str_copy(command->made_run_id, sizeof(command->made_run_id), backfill->row.backfill_id);
	forget_ended(leader->backfills);
	backfills_look(leader->backfills);
	commands_answer_later(leader, command);
	return 0;
}

/* --- the start --- */

/* -1: it cannot go on. */
static int take_up_plan(struct leader *leader, struct backfill *backfill, struct err *err)
{
	struct backfill_repo_row *row = &backfill->row;
	const int64_t span_us[2] = {row->from_us, row->to_us};

	backfill->dag = restore_version(leader, row->dag, row->dag_version, &backfill->arena, err);
	if (!backfill->dag || backfill_plan_make(backfill->dag, span_us, row->order,
	                                         &backfill->arena, &backfill->plan, err) < 0)
		return -1;
	backfill->position = (size_t)(row->made + row->skipped);
	if (backfill->plan.count == (size_t)row->total &&
	    backfill->position <= backfill->plan.count)
		return 0;
	return err_set(err, ERR_DAMAGED, "its schedule gives other dates than before");
}

static void take_up(struct leader *leader, const struct backfill_repo_row *row)
{
	struct backfill *backfill = add(leader->backfills);
	struct arena *arena = &backfill->arena;
	struct err err;

	backfill->row = *row;
	backfill->row.backfill_id = arena_strdup(arena, row->backfill_id);
	backfill->row.dag = arena_strdup(arena, row->dag);
	backfill->row.dag_version = arena_strdup(arena, row->dag_version);
	backfill->row.reason = row->reason ? arena_strdup(arena, row->reason) : NULL;
	backfill->row.by = arena_strdup(arena, row->by ? row->by : "");
	backfill->row.state = word(row->state);
	backfill->row.order = word(row->order);
	backfill->row.existing = word(row->existing);
	if (take_up_plan(leader, backfill, &err) == 0)
		return;
	log_error("backfill", "'%s' of DAG '%s' cannot go on: %s", row->backfill_id, row->dag,
	          err.text);
	set_state(leader, backfill, "failed", err.text);
}

int backfills_start(struct leader *leader, struct err *err)
{
	struct backfill_repo_rows rows = {0};
	struct backfills *backfills = mem_alloc(sizeof(*backfills));
	struct arena arena;
	int failed;

	arena_init(&arena);
	leader->backfills = backfills;
	failed = backfill_repo_next_id(leader->reader, &backfills->next_id, err) < 0 ||
	         backfill_repo_unfinished(leader->reader, &arena, &rows, err) < 0;
	for (size_t i = 0; i < rows.count; i++)
		take_up(leader, &rows.items[i]);
	forget_ended(backfills);
	backfills->is_due = 1;
	arena_release(&arena);
	return failed ? -1 : 0;
}

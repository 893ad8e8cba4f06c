/* state.c - the states of task instances, attempts and runs, and which may follow which */
#include "scheduler/core/state.h"

#include <stddef.h>

#include "lib/compiler.h"
#include "lib/str.h"

#define BIT(state) (1U << (state))

#define TASK_MARKS (BIT(TASK_NONE) | BIT(TASK_SUCCESS) | BIT(TASK_FAILED) | BIT(TASK_SKIPPED))
#define TASK_WAITS (BIT(TASK_SCHEDULED) | BIT(TASK_FAILED) | BIT(TASK_CANCELLED))
#define RUN_ENDS   (BIT(RUN_SUCCESS) | BIT(RUN_FAILED) | BIT(RUN_CANCELLED))

struct state_row {
	const char *name;
	unsigned int next; /* a bit for each state that may follow */
};

static const struct state_row tasks[TASK_STATE_COUNT] = {
	[TASK_NONE] = {"none", BIT(TASK_SCHEDULED) | BIT(TASK_SKIPPED) | BIT(TASK_UPSTREAM_FAILED) |
                                       BIT(TASK_REMOVED) | BIT(TASK_CANCELLED)},
	[TASK_SCHEDULED] = {"scheduled",
                            BIT(TASK_QUEUED) | BIT(TASK_SKIPPED) | BIT(TASK_CANCELLED)},
	[TASK_QUEUED] = {"queued", BIT(TASK_RUNNING) | BIT(TASK_SCHEDULED) | BIT(TASK_CANCELLED)},
	[TASK_RUNNING] = {"running", BIT(TASK_SUCCESS) | BIT(TASK_FAILED) | BIT(TASK_SKIPPED) |
                                             BIT(TASK_UP_FOR_RETRY) | BIT(TASK_UP_FOR_RESCHEDULE) |
                                             BIT(TASK_AWAITING_INPUT) | BIT(TASK_SCHEDULED) |
                                             BIT(TASK_CANCELLED)},
	[TASK_UP_FOR_RETRY] = {"up_for_retry", TASK_WAITS},
	[TASK_UP_FOR_RESCHEDULE] = {"up_for_reschedule", TASK_WAITS},
	[TASK_AWAITING_INPUT] = {"awaiting_input", TASK_WAITS},
	[TASK_SUCCESS] = {"success", TASK_MARKS & ~BIT(TASK_SUCCESS)},
	[TASK_FAILED] = {"failed", TASK_MARKS & ~BIT(TASK_FAILED)},
	[TASK_SKIPPED] = {"skipped", TASK_MARKS & ~BIT(TASK_SKIPPED)},
	[TASK_UPSTREAM_FAILED] = {"upstream_failed", TASK_MARKS},
	[TASK_REMOVED] = {"removed", TASK_MARKS},
	[TASK_CANCELLED] = {"cancelled", TASK_MARKS},
};

static const struct state_row attempts[ATTEMPT_STATE_COUNT] = {
	[ATTEMPT_NONE] = {"none", BIT(ATTEMPT_CLAIMED)},
	[ATTEMPT_CLAIMED] = {"claimed",
                             BIT(ATTEMPT_STARTED) | BIT(ATTEMPT_RETURNED) | BIT(ATTEMPT_AGAIN)},
	[ATTEMPT_STARTED] = {"started", BIT(ATTEMPT_SUCCEEDED) | BIT(ATTEMPT_FAILED) |
                                                BIT(ATTEMPT_SKIPPED) | BIT(ATTEMPT_AGAIN) |
                                                BIT(ATTEMPT_CANCELLED) | BIT(ATTEMPT_LOST)},
	[ATTEMPT_AGAIN] = {"again", BIT(ATTEMPT_CLAIMED) | BIT(ATTEMPT_CANCELLED)},
	[ATTEMPT_SUCCEEDED] = {"succeeded", 0},
	[ATTEMPT_FAILED] = {"failed", 0},
	[ATTEMPT_SKIPPED] = {"skipped", 0},
	[ATTEMPT_CANCELLED] = {"cancelled", 0},
	[ATTEMPT_LOST] = {"lost", 0},
	[ATTEMPT_RETURNED] = {"returned", 0},
};

static const struct state_row runs[RUN_STATE_COUNT] = {
	[RUN_QUEUED] = {"queued", BIT(RUN_RUNNING) | BIT(RUN_CANCELLED)},
	[RUN_RUNNING] = {"running", RUN_ENDS},
	/* cleared: queued again; an instance marked: another end */
	[RUN_SUCCESS] = {"success", BIT(RUN_QUEUED) | (RUN_ENDS & ~BIT(RUN_SUCCESS))},
	[RUN_FAILED] = {"failed", BIT(RUN_QUEUED) | (RUN_ENDS & ~BIT(RUN_FAILED))},
	[RUN_CANCELLED] = {"cancelled", BIT(RUN_QUEUED) | (RUN_ENDS & ~BIT(RUN_CANCELLED))},
};

static int from_name(const struct state_row *rows, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++) {
		if (str_equal(rows[i].name, name))
			return (int)i;
	}
	return -1;
}

int state_task_allows(enum task_state from, enum task_state to)
{
	return (tasks[from].next & BIT(to)) != 0;
}

int state_attempt_allows(enum attempt_state from, enum attempt_state to)
{
	return (attempts[from].next & BIT(to)) != 0;
}

int state_run_allows(enum run_state from, enum run_state to)
{
	return (runs[from].next & BIT(to)) != 0;
}

int state_task_is_finished(enum task_state state)
{
	return state >= TASK_SUCCESS;
}

int state_task_is_live(enum task_state state)
{
	return state == TASK_QUEUED || state == TASK_RUNNING;
}

int state_run_is_finished(enum run_state state)
{
	return state >= RUN_SUCCESS;
}

const char *state_task_name(enum task_state state)
{
	return tasks[state].name;
}

const char *state_attempt_name(enum attempt_state state)
{
	return attempts[state].name;
}

const char *state_run_name(enum run_state state)
{
	return runs[state].name;
}

int state_task_from_name(const char *name)
{
	return from_name(tasks, countof(tasks), name);
}

int state_attempt_from_name(const char *name)
{
	return from_name(attempts, countof(attempts), name);
}

int state_run_from_name(const char *name)
{
	return from_name(runs, countof(runs), name);
}

/* state.h - the states of task instances, attempts and runs, and which may follow which
 *
 * Names are Airflow's where it has one. The tables in state.c are the only place that knows the
 * legal transitions; the engine asks them on every change. Pure, thread safe.
 */
#ifndef SCHEDULER_CORE_STATE_H
#define SCHEDULER_CORE_STATE_H

enum task_state {
	TASK_NONE,      /* waits for its upstreams */
	TASK_SCHEDULED, /* may run, waits for pool and worker */
	TASK_QUEUED,    /* an attempt is claimed, its operator has not begun */
	TASK_RUNNING,
	TASK_UP_FOR_RETRY,      /* failed, tried again at its due time */
	TASK_UP_FOR_RESCHEDULE, /* MR_AGAIN: looks again at its due time, holds no runner */
	TASK_AWAITING_INPUT,    /* goes on when somebody wakes it */
	TASK_SUCCESS,           /* from here on: finished */
	TASK_FAILED,
	TASK_SKIPPED,
	TASK_UPSTREAM_FAILED,
	TASK_REMOVED, /* no longer part of the run */
	TASK_CANCELLED,
	TASK_STATE_COUNT,
};

enum attempt_state {
	ATTEMPT_NONE, /* no row yet */
	ATTEMPT_CLAIMED,
	ATTEMPT_STARTED,
	ATTEMPT_AGAIN, /* between two calls of MR_AGAIN; claimed again later with a new fence */
	ATTEMPT_SUCCEEDED,
	ATTEMPT_FAILED,
	ATTEMPT_SKIPPED,
	ATTEMPT_CANCELLED,
	ATTEMPT_LOST,
	ATTEMPT_RETURNED, /* never began: neither a try nor a loss */
	ATTEMPT_STATE_COUNT,
};

enum run_state {
	RUN_QUEUED,
	RUN_RUNNING,
	RUN_SUCCESS,
	RUN_FAILED,
	RUN_CANCELLED,
	RUN_STATE_COUNT,
};

/* Whether `to` may follow `from`; nothing follows itself. */
int state_task_allows(enum task_state from, enum task_state to);
int state_attempt_allows(enum attempt_state from, enum attempt_state to);
int state_run_allows(enum run_state from, enum run_state to);

int state_task_is_finished(enum task_state state);
/* It holds a claimed or started attempt, and with it slots of its pool. */
int state_task_is_live(enum task_state state);
int state_run_is_finished(enum run_state state);

/* As rows, JSON and texts have them, e.g. "up_for_retry". */
const char *state_task_name(enum task_state state);
const char *state_attempt_name(enum attempt_state state);
const char *state_run_name(enum run_state state);

/* The state of this name, or -1. */
int state_task_from_name(const char *name);
int state_attempt_from_name(const char *name);
int state_run_from_name(const char *name);

#endif

/* command.h - what API and CLI want done to DAGs and runs
 *
 * A command is owned by who submits it until `done` is called, and not touched by them meanwhile.
 * `done` comes exactly once, on the scheduler's thread, after the commit that announces the result:
 * what it says has happened, whatever is killed next. It must not block.
 */
#ifndef SCHEDULER_SERVICE_COMMAND_H
#define SCHEDULER_SERVICE_COMMAND_H

#include <stdint.h>

#include "lib/err.h"
#include "lib/json.h"

enum command_kind {
	COMMAND_TRIGGER,      /* make a run */
	COMMAND_CANCEL,       /* end a run, or a task of it, as a person asks */
	COMMAND_PAUSE,        /* runs of the DAG stay queued; `is_paused` says on or off */
	COMMAND_CLEAR,        /* run tasks again; see enum command_clear */
	COMMAND_MARK,         /* say how a run, or a task of it, that has ended did so */
	COMMAND_NOTE,         /* replace the note of a run */
	COMMAND_EXPLAIN_RUN,  /* why what waits of a run does; answered at once */
	COMMAND_EXPLAIN_DAG,  /* the same of a DAG and its runs */
	COMMAND_BACKFILL,     /* make the runs of a span of time, or plan them */
	COMMAND_BACKFILL_SET, /* pause, resume or cancel a backfill */
};

enum command_clear {
	COMMAND_ONLY_FAILED = 1 << 0, /* failed, upstream_failed and cancelled ones */
	COMMAND_DOWNSTREAM = 1 << 1,  /* and all that is behind them */
	COMMAND_LATEST = 1 << 2,      /* with the newest version of the DAG */
	COMMAND_DRY_RUN = 1 << 3,     /* change nothing */
};

#define COMMAND_ALL_ITEMS INT32_MIN

/* What a command about backfills says. Moments are microseconds since the epoch. */
struct command_backfill {
	const char *backfill_id; /* set: which */
	const char *state;       /* set: running, paused or cancelled */
	int64_t from_us, to_us;  /* logical dates, both included */
	const char *order;       /* asc or desc */
	const char *existing;    /* what becomes of runs that are there: skip, failed or all */
	int32_t max_active;      /* of its runs, unfinished at a time */
	int is_plan;             /* change nothing: the answer says what it would do */
};

struct explanation;

struct command {
	enum command_kind kind;
	const char *by; /* who asks, for the record; "" when unknown */
	const char *dag;
	const char *run_id; /* trigger: NULL makes one; else which */
	const char *task;   /* cancel, mark: which, NULL: the whole run */
	int32_t map_index;  /* of it; COMMAND_ALL_ITEMS: every one */
	const char *state;  /* mark: success or failed, of a task also skipped */
	unsigned clear;     /* clear: flags */
	json_t *params;     /* trigger: an object; clear: names of tasks; NULL for none, or all */
	int64_t logical_date_us; /* trigger: INT64_MIN when not given */
	const char *note;        /* trigger: "" when none; note, cancel, mark: NULL leaves it */
	int is_paused;           /* pause */
	const struct command_backfill *backfill; /* backfill, backfill_set */

	/* The answer. ERR_NOT_FOUND no such DAG, run or task; ERR_INVALID wrong parameters (all of them
	 * in `faults`, an array of {"pointer", "detail"}); ERR_CONFLICT the run id or logical date is
	 * taken, or its state does not allow it; ERR_UNAVAILABLE the metadata database cannot be written. */
	struct err err;        /* code ERR_NONE when it was done */
	json_t *faults;        /* a reference of the submitter's, NULL when there are none */
	char made_run_id[129]; /* of a backfill its id */
	int64_t made_run;      /* row id of the run, 0 when none was made; explain: which */
	/* Backfill: its plan. Clear: an array of the task instances, with `was`, their state before; explain_dag: an
	 * object. A reference of the submitter's. */
	json_t *answer;
	/* Explain_run: the submitter's, explanation_free(); NULL when the run has ended. */
	struct explanation *explanation;

	void (*done)(struct command *command);
	void *data;           /* the submitter's */
	struct command *next; /* the queue's */
};

#endif

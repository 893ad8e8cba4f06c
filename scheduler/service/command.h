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
	COMMAND_TRIGGER, /* make a run */
	COMMAND_CANCEL,  /* end a run, as a person asks */
	COMMAND_PAUSE,   /* runs of the DAG stay queued; `is_paused` says on or off */
};

struct command {
	enum command_kind kind;
	const char *by; /* who asks, for the record; "" when unknown */
	const char *dag;
	const char *run_id;      /* trigger: NULL makes one; cancel: which */
	json_t *params;          /* trigger: an object, NULL for none */
	int64_t logical_date_us; /* trigger: INT64_MIN when not given */
	const char *note;        /* trigger: "" when none */
	int is_paused;           /* pause */

	/* The answer. ERR_NOT_FOUND no such DAG or run; ERR_INVALID wrong parameters (all of them in
	 * `faults`, an array of {"pointer", "detail"}); ERR_CONFLICT the run id or logical date is
	 * taken, or the run has ended; ERR_UNAVAILABLE the metadata database cannot be written. */
	struct err err; /* code ERR_NONE when it was done */
	json_t *faults; /* a reference of the submitter's, NULL when there are none */
	char made_run_id[129];
	int64_t made_run; /* row id of the run, 0 when none was made */

	void (*done)(struct command *command);
	void *data;           /* the submitter's */
	struct command *next; /* the queue's */
};

#endif

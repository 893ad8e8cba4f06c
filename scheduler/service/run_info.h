/* run_info.h - what the service knows of a run beside the engine
 *
 * Parameters, times of the wall clock, outputs, reasons: what rows and expressions need and no
 * decision does. Lives as run->context, from the trigger or the restart until the engine forgets the
 * run. Times are microseconds UTC, 0 when it has not happened. One thread.
 */
#ifndef SCHEDULER_SERVICE_RUN_INFO_H
#define SCHEDULER_SERVICE_RUN_INFO_H

#include <stdint.h>

#include "lib/json.h"
#include "scheduler/core/expr_eval.h"
#include "scheduler/core/run.h"

#define RUN_INFO_NO_DATE INT64_MIN

struct instance_info {
	int64_t queued_us, started_us, ended_us;
	int64_t log_bytes; /* of the latest attempt */
	uint32_t clears;   /* what it was cleared of is forgotten by now */
	uint8_t told;      /* enum task_state that callbacks know of */
	uint8_t is_woken;  /* while it ran: it looks again at once */
	json_t *outputs;   /* of a successful attempt, NULL when there are none */
	char *reason;      /* what the latest attempt said, NULL when nothing; heap */
	char *resume;      /* what its last call left for the next (MR_AGAIN); heap */
};

struct map_info;

struct task_info {
	struct instance_info first; /* of the task; of a mapped one, item 0 */
	struct map_info *map;       /* see map_info.h; NULL: it was never mapped */
};

struct run_info {
	struct run_info *next, **link; /* in the list of all, see run_info_link() */
	int64_t id;
	int64_t backfill; /* row id of the one that wants it, 0: none */
	char *run_id, *type, *note, *by;
	char *object;   /* the URI that fired it, NULL: none */
	json_t *params; /* object */
	int64_t logical_us, interval_start_us, interval_end_us; /* RUN_INFO_NO_DATE: none */
	int64_t queued_us, started_us, ended_us;
	uint8_t told; /* enum run_state that callbacks know of */
	/* Of a run that a task has started, see child_runs.h; 0 of others. */
	char *key;                  /* its idempotency key, heap */
	int64_t parent_run, parent; /* row ids of the task's run and of its instance */
	uint32_t parent_clears, depth;
	struct run_info *next_sibling;
	struct task_info *tasks; /* by task index */
	uint32_t count;
	json_t *scope; /* `run` of expressions, made at first use */
};

/* Takes a reference of `params`; texts are copied. */
struct run_info *run_info_new(const struct dag *dag, const char *run_id, json_t *params);
void run_info_free(struct run_info *info);
/* Into a list of its owner's; run_info_free() takes it out again. */
void run_info_link(struct run_info **list, struct run_info *info);

struct run_info *run_info_of(const struct run *run);
struct instance_info *run_info_instance(const struct instance *instance);
/* The same before the engine knows it; -1 when not mapped. */
struct instance_info *run_info_item(struct run_info *info, uint32_t task, int32_t map_index);
void run_info_release_instance(struct instance_info *instance);

/* NULL counts as "". */
void run_info_set_type(struct run_info *info, const char *type);
void run_info_set_note(struct run_info *info, const char *note);
void run_info_set_by(struct run_info *info, const char *by);

/* Replaces a heap text, NULL or "" for none. */
void run_info_set_text(char **text, const char *value);

/* What expressions of this instance may name. `secret` is asked for secrets with `context`, which
 * must be the instance's own struct run_info_scope. */
struct run_info_scope {
	struct expr_scope scope;
	const struct run *run;
	void *context; /* the caller's, for `secret` */
};

void run_info_scope(struct run_info_scope *scope, const struct instance *instance, json_t *vars);

#endif

/* batch.h - what one transaction of the journal stores, and what follows its commit
 *
 * Built on the loop's thread out of the engine's effects, handed to the journal's thread, and back
 * after the commit. Rows are copies; names in them belong to DAGs that the engine still holds then.
 */
#ifndef SCHEDULER_SERVICE_BATCH_H
#define SCHEDULER_SERVICE_BATCH_H

#include "lib/arena.h"
#include "lib/config.h"
#include "scheduler/core/effects.h"
#include "scheduler/service/command.h"
#include "scheduler/service/job.h"
#include "storage/repo/attempt_repo.h"
#include "storage/repo/backfill_repo.h"
#include "storage/repo/command_repo.h"
#include "storage/repo/dag_repo.h"
#include "storage/repo/outbox_repo.h"
#include "storage/repo/output_repo.h"
#include "storage/repo/retention_repo.h"
#include "storage/repo/run_repo.h"
#include "storage/repo/schedule_repo.h"
#include "storage/repo/task_repo.h"

enum batch_attempt_kind { BATCH_CLAIM, BATCH_CLAIM_AGAIN, BATCH_START, BATCH_FINISH };

struct batch_attempt {
	enum batch_attempt_kind kind;
	struct attempt_repo_row row;
};

struct batch_pause {
	const char *dag;
	int is_paused;
};

/* The list of a mapped task, with its first instance. */
struct batch_items {
	int64_t instance;
	const char *items; /* JSON */
};

struct batch_join {
	int64_t run, backfill;
};

struct batch_note {
	int64_t run;
	const char *note; /* NULL: none */
};

/* Arrays that grow, of the repositories' rows. */
struct batch_runs {
	struct run_repo_row *items;
	size_t count, capacity;
};

struct batch_tasks {
	struct task_repo_row *items;
	size_t count, capacity;
};

struct batch_messages {
	struct outbox_repo_row *items;
	size_t count, capacity;
};

struct batch {
	struct arena arena;
	/* Stored in this order. */
	struct {
		struct dag_repo_row *items;
		size_t count, capacity;
	} dags;
	struct {
		struct dag_repo_version *items;
		size_t count, capacity;
	} versions;
	struct {
		struct batch_pause *items;
		size_t count, capacity;
	} pauses;
	struct {
		struct schedule_repo_row *items; /* `spec` NULL: remove it */
		size_t count, capacity;
	} schedules;
	struct {
		struct schedule_repo_object *items;
		size_t count, capacity;
	} objects;
	struct batch_runs new_runs;
	struct batch_tasks new_tasks;
	struct {
		struct batch_items *items;
		size_t count, capacity;
	} maps;
	struct {
		struct batch_attempt *items;
		size_t count, capacity;
	} attempts;
	struct {
		struct output_repo_row *items;
		size_t count, capacity;
	} outputs;
	struct batch_tasks tasks;
	struct batch_runs runs;
	struct {
		struct backfill_repo_row *items;
		size_t count, capacity;
	} backfills;
	struct {
		struct batch_join *items; /* runs that are a backfill's now */
		size_t count, capacity;
	} joins;
	struct {
		struct retention_repo_act *items;
		size_t count, capacity;
	} retention;
	struct {
		struct batch_note *items;
		size_t count, capacity;
	} notes;
	struct {
		struct command_repo_row *items;
		size_t count, capacity;
	} commands;
	struct batch_messages messages, deliveries; /* new ones, and what became of older ones */
	int64_t now_us;                             /* of the last that was added */

	/* Done after the commit, on the loop's thread. */
	struct job_queue starts;
	struct {
		int64_t *items; /* attempts */
		size_t count, capacity;
	} cancels;
	struct {
		int64_t *items; /* runs that have ended */
		size_t count, capacity;
	} ended;
	struct command *answers; /* linked by `next` */
};

struct batch *batch_new(void);
void batch_free(struct batch *batch);
/* It will never be stored: whoever waits for an answer is told so. NULL is fine. */
void batch_refuse(struct batch *batch, const char *why);
int batch_is_empty(const struct batch *batch);
/* It tells of attempts that have started and of nothing else. */
int batch_has_only_starts(const struct batch *batch);

struct batch_source {
	const struct config *config;
	const struct effects *effects;
	const char *worker;    /* name of this worker */
	int64_t now_us;        /* the wall clock */
	int64_t engine_now_us; /* the engine's */
};

/* Adds what the effects say. */
void batch_add_effects(struct batch *batch, const struct batch_source *source);

/* The cause that a row names; NULL and unknown ones are CAUSE_NONE. */
enum cause batch_cause_from_name(const char *name);

#endif

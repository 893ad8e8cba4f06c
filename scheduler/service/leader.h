/* leader.h - the engine and everything around it, on the loop's thread
 *
 * Whatever happens becomes an event for the engine (leader_step); what follows collects in `effects`
 * and `next` until the end of the loop's turn, when it goes to the journal as one batch
 * (leader_turn); that an attempt has started waits a moment for a batch to ride in. After the commit come the acts: attempts start, cancels go out, commands are
 * answered. Everything here is for the thread of the loop.
 */
#ifndef SCHEDULER_SERVICE_LEADER_H
#define SCHEDULER_SERVICE_LEADER_H

#include <uv.h>

#include "lib/config.h"
#include "scheduler/core/engine.h"
#include "scheduler/core/idmap.h"
#include "scheduler/service/batch.h"
#include "scheduler/service/fleet.h"
#include "scheduler/service/journal.h"
#include "scheduler/service/operators.h"
#include "scheduler/service/outbox.h"
#include "scheduler/service/progress.h"
#include "scheduler/service/registry.h"
#include "storage/repo/metadata.h"

struct leader {
	struct config *config;
	uv_loop_t *loop;
	char worker[64];   /* our name in attempt rows */
	struct db *reader; /* metadata, for questions before a write */
	struct journal *journal;
	struct engine *engine;
	struct effects effects;  /* not yet in a batch */
	struct batch *next;      /* collects what is not an effect */
	struct batch *under_way; /* at the journal, NULL: none */
	struct fleet *fleet;
	struct outbox *outbox;
	struct progress *progress;
	struct operators *operators; /* NULL until described */
	struct operators *described; /* what a process is busy describing, NULL: none */
	struct registry registry;
	struct schedules *schedules;
	struct metadata_ids ids; /* the next free ones */
	uv_timer_t timer;        /* the engine's next due time */
	int64_t timer_due_us;
	uv_timer_t linger; /* until starts are stored on their own */
	int is_overdue;    /* it has fired */
	json_t *runner_config;
	char *runners_file; /* who must be killed after a crash of ours */
	int runners_fd;
	char *program, *runners_folder; /* our own binary; where runners start */
	struct run_info *infos;         /* of all runs in memory */
	struct backfills *backfills;    /* NULL until recovery */
	struct retention *retention;    /* NULL until the loop is about to run */
	struct idmap children; /* the first struct run_info of a task instance's, by its row id */
	int is_draining;
	int closed; /* of the two timers */
};

/* Whom a leader belongs to. */
struct leader_owner {
	void (*wake)(void *context); /* any thread: leader_committed() has something */
	void *context;
	int64_t epoch; /* of the lease that it takes the place of; LEASE_REPO_ANY */
};

/* Opens the metadata database and takes the lease; then recovery.h. NULL on error, ERR_STALE when
 * another has taken it. The loop must outlive it. */
struct leader *leader_open(struct config *config, uv_loop_t *loop, const struct leader_owner *owner,
                           struct err *err);
/* When the fleet is empty; then run the loop until its handles are closed. NULL is fine. */
void leader_close(struct leader *leader);

/* Tells the engine; the effects collect. */
enum engine_answer leader_step(struct leader *leader, const struct event *event);

/* Drops a run that has ended and is not to be stored. */
void leader_forget(struct leader *leader, int64_t id);

/* End of a turn of the loop: submits a batch when none is under way, sends what can be sent. */
void leader_turn(struct leader *leader);
/* The journal has woken us: acts on what it committed. */
void leader_committed(struct leader *leader);
/* Whether everything that happened is stored. */
int leader_is_quiet(const struct leader *leader);

#endif

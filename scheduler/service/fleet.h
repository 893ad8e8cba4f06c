/* fleet.h - all runners, and which attempt goes to which
 *
 * Jobs wait here in the order they were claimed. A warm operator goes to a runner of its plugin, an
 * idle one first; everything else gets a process of its own. A runner that shows to be quick is sent
 * up to FLEET_WINDOW attempts ahead; when the one in front takes longer than FLEET_SLOW_US the others
 * are recalled. A runner that is silent, or ignores a cancel for longer than the grace, is killed with
 * its group. One thread, the loop's.
 */
#ifndef SCHEDULER_SERVICE_FLEET_H
#define SCHEDULER_SERVICE_FLEET_H

#include <uv.h>

#include "lib/arena.h"
#include "scheduler/service/child.h"

enum {
	FLEET_WINDOW = 64,
	FLEET_FIRST_WINDOW = 4,
	FLEET_SLOW_US = 50 * 1000,
	FLEET_IDLE_US = 60 * 1000 * 1000, /* idle runners beyond one end after this */
};

struct fleet;

/* Called on the loop's thread; they may submit and cancel, and must not free the fleet. */
struct fleet_events {
	/* Fills `start` but for attempt, fence and plugin; texts live in `arena`. -1: the attempt fails
	 * with the text of `err`. Sets job->log and job->secrets. */
	int (*prepare)(void *context, struct job *job, struct wire_start *start,
	               struct arena *arena, struct err *err);
	void (*started)(void *context, struct job *job, const struct process_identity *process,
	                int64_t at_us);
	void (*progress)(void *context, struct job *job, const struct wire_progress *progress);
	/* Each job ends in exactly one of the three; it is freed afterwards. */
	void (*finished)(void *context, struct job *job, const struct wire_finished *finished);
	void (*lost)(void *context, struct job *job, const char *reason);
	void (*returned)(void *context, struct job *job);
	/* Its operator asks for something; answered with fleet_reply(), now or later. */
	void (*request)(void *context, struct job *job, const struct wire_request *request);
	/* A runner was started: who must be killed after a crash of ours. */
	void (*child_started)(void *context, const struct process_identity *process);
	/* So many attempts may be claimed in all from now on. */
	void (*capacity)(void *context, int64_t attempts);
};

struct fleet_options {
	uv_loop_t *loop;
	const char *program; /* our own binary */
	const char *folder;  /* their current directory */
	json_t *config;      /* for WIRE_HELLO */
	int64_t grace_ms;
	uint32_t max_children;
	const struct fleet_events *events;
	void *context;
};

/* What options point to must live until fleet_free(). */
struct fleet *fleet_new(const struct fleet_options *options);

/* Takes the job over. It is sent at the next fleet_turn(). */
void fleet_submit(struct fleet *fleet, struct job *job);
/* Asks the attempt to end; it ends as finished (cancelled) or returned. Unknown ones are fine. */
void fleet_cancel(struct fleet *fleet, int64_t attempt);
/* To the runner that has the attempt; nobody when it is gone. */
void fleet_reply(struct fleet *fleet, int64_t attempt, const struct wire_reply *reply);
/* Sends what can be sent; once at the end of each turn of the loop. */
void fleet_turn(struct fleet *fleet);

/* Some process of this pid has ended: 1 when it was a runner. */
int fleet_reaped(struct fleet *fleet, pid_t pid, int wait_status);
int fleet_knows(const struct fleet *fleet, pid_t pid);

/* Nothing new is sent; waiting jobs are returned. */
void fleet_drain(struct fleet *fleet);
/* Attempts that are in runners. */
uint32_t fleet_busy(const struct fleet *fleet);
/* Kills all; each running attempt is lost. Free once fleet_is_empty(). */
void fleet_kill(struct fleet *fleet);
int fleet_is_empty(const struct fleet *fleet);
/* Runners that wait, or took up an older version of plugins, catalog or settings, end after what
 * they do now. */
void fleet_renew(struct fleet *fleet);
void fleet_free(struct fleet *fleet);

#endif

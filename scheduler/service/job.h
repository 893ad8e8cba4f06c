/* job.h - a claimed attempt on its way through a runner
 *
 * Made when the engine claims an attempt, freed when the engine was told how it ended. `instance` is
 * the engine's and lives as long. One thread.
 */
#ifndef SCHEDULER_SERVICE_JOB_H
#define SCHEDULER_SERVICE_JOB_H

#include <stdint.h>

#include "lib/json.h"
#include "scheduler/core/run.h"

struct job {
	struct job *next;
	struct instance *instance;
	char *plugin; /* path of the .so that has its operator; heap */
	int is_warm;  /* may share a runner with others of that plugin */
	int64_t attempt, fence;
	uint32_t number;
	int64_t sent_us;      /* to a runner, 0 before; monotonic */
	int has_started;      /* the runner said so */
	int64_t killed_at_us; /* cancel was sent; past this its runner is killed. 0: no cancel */
	char *log;            /* path of its log file; heap, NULL before it is sent */
	json_t *secrets;      /* array of texts to mask, for what is drained from a dead runner */
};

struct job_queue {
	struct job *first, **end;
	uint32_t count;
};

void job_free(struct job *job);

void job_queue_init(struct job_queue *queue);
void job_queue_push(struct job_queue *queue, struct job *job);
/* In front of all others, their order kept. */
void job_queue_unshift(struct job_queue *queue, struct job_queue *jobs);
struct job *job_queue_pop(struct job_queue *queue);
/* The job of this attempt, NULL when it is not there. */
struct job *job_queue_find(const struct job_queue *queue, int64_t attempt);
void job_queue_remove(struct job_queue *queue, struct job *job);

#endif

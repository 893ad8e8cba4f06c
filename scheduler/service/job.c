/* job.c - a claimed attempt on its way through a runner */
#include "scheduler/service/job.h"

#include <stdlib.h>

void job_free(struct job *job)
{
	if (!job)
		return;
	free(job->plugin);
	free(job->log);
	json_decref(job->secrets);
	free(job);
}

void job_queue_init(struct job_queue *queue)
{
	queue->first = NULL;
	queue->end = &queue->first;
	queue->count = 0;
}

void job_queue_push(struct job_queue *queue, struct job *job)
{
	job->next = NULL;
	*queue->end = job;
	queue->end = &job->next;
	queue->count++;
}

void job_queue_unshift(struct job_queue *queue, struct job_queue *jobs)
{
	if (!jobs->first)
		return;
	*jobs->end = queue->first;
	if (!queue->first)
		queue->end = jobs->end;
	queue->first = jobs->first;
	queue->count += jobs->count;
	job_queue_init(jobs);
}

struct job *job_queue_pop(struct job_queue *queue)
{
	struct job *job = queue->first;

	if (job)
		job_queue_remove(queue, job);
	return job;
}

struct job *job_queue_find(const struct job_queue *queue, int64_t attempt)
{
	struct job *job = queue->first;

	while (job && job->attempt != attempt)
		job = job->next;
	return job;
}

void job_queue_remove(struct job_queue *queue, struct job *job)
{
	struct job **at = &queue->first;

	while (*at != job)
		at = &(*at)->next;
	*at = job->next;
	if (!*at)
		queue->end = at;
	job->next = NULL;
	queue->count--;
}

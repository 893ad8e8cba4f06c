/* remains.h - what an attempt left behind in its process
 *
 * The runner is a child subreaper, so everything a plugin started is below it in the process tree,
 * whatever group or session it moved to. Threads and descriptors are compared with what the runner
 * had when it began. Main thread, but for remains_terminate() and remains_kill().
 */
#ifndef SCHEDULER_RUNNER_REMAINS_H
#define SCHEDULER_RUNNER_REMAINS_H

#include <stddef.h>
#include <stdint.h>

struct remains {
	int task_fd;         /* /proc/self/task: its link count is that of the threads */
	unsigned long links; /* of a runner that does nothing */
	int lowest_fd;       /* free then */
	int64_t rss_bytes;   /* then */
	unsigned looks;
};

/* After the helper has started. */
void remains_init(struct remains *remains);

/* Kills and reaps all descendants; how many there were. */
size_t remains_kill(void);
/* SIGTERM to the descendants that are in the runner's own process group. */
void remains_terminate(void);

/* Why this process should not serve another attempt, or NULL. Cheap; looks at memory and
 * descriptors now and then only. */
const char *remains_look(struct remains *remains);

#endif

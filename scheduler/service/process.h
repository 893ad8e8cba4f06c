/* process.h - runner processes: started, recognised, killed with all they started
 *
 * Runners are started by the main thread only: the kernel ties a child's death signal to the thread
 * that made it. posix_spawn, because fork copies the page tables of a large parent. Linux only. One
 * thread.
 */
#ifndef SCHEDULER_SERVICE_PROCESS_H
#define SCHEDULER_SERVICE_PROCESS_H

#include <stdint.h>
#include <sys/types.h>

#include "lib/compiler.h"
#include "lib/err.h"

enum {
	PROCESS_BOOT_ID_SIZE = 37, /* with NUL */
};

/* Names a process for good: pids come back, together with these they do not. */
struct process_identity {
	pid_t pid;
	int64_t start_ticks; /* since boot, as /proc/PID/stat has it */
	char boot_id[PROCESS_BOOT_ID_SIZE];
};

struct process {
	struct process_identity identity;
	int wire_fd; /* our end, non-blocking */
	int log_fd;  /* read end of its stdout and stderr; poll before reading */
};

/* From now on descendants that lost their parent become our children instead of init's. */
MUST_CHECK int process_adopt_orphans(struct err *err);

/* Starts `program runner` in a process group of its own with `folder` as its directory, stdin from
 * /dev/null, stdout and stderr one pipe, the wire on WIRE_FD, the pipe's read end on WIRE_LOG_FD and
 * a whitelisted environment. */
MUST_CHECK int process_start(const char *program, const char *folder, struct process *process,
                             struct err *err);
/* Closes both descriptors. */
void process_close(struct process *process);

/* SIGKILL to its group; fine when it is gone. */
void process_kill(pid_t pid);

/* A runner of an earlier life: kills its group if it is still that process. 1 when it was. */
int process_kill_leftover(const struct process_identity *identity);

/* Kills every child of ours for which `is_known` says 0: descendants of dead runners. What those had
 * started becomes ours when they are gone, so look again whenever one was reaped. */
void process_kill_strangers(int (*is_known)(void *context, pid_t pid), void *context);
/* Kills and reaps whatever is below us, and waits until it is gone. */
void process_kill_all(void);

/* A program that is given `input_fd` as its stdin. */
struct process_command {
	char *const
		*arguments; /* the program first, by PATH when it has no slash; NULL behind them */
	const char *const *variables; /* `NAME=value` beside the whitelist; NULL behind them */
	const char *folder;           /* its directory */
	int input_fd;
};

/* Starts it in a process group of its own; what it says on stdout and stderr is to be read from
 * `*output_fd`, which does not block. */
MUST_CHECK int process_start_command(const struct process_command *command,
                                     struct process_identity *identity, int *output_fd,
                                     struct err *err);

/* What `program runner --describe FILE…` prints, with its stdout on `*fd` (to be closed); blocks
 * until it is started, not until it is done. */
MUST_CHECK int process_start_describe(const char *program, const char *const *files, size_t count,
                                      pid_t *pid, int *fd, struct err *err);

#endif

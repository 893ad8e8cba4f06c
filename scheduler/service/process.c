/* process.c - runner processes */
#include "scheduler/service/process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "lib/buf.h"
#include "lib/config.h"
#include "lib/file.h"
#include "lib/mem.h"
#include "scheduler/wire/wire.h"

enum {
	FIRST_OWN_FD = 10, /* ours stay clear of the numbers a runner uses */
	PROC_FILE_BYTES = 64 * 1024,
	KILL_ROUNDS = 2000, /* of a millisecond */
};

/* What a task may know of our environment; secrets travel by the wire. */
static const char *const passed_variables[] = {
	"PATH", "HOME", "USER", "LOGNAME", "SHELL", "LANG", "LC_ALL", "LC_CTYPE", "TZ",
	"SSL_CERT_FILE", "SSL_CERT_DIR", "http_proxy", "https_proxy", "no_proxy",
	/* libpq's own, where the URL of the database leaves them out */
	"PGHOST", "PGHOSTADDR", "PGPORT", "PGUSER", "PGPASSWORD", "PGPASSFILE", "PGSERVICE",
	"PGSERVICEFILE", "PGSYSCONFDIR", "PGSSLMODE", "PGSSLROOTCERT", "PGSSLCERT", "PGSSLKEY",
	/* sanitizers and crash points of test builds */
	"ASAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS", "MILLRACE_FAULT", "MILLRACE_FAULT_ONCE",
	"MILLRACE_FAULT_STOP"};

int process_adopt_orphans(struct err *err)
{
	if (prctl(PR_SET_CHILD_SUBREAPER, 1) < 0)
		return err_errno(err, errno, "could not become the reaper of orphaned tasks");
	return 0;
}

static void read_boot_id(char boot_id[PROCESS_BOOT_ID_SIZE])
{
	auto_buf struct buf text = {0};
	struct err err;

	memset(boot_id, 0, PROCESS_BOOT_ID_SIZE);
	if (file_read("/proc/sys/kernel/random/boot_id", PROC_FILE_BYTES, &text, &err) == 0 &&
	    text.size >= PROCESS_BOOT_ID_SIZE - 1)
		memcpy(boot_id, text.data, PROCESS_BOOT_ID_SIZE - 1);
}

/* Field 22 of /proc/PID/stat; the second field is in brackets and may hold anything. 0: no such
 * process. */
static int64_t read_start_ticks(pid_t pid)
{
	enum { FIELDS_BEHIND_NAME = 20 };
	auto_buf struct buf text = {0};
	char path[64];
	const char *at;
	struct err err;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	if (file_read(path, PROC_FILE_BYTES, &text, &err) < 0)
		return 0;
	at = strrchr(text.data, ')');
	for (int i = 0; at && i < FIELDS_BEHIND_NAME; i++)
		at = strchr(at + 1, ' ');
	return at ? strtoll(at, NULL, 10) : 0;
}

static void identify(pid_t pid, struct process_identity *identity)
{
	identity->pid = pid;
	identity->start_ticks = read_start_ticks(pid);
	read_boot_id(identity->boot_id);
}

/* `NAME=value` texts, NULL behind them, `more` (may be NULL) among them; see free_texts(). */
static char **make_environment(const char *const *more)
{
	size_t count = 0, more_count = 0;
	char **environment;

	while (more && more[more_count])
		more_count++;
	environment = mem_array(countof(passed_variables) + more_count + 1, sizeof(*environment));
	for (; more && count < more_count; count++)
		environment[count] = mem_strdup(more[count]);

	for (size_t i = 0; i < countof(passed_variables); i++) {
		const char *value = config_environment(passed_variables[i]);
		struct buf entry = {0};

		if (!value)
			continue;
		buf_printf(&entry, "%s=%s", passed_variables[i], value);
		environment[count++] = buf_take(&entry);
	}
	return environment;
}

static void free_texts(char **texts)
{
	for (char **text = texts; *text; text++)
		free(*text);
	free(texts);
}

/* Moves a descriptor out of the way of the numbers that the child gets. */
static int move_up(int *fd)
{
	int moved = fcntl(*fd, F_DUPFD_CLOEXEC, FIRST_OWN_FD);

	if (moved < 0)
		return -1;
	close(*fd);
	*fd = moved;
	return 0;
}

/* The four ends of a runner's wire and log pipe. */
struct ends {
	int ours, theirs; /* of the wire */
	int log_read, log_write;
};

static void close_ends(struct ends *ends)
{
	int *all[] = {&ends->ours, &ends->theirs, &ends->log_read, &ends->log_write};

	for (size_t i = 0; i < countof(all); i++) {
		if (*all[i] >= 0)
			close(*all[i]);
		*all[i] = -1;
	}
}

static int open_ends(struct ends *ends, struct err *err)
{
	int pair[2], log[2];

	*ends = (struct ends){-1, -1, -1, -1};
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		return err_errno(err, errno, "could not make a runner's socket");
	ends->ours = pair[0];
	ends->theirs = pair[1];
	if (pipe2(log, O_CLOEXEC) < 0) {
		err_errno(err, errno, "could not make a runner's log pipe");
		goto failed;
	}
	ends->log_read = log[0];
	ends->log_write = log[1];
	if (move_up(&ends->ours) < 0 || move_up(&ends->theirs) < 0 ||
	    move_up(&ends->log_read) < 0 || move_up(&ends->log_write) < 0 ||
	    fcntl(ends->ours, F_SETFL, O_NONBLOCK) < 0) {
		err_errno(err, errno, "could not prepare a runner's descriptors");
		goto failed;
	}
	return 0;
failed:
	close_ends(ends);
	return -1;
}

/* Default signals, none blocked, a process group of its own. */
static void set_attributes(posix_spawnattr_t *attributes)
{
	sigset_t all, none;

	sigfillset(&all);
	sigemptyset(&none);
	posix_spawnattr_init(attributes);
	posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF |
	                                             POSIX_SPAWN_SETSIGMASK);
	posix_spawnattr_setpgroup(attributes, 0);
	posix_spawnattr_setsigdefault(attributes, &all);
	posix_spawnattr_setsigmask(attributes, &none);
}

static int spawn(const char *program, const posix_spawn_file_actions_t *actions,
                 char *const *arguments, pid_t *pid, struct err *err)
{
	char **environment = make_environment(NULL);
	posix_spawnattr_t attributes;
	int result;

	set_attributes(&attributes);
	result = posix_spawn(pid, program, actions, &attributes, arguments, environment);
	posix_spawnattr_destroy(&attributes);
	free_texts(environment);
	if (result)
		return err_errno(err, result, "could not start '%s'", program);
	return 0;
}

int process_start(const char *program, const char *folder, struct process *process, struct err *err)
{
	char name[] = "millrace", verb[] = "runner";
	char *const arguments[] = {name, verb, NULL};
	posix_spawn_file_actions_t actions;
	struct ends ends;
	pid_t pid;
	int result;

	if (open_ends(&ends, err) < 0)
		return -1;
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addchdir_np(&actions, folder);
	posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_adddup2(&actions, ends.log_write, STDOUT_FILENO);
	posix_spawn_file_actions_adddup2(&actions, ends.log_write, STDERR_FILENO);
	posix_spawn_file_actions_adddup2(&actions, ends.theirs, WIRE_FD);
	posix_spawn_file_actions_adddup2(&actions, ends.log_read, WIRE_LOG_FD);
	result = spawn(program, &actions, arguments, &pid, err);
	posix_spawn_file_actions_destroy(&actions);
	if (result < 0) {
		close_ends(&ends);
		return -1;
	}
	close(ends.theirs);
	close(ends.log_write);
	process->wire_fd = ends.ours;
	process->log_fd = ends.log_read;
	identify(pid, &process->identity);
	return 0;
}

void process_close(struct process *process)
{
	if (process->wire_fd >= 0)
		close(process->wire_fd);
	if (process->log_fd >= 0)
		close(process->log_fd);
	process->wire_fd = process->log_fd = -1;
}

void process_kill(pid_t pid)
{
	kill(-pid, SIGKILL);
	kill(pid, SIGKILL);
}

int process_kill_leftover(const struct process_identity *identity)
{
	struct process_identity now;

	if (identity->pid <= 1)
		return 0;
	identify(identity->pid, &now);
	if (!now.start_ticks || now.start_ticks != identity->start_ticks ||
	    strcmp(now.boot_id, identity->boot_id) != 0)
		return 0;
	process_kill(identity->pid);
	return 1;
}

void process_kill_strangers(int (*is_known)(void *context, pid_t pid), void *context)
{
	auto_buf struct buf text = {0};
	char path[64];
	char *rest, *word;
	struct err err;

	snprintf(path, sizeof(path), "/proc/self/task/%d/children", (int)getpid());
	if (file_read(path, PROC_FILE_BYTES, &text, &err) < 0)
		return;
	rest = text.data;
	while (rest && (word = strsep(&rest, " "))) {
		pid_t pid = (pid_t)strtol(word, NULL, 10);

		if (pid > 1 && !is_known(context, pid))
			process_kill(pid);
	}
}

static int is_nobody_known(void *context, pid_t pid)
{
	(void)context;
	(void)pid;
	return 0;
}

/* 0 once there is no child at all. */
static int reap(void)
{
	pid_t pid;

	do
		pid = waitpid(-1, NULL, WNOHANG);
	while (pid > 0);
	return pid < 0 && errno == ECHILD ? 0 : 1;
}

void process_kill_all(void)
{
	const struct timespec pause = {.tv_nsec = 1000000};

	for (int round = 0; reap() && round < KILL_ROUNDS; round++) {
		process_kill_strangers(is_nobody_known, NULL);
		nanosleep(&pause, NULL);
	}
}

int process_start_describe(const char *program, const char *const *files, size_t count, pid_t *pid,
                           int *fd, struct err *err)
{
	char **arguments;
	posix_spawn_file_actions_t actions;
	int pipe_ends[2], result;

	if (pipe2(pipe_ends, O_CLOEXEC) < 0)
		return err_errno(err, errno, "could not make a pipe");
	arguments = mem_array(count + 4, sizeof(*arguments));
	arguments[0] = mem_strdup("millrace");
	arguments[1] = mem_strdup("runner");
	arguments[2] = mem_strdup("--describe");
	for (size_t i = 0; i < count; i++)
		arguments[3 + i] = mem_strdup(files[i]);
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_adddup2(&actions, pipe_ends[1], STDOUT_FILENO);
	result = spawn(program, &actions, arguments, pid, err);
	posix_spawn_file_actions_destroy(&actions);
	free_texts(arguments);
	close(pipe_ends[1]);
	if (result < 0)
		close(pipe_ends[0]);
	else
		*fd = pipe_ends[0];
	return result;
}

static int spawn_command(const struct process_command *command,
                         const posix_spawn_file_actions_t *actions, pid_t *pid, struct err *err)
{
	char **environment = make_environment(command->variables);
	posix_spawnattr_t attributes;
	int result;

	set_attributes(&attributes);
	result = posix_spawnp(pid, command->arguments[0], actions, &attributes, command->arguments,
	                      environment);
	posix_spawnattr_destroy(&attributes);
	free_texts(environment);
	if (result)
		return err_errno(err, result, "could not start '%s'", command->arguments[0]);
	return 0;
}

int process_start_command(const struct process_command *command, struct process_identity *identity,
                          int *output_fd, struct err *err)
{
	posix_spawn_file_actions_t actions;
	int ends[2], result;
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return err_errno(err, errno, "could not make a pipe");
	fcntl(ends[0], F_SETFL, O_NONBLOCK);
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addchdir_np(&actions, command->folder);
	posix_spawn_file_actions_adddup2(&actions, command->input_fd, STDIN_FILENO);
	posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
	posix_spawn_file_actions_adddup2(&actions, ends[1], STDERR_FILENO);
	result = spawn_command(command, &actions, &pid, err);
	posix_spawn_file_actions_destroy(&actions);
	close(ends[1]);
	if (result < 0) {
		close(ends[0]);
		return -1;
	}
	*output_fd = ends[0];
	identify(pid, identity);
	return 0;
}

/* remains.c - what an attempt left behind in its process */
#include "scheduler/runner/remains.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "lib/vec.h"

enum {
	KILL_ROUNDS = 2000, /* of a millisecond */
	THREAD_ROUNDS = 20, /* a joined thread is listed a moment longer */
	LOOK_EVERY = 16,    /* attempts */
	SPARE_FDS = 48,     /* a runner's own: databases, stores */
	SPARE_RSS_BYTES = 256 * 1024 * 1024,
};

struct process {
	pid_t pid, parent;
	int is_ours; /* below this process */
};

struct processes {
	struct process *items;
	size_t count, capacity;
};

static void pause_ms(long ms)
{
	nanosleep(&(struct timespec){.tv_nsec = ms * 1000000}, NULL);
}

/* What the kernel says in a file of /proc, cut at `size`; 0 when there is none. */
static int read_proc(const char *path, char *text, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t got;

	if (fd < 0)
		return 0;
	got = read(fd, text, size - 1);
	close(fd);
	if (got <= 0)
		return 0;
	text[got] = '\0';
	return 1;
}

/* The parent of a live process, or 0. /proc/PID/stat is `pid (name) state ppid …`, proc(5). */
static pid_t parent_of(const char *pid)
{
	char path[64], text[512];
	const char *end;

	snprintf(path, sizeof(path), "/proc/%s/stat", pid);
	if (!read_proc(path, text, sizeof(text)))
		return 0;
	end = strrchr(text, ')');
	if (!end || strlen(end) < 4 || end[2] == 'Z')
		return 0;
	return (pid_t)strtol(end + 4, NULL, 10);
}

static void list_processes(struct processes *all)
{
	DIR *proc = opendir("/proc");
	struct dirent *entry;

	if (!proc)
		return;
	while ((entry = readdir(proc))) { /* NOLINT(concurrency-mt-unsafe): a stream of our own */
		pid_t parent;

		if (entry->d_name[0] < '1' || entry->d_name[0] > '9')
			continue;
		parent = parent_of(entry->d_name);
		if (parent)
			*vec_push(all) = (struct process){
				.pid = (pid_t)strtol(entry->d_name, NULL, 10), .parent = parent};
	}
	closedir(proc);
}

static int is_below(const struct processes *all, const struct process *process, pid_t self)
{
	if (process->parent == self)
		return 1;
	vec_foreach(const struct process *, other, all)
		if (other->pid == process->parent)
			return other->is_ours;
	return 0;
}

/* Signals all live descendants (of process group `group`, 0: of any); how many. */
static size_t signal_descendants(int signal, pid_t group)
{
	struct processes all = {0};
	pid_t self = getpid();
	size_t count = 0;
	int found = 1;

	list_processes(&all);
	while (found) {
		found = 0;
		vec_foreach(struct process *, process, &all) {
			if (process->is_ours || !is_below(&all, process, self))
				continue;
			process->is_ours = found = 1;
			if (group && getpgid(process->pid) != group)
				continue;
			kill(process->pid, signal);
			count++;
		}
	}
	vec_release(&all);
	return count;
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

size_t remains_kill(void)
{
	size_t killed = 0;

	for (int round = 0; reap() && round < KILL_ROUNDS; round++) {
		size_t count = signal_descendants(SIGKILL, 0);

		if (count > killed)
			killed = count;
		pause_ms(1);
	}
	return killed;
}

void remains_terminate(void)
{
	signal_descendants(SIGTERM, getpgrp());
}

static unsigned long thread_links(const struct remains *remains)
{
	struct stat stat;

	return fstat(remains->task_fd, &stat) == 0 ? stat.st_nlink : remains->links;
}

static int free_fd(const struct remains *remains)
{
	int fd = fcntl(remains->task_fd, F_DUPFD_CLOEXEC, 0);

	if (fd >= 0)
		close(fd);
	return fd;
}

/* Anonymous memory in use: resident less shared, proc(5). */
static int64_t rss_bytes(void)
{
	char text[128];
	long long total, resident, shared;

	if (!read_proc("/proc/self/statm", text, sizeof(text)))
		return 0;
	/* NOLINTNEXTLINE(cert-err34-c): the kernel's own format */
	if (sscanf(text, "%lld %lld %lld", &total, &resident, &shared) != 3)
		return 0;
	return (resident - shared) * sysconf(_SC_PAGESIZE);
}

void remains_init(struct remains *remains)
{
	*remains = (struct remains){
		.task_fd = open("/proc/self/task", O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
	remains->links = thread_links(remains);
	remains->lowest_fd = free_fd(remains);
	remains->rss_bytes = rss_bytes();
}

const char *remains_look(struct remains *remains)
{
	for (int round = 0; thread_links(remains) > remains->links; round++) {
		if (round == THREAD_ROUNDS)
			return "a thread was left behind";
		pause_ms(1);
	}
	if (remains->looks++ % LOOK_EVERY)
		return NULL;
	if (free_fd(remains) > remains->lowest_fd + SPARE_FDS)
		return "descriptors were left open";
	if (rss_bytes() > remains->rss_bytes + SPARE_RSS_BYTES)
		return "memory was not given back";
	return NULL;
}

/* runner.c - `millrace runner`: the child process that executes attempts */
#include "scheduler/runner/runner.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/clock.h"
#include "lib/file.h"
#include "lib/log.h"
#include "lib/str.h"
#include "scheduler/runner/attempt.h"
#include "scheduler/runner/describe.h"
#include "scheduler/runner/helper.h"
#include "scheduler/runner/remains.h"

enum {
	EXIT_MISUSE = 2,
	FIRST_OWN_FD = 64, /* ours are out of the way of plugins that close(3) */
};

struct runner {
	struct channel channel;
	struct attempt_log log;
	struct host_session session;
	struct helper helper;
	struct attempt attempt;
	struct remains remains;
	struct plugin_file file;
	int has_file; /* the plugin is loaded */
};

/* What a forked child of a plugin must not keep: it would hide the end of this process. */
static int forbidden_fds[2] = {-1, -1};

/* The helper and what runs at exit use it until the process ends. */
static struct runner runner;

static void close_in_child(void)
{
	for (size_t i = 0; i < countof(forbidden_fds); i++)
		close(forbidden_fds[i]);
}

/* Without SIG_IGN, which exec(2) would hand on to the children. */
static void ignore(int signal)
{
	(void)signal;
}

static void settle_signals(void)
{
	static const int ignored[] = {SIGTERM, SIGINT, SIGHUP, SIGPIPE, SIGXFSZ};
	struct sigaction action = {.sa_handler = ignore, .sa_flags = SA_RESTART};

	for (size_t i = 0; i < countof(ignored); i++)
		sigaction(ignored[i], &action, NULL);
}

/* A plugin has called exit(3): to the service it is a crash, the log says what it was. */
static void leave(void)
{
	attempt_log_line(&runner.log, 3, "the plugin called exit()", clock_now_us());
	fflush(stdout);
	attempt_log_freeze(&runner.log);
}

/* Moves a descriptor out of reach; -1 when it is not open. */
static int take_fd(int fd)
{
	int taken = fcntl(fd, F_DUPFD_CLOEXEC, FIRST_OWN_FD);

	if (taken >= 0)
		close(fd);
	return taken;
}

static void empty_stdin(void)
{
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

	if (fd > 0) {
		dup2(fd, STDIN_FILENO);
		close(fd);
	}
}

static int settle(struct err *err)
{
	int wire_fd = take_fd(WIRE_FD), log_fd = take_fd(WIRE_LOG_FD);

	if (wire_fd < 0 || log_fd < 0)
		return err_set(err, ERR_USAGE,
		               "a runner is started by 'millrace serve', not by hand");
	umask(077);
	setpgid(0, 0);
	prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
	settle_signals();
	empty_stdin();
	setvbuf(stdout, NULL, _IOLBF, 0);
	forbidden_fds[0] = wire_fd;
	forbidden_fds[1] = log_fd;
	pthread_atfork(NULL, NULL, close_in_child);
	atexit(leave);

	channel_init(&runner.channel, wire_fd);
	attempt_log_init(&runner.log, log_fd);
	host_session_init(&runner.session, &runner.channel);
	attempt_init(&runner.attempt, &runner.channel, &runner.log, &runner.session);
	runner.helper = (struct helper){&runner.channel, &runner.log, &runner.session};
	if (helper_start(&runner.helper, err) < 0)
		return -1;
	remains_init(&runner.remains);
	return 0;
}

/* The plugin of an attempt, loaded with the first one; NULL on error. */
static const struct plugin_file *plugin_of(const struct wire_start *start, struct err *err)
{
	if (!runner.has_file) {
		if (plugin_file_open(&runner.file, start->plugin, err) < 0) {
			plugin_file_release(&runner.file);
			return NULL;
		}
		runner.has_file = 1;
	}
	if (str_equal(runner.file.path, start->plugin))
		return &runner.file;
	err_set(err, ERR_INTERNAL, "a runner of '%s' was asked for '%s'", runner.file.path,
	        start->plugin);
	return NULL;
}

/* Why no other attempt may follow in this process, or NULL. */
static const char *retire_reason(const struct plugin_file *file)
{
	const struct plugin_op *op = runner.attempt.op;
	const char *left = remains_look(&runner.remains);

	if (left)
		return left;
	if (!file)
		return "the plugin could not be used";
	if (!op || !(op->declared.flags & MR_OP_WARM))
		return "the operator wants a fresh process";
	return NULL;
}

/* 1: the process may go on. */
static int run_one(const struct wire_start *start)
{
	const struct plugin_file *file;
	struct wire_finished finished;
	struct err err = {0};

	attempt_begin(&runner.attempt, start);
	file = plugin_of(start, &err);
	attempt_run(&runner.attempt, file, &err, &finished);
	finished.retire = retire_reason(file);
	channel_finished(&runner.channel, &finished);
	attempt_clear(&runner.attempt);
	return !finished.retire;
}

static int serve(void)
{
	struct wire_frame frame;
	struct err err;
	int goes_on = 1;

	if (settle(&err) < 0) {
		fprintf(stderr, "millrace: %s\n", err.text);
		return EXIT_MISUSE;
	}
	while (goes_on && channel_take(&runner.channel, &frame)) {
		goes_on = run_one(&frame.as.start);
		wire_release(&frame);
	}
	channel_retire(&runner.channel);
	/* destructors of plugins and their threads have no say */
	_exit(0);
}

static int describe(char *const *paths, size_t count)
{
	auto_buf struct buf json = {0};
	int out = dup(STDOUT_FILENO);

	/* what a constructor prints must not stand between us and the caller */
	dup2(STDERR_FILENO, STDOUT_FILENO);
	describe_files(paths, count, &json);
	fflush(stdout);
	return file_write_all(out, json.data, json.size) < 0;
}

int runner_main(int argc, char **argv)
{
	if (argc > 1 && str_equal(argv[1], "--describe"))
		return describe(argv + 2, (size_t)argc - 2);
	if (argc == 1)
		return serve();
	fprintf(stderr, "usage: millrace runner --describe FILE...\n");
	return EXIT_MISUSE;
}

/* bad.c - operators that do what no operator should, one each */
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "plugins/plugin.h"

static void *sleep_on(void *argument)
{
	while (pause() < 0)
		continue;
	return argument;
}

static mr_status crash(struct mr_task *task)
{
	(void)task;
	printf("about to crash\n");
	raise(SIGSEGV);
	return MR_OK;
}

static mr_status exit_zero(struct mr_task *task)
{
	(void)task;
	printf("good bye\n");
	exit(0);
}

/* Says when it hangs, so that the test can go on. */
static mr_status hang(struct mr_task *task)
{
	signal(SIGTERM, SIG_IGN);
	task->host->progress(task, 1, 0, NULL, "hanging");
	while (pause() < 0)
		continue;
	return MR_OK;
}

static mr_status polite(struct mr_task *task)
{
	struct pollfd cancelled = {.fd = task->host->cancel_fd(task), .events = POLLIN};

	task->host->progress(task, 1, 0, NULL, "waiting");
	poll(&cancelled, 1, -1);
	return task->host->is_cancelled(task) ? MR_CANCELLED : MR_FAIL;
}

static mr_status wait_for_child(struct mr_task *task)
{
	pid_t pid;
	int status;

	/* the runner ignores it, and the child must be born without that */
	signal(SIGTERM, SIG_DFL);
	pid = fork();
	if (pid == 0)
		sleep_on(NULL);
	signal(SIGTERM, SIG_IGN);
	task->host->progress(task, 1, 0, NULL, "waiting");
	waitpid(pid, &status, 0);
	return mr_fail(task, MR_CANCELLED, "the child got signal %d", WTERMSIG(status));
}

static mr_status leak_fds(struct mr_task *task)
{
	(void)task;
	for (int i = 0; i < 100; i++)
		if (open("/dev/null", O_RDONLY) < 0)
			return MR_FAIL;
	return MR_OK;
}

static mr_status leak_memory(struct mr_task *task)
{
	enum { BYTES = 300 * 1024 * 1024, PAGE = 4096 };
	volatile char *memory = malloc(BYTES);

	(void)task;
	for (size_t i = 0; memory && i < BYTES; i += PAGE)
		memory[i] = 'x';
	return MR_OK;
}

static mr_status flood(struct mr_task *task)
{
	char line[1024];

	(void)task;
	memset(line, 'f', sizeof(line));
	line[sizeof(line) - 1] = '\n';
	for (int i = 0; i < 5000; i++)
		if (write(STDOUT_FILENO, line, sizeof(line)) < 0)
			return MR_FAIL;
	return MR_OK;
}

static mr_status undeclared_param(struct mr_task *task)
{
	const char *value;

	return task->host->param_text(task, "colour", &value);
}

static mr_status wrong_type(struct mr_task *task)
{
	int64_t value;

	return task->host->param_int(task, "text", &value);
}

static mr_status undeclared_output(struct mr_task *task)
{
	return task->host->output(task, "colour", "1");
}

static mr_status null_pointer(struct mr_task *task)
{
	return task->host->param_text(task, NULL, NULL);
}

static mr_status null_task(struct mr_task *task)
{
	return task->host->set_resume(NULL, "1");
}

static mr_status closed_handle(struct mr_task *task)
{
	struct mr_object *object;
	size_t got;
	char bytes[8];

	if (task->host->object_open(task, "objects://bad/x", MR_WRITE, &object) != MR_OK)
		return MR_RETRY;
	task->host->object_close(task, object);
	return task->host->object_read(task, object, bytes, sizeof(bytes), &got);
}

static void *call_host(void *argument)
{
	struct mr_task *task = argument;

	task->host->again_after(task, 1);
	return NULL;
}

static mr_status other_thread(struct mr_task *task)
{
	pthread_t thread;

	pthread_create(&thread, NULL, call_host, task);
	pthread_join(thread, NULL);
	return MR_OK;
}

static mr_status leave_thread(struct mr_task *task)
{
	pthread_t thread;

	(void)task;
	pthread_create(&thread, NULL, sleep_on, NULL);
	pthread_detach(thread);
	return MR_OK;
}

static void report_pid(struct mr_task *task, pid_t pid)
{
	char json[32];

	snprintf(json, sizeof(json), "%d", (int)pid);
	task->host->output(task, "pid", json);
}

static mr_status leave_process(struct mr_task *task)
{
	pid_t pid = fork();

	if (pid == 0) {
		signal(SIGTERM, SIG_IGN);
		sleep_on(NULL);
	}
	report_pid(task, pid);
	return MR_OK;
}

/* A daemon as daemons are made: its parent ends, its session is another. */
static mr_status leave_group(struct mr_task *task)
{
	int ends[2];
	pid_t pid = 0;

	if (pipe(ends) < 0)
		return MR_FAIL;
	if (fork() == 0) {
		setsid();
		pid = fork();
		if (pid == 0)
			sleep_on(NULL);
		_exit(write(ends[1], &pid, sizeof(pid)) < 0);
	}
	if (read(ends[0], &pid, sizeof(pid)) != sizeof(pid))
		return MR_FAIL;
	close(ends[0]);
	close(ends[1]);
	report_pid(task, pid);
	return MR_OK;
}

/* The child of a plugin that crashes must not keep the wire open. */
static mr_status fork_and_crash(struct mr_task *task)
{
	(void)task;
	if (fork() == 0)
		sleep_on(NULL);
	raise(SIGSEGV);
	return MR_OK;
}

static mr_status close_fds(struct mr_task *task)
{
	for (int fd = 3; fd < 20; fd++)
		close(fd);
	mr_log(task, MR_INFO, "closed what there was");
	return MR_OK;
}

static mr_status close_stdout(struct mr_task *task)
{
	(void)task;
	close(STDOUT_FILENO);
	close(STDERR_FILENO);
	return MR_OK;
}

static mr_status speak_wire(struct mr_task *task)
{
	static const char frame[] = "\0\0\0\x1f{\"type\":\"finished\",\"attempt\":1}";

	(void)task;
	return write(STDOUT_FILENO, frame, sizeof(frame) - 1) < 0 ? MR_RETRY : MR_FAIL;
}

static mr_status no_status(struct mr_task *task)
{
	(void)task;
	return 77;
}

static mr_status cancelled_by_nobody(struct mr_task *task)
{
	(void)task;
	return MR_CANCELLED;
}

static mr_status big_output(struct mr_task *task)
{
	char *json = malloc(70 * 1024);
	mr_status status;

	memset(json, 'x', 70 * 1024);
	json[0] = '"';
	json[66 * 1024] = '"';
	json[66 * 1024 + 1] = '\0';
	status = task->host->output(task, "text", json);
	free(json);
	return status;
}

static mr_status odd_text(struct mr_task *task)
{
	char text[4000];

	memset(text, '\xc3', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	task->host->progress(task, 1, 2, "\xff", text);
	return mr_fail(task, MR_FAIL, "%s", text);
}

static mr_status tell_and_crash(struct mr_task *task)
{
	const char *token;

	if (task->host->secret(task, "token", &token) != MR_OK)
		return MR_FAIL;
	printf("the token is %s\n", token);
	fflush(stdout);
	raise(SIGSEGV);
	return MR_OK;
}

static mr_status later(struct mr_task *task)
{
	const char *const tables[] = {"department"};
	struct mr_restore *restore;

	return task->host->restore_open(task, tables, 1, NULL, &restore);
}

static const struct mr_param text_params[] = {
	{"text", MR_TEXT, 0, "\"\"", "any"},
};

static const struct mr_output outputs[] = {
	{"pid", MR_INT, "of what was left behind"},
	{"text", MR_TEXT, "any"},
};

#define WARM(name)                                                                                 \
	{                                                                                          \
#name, "misbehaves", text_params, MR_COUNT(text_params), outputs,                  \
			MR_COUNT(outputs), MR_OP_WARM, name                                        \
	}

static const struct mr_op ops[] = {
	WARM(crash),
	WARM(exit_zero),
	WARM(hang),
	WARM(polite),
	WARM(wait_for_child),
	WARM(leak_fds),
	WARM(leak_memory),
	WARM(flood),
	WARM(undeclared_param),
	WARM(wrong_type),
	WARM(undeclared_output),
	WARM(null_pointer),
	WARM(null_task),
	WARM(closed_handle),
	WARM(other_thread),
	WARM(leave_thread),
	WARM(leave_process),
	WARM(leave_group),
	WARM(fork_and_crash),
	WARM(close_fds),
	WARM(close_stdout),
	WARM(speak_wire),
	WARM(no_status),
	WARM(cancelled_by_nobody),
	WARM(big_output),
	WARM(odd_text),
	WARM(later),
	WARM(tell_and_crash),
};

static const struct mr_plugin plugin = {
	.abi = MR_ABI,
	.name = "bad",
	.version = "1.0",
	.help = "operators that misbehave",
	.ops = ops,
	.op_count = MR_COUNT(ops),
};

const struct mr_plugin *mr_plugin_entry(void)
{
	return &plugin;
}

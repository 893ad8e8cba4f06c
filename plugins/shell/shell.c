/* shell.c - commands of the operating system as tasks
 *
 * The child is a process group of its own with default signals. Its stdout goes to the log and, the
 * last of it, into an output; stderr is the log. Exit status 0 is success, 99 skipped; 64 (usage), 126
 * and 127 (cannot be run) fail for good; any other and any signal may be retried. On cancel the group
 * gets SIGTERM, later SIGKILL. What the command leaves behind is found and killed by the host.
 */
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "plugins/plugin.h"

enum {
	TAIL_BYTES = 32 * 1024,
	READ_BYTES = 16 * 1024,
	WAIT_MS = 20, /* between looks at a child, on kernels without pidfds */
	EXIT_SKIP = 99,
	EXIT_USAGE = 64,
	EXIT_NO_EXEC = 126,
	EXIT_NO_COMMAND = 127,
};

/* What of the runner's environment a command gets to see. */
static const char *const inherited[] = {
	"HOME", "LANG", "LANGUAGE", "LOGNAME", "PATH", "SHELL", "TMPDIR", "TZ", "USER",
};

struct strings {
	char **items; /* NULL at the end */
	size_t count;
};

struct child {
	struct mr_task *task;
	pid_t pid;
	int out_fd;    /* its stdout, not blocking */
	int pid_fd;    /* readable when it has ended; -1 when there is no such thing */
	int has_ended; /* `status` is its wait status */
	int status;
	int64_t kill_at_ms; /* 0: not cancelled */
	char *tail;         /* the last TAIL_BYTES of its stdout */
	size_t tail_size;
};

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void add(struct strings *list, char *text)
{
	char **grown = realloc(list->items, (list->count + 2) * sizeof(*grown));

	if (!grown || !text)
		abort();
	list->items = grown;
	grown[list->count++] = text;
	grown[list->count] = NULL;
}

static void free_strings(struct strings *list)
{
	for (size_t i = 0; i < list->count; i++)
		free(list->items[i]);
	free(list->items);
}

static char *assignment(const char *name, const char *value)
{
	size_t size = strlen(name) + strlen(value) + 2;
	char *text = malloc(size);

	if (text)
		snprintf(text, size, "%s=%s", name, value);
	return text;
}

static int is_inherited(const char *variable)
{
	if (strncmp(variable, "LC_", 3) == 0)
		return 1;
	for (size_t i = 0; i < MR_COUNT(inherited); i++) {
		size_t length = strlen(inherited[i]);

		if (strncmp(variable, inherited[i], length) == 0 && variable[length] == '=')
			return 1;
	}
	return 0;
}

static int names(const char *variable, const json_t *env)
{
	const char *end = strchr(variable, '=');
	char name[256];

	snprintf(name, sizeof(name), "%.*s", (int)(end - variable), variable);
	return json_object_get(env, name) != NULL;
}

static void add_info(struct strings *list, const struct mr_info *info)
{
	char attempt[32], map_index[32];

	snprintf(attempt, sizeof(attempt), "%lld", (long long)info->attempt);
	snprintf(map_index, sizeof(map_index), "%lld", (long long)info->map_index);
	add(list, assignment("MILLRACE_DAG", info->dag));
	add(list, assignment("MILLRACE_RUN_ID", info->run_id));
	add(list, assignment("MILLRACE_TASK", info->task));
	add(list, assignment("MILLRACE_MAP_INDEX", map_index));
	add(list, assignment("MILLRACE_ATTEMPT", attempt));
}

static mr_status add_env(struct mr_task *task, struct strings *list, json_t *env)
{
	const char *name;
	json_t *value;

	for (char **at = environ; *at; at++)
		if (is_inherited(*at) && !names(*at, env))
			add(list, strdup(*at));
	add_info(list, task->info);
	json_object_foreach(env, name, value)
	{
		char *json = NULL;

		if (!*name || strchr(name, '='))
			return mr_fail(task, MR_FAIL, "env: '%s' is no name of a variable", name);
		if (!json_is_string(value))
			json = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
		add(list, assignment(name, json ? json : json_string_value(value)));
		free(json);
	}
	return MR_OK;
}

static mr_status read_env(struct mr_task *task, struct strings *list)
{
	const char *text = "{}";
	mr_status status;
	json_t *env;

	task->host->param_json(task, "env", &text);
	env = json_loads(text, JSON_DECODE_ANY, NULL);
	if (json_is_object(env))
		status = add_env(task, list, env);
	else
		status = mr_fail(task, MR_FAIL, "'env' must be an object of names and values");
	json_decref(env);
	return status;
}

static mr_status add_argv(struct mr_task *task, struct strings *list, const char *text)
{
	json_t *argv = json_loads(text, JSON_DECODE_ANY, NULL);
	mr_status status = MR_OK;

	if (!json_is_array(argv) || !json_array_size(argv))
		status = mr_fail(task, MR_FAIL, "'argv' must be a list with the command first");
	for (size_t i = 0; status == MR_OK && i < json_array_size(argv); i++) {
		const json_t *item = json_array_get(argv, i);
		char *json = NULL;

		if (!json_is_string(item))
			json = json_dumps(item, JSON_COMPACT | JSON_ENCODE_ANY);
		add(list, json ? json : strdup(json_string_value(item)));
	}
	json_decref(argv);
	return status;
}

static mr_status read_argv(struct mr_task *task, struct strings *list)
{
	const char *argv = NULL, *script = NULL;

	task->host->param_json(task, "argv", &argv);
	task->host->param_text(task, "script", &script);
	if (!argv == !script)
		return mr_fail(task, MR_FAIL, "give one of 'argv' and 'script'");
	if (argv)
		return add_argv(task, list, argv);
	add(list, strdup("/bin/sh"));
	add(list, strdup("-e"));
	add(list, strdup("-c"));
	add(list, strdup(script));
	return MR_OK;
}

/* Between vfork and exec, in the runner's own memory: system calls only, and nothing changes there
 * but `environ`, whose PATH is searched. */
__attribute__((noreturn)) static void become(const struct strings *argv, const struct strings *env,
                                             const char *cwd, int out_fd)
{
	struct sigaction standard = {.sa_handler = SIG_DFL};
	sigset_t none;
	int error;

	setpgid(0, 0);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (int signal = 1; signal < NSIG; signal++)
		sigaction(signal, &standard, NULL);
	sigemptyset(&none);
	pthread_sigmask(SIG_SETMASK, &none, NULL);
	dup2(out_fd, STDOUT_FILENO);
	if (cwd && chdir(cwd) < 0) {
		dprintf(STDERR_FILENO, "could not enter '%s'\n", cwd);
		_exit(EXIT_NO_EXEC);
	}
	environ = env->items;
	execvp(argv->items[0], argv->items);
	error = errno;
	dprintf(STDERR_FILENO, "could not run '%s': %s\n", argv->items[0],
	        error == ENOENT ? "there is no such command" : "it cannot be executed");
	_exit(error == ENOENT ? EXIT_NO_COMMAND : EXIT_NO_EXEC);
}

/* vfork copies no page tables, which is half of what a short command costs. No handler of the runner
 * may run in the child, so signals wait until it is set up. */
static pid_t spawn(const struct strings *argv, const struct strings *env, const char *cwd,
                   int out_fd)
{
	char **own_environ = environ;
	sigset_t all, before;
	pid_t pid;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	pid = vfork(); /* NOLINT(clang-analyzer-security.insecureAPI.vfork): see above */
	if (pid == 0)  /* NOLINTNEXTLINE(clang-analyzer-unix.Vfork): it makes system calls only */
		become(argv, env, cwd, out_fd);
	environ = own_environ;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return pid;
}

static mr_status start(struct child *child, const struct strings *argv, const struct strings *env)
{
	const char *cwd = NULL;
	int ends[2];

	child->task->host->param_text(child->task, "cwd", &cwd);
	if (pipe2(ends, O_CLOEXEC) < 0)
		return mr_fail(child->task, MR_RETRY, "could not make a pipe");
	child->pid = spawn(argv, env, cwd, ends[1]);
	close(ends[1]);
	if (child->pid < 0) {
		close(ends[0]);
		return mr_fail(child->task, MR_RETRY, "could not start a process");
	}
	child->out_fd = ends[0];
	fcntl(child->out_fd, F_SETFL, O_NONBLOCK);
	child->pid_fd = (int)syscall(SYS_pidfd_open, child->pid, 0);
	return MR_OK;
}

static void keep_tail(struct child *child, const char *bytes, size_t size)
{
	if (child->tail_size + size > TAIL_BYTES) {
		size_t drop = child->tail_size + size - TAIL_BYTES;

		memmove(child->tail, child->tail + drop, child->tail_size - drop);
		child->tail_size -= drop;
	}
	memcpy(child->tail + child->tail_size, bytes, size);
	child->tail_size += size;
}

/* Moves what is there; 0 at the end. */
static int pump(struct child *child)
{
	char bytes[READ_BYTES];
	ssize_t got = read(child->out_fd, bytes, sizeof(bytes));

	if (got < 0)
		return errno == EAGAIN || errno == EINTR;
	if (got == 0)
		return 0;
	for (ssize_t done = 0; done < got;) {
		ssize_t sent = write(STDOUT_FILENO, bytes + done, (size_t)(got - done));

		if (sent < 0 && errno != EINTR)
			break;
		done += sent > 0 ? sent : 0;
	}
	keep_tail(child, bytes, (size_t)got);
	return 1;
}

static void look(struct child *child)
{
	if (waitpid(child->pid, &child->status, WNOHANG) == child->pid)
		child->has_ended = 1;
}

static void cancel(struct child *child)
{
	kill(-child->pid, SIGTERM);
	kill(-child->pid, SIGCONT);
	/* a little before the host's own patience ends */
	child->kill_at_ms = now_ms() + child->task->info->grace_ms * 9 / 10;
}

static int poll_timeout(const struct child *child)
{
	int64_t left_ms = -1;

	if (child->kill_at_ms) {
		left_ms = child->kill_at_ms - now_ms();
		left_ms = left_ms < 0 ? 0 : left_ms;
	}
	if (child->pid_fd < 0 && (left_ms < 0 || left_ms > WAIT_MS))
		left_ms = WAIT_MS;
	return (int)left_ms;
}

enum { FD_OUT, FD_PID, FD_CANCEL, FD_COUNT };

/* What one poll(2) has found. */
static void act(struct child *child, struct pollfd fds[FD_COUNT])
{
	if (fds[FD_OUT].revents && !pump(child))
		fds[FD_OUT].fd = -1;
	if (fds[FD_CANCEL].revents) {
		fds[FD_CANCEL].fd = -1;
		cancel(child);
	}
	if (child->kill_at_ms && now_ms() >= child->kill_at_ms) {
		kill(-child->pid, SIGKILL);
		child->kill_at_ms = now_ms() + WAIT_MS;
	}
	if (fds[FD_PID].revents || child->pid_fd < 0)
		look(child);
}

/* Until the child has ended. */
static void attend(struct child *child)
{
	struct pollfd fds[FD_COUNT] = {
		[FD_OUT] = {.fd = child->out_fd, .events = POLLIN},
		[FD_PID] = {.fd = child->pid_fd, .events = POLLIN},
		[FD_CANCEL] = {.fd = child->task->host->cancel_fd(child->task), .events = POLLIN},
	};

	while (!child->has_ended) {
		poll(fds, FD_COUNT, poll_timeout(child));
		act(child, fds);
	}
	/* what it wrote before it ended; what others in the pipe write is not its own */
	while (fds[FD_OUT].fd >= 0 && poll(fds, 1, 0) > 0)
		if (!pump(child))
			break;
}

/* The tail as UTF-8: bytes that are none become '?'. */
static json_t *tail_text(struct child *child, size_t from)
{
	json_t *text = json_stringn(child->tail + from, child->tail_size - from);

	for (size_t i = from; !text && i < child->tail_size; i++) {
		json_t *good = json_stringn(child->tail + from, i + 1 - from);
		size_t more = i;

		/* a character of several bytes is good only as a whole */
		while (!good && ++more < child->tail_size && more < i + 4)
			good = json_stringn(child->tail + from, more + 1 - from);
		if (good)
			i = more;
		else
			child->tail[i] = '?';
		json_decref(good);
	}
	return text ? text : json_stringn(child->tail + from, child->tail_size - from);
}

static mr_status put_outputs(struct child *child)
{
	const struct mr_host *host = child->task->host;
	mr_status status = MR_FAIL;

	/* escapes can make it larger than all outputs may be: then less of it */
	for (size_t from = 0; status != MR_OK && from <= child->tail_size;) {
		json_t *text = tail_text(child, from);
		char *json = json_dumps(text, JSON_COMPACT | JSON_ENCODE_ANY);

		status = host->output(child->task, "stdout", json);
		from += (child->tail_size - from) / 2 + 1;
		free(json);
		json_decref(text);
	}
	return status == MR_OK ? host->output(child->task, "exit", "0") : status;
}

static mr_status judge(struct child *child)
{
	struct mr_task *task = child->task;
	int status;

	if (child->kill_at_ms)
		return mr_fail(task, MR_CANCELLED, "the command was told to end");
	if (WIFSIGNALED(child->status))
		return mr_fail(task, MR_RETRY, "the command was killed by signal %d (%s)",
		               WTERMSIG(child->status), sigabbrev_np(WTERMSIG(child->status)));
	status = WEXITSTATUS(child->status);
	if (status == 0)
		return put_outputs(child);
	if (status == EXIT_SKIP)
		return mr_fail(task, MR_SKIP, "the command asked to be skipped (exit status %d)",
		               status);
	return mr_fail(task,
	               status == EXIT_USAGE || status == EXIT_NO_EXEC || status == EXIT_NO_COMMAND
	                       ? MR_FAIL
	                       : MR_RETRY,
	               "the command ended with exit status %d", status);
}

static mr_status supervise(struct mr_task *task, const struct strings *argv,
                           const struct strings *env)
{
	struct child child = {.task = task, .tail = malloc(TAIL_BYTES)};
	mr_status status =
		child.tail ? start(&child, argv, env) : mr_fail(task, MR_RETRY, "out of memory");

	if (status == MR_OK) {
		attend(&child);
		close(child.out_fd);
		if (child.pid_fd >= 0)
			close(child.pid_fd);
		status = judge(&child);
	}
	free(child.tail);
	return status;
}

static mr_status run(struct mr_task *task)
{
	struct strings argv = {0}, env = {0};
	mr_status status = read_argv(task, &argv);

	if (status == MR_OK)
		status = read_env(task, &env);
	if (status == MR_OK)
		status = supervise(task, &argv, &env);
	free_strings(&argv);
	free_strings(&env);
	return status;
}

static const struct mr_param params[] = {
	{"argv", MR_JSON, 0, NULL, "list: the command and its arguments; or give 'script'"},
	{"script", MR_TEXT, 0, NULL, "lines for '/bin/sh -e'"},
	{"env", MR_JSON, 0, "{}",
         "object: variables besides PATH, HOME, LANG, LC_*, TZ and MILLRACE_{DAG,RUN_ID,TASK,…}"},
	{"cwd", MR_TEXT, 0, NULL, "folder to run it in"},
};

static const struct mr_output outputs[] = {
	{"exit", MR_INT, "its exit status"},
	{"stdout", MR_TEXT, "the last 32 KiB of what it wrote"},
};

static const struct mr_op ops[] = {
	{
		.name = "run",
		.help = "runs a command; exit status 99 skips, 64, 126 and 127 fail for good, others may "
			"be retried",
		.params = params,
		.param_count = MR_COUNT(params),
		.outputs = outputs,
		.output_count = MR_COUNT(outputs),
		.flags = MR_OP_WARM,
		.run = run,
	},
};

static const struct mr_plugin plugin = {
	.abi = MR_ABI,
	.name = "shell",
	.version = "1.0",
	.help = "commands of the operating system as tasks",
	.ops = ops,
	.op_count = MR_COUNT(ops),
};

const struct mr_plugin *mr_plugin_entry(void)
{
	return &plugin;
}

/* cmd_test.c - `millrace dags test` and `tasks test`: a DAG, or one task of it, here and now
 *
 * The same engine, runners and API as `serve`, on a metadata database of their own in a temporary
 * folder; data and objects are the real ones. The main thread is the server, a second one its only
 * client: it triggers the run, follows it, and tells the server to end.
 */
#include "cli/cmd_test.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "cli/dag_copies.h"
#include "cli/dag_files.h"
#include "cli/follow.h"
#include "cli/output.h"
#include "cli/serve.h"
#include "cli/task_alone.h"
#include "cli/trigger.h"
#include "lib/file.h"
#include "lib/log.h"
#include "lib/str.h"
#include "scheduler/core/dag_params.h"

struct test {
	struct call *call;
	const char *folder; /* temporary */
	const char *name;   /* of the DAG */
	const char *task;   /* the only one, NULL: all */
	json_t *schemas;
	struct config *config; /* of the server inside */
	atomic_int has_ended;  /* the server: nobody answers any more */
	json_t *run;           /* as it ended, NULL when it was not seen */
	int status;
};

/* Settings of the project, but with a state of their own. */
static struct config *test_config(struct call *call, const char *folder)
{
	const struct config *real = call->config;
	const struct config_flag flags[] = {
		{"state_dir", folder},
		{"database.url", config_text(real, CONFIG_DATABASE_URL)},
		{"objects.url", config_text(real, CONFIG_OBJECTS_URL)},
		{"metadata.url", arena_printf(&call->arena, "sqlite:%s/millrace.db", folder)},
		{"dags_dir", file_join(&call->arena, folder, "dags")},
		{"listen", "127.0.0.1:0"},
		{"log.level", "error"},
		{"api.threads", "1"},
		{"callbacks", "false"},
		{"logs.upload", ""},
		{"shutdown_grace", "100ms"}, /* whoever interrupts does not want to wait */
	};
	const struct config_sources sources = {
		.file = call_option(call, "config"), .flags = flags, .flag_count = countof(flags)};
	struct yaml_errors errors;
	struct config *config;

	yaml_errors_init(&errors);
	config = config_load(&sources, &errors);
	output_errors(stderr, &errors);
	yaml_errors_release(&errors);
	return config;
}

static int read_file(const struct test *test, const struct dag *dag, struct buf *contents,
                     struct err *err)
{
	auto_json json_t *alone = NULL;

	if (!test->task)
		return dag_copies_text(dag, contents, err);
	alone = task_alone_make(dag->source, test->task);
	if (!alone)
		return err_set(err, ERR_NOT_FOUND, "the DAG '%s' has no task '%s'", dag->name,
		               test->task);
	json_append(contents, alone);
	return 0;
}

/* The DAG's file, and those of others only where it runs them: their faults are nobody's business here. */
static int copy_dag(const struct test *test, const struct dag *dag, struct err *err)
{
	auto_buf struct buf contents = {0};
	struct call *call = test->call;
	const char *folder = test->folder;
	const char *dags = file_join(&call->arena, folder, "dags");
	const char *path =
		file_join(&call->arena, dags, arena_printf(&call->arena, "%s.yaml", dag->name));

	if (file_make_folder(dags, err) < 0 || read_file(test, dag, &contents, err) < 0)
		return -1;
	if (file_write_atomic(path, buf_string(&contents), contents.size, err) < 0)
		return -1;
	return dag_copies_others(dag, config_text(call->config, CONFIG_DAGS_DIR), dags,
	                         &call->arena, err);
}

/* Until the server takes commands; -1 when it has ended before. */
static int wait_until_ready(struct test *test, struct client *client)
{
	const struct timespec pause = {.tv_nsec = 5000000};
	struct err err;

	while (!atomic_load(&test->has_ended)) {
		json_t *ready = client_get(client, "/readyz", &err);

		json_decref(ready);
		if (ready)
			return 0;
		nanosleep(&pause, NULL);
	}
	return -1;
}

static int write_piece(void *data, const char *bytes, size_t size)
{
	(void)data;
	return file_write_all(STDERR_FILENO, bytes, size);
}

static void show_log(const struct test *test, struct client *client, const char *path,
                     const json_t *task)
{
	int map_index = (int)json_get_int(task, "map_index", -1);
	auto_buf struct buf url = {0};
	struct err err;

	if (!json_get_int(task, "log_bytes", 0) || call_has(test->call, "quiet"))
		return;
	buf_printf(&url, "%s/tasks/", path);
	client_segment(&url, test->task);
	buf_printf(&url, "/logs/%d", (int)json_get_int(task, "attempt", 1));
	if (map_index >= 0)
		buf_printf(&url, "?map_index=%d", map_index);
	if (client_stream(client, buf_string(&url), write_piece, NULL, &err) < 0)
		(void)call_fail(&err);
}

/* Its log, and no other task with it in what is printed. */
static void show_task(struct test *test, struct client *client, const char *path)
{
	json_t *only = json_array(), *task = NULL;
	size_t i;

	json_array_foreach(json_object_get(test->run, "tasks"), i, task)
	{
		if (!str_equal(json_get_text(task, "task", ""), test->task))
			continue;
		show_log(test, client, path, task);
		json_array_append(only, task);
	}
	json_object_set_new(test->run, "tasks", only);
}

static void run_dag(struct test *test, struct client *client)
{
	auto_json json_t *run = NULL;
	const char *path;
	struct err err;

	run = trigger_run(test->call, client, test->name, test->schemas, &test->status);
	if (!run)
		return;
	path = client_run_path(&test->call->arena, test->name, json_get_text(run, "run_id", ""),
	                       "");
	test->run = follow_run(test->call, client, path, FOLLOW_SHOW, 0, &err);
	if (test->run && test->task)
		show_task(test, client, path);
	if (test->run)
		return;
	/* nobody but an interrupt ends the server that is asked here */
	test->status = err.code == ERR_UNAVAILABLE ? EXIT_INTERRUPTED : call_fail(&err);
	if (err.code == ERR_UNAVAILABLE)
		call_say(test->call, "interrupted; what tasks have stored stays");
}

static void *be_client(void *data)
{
	struct test *test = data;
	struct client *client =
		client_new_local(serve_socket_path(&test->call->arena, test->folder),
	                         config_text(test->config, CONFIG_API_KEY));

	int is_ready = wait_until_ready(test, client) == 0;

	if (is_ready)
		run_dag(test, client);
	client_free(client);
	/* it is told when nobody is connected any more: it then ends at once; after an interrupt it does so by
	 * itself */
	if (is_ready && test->status != EXIT_INTERRUPTED)
		kill(getpid(), SIGTERM);
	return NULL;
}

static int serve_and_run(struct test *test)
{
	pthread_t thread;
	struct err err;
	sigset_t signals, before;
	int result;

	/* signals are the server's, so the client is born without */
	sigfillset(&signals);
	pthread_sigmask(SIG_BLOCK, &signals, &before);
	if (pthread_create(&thread, NULL, be_client, test) != 0) {
		pthread_sigmask(SIG_SETMASK, &before, NULL);
		err_errno(&err, errno, "could not start a thread");
		return call_fail(&err);
	}
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	log_init(LOG_FORMAT_AUTO, LOG_LEVEL_ERROR);
	result = serve_run(test->config, &err);
	atomic_store(&test->has_ended, 1);
	pthread_join(thread, NULL);
	if (result < 0)
		return call_fail(&err);
	return test->run ? follow_print(test->call, test->run) : test->status;
}

static int test_in(struct test *test, const struct dag *dag)
{
	struct err err;
	int status;

	/* the data database may be the first thing in the project's own state */
	if (file_make_folder(config_text(test->call->config, CONFIG_STATE_DIR), &err) < 0 ||
	    copy_dag(test, dag, &err) < 0)
		return call_fail(&err);
	test->config = test_config(test->call, test->folder);
	if (!test->config)
		return EXIT_BAD;
	test->schemas = dag_params_json(dag);
	status = serve_and_run(test);
	json_decref(test->schemas);
	json_decref(test->run);
	config_free(test->config);
	return status;
}

static int test_dag(struct call *call, const struct dag *dag)
{
	const char *place = config_environment("TMPDIR");
	char *folder = arena_printf(&call->arena, "%s/millrace-test-XXXXXX",
	                            place && *place ? place : "/tmp");
	struct test test = {
		.call = call,
		.folder = folder,
		.name = dag->name,
		.task = call_argument(call, 1),
		.status = EXIT_FAILED,
	};
	struct err err;
	int status;

	if (!mkdtemp(folder)) {
		err_errno(&err, errno, "could not make a folder like '%s'", folder);
		return call_fail(&err);
	}
	status = test_in(&test, dag);
	if (call_has(call, "keep"))
		call_say(call, "logs and metadata are in %s", folder);
	else if (file_remove_tree(folder, &err) < 0)
		(void)call_fail(&err);
	return status;
}

int cmd_test(struct call *call)
{
	struct ground ground;
	struct dag *dag;
	int status;

	if (!call_config(call))
		return EXIT_BAD;
	ground_init(&ground, call);
	dag = dag_files_read(call, call_argument(call, 0), &ground, &status);
	ground_release(&ground);
	if (!dag)
		return status;
	status = test_dag(call, dag);
	dag_release(dag);
	return status;
}

/* server.c - the API alone, for tests: real databases, a scheduler that is made up
 *
 *   http_server STATE_DIR CATALOG_DIR PATIENCE_MS [key]
 *
 * Migrates, makes one DAG with runs, listens on a free port of 127.0.0.1 and on STATE_DIR/api.sock,
 * prints `port N` and obeys lines on stdin: `ready`, `unready`, `drain`, `log TEXT` (appends to the
 * running attempt's log), `end` (that attempt ends), `stop`. At the end of stdin it stops.
 */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "api/api.h"
#include "lib/file.h"
#include "lib/mem.h"
#include "lib/str.h"
#include "scheduler/service/command.h"
#include "storage/catalog/catalog.h"
#include "storage/repo/attempt_repo.h"
#include "storage/repo/dag_repo.h"
#include "storage/repo/metadata.h"
#include "storage/repo/migrate.h"
#include "storage/repo/output_repo.h"
#include "storage/repo/run_repo.h"
#include "storage/repo/task_repo.h"

#define SECOND  INT64_C(1000000)
#define BASE_US (INT64_C(1790000000) * SECOND)

struct fake {
	struct db *metadata;
	pthread_mutex_t lock; /* of `metadata`: commands come on API threads */
	int64_t next_run;
	char log[4096]; /* of the running attempt */
};

static NORETURN void die(const struct err *err)
{
	fprintf(stderr, "http_server: %s\n", err->text);
	exit(1);
}

static void must(int result, const struct err *err)
{
	if (result < 0)
		die(err);
}

static void migrate_data(const char *url, const struct catalog *catalog)
{
	const struct db_options options = {.flags = DB_CREATE};
	struct migrate_plan plan;
	struct err err;
	struct db *db = db_open(url, &options, &err);

	if (!db)
		die(&err);
	migrate_plan_init(&plan);
	must(migrate_up(db, catalog, 0, BASE_US, &plan, &err), &err);
	migrate_plan_release(&plan);
	db_close(db);
}

static int insert_run(struct fake *fake, const struct command *command, struct err *err)
{
	const struct run_repo_row run = {
		.id = fake->next_run,
		.dag = command->dag,
		.run_id = command->run_id,
		.state = "queued",
		.type = "manual",
		.dag_version = "abc",
		.params = "{}",
		.triggered_by = command->by,
		.note = command->note,
		.has = command->logical_date_us == INT64_MIN ? 0 : RUN_REPO_HAS_LOGICAL,
		.logical_at_us = command->logical_date_us,
		.queued_at_us = BASE_US + fake->next_run,
	};

	if (run_repo_insert(fake->metadata, &run, err) < 0)
		return -1;
	return 0;
}

/* What the scheduler would refuse. */
static int check(struct command *command)
{
	if (!str_equal(command->dag, "load"))
		return err_set(&command->err, ERR_NOT_FOUND, "there is no DAG '%s'", command->dag);
	if (!command->params || !json_object_get(command->params, "wrong"))
		return 0;
	command->faults = json_pack("[{s:s, s:s}]", "pointer", "/wrong", "detail", "is not known");
	return err_set(&command->err, ERR_INVALID, "the parameters are not valid");
}

static int store(struct fake *fake, struct command *command)
{
	if (db_begin(fake->metadata, DB_WRITE, &command->err) < 0)
		return -1;
	if (insert_run(fake, command, &command->err) == 0 &&
	    db_commit(fake->metadata, &command->err) == 0)
		return 0;
	db_rollback(fake->metadata);
	if (command->err.code == ERR_DUPLICATE)
		command->err.code = ERR_CONFLICT;
	return -1;
}

static void *run_command(void *argument)
{
	struct command *command = argument;
	struct fake *fake = command->data;
	char name[64];

	pthread_mutex_lock(&fake->lock);
	command->err.code = ERR_NONE;
	snprintf(name, sizeof(name), "manual__%lld", (long long)fake->next_run);
	if (!command->run_id)
		command->run_id = name;
	/* nothing waits here, so there is nothing to explain */
	if (command->kind == COMMAND_TRIGGER && check(command) == 0 && store(fake, command) == 0) {
		command->made_run = fake->next_run++;
		command->err.code = ERR_NONE;
		str_copy(command->made_run_id, sizeof(command->made_run_id), command->run_id);
	}
	pthread_mutex_unlock(&fake->lock);
	command->done(command);
	return NULL;
}

/* Another thread answers, as the scheduler's does. */
static int submit(void *service, struct command *command, struct err *err)
{
	pthread_t thread;
	pthread_attr_t detached;

	if (command->run_id && str_equal(command->run_id, "busy"))
		return err_set(err, ERR_BUSY, "the queue is full");
	command->data = service;
	pthread_attr_init(&detached);
	pthread_attr_setdetachstate(&detached, PTHREAD_CREATE_DETACHED);
	if (pthread_create(&thread, &detached, run_command, command))
		return err_set(err, ERR_UNAVAILABLE, "nobody takes commands");
	return 0;
}

static int progress(void *service, const struct api_instance *instance,
                    struct api_progress *progress)
{
	(void)service;
	if (!str_equal(instance->task, "rows"))
		return 0;
	*progress = (struct api_progress){.done = 7, .total = 10, .unit = "rows"};
	return 1;
}

static const char definition[] =
	"{\"dag\": \"load\", \"description\": \"loads\", \"tags\": [\"a\"], \"schedule\": null,"
	" \"params\": {\"file\": {\"type\": \"string\"}}, \"tasks\": {\"fetch\": {\"use\": "
	"\"object.get\"}, \"rows\": {\"use\": \"csv.load\", \"needs\": [\"fetch\"]}}}";

static const struct dag_repo_version version = {
	.hash = "abc", .dag = "load", .definition = definition, .created_at_us = BASE_US};
static const struct dag_repo_row dag = {
	.dag = "load", .file = "dags/load.yaml", .hash = "abc", .seen_at_us = BASE_US};
static const struct dag_repo_row broken = {
	.dag = "broken",
	.file = "dags/broken.yaml",
	.faults = "[{\"file\": \"dags/broken.yaml\", \"line\": 3, \"column\": 1,"
		  " \"text\": \"unknown key 'x'\"}]",
	.seen_at_us = BASE_US};
static const struct dag_repo_row gone = {
	.dag = "gone", .file = "dags/gone.yaml", .hash = "abc", .is_missing = 1};
static const struct run_repo_row first = {.id = 1,
                                          .dag = "load",
                                          .run_id = "first",
                                          .state = "running",
                                          .type = "manual",
                                          .dag_version = "abc",
                                          .params = "{\"file\": \"x\"}",
                                          .queued_at_us = BASE_US,
                                          .started_at_us = BASE_US + SECOND};
static const struct task_repo_row fetch = {.id = 1,
                                           .run = 1,
                                           .task = "fetch",
                                           .state = "success",
                                           .operator= "object.get",
                                           .attempt = 1,
                                           .number = 1,
                                           .map_index = -1,
                                           .queued_at_us = BASE_US,
                                           .started_at_us = BASE_US + SECOND,
                                           .ended_at_us = BASE_US + 3 * SECOND};
static const struct task_repo_row rows = {.id = 2,
                                          .run = 1,
                                          .task = "rows",
                                          .state = "running",
                                          .operator= "csv.load",
                                          .attempt = 2,
                                          .number = 1,
                                          .map_index = -1,
                                          .queued_at_us = BASE_US,
                                          .started_at_us = BASE_US + SECOND};
static const struct attempt_repo_row fetched = {.id = 1,
                                                .task_instance = 1,
                                                .number = 1,
                                                .fence = 1,
                                                .worker = "w",
                                                .state = "succeeded",
                                                .claimed_at_us = BASE_US,
                                                .started_at_us = BASE_US,
                                                .ended_at_us = BASE_US + SECOND,
                                                .log_bytes = 6};
static const struct attempt_repo_row loading = {.id = 2,
                                                .task_instance = 2,
                                                .number = 1,
                                                .fence = 1,
                                                .worker = "w",
                                                .claimed_at_us = BASE_US,
                                                .started_at_us = BASE_US};
static const struct output_repo_row bytes = {.attempt = 1, .key = "bytes", .value = "12"};

static void write_run(struct db *db)
{
	struct err err;

	must(db_begin(db, DB_WRITE, &err), &err);
	must(dag_repo_put(db, &dag, &err), &err);
	must(dag_repo_put(db, &broken, &err), &err);
	must(dag_repo_put(db, &gone, &err), &err);
	must(dag_repo_put_version(db, &version, &err), &err);
	must(run_repo_insert(db, &first, &err), &err);
	must(task_repo_insert(db, &fetch, 1, &err), &err);
	must(task_repo_insert(db, &rows, 1, &err), &err);
	must(attempt_repo_insert(db, &fetched, &err), &err);
	must(attempt_repo_insert(db, &loading, &err), &err);
	must(attempt_repo_start(db, &fetched, &err), &err);
	must(attempt_repo_start(db, &loading, &err), &err);
	must(attempt_repo_finish(db, &fetched, &err), &err);
	must(output_repo_put(db, &bytes, &err), &err);
	must(db_commit(db, &err), &err);
}

static void append(const char *path, const char *text)
{
	FILE *file = fopen(path, "ae");

	if (!file || fputs(text, file) < 0 || fclose(file) != 0)
		exit(1);
}

static void end_attempt(struct fake *fake)
{
	const struct attempt_repo_row attempt = {
		.id = 2, .fence = 1, .state = "succeeded", .ended_at_us = BASE_US + 9 * SECOND};
	struct err err;

	pthread_mutex_lock(&fake->lock);
	must(db_begin(fake->metadata, DB_WRITE, &err), &err);
	must(attempt_repo_finish(fake->metadata, &attempt, &err), &err);
	must(db_commit(fake->metadata, &err), &err);
	pthread_mutex_unlock(&fake->lock);
}

static void write_logs(struct fake *fake, const char *state_dir)
{
	struct arena arena;
	const char *folder;
	struct err err;

	arena_init(&arena);
	folder = arena_printf(&arena, "%s/logs/dag=load/run=first/task=fetch", state_dir);
	must(file_make_folder(folder, &err), &err);
	append(arena_printf(&arena, "%s/attempt=1.log", folder), "hello\n");
	folder = arena_printf(&arena, "%s/logs/dag=load/run=first/task=rows", state_dir);
	must(file_make_folder(folder, &err), &err);
	snprintf(fake->log, sizeof(fake->log), "%s/attempt=1.log", folder);
	must(file_make_folder(arena_printf(&arena, "%s/tmp", state_dir), &err), &err);
	arena_release(&arena);
}

static void drained(void *service)
{
	(void)service;
	puts("drained");
	fflush(stdout);
}

/* 0 when it is time to go. */
static int obey(struct fake *fake, struct api *api, char *line)
{
	line[strcspn(line, "\n")] = '\0';
	if (str_equal(line, "ready"))
		api_set_state(api, API_READY, NULL);
	else if (str_equal(line, "unready"))
		api_set_state(api, API_UNREADY, "the disk is full");
	else if (str_equal(line, "drain"))
		api_drain(api, 0, 5000);
	else if (str_equal(line, "end"))
		end_attempt(fake);
	else if (str_starts_with(line, "log "))
		append(fake->log, line + 4);
	puts("done");
	fflush(stdout);
	return !str_equal(line, "stop");
}

static struct db *open_metadata(const char *url)
{
	const struct db_options options = {.flags = DB_CREATE};
	struct err err;
	struct db *db = db_open(url, &options, &err);

	if (!db)
		die(&err);
	must(metadata_migrate(db, BASE_US, &err), &err);
	write_run(db);
	return db;
}

/* How long slow clients are suffered. */
static struct api_timeouts timeouts(const char *patience)
{
	struct err err;
	int64_t ms;

	must(str_to_int(patience, &ms, &err), &err);
	return (struct api_timeouts){.idle_ms = 3 * ms,
	                             .head_ms = ms,
	                             .body_ms = ms,
	                             .write_ms = 2 * ms,
	                             .linger_ms = ms,
	                             .half_closed_ms = ms};
}

int main(int argc, char **argv)
{
	struct fake fake = {.lock = PTHREAD_MUTEX_INITIALIZER, .next_run = 2};
	char data_url[512], metadata_url[512], socket_path[512], line[4096];
	struct api_options options = {.data_url = data_url,
	                              .metadata_url = metadata_url,
	                              .state_dir = argv[1],
	                              .host = "127.0.0.1",
	                              .socket_path = socket_path,
	                              .key = argc > 4 ? argv[4] : NULL,
	                              .threads = 2,
	                              .timeouts = timeouts(argv[3]),
	                              .service = &fake,
	                              .submit = submit,
	                              .progress = progress,
	                              .drained = drained};
	struct yaml_errors errors;
	struct catalog *catalog;
	struct api *api;
	struct err err;

	signal(SIGPIPE, SIG_IGN);
	snprintf(data_url, sizeof(data_url), "sqlite:%s/data.db", argv[1]);
	snprintf(metadata_url, sizeof(metadata_url), "sqlite:%s/millrace.db", argv[1]);
	snprintf(socket_path, sizeof(socket_path), "%s/api.sock", argv[1]);
	yaml_errors_init(&errors);
	catalog = catalog_read(argv[2], &errors);
	yaml_errors_release(&errors);
	if (!catalog)
		return 1;
	options.catalog = catalog;
	migrate_data(data_url, catalog);
	fake.metadata = open_metadata(metadata_url);
	write_logs(&fake, argv[1]);
	must(api_start(&options, &api, &err), &err);
	printf("port %u\n", (unsigned)api_port(api));
	fflush(stdout);
	while (fgets(line, sizeof(line), stdin) && obey(&fake, api, line))
		;
	api_stop(api);
	db_close(fake.metadata);
	catalog_free(catalog);
	return 0;
}

/* leader.c - the engine and everything around it */
#include "scheduler/service/leader.h"

#include <errno.h>
#include <inttypes.h>
#include <linux/limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "lib/clock.h"
#include "lib/crypto.h"
#include "lib/fault.h"
#include "lib/file.h"
#include "lib/log.h"
#include "lib/mem.h"
#include "lib/str.h"
#include "lib/vec.h"
#include "scheduler/service/attempts.h"
#include "scheduler/service/backfills.h"
#include "scheduler/service/child_runs.h"
#include "scheduler/service/dispatch.h"
#include "scheduler/service/lead.h"
#include "scheduler/service/map_info.h"
#include "scheduler/service/messages.h"
#include "scheduler/service/reload.h"
#include "scheduler/service/retention.h"
#include "scheduler/service/run_info.h"
#include "scheduler/service/schedules.h"

enum {
	MAX_LOST = 3,
	READER_TIMEOUT_MS = 5000,
	LINGER_MS = 20,
};

/* --- what the engine asks --- */

static int ask_when(void *context, const struct instance *instance)
{
	const struct leader *leader = context;
	struct err err;
	int truth;

	if ((instance->node->task->flags & DAG_MAPPED) && instance->map_index < 0)
		return 1; /* it has no list, and runs to say so */
	truth = dispatch_when(leader->config, instance, &err);
	return truth < 0 ? 1 : truth;
}

/* The list is stored with the instances it makes, so that a restart finds the same. */
static int64_t ask_items(void *context, const struct instance *instance)
{
	struct leader *leader = context;
	struct err err;
	json_t *items = dispatch_items(leader->config, instance, &err);
	struct batch *batch = leader->next;

	map_info_set(run_info_of(instance->node->run), instance->node->task->index, items,
	             items ? NULL : err.text);
	if (!items)
		return -1;
	auto_free char *text = json_text(items);

	*vec_push(&batch->maps) = (struct batch_items){
		.instance = instance->id,
		.items = arena_strdup(&batch->arena, text),
	};
	return (int64_t)json_array_size(items);
}

static int64_t ask_ids(void *context, uint32_t count)
{
	struct leader *leader = context;
	int64_t first = leader->ids.task;

	leader->ids.task += count;
	return first;
}

static struct engine *make_engine(struct leader *leader)
{
	struct engine_settings settings = {
		.rim = {.context = leader,
	                .when = ask_when,
	                .items = ask_items,
	                .new_ids = ask_ids},
		.max_lost = MAX_LOST,
		.first_attempt_id = leader->ids.attempt,
	};

	crypto_random(&settings.random, sizeof(settings.random));
	return engine_new(&settings);
}

/* Results of a mapped task are collected once and kept; only a clear or a mark changes what has ended. */
static void forget_results(struct leader *leader, const struct event *event)
{
	int64_t id = event->type == EVENT_CLEAR  ? event->clear.run
	             : event->type == EVENT_MARK ? event->mark.what.run
	                                         : 0;
	const struct run *run = id ? engine_run(leader->engine, id) : NULL;

	if (run)
		map_info_forget_results(run_info_of(run));
}

enum engine_answer leader_step(struct leader *leader, const struct event *event)
{
	enum engine_answer answer;

	forget_results(leader, event);
	answer = engine_step(leader->engine, event, clock_monotonic_us(), &leader->effects);
	forget_results(leader, event);
	vec_foreach(struct effects_bug *, bug, &leader->effects.bugs)
		log_error("scheduler", "refused an illegal step of %s %" PRId64 " from %s to %s",
		          bug->what, bug->instance ? bug->instance : bug->run, bug->from, bug->to);
	leader->effects.bugs.count = 0;
	return answer;
}

/* --- the turn --- */

static void on_timer(uv_timer_t *timer)
{
	struct leader *leader = timer->data;
	struct event event = {.type = EVENT_TICK};

	leader->timer_due_us = TIMER_NEVER;
	leader_step(leader, &event);
}

static void set_timer(struct leader *leader)
{
	int64_t due_us = leader->effects.next_due_us;
	int64_t wait_us;

	if (due_us == leader->timer_due_us)
		return;
	leader->timer_due_us = due_us;
	if (due_us == TIMER_NEVER) {
		uv_timer_stop(&leader->timer);
		return;
	}
	wait_us = due_us - clock_monotonic_us();
	uv_update_time(leader->loop);
	uv_timer_start(&leader->timer, on_timer, wait_us > 0 ? (uint64_t)(wait_us + 999) / 1000 : 0,
	               0);
}

static int has_effects(const struct leader *leader)
{
	const struct effects *effects = &leader->effects;

	return effects->runs.count || effects->instances.count || effects->attempts.count ||
	       effects->cancels.count;
}

static void on_linger(uv_timer_t *timer)
{
	struct leader *leader = timer->data;

	leader->is_overdue = 1;
}

/* Nothing waits but starts: an end or a claim is likely to follow at once, and one commit does for
 * both. */
static int has_only_starts(const struct leader *leader)
{
	const struct effects *effects = &leader->effects;

	if (!effects->attempts.count || effects->runs.count || effects->cancels.count ||
	    effects->instances.count != effects->attempts.count)
		return 0;
	vec_foreach(const struct effects_attempt *, attempt, &effects->attempts) {
		if (attempt->state != ATTEMPT_STARTED)
			return 0;
	}
	return batch_has_only_starts(leader->next);
}

/* Whether what waits is to be stored now. */
static int is_due(struct leader *leader)
{
	if (!has_effects(leader) && batch_is_empty(leader->next))
		return 0;
	if (leader->is_overdue || !has_only_starts(leader))
		return 1;
	if (!uv_is_active((uv_handle_t *)&leader->linger))
		uv_timer_start(&leader->linger, on_linger, LINGER_MS, 0);
	return 0;
}

/* An attempt whose operator is not there any more ends here, with the reason. */
static void fail_without_operator(struct leader *leader, struct job *job)
{
	struct event event = {
		.type = EVENT_FINISHED,
		.finished = {.id = job->attempt, .fence = job->fence, .status = FINISH_FAIL},
	};
	struct instance_info *info = run_info_instance(job->instance);
	struct buf reason = {0};

	buf_printf(&reason, "there is no operator '%s'", job->instance->node->task->operator);
	run_info_set_text(&info->reason, reason.data);
	buf_release(&reason);
	info->started_us = info->ended_us = clock_now_us();
	leader_step(leader, &event);
	job_free(job);
}

static void start_job(struct leader *leader, struct job *job)
{
	const struct dag_task *task = job->instance->node->task;
	const struct operator* operator= operators_get(leader->operators, task->operator);

	if (!operator) {
		fail_without_operator(leader, job);
		return;
	}
	job->plugin = mem_strdup(operator->plugin);
	job->is_warm = (operator->flags & OPERATOR_WARM) && !(task->flags & DAG_FRESH_PROCESS);
	fleet_submit(leader->fleet, job);
}

void leader_forget(struct leader *leader, int64_t id)
{
	struct run *run = engine_run(leader->engine, id);
	struct run_info *info;

	if (!run || !state_run_is_finished(run->state) || (run->flags & RUN_IS_CHANGED))
		return;
	schedules_run_ended(leader->schedules, run);
	info = run_info_of(run);
	child_runs_ended(leader, info);
	engine_forget(leader->engine, id);
	run_info_free(info);
}

static void act(struct leader *leader, struct batch *batch)
{
	struct command *command = batch->answers;
	struct job *job;

	FAULT("dispatch-before-start");
	if (batch->commands.count)
		FAULT("command-before-answer");
	while (command) {
		struct command *next = command->next;

		command->done(command);
		command = next;
	}
	while ((job = job_queue_pop(&batch->starts)))
		start_job(leader, job);
	vec_foreach(int64_t *, attempt, &batch->cancels)
		fleet_cancel(leader->fleet, *attempt);
	vec_foreach(int64_t *, run, &batch->ended)
		leader_forget(leader, *run);
	if (batch->ended.count || batch->backfills.count)
		backfills_look(leader->backfills);
	if (batch->retention.count)
		retention_committed(leader->retention);
	messages_committed(leader, batch);
}

static void finish_batch(struct leader *leader, struct batch *batch)
{
	leader->under_way = NULL;
	act(leader, batch);
	batch_free(batch);
}

/* 1: it is stored already. */
static int store_batch(struct leader *leader)
{
	struct batch_source source = {
		.config = leader->config,
		.effects = &leader->effects,
		.worker = leader->worker,
		.now_us = clock_now_us(),
		.engine_now_us = clock_monotonic_us(),
	};

	leader->is_overdue = 0;
	uv_timer_stop(&leader->linger);
	child_runs_follow(leader);
	batch_add_effects(leader->next, &source);
	effects_clear(&leader->effects);
	leader->under_way = leader->next;
	leader->next = batch_new();
	if (journal_store(leader->journal, leader->under_way))
		return 1;
	journal_submit(leader->journal, leader->under_way);
	return 0;
}

void leader_turn(struct leader *leader)
{
	fleet_turn(leader->fleet);
	backfills_turn(leader);
	while (!leader->under_way && is_due(leader) && store_batch(leader)) {
		finish_batch(leader, leader->under_way);
		fleet_turn(leader->fleet);
		backfills_turn(leader);
	}
	set_timer(leader);
}

void leader_committed(struct leader *leader)
{
	struct batch *batch = journal_take(leader->journal);

	if (batch)
		finish_batch(leader, batch);
}

int leader_is_quiet(const struct leader *leader)
{
	return !leader->under_way && !has_effects(leader) && batch_is_empty(leader->next);
}

/* --- opening and closing --- */

static json_t *make_runner_config(const struct config *config)
{
	static const struct {
		const char *name;
		enum config_id id;
	} texts[] = {
		{"database_url", CONFIG_DATABASE_URL},
		{"database_durability", CONFIG_DATABASE_DURABILITY},
		{"catalog_dir", CONFIG_CATALOG_DIR},
		{"state_dir", CONFIG_STATE_DIR},
	};
	json_t *object = json_object();

	for (size_t i = 0; i < countof(texts); i++)
		json_object_set_new(object, texts[i].name,
		                    json_string(config_text(config, texts[i].id)));
	json_object_set_new(object, "files_roots",
	                    json_deep_copy(config_json(config, CONFIG_FILES_ROOTS)));
	json_object_set_new(object, "object_stores",
	                    json_pack("{s:s}", "objects", config_text(config, CONFIG_OBJECTS_URL)));
	json_object_set_new(object, "create_buckets",
	                    json_boolean(config_int(config, CONFIG_OBJECTS_CREATE_BUCKETS)));
	return object;
}

static int open_reader(struct leader *leader, struct err *err)
{
	struct db_options options = {.flags = DB_READ_ONLY, .timeout_ms = READER_TIMEOUT_MS};

	leader->reader = db_open(config_text(leader->config, CONFIG_METADATA_URL), &options, err);
	if (leader->reader && metadata_next_ids(leader->reader, &leader->ids, err) == 0)
		return 0;
	return err_prefix(err, "metadata database");
}

static int start_journal(struct leader *leader, const struct leader_owner *owner, struct err *err)
{
	struct lease_repo_lease lease;
	struct db *writer;

	if (lead_take(leader->config, owner->epoch, &writer, &lease, err) < 0)
		return -1;
	if (open_reader(leader, err) < 0) {
		db_close(writer);
		return -1;
	}
	leader->journal = journal_start(writer, &lease, owner->wake, owner->context);
	return 0;
}

static int default_runners(void)
{
	long cores = sysconf(_SC_NPROCESSORS_ONLN);

	return cores > 0 ? (int)cores * 2 : 2;
}

/* The paths that outlive leader_open(), and the folder that runners start in. */
static int set_paths(struct leader *leader, struct err *err)
{
	const char *state = config_text(leader->config, CONFIG_STATE_DIR);
	char program[PATH_MAX];
	ssize_t length = readlink("/proc/self/exe", program, sizeof(program) - 1);
	struct buf folder = {0}, file = {0};

	if (length < 0)
		return err_errno(err, errno, "could not find this program's own file");
	leader->program = mem_strndup(program, (size_t)length);
	buf_printf(&folder, "%s/tmp", state);
	leader->runners_folder = buf_take(&folder);
	buf_printf(&file, "%s/runners", state);
	leader->runners_file = buf_take(&file);
	return file_make_folder(leader->runners_folder, err);
}

static void make_fleet(struct leader *leader)
{
	int64_t runners = config_int(leader->config, CONFIG_WORKER_RUNNERS);

	leader->fleet = fleet_new(&(struct fleet_options){
		.loop = leader->loop,
		.program = leader->program,
		.folder = leader->runners_folder,
		.config = leader->runner_config,
		.grace_ms = config_int(leader->config, CONFIG_WORKER_CANCEL_GRACE),
		.max_children = (uint32_t)(runners ? runners : default_runners()),
		.events = &attempts_events,
		.context = leader,
	});
}

static void set_pools(struct leader *leader)
{
	const char *name;
	json_t *slots;

	json_object_foreach(config_json(leader->config, CONFIG_POOLS), name, slots)
	{
		struct event event = {
			.type = EVENT_POOL,
			.pool = {name, json_integer_value(slots)},
		};

		leader_step(leader, &event);
	}
}

struct leader *leader_open(struct config *config, uv_loop_t *loop, const struct leader_owner *owner,
                           struct err *err)
{
	struct leader *leader = mem_alloc(sizeof(*leader));

	leader->config = config;
	leader->loop = loop;
	leader->runners_fd = -1;
	leader->timer_due_us = TIMER_NEVER;
	leader->effects.next_due_us = TIMER_NEVER;
	leader->next = batch_new();
	leader->progress = progress_new();
	leader->runner_config = make_runner_config(config);
	snprintf(leader->worker, sizeof(leader->worker), "local-%d", (int)getpid());
	registry_init(&leader->registry, config_text(config, CONFIG_DAGS_DIR));
	uv_timer_init(loop, &leader->timer);
	leader->timer.data = leader;
	uv_timer_init(loop, &leader->linger);
	leader->linger.data = leader;
	leader->schedules = schedules_new(leader);
	if (set_paths(leader, err) < 0 || process_adopt_orphans(err) < 0)
		goto failed;
	reload_describe(leader);
	if (start_journal(leader, owner, err) < 0)
		goto failed;
	leader->engine = make_engine(leader);
	set_pools(leader);
	make_fleet(leader);
	leader->outbox = messages_open(leader);
	return leader;
failed:
	leader_close(leader);
	return NULL;
}

static void on_closed(uv_handle_t *handle)
{
	struct leader *leader = handle->data;

	if (++leader->closed == 2)
		free(leader);
}

void leader_close(struct leader *leader)
{
	if (!leader)
		return;
	retention_stop(leader->retention);
	journal_stop(leader->journal);
	fleet_free(leader->fleet);
	outbox_free(leader->outbox);
	backfills_free(leader->backfills);
	engine_free(leader->engine);
	while (leader->infos)
		run_info_free(leader->infos);
	schedules_free(leader->schedules);
	idmap_release(&leader->children);
	effects_release(&leader->effects);
	batch_free(leader->next);
	registry_release(&leader->registry);
	operators_free(leader->operators);
	operators_free(leader->described);
	progress_free(leader->progress);
	db_close(leader->reader);
	json_decref(leader->runner_config);
	if (leader->runners_fd >= 0)
		close(leader->runners_fd);
	free(leader->program);
	free(leader->runners_folder);
	free(leader->runners_file);
	uv_close((uv_handle_t *)&leader->linger, on_closed);
	uv_close((uv_handle_t *)&leader->timer, on_closed);
}

/* retention.c - old runs go, with their logs and outputs, a little at a time */
#include "scheduler/service/retention.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <uv.h>

#include "lib/clock.h"
#include "lib/fault.h"
#include "lib/file.h"
#include "lib/log.h"
#include "lib/mem.h"
#include "lib/vec.h"
#include "scheduler/service/leader.h"
#include "scheduler/service/restore.h"
#include "storage/repo/load_repo.h"
#include "storage/repo/retention_repo.h"

enum {
	FIRST_LOOK_MS = 1000,
	LOOK_MS = 600 * 1000,
	PAUSE_MS = 25, /* between two transactions: others have theirs in between */
	DAGS_AT_ONCE = 50,
	RUNS_AT_ONCE = 20,
	RETIRED_AT_ONCE = 100,
};

/* What another thread does meanwhile. */
enum chore { CHORE_LOGS, CHORE_LOADS };

struct retention {
	struct leader *leader;
	uv_timer_t timer;
	uv_work_t work;
	int is_working;   /* `work` is under way */
	int is_submitted; /* rows of ours are on their way into the database */
	int is_stopped, is_closed;

	enum chore chore;
	char *aside; /* the folder of logs that are to be removed */
	const char *data_url;
	int64_t before_us; /* of this look: by the settings */

	/* one look at all DAGs */
	struct arena arena;
	struct {
		struct retention_repo_rule *items;
		size_t count, capacity;
	} rules;
	size_t next;
	int is_looking, is_rest_done;
	struct {
		int64_t *items; /* runs that are going */
		size_t count, capacity;
	} taken;
	uint64_t retired; /* runs, by this look */
};

static void on_timer(uv_timer_t *timer);

static void go_on_in(struct retention *retention, uint64_t ms)
{
	if (!retention->is_stopped)
		uv_timer_start(&retention->timer, on_timer, ms, 0);
}

/* --- the other thread --- */

static void remove_loads(struct retention *retention)
{
	enum { ROWS = 500 };
	struct db_options options = {0};
	struct err err;
	struct db *db = db_open(retention->data_url, &options, &err);
	int64_t removed = db ? ROWS : -1;

	while (removed == ROWS)
		removed = load_repo_trim(db, retention->before_us, ROWS, &err);
	if (removed < 0)
		log_warn("retention", "old checkpoints of loads stay for now: %s", err.text);
	db_close(db);
}

static void do_chore(uv_work_t *work)
{
	struct retention *retention = work->data;
	struct err err;

	if (retention->chore == CHORE_LOADS)
		remove_loads(retention);
	else if (file_remove_tree(retention->aside, &err) < 0)
		log_warn("retention", "old logs stay for now: %s", err.text);
}

static void free_when_done(struct retention *retention)
{
	if (!retention->is_closed || retention->is_working)
		return;
	arena_release(&retention->arena);
	vec_release(&retention->rules);
	vec_release(&retention->taken);
	free(retention->aside);
	free(retention);
}

static void on_chore_done(uv_work_t *work, int status)
{
	struct retention *retention = work->data;

	(void)status;
	retention->is_working = 0;
	if (retention->is_stopped)
		free_when_done(retention);
	else if (!retention->is_submitted)
		go_on_in(retention, retention->chore == CHORE_LOADS ? LOOK_MS : PAUSE_MS);
}

static void start_chore(struct retention *retention, enum chore chore)
{
	retention->chore = chore;
	retention->is_working = 1;
	uv_queue_work(retention->leader->loop, &retention->work, do_chore, on_chore_done);
}

/* --- logs of what is gone --- */

/* 0 when nothing of its logs is at its place any more. */
static int move_aside(struct retention *retention, const struct retention_repo_retired *row)
{
	const char *state_dir = config_text(retention->leader->config, CONFIG_STATE_DIR);
	auto_buf struct buf from = {0}, to = {0}, folder = {0};
	struct err err;

	buf_printf(&folder, "%s/logs/dag=%s", state_dir, row->dag);
	buf_printf(&from, "%s/run=%s", folder.data, row->run_id);
	buf_printf(&to, "%s/%lld", retention->aside, (long long)row->run);
	if (rename(from.data, to.data) < 0 && errno != ENOENT) {
		err_errno(&err, errno, "could not move '%s'", from.data);
		log_warn("retention", "old logs stay for now: %s", err.text);
		return -1;
	}
	/* with a DAG that is gone its folder goes when it is empty */
	if (!registry_find(&retention->leader->registry, row->dag))
		(void)rmdir(folder.data);
	return 0;
}

/* A run of the same name that began after a removal which failed. */
static int is_name_taken(struct leader *leader, const struct retention_repo_retired *row,
                         struct arena *arena)
{
	struct run_repo_row run;
	struct err err;

	return run_repo_by_name(leader->reader, row->dag, row->run_id, arena, &run, &err) > 0;
}

static void move_all_aside(struct retention *retention, const struct retention_repo_retireds *rows,
                           struct arena *arena)
{
	struct leader *leader = retention->leader;

	for (size_t i = 0; i < rows->count; i++) {
		const struct retention_repo_retired *row = &rows->items[i];

		if (!is_name_taken(leader, row, arena) && move_aside(retention, row) < 0)
			continue;
		*vec_push(&leader->next->retention) =
			(struct retention_repo_act){.kind = RETENTION_REPO_FORGET, .run = row->run};
		retention->retired++;
		retention->is_submitted = 1;
	}
}

/* Whether something was moved aside, and is now being removed. */
static int remove_logs(struct retention *retention)
{
	struct retention_repo_retireds rows = {0};
	struct arena arena;
	struct err err;

	arena_init(&arena);
	if (retention_repo_retired(retention->leader->reader, RETIRED_AT_ONCE, &arena, &rows,
	                           &err) < 0 ||
	    (rows.count && file_make_folder(retention->aside, &err) < 0))
		log_warn("retention", "old logs stay for now: %s", err.text);
	else
		move_all_aside(retention, &rows, &arena);
	arena_release(&arena);
	if (retention->is_submitted)
		start_chore(retention, CHORE_LOGS);
	return retention->is_submitted;
}

void retention_committed(struct retention *retention)
{
	if (!retention)
		return;
	FAULT("retention-committed");
	retention->is_submitted = 0;
	/* else its end goes on */
	if (!retention->is_working && !remove_logs(retention))
		go_on_in(retention, PAUSE_MS);
}

/* --- rows --- */

/* A DAG whose file is gone or has turned bad: as its last good version says. */
static void apply_stored(struct leader *leader, const struct dag_repo_row *row, struct arena *arena,
                         int64_t *keep_ms, int64_t *keep_last)
{
	struct err err;
	struct dag *dag =
		row->hash ? restore_version(leader, row->dag, row->hash, arena, &err) : NULL;

	if (dag && dag->retention_ms >= 0)
		*keep_ms = dag->retention_ms;
	if (dag && dag->retention_last >= 0)
		*keep_last = dag->retention_last;
	dag_release(dag);
}

static void add_rule(struct retention *retention, const struct dag_repo_row *row, int64_t now_us)
{
	struct leader *leader = retention->leader;
	const struct registry_dag *entry = registry_find(&leader->registry, row->dag);
	int64_t keep_ms = config_int(leader->config, CONFIG_RETENTION_RUNS);
	int64_t keep_last = config_int(leader->config, CONFIG_RETENTION_KEEP_LAST);

	if (!entry || !entry->dag) {
		apply_stored(leader, row, &retention->arena, &keep_ms, &keep_last);
	} else {
		if (entry->dag->retention_ms >= 0)
			keep_ms = entry->dag->retention_ms;
		if (entry->dag->retention_last >= 0)
			keep_last = entry->dag->retention_last;
	}
	*vec_push(&retention->rules) = (struct retention_repo_rule){
		.dag = row->dag,
		.before_us = now_us - keep_ms * 1000,
		.keep_last = keep_last,
	};
}

static void begin_look(struct retention *retention)
{
	struct leader *leader = retention->leader;
	int64_t now_us = clock_now_us();
	struct dag_repo_rows rows = {0};
	struct err err;

	arena_release(&retention->arena);
	arena_init(&retention->arena);
	retention->rules.count = retention->next = 0;
	retention->is_rest_done = 0;
	retention->retired = 0;
	retention->before_us = now_us - config_int(leader->config, CONFIG_RETENTION_RUNS) * 1000;
	if (dag_repo_list(leader->reader, &retention->arena, &rows, &err) < 0) {
		log_warn("retention", "old runs stay for now: %s", err.text);
		go_on_in(retention, LOOK_MS);
		return;
	}
	for (size_t i = 0; i < rows.count; i++)
		add_rule(retention, &rows.items[i], now_us);
	retention->is_looking = 1;
	go_on_in(retention, 0);
}

/* The runs of one DAG that may go now: whether there are any. */
static int take_runs(struct retention *retention, const struct retention_repo_rule *rule)
{
	struct leader *leader = retention->leader;
	struct arena arena;
	struct retention_repo_runs runs = {0};
	struct err err;

	arena_init(&arena);
	retention->taken.count = 0;
	if (retention_repo_find(leader->reader, rule, RUNS_AT_ONCE, &arena, &runs, &err) < 0) {
		log_warn("retention", "old runs of '%s' stay for now: %s", rule->dag, err.text);
		runs.count = 0;
	}
	for (size_t i = 0; i < runs.count; i++) {
		/* it was cleared, and the row does not say so yet */
		if (engine_run(leader->engine, runs.items[i]))
			continue;
		*vec_push(&retention->taken) = runs.items[i];
		*vec_push(&leader->next->retention) = (struct retention_repo_act){
			.kind = RETENTION_REPO_RUN,
			.run = runs.items[i],
			.before_us = rule->before_us,
		};
	}
	arena_release(&arena);
	return retention->taken.count > 0;
}

static void end_look(struct retention *retention)
{
	if (!retention->is_rest_done) {
		retention->is_rest_done = 1;
		retention->is_submitted = 1;
		*vec_push(&retention->leader->next->retention) = (struct retention_repo_act){
			.kind = RETENTION_REPO_REST, .before_us = retention->before_us};
		return;
	}
	if (retention->retired)
		log_info("retention", "%llu old runs are gone",
		         (unsigned long long)retention->retired);
	retention->is_looking = 0;
	start_chore(retention, CHORE_LOADS);
}

static void on_timer(uv_timer_t *timer)
{
	struct retention *retention = timer->data;
	struct err trouble;

	if (retention->is_submitted || retention->is_working)
		return;
	journal_trouble(retention->leader->journal, &trouble);
	if (retention->leader->is_draining || trouble.code != ERR_NONE) {
		go_on_in(retention, LOOK_MS);
		return;
	}
	if (!retention->is_looking) {
		begin_look(retention);
		return;
	}
	for (int i = 0; i < DAGS_AT_ONCE && retention->next < retention->rules.count; i++) {
		if (take_runs(retention, &retention->rules.items[retention->next])) {
			retention->is_submitted = 1;
			return;
		}
		retention->next++;
	}
	if (retention->next < retention->rules.count)
		go_on_in(retention, PAUSE_MS);
	else
		end_look(retention);
}

int retention_takes(const struct retention *retention, int64_t run)
{
	for (size_t i = 0; retention && i < retention->taken.count; i++) {
		if (retention->taken.items[i] == run)
			return 1;
	}
	return 0;
}

struct retention *retention_start(struct leader *leader)
{
	struct retention *retention = mem_alloc(sizeof(*retention));
	struct buf aside = {0};

	retention->leader = leader;
	retention->data_url = config_text(leader->config, CONFIG_DATABASE_URL);
	buf_printf(&aside, "%s/logs/.gone", config_text(leader->config, CONFIG_STATE_DIR));
	retention->aside = buf_take(&aside);
	retention->work.data = retention;
	uv_timer_init(leader->loop, &retention->timer);
	retention->timer.data = retention;
	arena_init(&retention->arena);
	/* what an earlier life has left */
	if (!remove_logs(retention) && file_exists(retention->aside))
		start_chore(retention, CHORE_LOGS);
	go_on_in(retention, FIRST_LOOK_MS);
	return retention;
}

static void on_closed(uv_handle_t *handle)
{
	struct retention *retention = handle->data;

	retention->is_closed = 1;
	free_when_done(retention);
}

void retention_stop(struct retention *retention)
{
	if (!retention)
		return;
	retention->is_stopped = 1;
	uv_close((uv_handle_t *)&retention->timer, on_closed);
}

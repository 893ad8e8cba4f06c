/* schedule_entry.c - the schedule of one DAG */
#include "scheduler/service/schedule_entry.h"

#include <stdlib.h>
#include <string.h>

#include "lib/clock.h"
#include "lib/fault.h"
#include "lib/limits.h"
#include "lib/log.h"
#include "lib/mem.h"
#include "lib/str.h"
#include "lib/timestamp.h"
#include "lib/vec.h"
#include "scheduler/core/dag_params.h"
#include "scheduler/service/run_info.h"
#include "scheduler/service/run_maker.h"

enum { FIRES_PER_TURN = 64 };

/* --- making and freeing --- */

char *schedule_entry_spec(const struct dag *dag)
{
	json_t *schedule = json_object_get(dag->source, "schedule");
	auto_json json_t *spec =
		json_pack("{s:O?, s:s}", "schedule", schedule, "timezone", dag->timezone);

	return json_text(spec);
}

static int read_successes(struct schedule_entry *entry, struct err *err)
{
	const struct schedule *schedule = &entry->dag->schedule;
	struct db *db = entry->leader->reader;
	int64_t moment_us = 0;

	if (schedule_repo_last_run(db, entry->name, &moment_us, err) < 0)
		return -1;
	if (moment_us > entry->last_us)
		entry->last_us = moment_us;
	for (size_t i = 0; i < schedule->dag_count; i++) {
		if (schedule_repo_last_success(db, schedule->dags[i], &moment_us, err) < 0)
			return -1;
		entry->is_done[i] = moment_us > entry->last_us;
	}
	return 0;
}

static char *object_key(struct arena *arena, const char *uri, const char *etag)
{
	return arena_printf(arena, "%s\n%s", uri, etag);
}

static void note_object(struct schedule_entry *entry, const char *uri, const char *etag)
{
	map_set(&entry->objects.seen, object_key(&entry->objects.arena, uri, etag), entry);
}

/* What is on its way into the database has fired as well. */
static void note_unstored(struct schedule_entry *entry, const struct batch *batch)
{
	for (size_t i = 0; batch && i < batch->objects.count; i++) {
		const struct schedule_repo_object *object = &batch->objects.items[i];

		if (str_equal(object->dag, entry->name))
			note_object(entry, object->uri, object->etag);
	}
}

static int read_objects(struct schedule_entry *entry, struct err *err)
{
	struct schedule_repo_objects rows;
	struct arena arena;
	int result;

	arena_init(&arena);
	result = schedule_repo_objects(entry->leader->reader, entry->name, &arena, &rows, err);
	for (size_t i = 0; result == 0 && i < rows.count; i++)
		note_object(entry, rows.items[i].uri, rows.items[i].etag);
	arena_release(&arena);
	note_unstored(entry, entry->leader->under_way);
	note_unstored(entry, entry->leader->next);
	return result;
}

/* From when on its fires count. A schedule that has changed owes nothing for the time before. */
static void set_start(struct schedule_entry *entry, const struct schedule_repo_row *row,
                      int64_t now_us)
{
	const struct schedule *schedule = &entry->dag->schedule;
	int is_same = row && str_equal(row->spec, entry->spec);
	int is_times = schedule->kind == SCHEDULE_TIMES;

	entry->has_fired = row && (row->has & SCHEDULE_REPO_HAS_LAST) && (is_same || is_times);
	entry->seen_at_us = is_same ? row->seen_at_us : now_us;
	entry->last_us = entry->has_fired ? row->last_fire_us : entry->seen_at_us;
	if (entry->has_fired && !is_same && entry->last_us < now_us)
		entry->last_us = now_us;
	if (is_times && !entry->has_fired && schedule->start_us > INT64_MIN &&
	    schedule->start_us <= entry->last_us)
		entry->last_us = schedule->start_us - 1;
	if (is_same && (row->has & SCHEDULE_REPO_HAS_NEXT))
		entry->stored_next_us = row->next_fire_us;
	entry->is_stored = is_same;
}

static int read_more(struct schedule_entry *entry, struct err *err)
{
	switch (entry->dag->schedule.kind) {
	case SCHEDULE_AFTER:
		return read_successes(entry, err);
	case SCHEDULE_OBJECT:
		return read_objects(entry, err);
	case SCHEDULE_BY_HAND:
	case SCHEDULE_TIMES:
		break;
	}
	return 0;
}

struct schedule_entry *schedule_entry_new(struct leader *leader, struct dag *dag,
                                          const struct schedule_repo_row *row, int is_paused,
                                          struct err *err)
{
	struct schedule_entry *entry = mem_alloc(sizeof(*entry));

	entry->leader = leader;
	entry->name = mem_strdup(dag->name);
	entry->spec = schedule_entry_spec(dag);
	entry->dag = dag_reference(dag);
	entry->next_us = entry->stored_next_us = SCHEDULE_NEVER;
	entry->is_done = mem_array(dag->schedule.dag_count + 1, sizeof(*entry->is_done));
	entry->is_paused = is_paused;
	arena_init(&entry->objects.arena);
	set_start(entry, row, clock_now_us());
	if (read_more(entry, err) < 0) {
		schedule_entry_free(entry);
		return NULL;
	}
	if (is_paused)
		entry->next_us = schedule_next(&dag->schedule, entry->last_us);
	else
		schedule_entry_resume(entry);
	if (!entry->is_stored)
		schedule_entry_store(entry);
	schedule_entry_store_next(entry);
	return entry;
}

void schedule_entry_free(struct schedule_entry *entry)
{
	if (!entry)
		return;
	dag_release(entry->dag);
	free(entry->name);
	free(entry->spec);
	free(entry->is_done);
	free(entry->objects.trouble);
	map_release(&entry->objects.seen);
	arena_release(&entry->objects.arena);
	free(entry);
}

void schedule_entry_set_dag(struct schedule_entry *entry, struct dag *dag)
{
	dag_release(entry->dag);
	entry->dag = dag_reference(dag);
	entry->next_us = schedule_next(&dag->schedule, entry->last_us);
	schedule_entry_store_next(entry);
}

/* --- catch-up --- */

static void forget_successes(struct schedule_entry *entry)
{
	memset(entry->is_done, 0, entry->dag->schedule.dag_count);
}

/* The latest fire that was missed is the next one, if any was. */
static void catch_latest(struct schedule_entry *entry, int64_t now_us)
{
	const struct schedule *schedule = &entry->dag->schedule;
	int64_t until_us = now_us < schedule->end_us ? now_us : schedule->end_us;
	int64_t latest_us = schedule_previous(schedule, until_us + 1);

	if (latest_us > entry->last_us && latest_us >= schedule->start_us)
		entry->last_us = latest_us - 1;
}

void schedule_entry_resume(struct schedule_entry *entry)
{
	int64_t now_us = clock_now_us();
	int is_times = entry->dag->schedule.kind == SCHEDULE_TIMES;

	switch (entry->dag->catchup) {
	case CATCHUP_NONE:
		if (is_times && entry->last_us < now_us)
			entry->last_us = now_us;
		if (entry->is_paused)
			forget_successes(entry);
		break;
	case CATCHUP_LATEST:
		if (is_times)
			catch_latest(entry, now_us);
		break;
	case CATCHUP_ALL:
		break;
	}
	entry->is_paused = 0;
	entry->next_us = schedule_next(&entry->dag->schedule, entry->last_us);
}

/* --- rows --- */

void schedule_entry_store(struct schedule_entry *entry)
{
	struct batch *batch = entry->leader->next;
	struct schedule_repo_row *row = vec_push(&batch->schedules);

	*row = (struct schedule_repo_row){
		.dag = arena_strdup(&batch->arena, entry->name),
		.spec = arena_strdup(&batch->arena, entry->spec),
		.last_fire_us = entry->last_us,
		.next_fire_us = entry->next_us,
		.seen_at_us = entry->seen_at_us,
	};
	if (entry->has_fired)
		row->has |= SCHEDULE_REPO_HAS_LAST;
	if (entry->next_us != SCHEDULE_NEVER)
		row->has |= SCHEDULE_REPO_HAS_NEXT;
	entry->stored_next_us = entry->next_us;
	entry->is_stored = 1;
}

void schedule_entry_store_next(struct schedule_entry *entry)
{
	if (entry->next_us != entry->stored_next_us)
		schedule_entry_store(entry);
}

/* --- firing --- */

uint32_t schedule_entry_room(const struct schedule_entry *entry)
{
	uint32_t count = 0;

	for (const struct run_info *info = entry->leader->infos;
	     info && count < LIMIT_SCHEDULED_RUNS; info = info->next) {
		const struct run *run = engine_run(entry->leader->engine, info->id);

		count += run && str_equal(run->dag->name, entry->name);
	}
	return LIMIT_SCHEDULED_RUNS - count;
}

/* What differs between the kinds of fires. */
struct fire {
	const char *type, *by, *object;
	int64_t moment_us; /* in the run's id */
	int64_t logical_us;
	struct schedule_interval interval;
};

static int make_run(struct schedule_entry *entry, const struct fire *fire, struct err *err)
{
	struct run_maker_order order = {
		.dag = entry->dag,
		.type = fire->type,
		.by = fire->by,
		.note = "",
		.object = fire->object,
		.logical_us = fire->logical_us,
		.interval_start_us = fire->interval.start_us,
		.interval_end_us = fire->interval.end_us,
	};
	char run_id[LIMIT_NAME_BYTES + 1];

	order.params = dag_params_complete(entry->dag, NULL, NULL, err);
	if (!order.params)
		return -1;
	order.run_id = run_id;
	if (run_maker_name(entry->leader, entry->name, fire->type, fire->moment_us, run_id, err) <
	    0) {
		json_decref(order.params);
		return -1;
	}
	run_maker_make(entry->leader, &order);
	json_decref(order.params);
	return 0;
}

static int fire_time(struct schedule_entry *entry, int64_t fire_us, struct err *err)
{
	const struct fire fire = {
		.type = "scheduled",
		.by = "schedule",
		.moment_us = fire_us,
		.logical_us = fire_us,
		.interval = schedule_interval(&entry->dag->schedule, fire_us),
	};
	int taken = run_maker_has_logical(entry->leader, entry->name, fire_us, err);

	if (taken < 0 || (!taken && make_run(entry, &fire, err) < 0))
		return -1;
	if (taken)
		log_info("scheduler", "DAG '%s' has a run of its fire's logical date already",
		         entry->name);
	entry->last_us = fire_us;
	entry->has_fired = 1;
	entry->next_us = schedule_next(&entry->dag->schedule, fire_us);
	return 0;
}

int schedule_entry_fire_times(struct schedule_entry *entry, int64_t now_us, struct err *err)
{
	uint32_t room;
	int count = 0;

	if (entry->next_us > now_us)
		return 0;
	room = schedule_entry_room(entry);
	while (entry->next_us <= now_us && room && count < FIRES_PER_TURN) {
		if (fire_time(entry, entry->next_us, err) < 0)
			return -1;
		room--;
		count++;
	}
	if (count) {
		schedule_entry_store(entry);
		FAULT("schedule-time");
	}
	return room && entry->next_us <= now_us;
}

void schedule_entry_note_success(struct schedule_entry *entry, const char *dag)
{
	for (size_t i = 0; i < entry->dag->schedule.dag_count; i++) {
		if (str_equal(entry->dag->schedule.dags[i], dag))
			entry->is_done[i] = 1;
	}
}

void schedule_entry_note_run(struct schedule_entry *entry)
{
	forget_successes(entry);
	entry->last_us = clock_now_us();
}

/* `after a, b`: those whose success counted. */
static void say_after(const struct schedule_entry *entry, struct buf *text)
{
	const char *between = "after ";

	for (size_t i = 0; i < entry->dag->schedule.dag_count; i++) {
		if (!entry->is_done[i])
			continue;
		buf_printf(text, "%s%s", between, entry->dag->schedule.dags[i]);
		between = ", ";
	}
}

int schedule_entry_fire_after(struct schedule_entry *entry, struct err *err)
{
	auto_buf struct buf by = {0};
	struct fire fire = {
		.type = "triggered",
		.moment_us = clock_now_us(),
		.logical_us = RUN_INFO_NO_DATE,
		.interval = {RUN_INFO_NO_DATE, RUN_INFO_NO_DATE},
	};

	if (fire.moment_us < entry->dag->schedule.start_us ||
	    fire.moment_us > entry->dag->schedule.end_us ||
	    !schedule_after_holds(&entry->dag->schedule, entry->is_done) ||
	    !schedule_entry_room(entry))
		return 0;
	say_after(entry, &by);
	fire.by = buf_string(&by);
	if (make_run(entry, &fire, err) < 0)
		return -1;
	/* making a run has noted it */
	entry->has_fired = 1;
	schedule_entry_store(entry);
	FAULT("schedule-after");
	return 0;
}

int schedule_entry_has_object(const struct schedule_entry *entry, const char *uri, const char *etag)
{
	struct arena arena;
	int has;

	arena_init(&arena);
	has = map_get(&entry->objects.seen, object_key(&arena, uri, etag)) != NULL;
	arena_release(&arena);
	return has;
}

void schedule_entry_skip_object(struct schedule_entry *entry, const char *uri, const char *etag)
{
	struct batch *batch = entry->leader->next;

	note_object(entry, uri, etag);
	*vec_push(&batch->objects) = (struct schedule_repo_object){
		.dag = arena_strdup(&batch->arena, entry->name),
		.uri = arena_strdup(&batch->arena, uri),
		.etag = arena_strdup(&batch->arena, etag),
		.seen_at_us = clock_now_us(),
	};
}

int schedule_entry_fire_object(struct schedule_entry *entry, const char *uri, const char *etag,
                               struct err *err)
{
	const struct fire fire = {
		.type = "triggered",
		.by = "object",
		.object = uri,
		.moment_us = clock_now_us(),
		.logical_us = RUN_INFO_NO_DATE,
		.interval = {RUN_INFO_NO_DATE, RUN_INFO_NO_DATE},
	};

	if (make_run(entry, &fire, err) < 0)
		return -1;
	schedule_entry_skip_object(entry, uri, etag);
	FAULT("schedule-object");
	return 0;
}

/* --- explaining --- */

static void say_moment(struct buf *text, const char *before, int64_t moment_us)
{
	char moment[TIMESTAMP_SIZE];

	timestamp_format_short(moment_us, moment);
	buf_printf(text, "%s%s", before, moment);
}

static void explain_times(const struct schedule_entry *entry, struct buf *text)
{
	const struct schedule *schedule = &entry->dag->schedule;

	if (entry->next_us == SCHEDULE_NEVER && schedule->end_us != INT64_MAX)
		say_moment(text, "no fire is left before its end_date ", schedule->end_us);
	else if (entry->next_us == SCHEDULE_NEVER)
		buf_text(text, "it never fires again");
	else if (entry->next_us <= clock_now_us() && !schedule_entry_room(entry))
		buf_printf(text, "%d of its runs have not ended, fires wait for them",
		           LIMIT_SCHEDULED_RUNS);
	else
		say_moment(text, "fires next at ", entry->next_us);
}

static void explain_after(const struct schedule_entry *entry, struct buf *text)
{
	const struct schedule *schedule = &entry->dag->schedule;
	const char *between = "waits for a success of ";

	for (size_t i = 0; i < schedule->dag_count; i++) {
		if (entry->is_done[i])
			continue;
		buf_printf(text, "%s%s", between, schedule->dags[i]);
		if (!registry_find(&entry->leader->registry, schedule->dags[i]))
			buf_text(text, " (there is no such DAG)");
		between = ", ";
	}
	say_moment(text, " after ", entry->last_us);
}

void schedule_entry_explain(const struct schedule_entry *entry, struct buf *text)
{
	const struct schedule *schedule = &entry->dag->schedule;
	int64_t now_us = clock_now_us();

	if (entry->is_paused) {
		buf_printf(text, "paused, `millrace dags unpause %s` lets it fire", entry->name);
		return;
	}
	if (now_us < schedule->start_us && schedule->kind != SCHEDULE_TIMES) {
		say_moment(text, "it does not fire before its start_date ", schedule->start_us);
		return;
	}
	if (now_us > schedule->end_us && schedule->kind != SCHEDULE_TIMES) {
		say_moment(text, "it does not fire after its end_date ", schedule->end_us);
		return;
	}
	switch (schedule->kind) {
	case SCHEDULE_TIMES:
		explain_times(entry, text);
		break;
	case SCHEDULE_AFTER:
		explain_after(entry, text);
		break;
	case SCHEDULE_OBJECT:
		if (entry->objects.trouble)
			buf_text(text, entry->objects.trouble);
		else
			buf_printf(text, "%s below '%s'",
			           entry->has_fired ? "waits for a new object"
			                            : "has not looked yet",
			           schedule->object);
		break;
	case SCHEDULE_BY_HAND:
		break;
	}
}

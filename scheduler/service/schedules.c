/* schedules.c - fires DAGs: at their times, after other DAGs, for new objects */
#include "scheduler/service/schedules.h"

#include <stdlib.h>

#include "lib/clock.h"
#include "lib/log.h"
#include "lib/map.h"
#include "lib/mem.h"
#include "lib/str.h"
#include "lib/vec.h"
#include "scheduler/service/schedule_entry.h"
#include "scheduler/service/schedule_objects.h"

enum { LONGEST_SLEEP_MS = 2000 }; /* a clock that was set is noticed by then */

struct schedules {
	struct leader *leader;
	uv_timer_t timer;
	struct schedule_objects *objects;
	struct map entries; /* DAG to struct schedule_entry */
	int has_started;
	int is_eager; /* something is due still */
};

static struct schedule_entry *next_entry(const struct schedules *schedules, size_t *position)
{
	const struct map_entry *found = map_next(&schedules->entries, position);

	return found ? found->value : NULL;
}

static struct schedule_entry *find_entry(void *context, const char *dag)
{
	struct schedules *schedules = context;

	return map_get(&schedules->entries, dag);
}

/* --- the timer --- */

static int64_t sleep_ms(const struct schedules *schedules, const struct schedule_entry *entry)
{
	int64_t left_us = INT64_MAX;

	switch (entry->dag->schedule.kind) {
	case SCHEDULE_TIMES:
		if (entry->next_us != SCHEDULE_NEVER)
			left_us = entry->next_us - clock_now_us();
		break;
	case SCHEDULE_OBJECT:
		left_us = entry->objects.due_us - clock_monotonic_us();
		break;
	case SCHEDULE_AFTER:
		if (schedule_after_holds(&entry->dag->schedule, entry->is_done))
			left_us = 0;
		break;
	case SCHEDULE_BY_HAND:
		break;
	}
	if (left_us == INT64_MAX || entry->is_paused)
		return INT64_MAX;
	if (left_us <= 0)
		/* it is due and was just looked at: there is no room for it, or a look is under way */
		return schedules->is_eager ? 0 : LONGEST_SLEEP_MS;
	return left_us / 1000 < LONGEST_SLEEP_MS ? left_us / 1000 + 1 : LONGEST_SLEEP_MS;
}

static void on_timer(uv_timer_t *timer);

static void set_timer(struct schedules *schedules)
{
	int64_t soonest_ms = INT64_MAX;
	const struct schedule_entry *entry;
	size_t position = 0;

	while ((entry = next_entry(schedules, &position))) {
		int64_t left_ms = sleep_ms(schedules, entry);

		if (left_ms < soonest_ms)
			soonest_ms = left_ms;
	}
	uv_timer_stop(&schedules->timer);
	if (soonest_ms == INT64_MAX)
		return;
	uv_update_time(schedules->leader->loop);
	uv_timer_start(&schedules->timer, on_timer, (uint64_t)soonest_ms, 0);
}

static void say_failure(const struct schedule_entry *entry, const struct err *err)
{
	log_error("scheduler", "DAG '%s' could not fire: %s", entry->name, err->text);
}

static void look_at(struct schedules *schedules, struct schedule_entry *entry)
{
	struct err err;
	int more = 0;

	switch (entry->dag->schedule.kind) {
	case SCHEDULE_TIMES:
		more = schedule_entry_fire_times(entry, clock_now_us(), &err);
		break;
	case SCHEDULE_AFTER:
		more = schedule_entry_fire_after(entry, &err);
		break;
	case SCHEDULE_OBJECT:
		if (entry->objects.due_us <= clock_monotonic_us())
			schedule_objects_look(schedules->objects, entry);
		break;
	case SCHEDULE_BY_HAND:
		break;
	}
	if (more < 0)
		say_failure(entry, &err);
	else
		schedules->is_eager |= more;
}

/* While the journal cannot be stored nothing new begins. */
static int may_fire(const struct schedules *schedules)
{
	struct err trouble;

	journal_trouble(schedules->leader->journal, &trouble);
	return schedules->has_started && !schedules->leader->is_draining &&
	       trouble.code == ERR_NONE;
}

static void look_at_all(struct schedules *schedules)
{
	struct schedule_entry *entry;
	size_t position = 0;

	schedules->is_eager = 0;
	while (may_fire(schedules) && (entry = next_entry(schedules, &position))) {
		if (!entry->is_paused)
			look_at(schedules, entry);
	}
	set_timer(schedules);
}

static void on_timer(uv_timer_t *timer)
{
	look_at_all(timer->data);
}

/* --- opening and closing --- */

struct schedules *schedules_new(struct leader *leader)
{
	struct schedules *schedules = mem_alloc(sizeof(*schedules));

	schedules->leader = leader;
	schedules->objects = schedule_objects_new(leader, find_entry, schedules);
	uv_timer_init(leader->loop, &schedules->timer);
	schedules->timer.data = schedules;
	return schedules;
}

static void on_closed(uv_handle_t *handle)
{
	free(handle->data);
}

void schedules_free(struct schedules *schedules)
{
	struct schedule_entry *entry;
	size_t position = 0;

	if (!schedules)
		return;
	while ((entry = next_entry(schedules, &position)))
		schedule_entry_free(entry);
	map_release(&schedules->entries);
	schedule_objects_free(schedules->objects);
	uv_close((uv_handle_t *)&schedules->timer, on_closed);
}

/* --- DAGs that come, change and go --- */

static void remove_row(struct schedules *schedules, const char *dag)
{
	struct batch *batch = schedules->leader->next;

	*vec_push(&batch->schedules) =
		(struct schedule_repo_row){.dag = arena_strdup(&batch->arena, dag)};
}

static void remove_entry(struct schedules *schedules, struct schedule_entry *entry)
{
	map_remove(&schedules->entries, entry->name);
	schedule_entry_free(entry);
}

static int find_unstored(const struct batch *batch, const char *dag, struct schedule_repo_row *row)
{
	for (size_t i = batch ? batch->schedules.count : 0; i-- > 0;) {
		if (!str_equal(batch->schedules.items[i].dag, dag))
			continue;
		*row = batch->schedules.items[i];
		return 1;
	}
	return 0;
}

/* The row of an earlier life, or of a file that went and came back; 1, 0, or -1. */
static int find_row(const struct leader *leader, const char *dag, struct arena *arena,
                    struct schedule_repo_row *row, struct err *err)
{
	if (find_unstored(leader->next, dag, row) || find_unstored(leader->under_way, dag, row))
		return row->spec != NULL;
	return schedule_repo_get(leader->reader, dag, arena, row, err);
}

static void add_entry(struct schedules *schedules, const struct registry_dag *dag)
{
	struct leader *leader = schedules->leader;
	struct schedule_entry *entry = NULL;
	struct schedule_repo_row row;
	struct arena arena;
	struct err err;
	int found;

	arena_init(&arena);
	found = find_row(leader, dag->name, &arena, &row, &err);
	if (found >= 0)
		entry = schedule_entry_new(leader, dag->dag, found ? &row : NULL, dag->is_paused,
		                           &err);
	arena_release(&arena);
	if (!entry) {
		log_error("scheduler", "the schedule of DAG '%s' does not run: %s", dag->name,
		          err.text);
		return;
	}
	entry->is_seen = 1;
	map_set(&schedules->entries, entry->name, entry);
}

static int has_same_spec(const struct schedule_entry *entry, const struct dag *dag)
{
	auto_free char *spec = schedule_entry_spec(dag);

	return str_equal(spec, entry->spec);
}

static void take_dag(struct schedules *schedules, const struct registry_dag *dag)
{
	struct schedule_entry *entry = map_get(&schedules->entries, dag->name);

	if (!dag->dag)
		return;
	if (entry && entry->dag == dag->dag) {
		entry->is_seen = 1;
		return;
	}
	if (entry && has_same_spec(entry, dag->dag)) {
		entry->is_seen = 1;
		schedule_entry_set_dag(entry, dag->dag);
		return;
	}
	if (entry)
		remove_entry(schedules, entry);
	if (dag->dag->schedule.kind != SCHEDULE_BY_HAND)
		add_entry(schedules, dag);
	else if (entry)
		remove_row(schedules, dag->name);
}

static void sweep(struct schedules *schedules)
{
	struct schedule_entry *entry;
	size_t position = 0;

	while ((entry = next_entry(schedules, &position))) {
		if (entry->is_seen)
			continue;
		remove_entry(schedules, entry);
		position = 0;
	}
}

void schedules_reload(struct schedules *schedules)
{
	struct schedule_entry *entry;
	size_t position = 0;

	if (!schedules->has_started)
		return;
	while ((entry = next_entry(schedules, &position)))
		entry->is_seen = 0;
	vec_foreach(struct registry_dag **, dag, &schedules->leader->registry.dags)
		take_dag(schedules, *dag);
	sweep(schedules);
	look_at_all(schedules);
}

/* A schedule that was taken out of its file while nobody looked. */
static int forget_rows(struct schedules *schedules, struct err *err)
{
	struct schedule_repo_rows rows;
	struct arena arena;
	int result;

	arena_init(&arena);
	result = schedule_repo_list(schedules->leader->reader, &arena, &rows, err);
	for (size_t i = 0; result == 0 && i < rows.count; i++) {
		const struct registry_dag *dag =
			registry_find(&schedules->leader->registry, rows.items[i].dag);

		if (dag && dag->dag && dag->dag->schedule.kind == SCHEDULE_BY_HAND)
			remove_row(schedules, rows.items[i].dag);
	}
	arena_release(&arena);
	return result;
}

int schedules_start(struct schedules *schedules, struct err *err)
{
	schedules->has_started = 1;
	if (forget_rows(schedules, err) < 0)
		return -1;
	schedules_reload(schedules);
	return 0;
}

/* --- what happens to them --- */

void schedules_set_paused(struct schedules *schedules, const char *dag, int is_paused)
{
	struct schedule_entry *entry = map_get(&schedules->entries, dag);

	if (!entry || entry->is_paused == is_paused)
		return;
	if (is_paused)
		entry->is_paused = 1;
	else
		schedule_entry_resume(entry);
	schedule_entry_store_next(entry);
	look_at_all(schedules);
}

void schedules_run_made(struct schedules *schedules, const char *dag)
{
	struct schedule_entry *entry = map_get(&schedules->entries, dag);

	if (entry && entry->dag->schedule.kind == SCHEDULE_AFTER)
		schedule_entry_note_run(entry);
}

void schedules_run_ended(struct schedules *schedules, const struct run *run)
{
	struct schedule_entry *entry;
	size_t position = 0;
	int is_named = 0;

	if (run->state != RUN_SUCCESS)
		return;
	while ((entry = next_entry(schedules, &position))) {
		if (entry->dag->schedule.kind != SCHEDULE_AFTER)
			continue;
		schedule_entry_note_success(entry, run->dag->name);
		is_named = 1;
	}
	if (is_named)
		look_at_all(schedules);
}

void schedules_explain(const struct schedules *schedules, const char *dag, struct buf *text)
{
	const struct schedule_entry *entry = map_get(&schedules->entries, dag);

	if (entry)
		schedule_entry_explain(entry, text);
	else
		buf_text(text, "it has no schedule, so it runs when it is triggered");
}

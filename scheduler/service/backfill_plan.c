/* backfill_plan.c - which runs a backfill means, and what becomes of those that are there */
#include "scheduler/service/backfill_plan.h"

#include <stdlib.h>

#include "lib/limits.h"
#include "lib/str.h"
#include "lib/timestamp.h"
#include "lib/vec.h"

struct times {
	int64_t *items;
	size_t count, capacity;
};

static int collect(const struct dag *dag, const int64_t span_us[2], struct times *times,
                   struct err *err)
{
	const struct schedule *schedule = &dag->schedule;

	for (int64_t at_us = schedule_first(schedule, span_us[0]); at_us <= span_us[1];
	     at_us = schedule_next(schedule, at_us)) {
		if (at_us == SCHEDULE_NEVER)
			break;
		if (times->count == LIMIT_BACKFILL_RUNS)
			return err_set(
				err, ERR_LIMIT,
				"the schedule of '%s' fires more than %d times in this span: "
				"take it in shorter ones",
				dag->name, LIMIT_BACKFILL_RUNS);
		*vec_push(times) = at_us;
	}
	return 0;
}

static void copy(const struct times *times, int is_descending, struct backfill_plan *plan)
{
	for (size_t i = 0; i < times->count; i++)
		plan->times[i] = times->items[is_descending ? times->count - 1 - i : i];
}

int backfill_plan_make(const struct dag *dag, const int64_t span_us[2], const char *order,
                       struct arena *arena, struct backfill_plan *plan, struct err *err)
{
	struct times times = {0};
	int result;

	if (dag->schedule.kind != SCHEDULE_TIMES)
		return err_set(err, ERR_INVALID,
		               "the DAG '%s' has no schedule of times, which is what gives a "
		               "backfill its logical dates",
		               dag->name);
	if (span_us[0] > span_us[1])
		return err_set(err, ERR_INVALID, "'from' is later than 'to'");
	result = collect(dag, span_us, &times, err);
	if (result == 0) {
		plan->count = times.count;
		plan->times = arena_array(arena, times.count + 1, sizeof(*plan->times));
		copy(&times, str_equal(order, "desc"), plan);
	}
	vec_release(&times);
	return result;
}

enum backfill_plan_action backfill_plan_action(const char *existing,
                                               const struct backfill_repo_run *run)
{
	if (!run)
		return BACKFILL_PLAN_CREATE;
	if (!run->has_ended || str_equal(existing, "skip"))
		return BACKFILL_PLAN_SKIP;
	if (str_equal(existing, "all") || str_equal(run->state, "failed") ||
	    str_equal(run->state, "cancelled"))
		return BACKFILL_PLAN_RERUN;
	return BACKFILL_PLAN_SKIP;
}

static json_t *moment(int64_t moment_us)
{
	char text[TIMESTAMP_SIZE];

	timestamp_format_short(moment_us, text);
	return json_string(text);
}

static int compare(const void *key, const void *item)
{
	const int64_t *moment_us = key;
	const struct backfill_repo_run *run = item;

	return (*moment_us > run->logical_us) - (*moment_us < run->logical_us);
}

json_t *backfill_plan_json(const struct command *command, const struct backfill_plan *plan,
                           const struct backfill_repo_runs *runs)
{
	static const char *const names[] = {[BACKFILL_PLAN_CREATE] = "create",
	                                    [BACKFILL_PLAN_RERUN] = "rerun",
	                                    [BACKFILL_PLAN_SKIP] = "skip"};
	const struct command_backfill *asked = command->backfill;
	json_int_t counts[countof(names)] = {0};
	json_t *list = json_array();

	for (size_t i = 0; i < plan->count; i++) {
		const struct backfill_repo_run *run =
			runs->count ? bsearch(&plan->times[i], runs->items, runs->count,
		                              sizeof(*run), compare)
				    : NULL;
		enum backfill_plan_action action = backfill_plan_action(asked->existing, run);

		counts[action]++;
		json_array_append_new(
			list, json_pack("{s:o, s:s?, s:s?, s:s}", "logical_date",
		                        moment(plan->times[i]), "run_id", run ? run->run_id : NULL,
		                        "state", run ? run->state : NULL, "action", names[action]));
	}
	return json_pack("{s:n, s:s, s:s, s:o, s:o, s:s, s:i, s:s, s:{s:I, s:I, s:I, s:I}, s:o}",
	                 "backfill_id", "dag", command->dag, "state", "planned", "from",
	                 moment(asked->from_us), "to", moment(asked->to_us), "order", asked->order,
	                 "max_active", (int)asked->max_active, "existing", asked->existing,
	                 "counts", "total", (json_int_t)plan->count, "create",
	                 counts[BACKFILL_PLAN_CREATE], "rerun", counts[BACKFILL_PLAN_RERUN], "skip",
	                 counts[BACKFILL_PLAN_SKIP], "runs", list);
}

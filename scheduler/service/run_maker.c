/* run_maker.c - makes runs, whoever wants one */
#include "scheduler/service/run_maker.h"

#include <stdio.h>
#include <stdlib.h>

#include "lib/mem.h"
#include "lib/str.h"
#include "lib/timestamp.h"
#include "lib/vec.h"
#include "scheduler/service/child_runs.h"
#include "scheduler/service/run_info.h"
#include "scheduler/service/schedules.h"

/* What a new run must not share with another of its DAG; `run_id` NULL: the logical date. */
struct wanted {
	const char *dag, *run_id;
	int64_t logical_us;
};

static int is_made(const struct leader *leader, const struct wanted *wanted)
{
	vec_foreach(struct run *const *, run, &leader->effects.runs) {
		const struct run_info *info = run_info_of(*run);

		if (!info->queued_us && str_equal((*run)->dag->name, wanted->dag) &&
		    (wanted->run_id ? str_equal(info->run_id, wanted->run_id)
		                    : info->logical_us == wanted->logical_us))
			return 1;
	}
	return 0;
}

static int is_in_batch(const struct batch *batch, const struct wanted *wanted)
{
	for (size_t i = 0; batch && i < batch->new_runs.count; i++) {
		const struct run_repo_row *row = &batch->new_runs.items[i];

		if (str_equal(row->dag, wanted->dag) &&
		    (wanted->run_id ? str_equal(row->run_id, wanted->run_id)
		                    : (row->has & RUN_REPO_HAS_LOGICAL) &&
		                              row->logical_at_us == wanted->logical_us))
			return 1;
	}
	return 0;
}

static int is_under_way(const struct leader *leader, const struct wanted *wanted)
{
	return is_made(leader, wanted) || is_in_batch(leader->next, wanted) ||
	       is_in_batch(leader->under_way, wanted);
}

int run_maker_has_id(struct leader *leader, const char *dag, const char *run_id, struct err *err)
{
	const struct wanted wanted = {.dag = dag, .run_id = run_id};
	struct run_repo_row row;
	struct arena arena;
	int found;

	if (is_under_way(leader, &wanted))
		return 1;
	arena_init(&arena);
	found = run_repo_by_name(leader->reader, dag, run_id, &arena, &row, err);
	arena_release(&arena);
	return found;
}

int run_maker_has_logical(struct leader *leader, const char *dag, int64_t logical_us,
                          struct err *err)
{
	const struct wanted wanted = {.dag = dag, .logical_us = logical_us};

	if (is_under_way(leader, &wanted))
		return 1;
	return run_repo_has_logical(leader->reader, dag, logical_us, err);
}

int run_maker_name(struct leader *leader, const char *dag, const char *type, int64_t moment_us,
                   char run_id[LIMIT_NAME_BYTES + 1], struct err *err)
{
	enum { TRIES = 1000 };
	char moment[TIMESTAMP_SIZE];

	timestamp_format(moment_us, moment);
	for (int i = 1; i <= TRIES; i++) {
		int taken;

		if (i == 1)
			snprintf(run_id, LIMIT_NAME_BYTES + 1, "%s__%s", type, moment);
		else
			snprintf(run_id, LIMIT_NAME_BYTES + 1, "%s__%s-%d", type, moment, i);
		taken = run_maker_has_id(leader, dag, run_id, err);
		if (taken <= 0)
			return taken;
	}
	return err_set(err, ERR_BUSY, "too many runs of DAG '%s' were made in one microsecond",
	               dag);
}

int64_t run_maker_make(struct leader *leader, const struct run_maker_order *order)
{
	struct run_info *info = run_info_new(order->dag, order->run_id, order->params);
	struct event event = {
		.type = EVENT_RUN_CREATED,
		.created = {.run = leader->ids.run++,
	                    .name = info->run_id,
	                    .dag = order->dag,
	                    .first_instance = leader->ids.task,
	                    .context = info},
	};

	leader->ids.task += order->dag->task_count;
	info->id = event.created.run;
	run_info_link(&leader->infos, info);
	info->logical_us = order->logical_us;
	info->interval_start_us = order->interval_start_us;
	info->interval_end_us = order->interval_end_us;
	run_info_set_type(info, order->type);
	run_info_set_by(info, order->by);
	run_info_set_note(info, order->note);
	run_info_set_text(&info->object, order->object);
	child_runs_adopt(leader, info, order->key);
	leader_step(leader, &event);
	schedules_run_made(leader->schedules, order->dag->name);
	return info->id;
}

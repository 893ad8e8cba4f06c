/* schedule.c - when a DAG is to run */
#include "scheduler/core/schedule.h"

#include "lib/limits.h"

int64_t schedule_next(const struct schedule *schedule, int64_t after_us)
{
	int64_t next_us = SCHEDULE_NEVER;

	if (schedule->start_us > INT64_MIN && after_us < schedule->start_us - 1)
		after_us = schedule->start_us - 1;
	for (size_t i = 0; i < schedule->cron_count; i++) {
		int64_t fire_us = cron_next(&schedule->crons[i], schedule->zone, after_us);

		if (fire_us < next_us)
			next_us = fire_us;
	}
	return next_us <= schedule->end_us ? next_us : SCHEDULE_NEVER;
}

int64_t schedule_first(const struct schedule *schedule, int64_t from_us)
{
	return schedule_next(schedule, from_us > INT64_MIN ? from_us - 1 : from_us);
}

/* The same without start and end. */
static struct schedule without_bounds(const struct schedule *schedule)
{
	struct schedule open = *schedule;

	open.start_us = INT64_MIN;
	open.end_us = INT64_MAX;
	return open;
}

/* The fire after x is before `before_us` exactly while x is before the last such fire, so that fire is
 * found by halving. */
int64_t schedule_previous(const struct schedule *schedule, int64_t before_us)
{
	static const int64_t earliest_us = INT64_C(-62135596800000000); /* 0001-01-01 */
	const struct schedule open = without_bounds(schedule);
	int64_t low_us = before_us, high_us = before_us, step_us = 1000000;

	do {
		if (low_us <= earliest_us)
			return INT64_MIN;
		low_us = low_us - step_us > earliest_us ? low_us - step_us : earliest_us;
		step_us *= 2;
	} while (schedule_next(&open, low_us) >= before_us);
	while (high_us - low_us > 1) {
		int64_t middle_us = low_us + (high_us - low_us) / 2;

		if (schedule_next(&open, middle_us) < before_us)
			low_us = middle_us;
		else
			high_us = middle_us;
	}
	return schedule_next(&open, low_us);
}

struct schedule_interval schedule_interval(const struct schedule *schedule, int64_t fire_us)
{
	int64_t start_us = schedule_previous(schedule, fire_us);

	return (struct schedule_interval){start_us == INT64_MIN ? fire_us : start_us, fire_us};
}

int schedule_after_holds(const struct schedule *schedule, const uint8_t *is_done)
{
	/* `and` and `or` take from it what names have put there */
	uint8_t stack[2 * LIMIT_SCHEDULE_DAGS] = {0};
	size_t height = 0;

	for (size_t i = 0; i < schedule->step_count; i++) {
		const struct schedule_step *step = &schedule->steps[i];

		if (step->kind == SCHEDULE_DAG) {
			stack[height++] = is_done[step->dag];
			continue;
		}
		height--;
		if (step->kind == SCHEDULE_AND)
			stack[height - 1] = stack[height - 1] && stack[height];
		else
			stack[height - 1] = stack[height - 1] || stack[height];
	}
	return height == 1 && stack[0];
}

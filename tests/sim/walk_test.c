/* walk_test.c - random histories, compared step by step with the reference
 *
 * Each history is a number; the same number gives the same history. TORTURE=1 walks longer; HISTORY=n
 * walks that one alone.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#include "lib/compiler.h"
#include "lib/vec.h"
#include "tests/count.h"
#include "tests/sim/invariants.h"
#include "tests/suite.h"

enum {
	HISTORIES = 10,
	MOST_RUNS = 5,
	MOST_DAGS = 3,
	MOST_TASKS = 9,
	OLD_MESSAGES = 32,
};

struct walk {
	struct sim *sim;
	uint64_t random;
	char story[96];
	struct dag *dags[MOST_DAGS];
	/* what was once said of attempts, to be said again */
	struct {
		int64_t id, fence;
	} old[OLD_MESSAGES];
	size_t old_count;
	uint64_t digest; /* of all states so far */
};

static uint64_t next_random(struct walk *walk)
{
	walk->random ^= walk->random << 13;
	walk->random ^= walk->random >> 7;
	walk->random ^= walk->random << 17;
	return walk->random;
}

/* 0 … most - 1 */
static uint32_t below(struct walk *walk, uint32_t most)
{
	return (uint32_t)((next_random(walk) >> 33) % most);
}

static int one_in(struct walk *walk, uint32_t most)
{
	return below(walk, most) == 0;
}

/* -- DAGs -- */

static void make_task(struct walk *walk, struct dag *dag, struct dag_task *task)
{
	static const char *const pools[] = {"", "", "small", "large"};

	if (one_in(walk, 2))
		task->rule = (enum dag_rule)below(walk, RULE_COUNT);
	task->retries = (int32_t)below(walk, 3);
	task->retry_delay_ms = one_in(walk, 3) ? 0 : below(walk, 5000);
	task->retry_max_delay_ms = one_in(walk, 2) ? 0 : 4000;
	task->timeout_ms = one_in(walk, 3) ? 1 + below(walk, 20000) : 0;
	task->pool = pools[below(walk, countof(pools))];
	task->pool_slots = 1 + (int32_t)below(walk, 3);
	task->priority = (int32_t)below(walk, 3);
	task->worker_queue = one_in(walk, 5) ? "gpu" : "";
	task->when = one_in(walk, 5) ? (const struct expr *)dag : NULL;
	if (one_in(walk, 4)) {
		task->flags |= DAG_MAPPED;
		task->max_active = (int32_t)below(walk, 3);
	}
}

static struct dag *make_dag(struct walk *walk, uint32_t number)
{
	static const char *const names[MOST_DAGS] = {"red", "green", "blue"};
	struct dag *dag = sim_dag_blank(names[number], 1 + below(walk, MOST_TASKS));
	struct {
		struct sim_edge *items;
		size_t count, capacity;
	} edges = {0};

	dag->max_active_runs = (int32_t)number;
	dag->timeout_ms = one_in(walk, 3) ? 1 + below(walk, 60000) : 0;
	for (uint32_t to = 0; to < dag->task_count; to++) {
		make_task(walk, dag, &dag->tasks[to]);
		for (uint32_t from = 0; from < dag->task_count; from++) {
			/* an order of its own, so that the file's is not always topological */
			if ((from * 7 + 3) % 11 < (to * 7 + 3) % 11 && one_in(walk, 3))
				*vec_push(&edges) = (struct sim_edge){from, to};
		}
	}
	sim_dag_connect(dag, edges.items, edges.count);
	vec_release(&edges);
	return dag;
}

/* -- what may happen -- */

static void create_run(struct walk *walk)
{
	uint32_t number = below(walk, MOST_DAGS);

	if (walk->sim->runs.count >= MOST_RUNS)
		return;
	if (one_in(walk, 3)) {
		dag_release(walk->dags[number]);
		walk->dags[number] = make_dag(walk, number);
	}
	(void)sim_create(walk->sim, walk->dags[number]);
}

static struct sim_attempt *pick_attempt(struct walk *walk)
{
	size_t count = walk->sim->attempts.count;

	return count ? &walk->sim->attempts.items[below(walk, (uint32_t)count)] : NULL;
}

static void remember(struct walk *walk, const struct sim_attempt *attempt)
{
	size_t at = walk->old_count++ % OLD_MESSAGES;

	walk->old[at].id = attempt->id;
	walk->old[at].fence = attempt->fence;
}

static void start_attempt(struct walk *walk)
{
	struct sim_attempt *attempt = pick_attempt(walk);
	struct event event = {.type = EVENT_STARTED};

	if (!attempt)
		return;
	attempt->started = 1;
	event.attempt = (struct event_attempt){attempt->id, attempt->fence};
	(void)sim_step(walk->sim, &event);
}

static enum finish_status pick_status(struct walk *walk)
{
	static const enum finish_status statuses[] = {
		FINISH_OK,   FINISH_OK,    FINISH_OK,   FINISH_OK,    FINISH_OK,
		FINISH_SKIP, FINISH_AGAIN, FINISH_FAIL, FINISH_RETRY, FINISH_RETRY,
		FINISH_OK,   FINISH_AGAIN, FINISH_OK,   FINISH_AWAIT, FINISH_CANCELLED,
	};

	return statuses[below(walk, countof(statuses))];
}

static void finish_attempt(struct walk *walk)
{
	struct sim_attempt *attempt = pick_attempt(walk);
	struct event event = {.type = EVENT_FINISHED};

	if (!attempt)
		return;
	remember(walk, attempt);
	event.finished = (struct event_finished){attempt->id, attempt->fence, pick_status(walk),
	                                         one_in(walk, 4) ? 0 : below(walk, 9000000)};
	(void)sim_step(walk->sim, &event);
}

static void lose_attempt(struct walk *walk)
{
	struct sim_attempt *attempt = pick_attempt(walk);
	struct event event = {.type = EVENT_LOST};

	if (!attempt)
		return;
	remember(walk, attempt);
	event.lost = (struct event_lost){attempt->id, attempt->fence,
	                                 one_in(walk, 3) ? LOST_PLANNED : 0};
	(void)sim_step(walk->sim, &event);
}

static void return_attempt(struct walk *walk)
{
	struct sim_attempt *attempt = pick_attempt(walk);
	struct event event = {.type = EVENT_RETURNED};

	if (!attempt)
		return;
	remember(walk, attempt);
	event.attempt = (struct event_attempt){attempt->id, attempt->fence};
	(void)sim_step(walk->sim, &event);
}

/* A late or doubled message. */
static void repeat_message(struct walk *walk)
{
	static const enum event_type types[] = {EVENT_STARTED, EVENT_FINISHED, EVENT_LOST,
	                                        EVENT_RETURNED};
	struct event event = {.type = types[below(walk, countof(types))]};
	size_t count = walk->old_count < OLD_MESSAGES ? walk->old_count : OLD_MESSAGES;
	size_t at;

	if (count == 0)
		return;
	at = below(walk, (uint32_t)count);
	event.finished.id = walk->old[at].id;
	event.finished.fence = walk->old[at].fence;
	(void)sim_step(walk->sim, &event);
}

/* Mostly forward; now and then the clock jumps. */
static void pass_time(struct walk *walk)
{
	struct event event = {.type = EVENT_TICK};

	if (one_in(walk, 40))
		walk->sim->now_us -= below(walk, 100000000);
	else if (one_in(walk, 40))
		walk->sim->now_us += INT64_C(3600000000) * below(walk, 10);
	else
		walk->sim->now_us += below(walk, 4000000);
	(void)sim_step(walk->sim, &event);
}

static const struct sim_run *pick_run(struct walk *walk)
{
	size_t count = walk->sim->runs.count;

	return count ? walk->sim->runs.items[below(walk, (uint32_t)count)] : NULL;
}

static struct event_instance pick_instance(struct walk *walk, const struct sim_run *run)
{
	struct event_instance what = {.run = run->id,
	                              .task = below(walk, run->dag->task_count + 1)};

	what.map_index = (int32_t)below(walk, 4) - 1;
	if (one_in(walk, 4))
		what.map_index = EVENT_ALL_ITEMS;
	return what;
}

static void cancel_something(struct walk *walk)
{
	const struct sim_run *run = pick_run(walk);
	struct event event = {.type = EVENT_CANCEL};

	if (!run)
		return;
	event.instance = pick_instance(walk, run);
	if (one_in(walk, 4))
		event.instance.task = EVENT_ALL_TASKS;
	(void)sim_step(walk->sim, &event);
}

static void mark_something(struct walk *walk)
{
	static const enum task_state states[] = {TASK_SUCCESS, TASK_FAILED, TASK_SKIPPED};
	const struct sim_run *run = pick_run(walk);
	struct event event = {.type = EVENT_MARK};

	if (!run)
		return;
	if (one_in(walk, 4)) {
		event.type = EVENT_MARK_RUN;
		event.mark_run = (struct event_mark_run){run->id, one_in(walk, 2) ? RUN_SUCCESS
		                                                                  : RUN_FAILED};
		(void)sim_step(walk->sim, &event);
		return;
	}
	event.mark.what = pick_instance(walk, run);
	event.mark.state = states[below(walk, countof(states))];
	(void)sim_step(walk->sim, &event);
}

static void clear_something(struct walk *walk)
{
	const struct sim_run *run = pick_run(walk);
	struct event event = {.type = EVENT_CLEAR};
	uint32_t tasks[3];

	if (!run)
		return;
	event.clear.run = run->id;
	event.clear.tasks = tasks;
	event.clear.task_count = below(walk, 4);
	event.clear.flags = below(walk, 8);
	for (size_t i = 0; i < countof(tasks); i++)
		tasks[i] = below(walk, run->dag->task_count);
	(void)sim_step(walk->sim, &event);
}

/* As `clear` with the latest version does: a finished run goes on with another DAG. */
static void change_version(struct walk *walk)
{
	const struct sim_run *run = pick_run(walk);
	struct event event = {.type = EVENT_CLEAR};
	struct dag *dag;
	uint32_t task;

	sim_commit(walk->sim);
	if (!run || !state_run_is_finished(run->state))
		return;
	dag = make_dag(walk, (uint32_t)run->dag->max_active_runs);
	sim_change_version(walk->sim, run->id, dag);
	task = below(walk, dag->task_count);
	dag_release(dag);
	event.clear =
		(struct event_clear){run->id, &task, below(walk, 2), below(walk, CLEAR_DRY_RUN)};
	(void)sim_step(walk->sim, &event);
}

static void wake_something(struct walk *walk)
{
	const struct sim_run *run = pick_run(walk);
	struct event event = {.type = EVENT_WAKE};

	if (!run)
		return;
	event.instance = pick_instance(walk, run);
	(void)sim_step(walk->sim, &event);
}

static void change_settings(struct walk *walk)
{
	static const char *const dags[] = {"red", "green", "blue"};

	switch (below(walk, 4)) {
	case 0:
		sim_pool(walk->sim, one_in(walk, 2) ? "small" : "large",
		         (int64_t)below(walk, 6) - 1);
		break;
	case 1:
		sim_capacity(walk->sim, one_in(walk, 4) ? "gpu" : "", below(walk, 12));
		break;
	default:
		sim_pause(walk->sim, dags[below(walk, countof(dags))], one_in(walk, 3));
	}
}

static void forget_run(struct walk *walk)
{
	const struct sim_run *run = pick_run(walk);

	sim_commit(walk->sim);
	if (run && state_run_is_finished(run->state))
		sim_forget(walk->sim, run->id);
}

static void hold_or_commit(struct walk *walk)
{
	walk->sim->flags ^= SIM_HOLD;
	if (!(walk->sim->flags & SIM_HOLD))
		sim_commit(walk->sim);
}

static void restart(struct walk *walk)
{
	sim_restart(walk->sim);
}

static const struct {
	uint32_t weight;
	void (*act)(struct walk *walk);
} actions[] = {
	{6, create_run},     {20, start_attempt},  {40, finish_attempt}, {4, lose_attempt},
	{4, return_attempt}, {4, repeat_message},  {20, pass_time},      {1, cancel_something},
	{2, mark_something}, {3, clear_something}, {2, wake_something},  {4, change_settings},
	{8, forget_run},     {6, hold_or_commit},  {1, restart},         {2, change_version},
};

static void act(struct walk *walk)
{
	uint32_t sum = 0, at;

	for (size_t i = 0; i < countof(actions); i++)
		sum += actions[i].weight;
	at = below(walk, sum);
	for (size_t i = 0; i < countof(actions); i++) {
		if (at < actions[i].weight) {
			actions[i].act(walk);
			return;
		}
		at -= actions[i].weight;
	}
}

/* -- one history -- */

static void open_all(struct walk *walk)
{
	sim_pool(walk->sim, "small", 10);
	sim_pool(walk->sim, "large", 10);
	sim_capacity(walk->sim, "", 1000);
	sim_capacity(walk->sim, "gpu", 1000);
	sim_pause(walk->sim, "red", 0);
	sim_pause(walk->sim, "green", 0);
	sim_pause(walk->sim, "blue", 0);
}

static void finish_all(struct walk *walk)
{
	while (walk->sim->attempts.count > 0) {
		const struct sim_attempt *attempt = &walk->sim->attempts.items[0];
		struct event event = {.type = EVENT_FINISHED};

		event.finished = (struct event_finished){attempt->id, attempt->fence, FINISH_OK, 0};
		(void)sim_step(walk->sim, &event);
	}
}

static void wake_all(struct walk *walk)
{
	for (size_t i = 0; i < walk->sim->runs.count; i++) {
		const struct sim_run *run = walk->sim->runs.items[i];

		for (size_t j = 0; j < run->rows.count; j++) {
			struct event event = {.type = EVENT_WAKE};

			event.instance =
				(struct event_instance){run->id, run->rows.items[j].row.task,
			                                run->rows.items[j].row.map_index};
			(void)sim_step(walk->sim, &event);
		}
	}
}

/* With room for everything and no more failures, all runs must end. */
static void bring_home(struct walk *walk)
{
	int rounds = 0;

	walk->sim->flags &= ~(uint32_t)SIM_HOLD;
	sim_commit(walk->sim);
	open_all(walk);
	for (size_t i = 0; i < walk->sim->runs.count;) {
		if (state_run_is_finished(walk->sim->runs.items[i]->state)) {
			i++;
			continue;
		}
		if (++rounds > 200)
			invariants_fail(walk->sim, "run %lld does not end",
			                (long long)walk->sim->runs.items[i]->id);
		finish_all(walk);
		wake_all(walk);
		i = 0;
	}
}

static void digest(struct walk *walk)
{
	vec_foreach(struct sim_run **, run, &walk->sim->runs) {
		walk->digest = walk->digest * 31 + (uint64_t)(*run)->state;
		vec_foreach(struct sim_row *, row, &(*run)->rows)
			walk->digest = walk->digest * 31 + (uint64_t)row->row.state +
			               (uint64_t)row->row.fence;
	}
}

/* `steps`: of the engine. */
static uint64_t walk_history(int history, int steps)
{
	struct walk walk = {.random = (uint64_t)history * UINT64_C(0x9E3779B97F4A7C15) + 1};

	walk.sim = sim_new_empty((uint64_t)history, walk.story);
	walk.sim->flags = SIM_MANUAL | SIM_RANDOM;
	for (uint32_t i = 0; i < MOST_DAGS; i++)
		walk.dags[i] = make_dag(&walk, i);
	open_all(&walk);
	for (int step = 0; walk.sim->steps < steps; step++) {
		(void)snprintf(walk.story, sizeof(walk.story), "history %d, step %d", history,
		               step);
		if (step % 5000 == 4999)
			bring_home(&walk);
		else
			act(&walk);
		if (step % 5000 == 4998)
			digest(&walk);
	}
	bring_home(&walk);
	digest(&walk);
	for (uint32_t i = 0; i < MOST_DAGS; i++)
		dag_release(walk.dags[i]);
	sim_free(walk.sim);
	return walk.digest;
}

START_TEST(a_random_history_is_the_same_in_engine_and_reference)
{
	const char *only = getenv("HISTORY"); /* NOLINT(concurrency-mt-unsafe): tests only */

	if (only && strtol(only, NULL, 10) != _i)
		return;
	(void)walk_history(_i, count_of(50000, 1000000));
}
END_TEST

START_TEST(the_same_number_gives_the_same_history)
{
	ck_assert_uint_eq(walk_history(77, 5000), walk_history(77, 5000));
	ck_assert_uint_ne(walk_history(77, 5000), walk_history(78, 5000));
}
END_TEST

int main(void)
{
	TCase *histories = tcase_create("histories");

	tcase_set_timeout(histories, 3600);
	tcase_add_loop_test(histories, a_random_history_is_the_same_in_engine_and_reference, 1,
	                    HISTORIES + 1);
	tcase_add_test(histories, the_same_number_gives_the_same_history);
	return suite_run("walk", histories);
}

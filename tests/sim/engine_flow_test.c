/* engine_flow_test.c - what follows what, one sentence at a time
 *
 * Each step is also compared with the reference and checked for the invariants (sim.h).
 */
#include <check.h>

#include "lib/compiler.h"
#include "tests/sim/sim.h"
#include "tests/suite.h"

/* -- what follows what -- */

START_TEST(a_failed_upstream_skips_nothing_under_all_done)
{
	struct sim *sim = sim_new("load -> clean", "clean: trigger_rule=all_done");

	sim_run(sim);
	ck_assert_str_eq(sim_states(sim), "load=running clean=none");
	sim_finish(sim, "load", FINISH_FAIL);
	ck_assert_str_eq(sim_states(sim), "load=failed clean=running");
	sim_finish(sim, "clean", FINISH_OK);
	ck_assert_int_eq(sim_run_state(sim, 1), RUN_SUCCESS);
	sim_free(sim);
}
END_TEST

START_TEST(one_step_finishes_schedules_queues_and_claims)
{
	struct sim *sim = sim_new("a -> b", "");

	sim->flags |= SIM_MANUAL;
	sim_run(sim);
	ck_assert_str_eq(sim_states(sim), "a=queued b=none");
	sim_start(sim, "a");
	ck_assert_str_eq(sim_states(sim), "a=running b=none");
	sim_finish(sim, "a", FINISH_OK);
	ck_assert_str_eq(sim_states(sim), "a=success b=queued");
	sim_free(sim);
}
END_TEST

START_TEST(failure_and_skip_run_down_to_the_leaves)
{
	struct sim *sim = sim_new("a -> b -> c; d -> e -> f", "");

	sim_run(sim);
	sim_finish(sim, "a", FINISH_FAIL);
	sim_finish(sim, "d", FINISH_SKIP);
	ck_assert_str_eq(sim_states(sim), "a=failed b=upstream_failed c=upstream_failed "
	                                  "d=skipped e=skipped f=skipped");
	ck_assert_int_eq(sim_run_state(sim, 1), RUN_FAILED);
	ck_assert_str_eq(sim_run_why(sim, 1), "a failed");
	ck_assert_str_eq(sim_why(sim, "c"), "trigger rule all_success: b is upstream_failed");
	ck_assert_str_eq(sim_why(sim, "e"), "trigger rule all_success: d is skipped");
	sim_free(sim);
}
END_TEST

START_TEST(a_run_succeeds_when_its_leaves_do)
{
	struct sim *sim = sim_new("a -> b", "b: trigger_rule=one_failed");

	sim_run(sim);
	sim_finish(sim, "a", FINISH_FAIL);
	sim_finish(sim, "b", FINISH_OK);
	ck_assert_int_eq(sim_run_state(sim, 1), RUN_SUCCESS);
	ck_assert_str_eq(sim_run_why(sim, 1), "");
	sim_free(sim);
}
END_TEST

START_TEST(when_false_skips_once_the_rule_lets_it_run)
{
	struct sim *sim = sim_new("a -> b", "b: when");

	sim->when[1] = 0;
	sim_run(sim);
	ck_assert_str_eq(sim_states(sim), "a=running b=none");
	sim_finish(sim, "a", FINISH_OK);
	ck_assert_str_eq(sim_states(sim), "a=success b=skipped");
	ck_assert_str_eq(sim_why(sim, "b"), "`when` was false");
	ck_assert_int_eq(sim_run_state(sim, 1), RUN_SUCCESS);
	sim_free(sim);
}
END_TEST

START_TEST(a_dag_without_tasks_succeeds_at_once)
{
	struct sim *sim = sim_new("", "");

	sim_run(sim);
	ck_assert_int_eq(sim_run_state(sim, 1), RUN_SUCCESS);
	sim_free(sim);
}
END_TEST

/* Why a rule skipped or failed a task, as people read it. */
struct why {
	const char *rule;
	enum finish_status a, b;
	const char *text;
};

static const struct why whys[] = {
	{"all_success", FINISH_OK, FINISH_SKIP, "trigger rule all_success: b is skipped"},
	{"all_success", FINISH_FAIL, FINISH_OK, "trigger rule all_success: a is failed"},
	{"all_failed", FINISH_OK, FINISH_FAIL, "trigger rule all_failed: a is success"},
	{"all_done_min_one_success", FINISH_SKIP, FINISH_OK,
         "trigger rule all_done_min_one_success: a is skipped"},
	{"all_skipped", FINISH_SKIP, FINISH_FAIL, "trigger rule all_skipped: b is failed"},
	{"one_success", FINISH_SKIP, FINISH_SKIP, "trigger rule one_success: a is skipped"},
	{"one_success", FINISH_SKIP, FINISH_FAIL, "trigger rule one_success: b is failed"},
	{"one_failed", FINISH_OK, FINISH_SKIP, "trigger rule one_failed: no upstream failed"},
	{"one_done", FINISH_SKIP, FINISH_SKIP,
         "trigger rule one_done: no upstream succeeded or failed"},
	{"none_failed", FINISH_SKIP, FINISH_FAIL, "trigger rule none_failed: b is failed"},
	{"none_failed_min_one_success", FINISH_SKIP, FINISH_SKIP,
         "trigger rule none_failed_min_one_success: a is skipped"},
	{"none_skipped", FINISH_FAIL, FINISH_SKIP, "trigger rule none_skipped: b is skipped"},
};

START_TEST(a_rule_explains_why_it_did_not_run)
{
	struct buf options = {0};
	struct sim *sim;

	buf_printf(&options, "c: trigger_rule=%s", whys[_i].rule);
	sim = sim_new("a b -> c", buf_string(&options));
	sim_run(sim);
	sim_finish(sim, "a", whys[_i].a);
	sim_finish(sim, "b", whys[_i].b);
	ck_assert_str_eq(sim_why(sim, "c"), whys[_i].text);
	buf_release(&options);
	sim_free(sim);
}
END_TEST

START_TEST(a_reason_that_was_marked_away_leaves_the_rule)
{
	struct sim *sim = sim_new("a -> b", "");

	sim_run(sim);
	sim_finish(sim, "a", FINISH_FAIL);
	sim_mark(sim, "a", TASK_SUCCESS);
	ck_assert_str_eq(sim_why(sim, "a"), "marked as success");
	ck_assert_str_eq(sim_why(sim, "b"), "trigger rule all_success");
	sim_free(sim);
}
END_TEST

/* -- pools, workers, lines -- */

START_TEST(a_pool_lets_only_so_many_in)
{
	struct sim *sim = sim_new("a; b; c", "a: pool=db; b: pool=db; c: pool=db");

	sim_run(sim);
	ck_assert_str_eq(sim_why(sim, "a"), "pool db does not exist");
	sim_pool(sim, "db", 2);
	ck_assert_str_eq(sim_states(sim), "a=running b=running c=scheduled");
	ck_assert_str_eq(sim_why(sim, "c"), "pool db 2/2 held by dag.b, dag.a");
	sim_finish(sim, "a", FINISH_OK);
	ck_assert_str_eq(sim_states(sim), "a=success b=running c=running");
	sim_free(sim);
}
END_TEST

START_TEST(an_attempt_being_cancelled_keeps_its_slots)
{
	struct sim *sim = sim_new("a; b", "a: pool=db; b: pool=db");

	sim_pool(sim, "db", 1);
	sim_run(sim);
	sim_cancel(sim, "a");
	ck_assert_str_eq(sim_states(sim), "a=running b=scheduled");
	ck_assert_str_eq(sim_why(sim, "a"), "being cancelled");
	sim_finish(sim, "a", FINISH_OK);
	ck_assert_str_eq(sim_states(sim), "a=cancelled b=running");
	ck_assert_str_eq(sim_why(sim, "a"), "cancelled");
	sim_finish(sim, "b", FINISH_OK);
	ck_assert_int_eq(sim_run_state(sim, 1), RUN_CANCELLED);
	sim_free(sim);
}
END_TEST

START_TEST(many_holders_are_counted)
{
	struct sim *sim = sim_new("a; b; c; d; e; f",
	                          "a: pool=db; b: pool=db; c: pool=db; d: pool=db; e: pool=db; "
	                          "f: pool=db");

	sim_pool(sim, "db", 5);
	sim_run(sim);
	ck_assert_str_eq(sim_why(sim, "f"), "pool db 5/5 held by dag.e, dag.d, dag.c and 2 more");
	sim_free(sim);
}
END_TEST

START_TEST(who_needs_many_slots_is_not_overtaken)
{
	struct sim *sim = sim_new("a; big; c", "a: pool=db; big: pool=db pool_slots=3; c: pool=db");

	sim_pool(sim, "db", 3);
	sim_run(sim);
	ck_assert_str_eq(sim_states(sim), "a=running big=scheduled c=scheduled");
	ck_assert_str_eq(sim_why(sim, "c"), "pool db 1/3 held by dag.a");
	sim_finish(sim, "a", FINISH_OK);
	ck_assert_str_eq(sim_states(sim), "a=success big=running c=scheduled");
	sim_pool(sim, "db", 2);
	sim_lose(sim, "big", 0);
	ck_assert_str_eq(sim_why(sim, "big"), "big needs 3 slots, pool db has 2");
	sim_free(sim);
}
END_TEST

START_TEST(the_pool_without_a_name_cannot_be_changed)
{
	struct sim *sim = sim_new("a", "");
	struct event event = {.type = EVENT_POOL, .pool = {"", 1}};

	ck_assert_int_eq(sim_step(sim, &event), ENGINE_CONFLICT);
	sim_free(sim);
}
END_TEST

START_TEST(workers_hold_only_so_many)
{
	struct sim *sim = sim_new("a; b; g", "g: queue=gpu");

	sim_capacity(sim, "", 1);
	sim_run(sim);
	ck_assert_str_eq(sim_states(sim), "a=running b=scheduled g=scheduled");
	ck_assert_str_eq(sim_why(sim, "b"), "waiting for a worker, 1/1 places taken");
	ck_assert_str_eq(sim_why(sim, "g"), "no worker for queue gpu");
	sim_capacity(sim, "gpu", 1);
	ck_assert_str_eq(sim_states(sim), "a=running b=scheduled g=running");
	sim_capacity(sim, "", 0);
	ck_assert_str_eq(sim_why(sim, "b"), "no worker");
	sim_free(sim);
}
END_TEST

START_TEST(priority_goes_before_age)
{
	struct sim *sim = sim_new("a; b; c", "b: priority=1; c: priority=1");

	sim_capacity(sim, "", 0);
	sim_run(sim);
	sim_capacity(sim, "", 1);
	ck_assert_str_eq(sim_states(sim), "a=scheduled b=running c=scheduled");
	sim_finish(sim, "b", FINISH_OK);
	ck_assert_str_eq(sim_states(sim), "a=scheduled b=success c=running");
	sim_free(sim);
}
END_TEST

START_TEST(who_comes_back_is_first_again)
{
	struct sim *sim = sim_new("a; b", "");

	sim_capacity(sim, "", 1);
	sim_run(sim);
	sim_lose(sim, "a", 0);
	ck_assert_str_eq(sim_states(sim), "a=running b=scheduled");
	sim_free(sim);
}
END_TEST

START_TEST(runs_of_a_dag_wait_in_line)
{
	struct sim *sim = sim_new("a", "dag: max_active_runs=1");
	int64_t first = sim_run(sim), second = sim_run(sim), third = sim_run(sim);

	ck_assert_int_eq(sim_run_state(sim, second), RUN_QUEUED);
	ck_assert_str_eq(sim_run_why(sim, third), "max_active_runs 1/1, run is running");
	ck_assert_str_eq(sim_why(sim, "a"), "max_active_runs 1/1, run is running");
	sim->last_run = first;
	sim_finish(sim, "a", FINISH_OK);
	ck_assert_int_eq(sim_run_state(sim, second), RUN_RUNNING);
	ck_assert_int_eq(sim_run_state(sim, third), RUN_QUEUED);
	sim_forget(sim, first);
	ck_assert_ptr_null(engine_run(sim->engine, first));
	engine_forget(sim->engine, first);
	sim_free(sim);
}
END_TEST

START_TEST(a_paused_dag_keeps_its_runs_queued_and_finishes_what_runs)
{
	struct sim *sim = sim_new("a -> b", "");
	int64_t first = sim_run(sim), second;

	sim_pause(sim, "dag", 1);
	second = sim_run(sim);
	ck_assert_str_eq(sim_run_why(sim, second), "paused");
	sim->last_run = first;
	sim_finish(sim, "a", FINISH_OK);
	sim_finish(sim, "b", FINISH_OK);
	ck_assert_int_eq(sim_run_state(sim, first), RUN_SUCCESS);
	ck_assert_int_eq(sim_run_state(sim, second), RUN_QUEUED);
	sim_pause(sim, "dag", 0);
	ck_assert_int_eq(sim_run_state(sim, second), RUN_RUNNING);
	sim_free(sim);
}
END_TEST

START_TEST(a_queued_run_can_be_cancelled_from_any_place_in_line)
{
	struct sim *sim = sim_new("a", "dag: max_active_runs=1");
	int64_t runs[5];

	for (size_t i = 0; i < countof(runs); i++)
		runs[i] = sim_run(sim);
	for (size_t i = 4; i > 1; i -= 1) {
		sim->last_run = runs[i == 4 ? 2 : i == 3 ? 4 : 1];
		sim_cancel(sim, NULL);
	}
	ck_assert_int_eq(sim_run_state(sim, runs[1]), RUN_CANCELLED);
	ck_assert_int_eq(sim_run_state(sim, runs[2]), RUN_CANCELLED);
	ck_assert_int_eq(sim_run_state(sim, runs[4]), RUN_CANCELLED);
	sim->last_run = runs[0];
	sim_finish(sim, "a", FINISH_OK);
	ck_assert_int_eq(sim_run_state(sim, runs[3]), RUN_RUNNING);
	sim_free(sim);
}
END_TEST

START_TEST(the_same_run_is_not_made_twice)
{
	struct sim *sim = sim_new("a", "");
	struct event event = {.type = EVENT_RUN_CREATED};

	sim_run(sim);
	event.created = (struct event_created){1, "run", sim->dag, 100, NULL};
	ck_assert_int_eq(sim_step(sim, &event), ENGINE_CONFLICT);
	sim_free(sim);
}
END_TEST

START_TEST(many_upstreams_are_counted)
{
	struct sim *sim = sim_new("a b c d e -> f", "");

	sim_run(sim);
	ck_assert_str_eq(sim_why(sim, "f"), "waiting for a, b, c and 2 more");
	sim_free(sim);
}
END_TEST

START_TEST(holders_leave_a_pool_in_any_order)
{
	struct sim *sim = sim_new("a; b; c; d", "a: pool=db; b: pool=db; c: pool=db; d: pool=db");

	sim_pool(sim, "db", 3);
	sim_run(sim);
	sim_finish(sim, "b", FINISH_OK);
	ck_assert_str_eq(sim_states(sim), "a=running b=success c=running d=running");
	sim_finish(sim, "d", FINISH_OK);
	sim_finish(sim, "a", FINISH_OK);
	sim_finish(sim, "c", FINISH_OK);
	ck_assert_int_eq(sim_run_state(sim, 1), RUN_SUCCESS);
	sim_free(sim);
}
END_TEST

START_TEST(runs_side_by_side_end_in_any_order)
{
	struct sim *sim = sim_new("a", "dag: max_active_runs=3");
	int64_t runs[4];

	for (size_t i = 0; i < countof(runs); i++)
		runs[i] = sim_run(sim);
	ck_assert_int_eq(sim_run_state(sim, runs[3]), RUN_QUEUED);
	sim->last_run = runs[1];
	sim_finish(sim, "a", FINISH_OK);
	ck_assert_int_eq(sim_run_state(sim, runs[3]), RUN_RUNNING);
	for (size_t i = 0; i < countof(runs); i++) {
		sim->last_run = runs[i];
		sim_finish(sim, "a", FINISH_OK);
		ck_assert_int_eq(sim_run_state(sim, runs[i]), RUN_SUCCESS);
	}
	sim_free(sim);
}
END_TEST

int main(void)
{
	TCase *cases = tcase_create("flow");

	tcase_add_test(cases, a_failed_upstream_skips_nothing_under_all_done);
	tcase_add_test(cases, one_step_finishes_schedules_queues_and_claims);
	tcase_add_test(cases, failure_and_skip_run_down_to_the_leaves);
	tcase_add_test(cases, a_run_succeeds_when_its_leaves_do);
	tcase_add_test(cases, when_false_skips_once_the_rule_lets_it_run);
	tcase_add_test(cases, a_dag_without_tasks_succeeds_at_once);
	tcase_add_loop_test(cases, a_rule_explains_why_it_did_not_run, 0, (int)countof(whys));
	tcase_add_test(cases, a_reason_that_was_marked_away_leaves_the_rule);
	tcase_add_test(cases, a_pool_lets_only_so_many_in);
	tcase_add_test(cases, an_attempt_being_cancelled_keeps_its_slots);
	tcase_add_test(cases, many_holders_are_counted);
	tcase_add_test(cases, who_needs_many_slots_is_not_overtaken);
	tcase_add_test(cases, the_pool_without_a_name_cannot_be_changed);
	tcase_add_test(cases, workers_hold_only_so_many);
	tcase_add_test(cases, priority_goes_before_age);
	tcase_add_test(cases, who_comes_back_is_first_again);
	tcase_add_test(cases, runs_of_a_dag_wait_in_line);
	tcase_add_test(cases, a_paused_dag_keeps_its_runs_queued_and_finishes_what_runs);
	tcase_add_test(cases, a_queued_run_can_be_cancelled_from_any_place_in_line);
	tcase_add_test(cases, the_same_run_is_not_made_twice);
	tcase_add_test(cases, many_upstreams_are_counted);
	tcase_add_test(cases, holders_leave_a_pool_in_any_order);
	tcase_add_test(cases, runs_side_by_side_end_in_any_order);
	return suite_run("engine_flow", cases);
}

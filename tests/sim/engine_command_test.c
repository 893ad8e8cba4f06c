/* engine_command_test.c - cancel, clear, mark, and restarts, one sentence at a time
 *
 * Each step is also compared with the reference and checked for the invariants (sim.h).
 */
#include <check.h>

#include "lib/compiler.h"
#include "scheduler/core/engine_change.h"
#include "tests/sim/sim.h"
#include "tests/suite.h"

/* -- cancel, clear, mark -- */

START_TEST(a_cancelled_run_ends_when_its_processes_are_gone)
{
	struct sim *sim = sim_new("a -> b; c -> b; d", "d: retries=1 retry_delay=1000000");

	sim_run(sim);
	sim_finish(sim, "d", FINISH_RETRY);
	ck_assert_int_eq(sim_cancel(sim, NULL), ENGINE_OK);
	ck_assert_int_eq(sim_cancel(sim, NULL), ENGINE_OK);
	ck_assert_str_eq(sim_states(sim), "a=running b=cancelled c=running d=cancelled");
	ck_assert_str_eq(sim_run_why(sim, 1), "being cancelled");
	ck_assert_int_eq(sim_clear(sim, "", 0), ENGINE_CONFLICT);
	sim_finish(sim, "a", FINISH_CANCELLED);
	sim_lose(sim, "c", 0);
	ck_assert_str_eq(sim_states(sim), "a=cancelled b=cancelled c=cancelled d=cancelled");
	ck_assert_int_eq(sim_run_state(sim, 1), RUN_CANCELLED);
	ck_assert_str_eq(sim_run_why(sim, 1), "cancelled");
	ck_assert_int_eq(sim_cancel(sim, NULL), ENGINE_CONFLICT);
	sim_free(sim);
}
END_TEST

START_TEST(a_run_that_times_out_fails)
{
	struct sim *sim = sim_new("a; b", "dag: timeout=60000; a: timeout=50000; b:");

	sim_run(sim);
	sim_finish(sim, "b", FINISH_OK);
	sim_pass(sim, 50000);
	sim_pass(sim, 10000);
	ck_assert_uint_eq(sim->cancelled.count, 1);
	sim_finish(sim, "a", FINISH_CANCELLED);
	ck_assert_str_eq(sim_states(sim), "a=cancelled b=success");
	ck_assert_str_eq(sim_why(sim, "a"), "cancelled, the run timed out");
	ck_assert_int_eq(sim_run_state(sim, 1), RUN_FAILED);
	ck_assert_str_eq(sim_run_why(sim, 1), "timed out after 60 s");
	sim_free(sim);
}
END_TEST

START_TEST(a_cancelled_task_counts_as_failed_downstream)
{
	struct sim *sim = sim_new("a -> b -> c", "c: trigger_rule=one_failed");

	sim_run(sim);
	ck_assert_int_eq(sim_cancel(sim, "b"), ENGINE_OK);
	ck_assert_str_eq(sim_states(sim), "a=running b=cancelled c=running");
	ck_assert_int_eq(sim_cancel(sim, "b"), ENGINE_CONFLICT);
	sim_free(sim);
}
END_TEST

START_TEST(a_waiting_again_attempt_is_cancelled_with_its_task)
{
	struct sim *sim = sim_new("a", "");

	sim_run(sim);
	sim_again(sim, "a", 5000);
	sim_cancel(sim, "a");
	ck_assert_str_eq(sim_states(sim), "a=cancelled");
	ck_assert_int_eq(sim_instance(sim, "a")->attempt, ATTEMPT_CANCELLED);
	sim_free(sim);
}
END_TEST

START_TEST(a_clear_runs_again_what_it_names)
{
	struct sim *sim = sim_new("a -> b -> c; d", "");
	int64_t fence;

	sim_run(sim);
	sim_finish(sim, "a", FINISH_OK);
	sim_finish(sim, "b", FINISH_FAIL);
	sim_finish(sim, "d", FINISH_OK);
	ck_assert_int_eq(sim_run_state(sim, 1), RUN_FAILED);
	fence = sim_instance(sim, "b")->fence;
	sim_clear(sim, "", CLEAR_ONLY_FAILED);
	ck_assert_str_eq(sim_states(sim), "a=success b=running c=none d=success");
	ck_assert_int_gt(sim_instance(sim, "b")->fence, fence + 1);
	ck_assert_uint_eq(sim_instance(sim, "b")->number, 2);
	ck_assert_uint_eq(sim_instance(sim, "b")->clears, 1);
	ck_assert_int_eq(sim_run_state(sim, 1), RUN_RUNNING);
	sim_finish(sim, "b", FINISH_OK);
	sim_finish(sim, "c", FINISH_OK);
	ck_assert_int_eq(sim_run_state(sim, 1), RUN_SUCCESS);
	sim_clear(sim, "b", CLEAR_DOWNSTREAM);
	ck_assert_str_eq(sim_states(sim), "a=success b=running c=none d=success");
	sim_free(sim);
}
END_TEST

START_TEST(a_clear_gives_new_tries)
{
	struct sim *sim = sim_new("a", "a: retries=1");

	sim_run(sim);
	sim_finish(sim, "a", FINISH_RETRY);
	sim_finish(sim, "a", FINISH_RETRY);
	sim_clear(sim, "a", 0);
	sim_finish(sim, "a", FINISH_RETRY);
	ck_assert_str_eq(sim_states(sim), "a=running");
	ck_assert_uint_eq(sim_instance(sim, "a")->number, 4);
	sim_free(sim);
}
END_TEST

START_TEST(what_runs_is_cancelled_before_it_is_cleared)
{
	struct sim *sim = sim_new("a -> b", "");

	sim_run(sim);
	sim_finish(sim, "a", FINISH_OK);
	sim_clear(sim, "a", CLEAR_DOWNSTREAM);
	ck_assert_str_eq(sim_states(sim), "a=running b=running");
	ck_assert_uint_eq(sim->cancelled.count, 1);
	sim_finish(sim, "b", FINISH_OK);
	ck_assert_str_eq(sim_states(sim), "a=running b=none");
	ck_assert_str_eq(sim_why(sim, "b"), "waiting for a");
	sim_finish(sim, "a", FINISH_OK);
	ck_assert_str_eq(sim_states(sim), "a=success b=running");
	sim_free(sim);
}
END_TEST

START_TEST(a_dry_run_of_a_clear_names_and_changes_nothing)
{
	struct sim *sim = sim_new("a -> b", "");
	struct event event = {.type = EVENT_CLEAR};
	uint32_t wrong = 2;

	sim_run(sim);
	sim_finish(sim, "a", FINISH_OK);
	sim_finish(sim, "b", FINISH_OK);
	event.clear = (struct event_clear){1, NULL, 0, CLEAR_DRY_RUN};
	sim->flags |= SIM_HOLD;
	ck_assert_int_eq(sim_step(sim, &event), ENGINE_OK);
	ck_assert_uint_eq(sim->effects.affected, 2);
	ck_assert_uint_eq(sim->effects.selected.count, 2);
	ck_assert_str_eq(sim_states(sim), "a=success b=success");
	event.clear.run = 7;
	ck_assert_int_eq(engine_step(sim->engine, &event, 0, &sim->effects), ENGINE_UNKNOWN);
	event.clear = (struct event_clear){1, &wrong, 1, 0};
	ck_assert_int_eq(engine_step(sim->engine, &event, 0, &sim->effects), ENGINE_UNKNOWN);
	sim_free(sim);
}
END_TEST

START_TEST(a_cleared_run_waits_in_line_like_any_other)
{
	struct sim *sim = sim_new("a", "dag: max_active_runs=1");
	int64_t first = sim_run(sim), second;

	sim_finish(sim, "a", FINISH_OK);
	second = sim_run(sim);
	sim->last_run = first;
	sim_clear(sim, "", 0);
	ck_assert_int_eq(sim_run_state(sim, first), RUN_QUEUED);
	sim->last_run = second;
	sim_finish(sim, "a", FINISH_OK);
	ck_assert_int_eq(sim_run_state(sim, first), RUN_RUNNING);
	sim_free(sim);
}
END_TEST

START_TEST(a_mark_changes_the_end_of_a_run)
{
	struct sim *sim = sim_new("a; b", "");

	sim_run(sim);
	ck_assert_int_eq(sim_mark(sim, "a", TASK_SUCCESS), ENGINE_CONFLICT);
	sim_finish(sim, "a", FINISH_FAIL);
	sim_finish(sim, "b", FINISH_OK);
	ck_assert_int_eq(sim_run_state(sim, 1), RUN_FAILED);
	ck_assert_int_eq(sim_mark(sim, "a", TASK_SUCCESS), ENGINE_OK);
	ck_assert_int_eq(sim_run_state(sim, 1), RUN_SUCCESS);
	ck_assert_int_eq(sim_mark(sim, "a", TASK_SUCCESS), ENGINE_CONFLICT);
	sim_free(sim);
}
END_TEST

START_TEST(a_marked_run_is_what_somebody_said_until_it_is_cleared)
{
	struct sim *sim = sim_new("a; b", "");

	sim_run(sim);
	ck_assert_int_eq(sim_mark_run(sim, RUN_FAILED), ENGINE_CONFLICT);
	sim_finish(sim, "a", FINISH_FAIL);
	sim_finish(sim, "b", FINISH_OK);
	ck_assert_int_eq(sim_mark_run(sim, RUN_FAILED), ENGINE_CONFLICT);
	ck_assert_int_eq(sim_mark_run(sim, RUN_SUCCESS), ENGINE_OK);
	ck_assert_str_eq(sim_run_why(sim, 1), "marked as success");
	ck_assert_str_eq(sim_states(sim), "a=failed b=success");
	ck_assert_int_eq(sim_mark(sim, "b", TASK_FAILED), ENGINE_OK);
	ck_assert_int_eq(sim_run_state(sim, 1), RUN_SUCCESS);
	ck_assert_int_eq(sim_clear(sim, "b", 0), ENGINE_OK);
	sim_finish(sim, "b", FINISH_OK);
	ck_assert_int_eq(sim_run_state(sim, 1), RUN_FAILED);
	ck_assert_str_eq(sim_run_why(sim, 1), "a failed");
	sim_free(sim);
}
END_TEST

START_TEST(commands_about_nothing_are_answered)
{
	struct sim *sim = sim_new("a", "");
	struct event mark = {.type = EVENT_MARK_RUN, .mark_run = {99, RUN_FAILED}};
	static const enum event_type types[] = {EVENT_CANCEL, EVENT_WAKE, EVENT_MARK};

	sim_run(sim);
	ck_assert_int_eq(sim_step(sim, &mark), ENGINE_UNKNOWN);
	for (size_t i = 0; i < countof(types); i++) {
		struct event event = {.type = types[i]};

		event.instance = (struct event_instance){9, 0, -1};
		ck_assert_int_eq(sim_step(sim, &event), ENGINE_UNKNOWN);
		event.instance = (struct event_instance){1, 5, -1};
		ck_assert_int_eq(sim_step(sim, &event), ENGINE_UNKNOWN);
		event.instance = (struct event_instance){1, 0, 7};
		ck_assert_int_eq(sim_step(sim, &event), ENGINE_UNKNOWN);
	}
	sim_free(sim);
}
END_TEST

/* -- restart -- */

START_TEST(a_restart_changes_nothing)
{
	struct sim *sim = sim_new("a -> b; c; d -> e; each",
	                          "dag: timeout=1000000; a: timeout=60000; c: retries=1 "
	                          "retry_delay=50000; each: map max_active=1");
	const char *states = "a=running b=none c=up_for_retry d=success e=running "
			     "each[0]=running each[1]=none";

	sim_run(sim);
	sim_finish(sim, "c", FINISH_RETRY);
	sim_finish(sim, "d", FINISH_OK);
	ck_assert_str_eq(sim_states(sim), states);
	sim_restart(sim);
	ck_assert_str_eq(sim_states(sim), states);
	sim_pass(sim, 60000);
	sim_lose(sim, "e", 0);
	sim_finish(sim, "a", FINISH_CANCELLED);
	ck_assert_str_eq(sim_states(sim), "a=failed b=upstream_failed c=running d=success "
	                                  "e=running each[0]=running each[1]=none");
	sim_free(sim);
}
END_TEST

START_TEST(rows_that_do_not_fit_are_refused)
{
	struct sim *sim = sim_new("a; b", "");
	struct engine_restored_instance rows[] = {{.id = 1, .task = 0, .map_index = -1},
	                                          {.id = 2, .task = 1, .map_index = -1}};
	struct engine_restored_run run = {
		.id = 5, .name = "run", .dag = sim->dag, .instances = rows, .instance_count = 1};

	ck_assert_int_eq(engine_restore_run(sim->engine, &run, 0), ENGINE_CONFLICT);
	run.instance_count = 2;
	rows[1].task = 2;
	ck_assert_int_eq(engine_restore_run(sim->engine, &run, 0), ENGINE_CONFLICT);
	rows[1].task = 1;
	rows[1].map_index = 1000001;
	ck_assert_int_eq(engine_restore_run(sim->engine, &run, 0), ENGINE_CONFLICT);
	rows[1].map_index = -1;
	ck_assert_int_eq(engine_restore_run(sim->engine, &run, 0), ENGINE_OK);
	ck_assert_int_eq(engine_restore_run(sim->engine, &run, 0), ENGINE_CONFLICT);
	sim_free(sim);
}
END_TEST

START_TEST(a_restored_run_that_could_start_starts_with_the_next_step)
{
	struct sim *sim = sim_new("a", "");
	struct engine_restored_instance row = {.id = 1, .map_index = -1};
	struct engine_restored_run run = {
		.id = 5, .name = "run", .dag = sim->dag, .instances = &row, .instance_count = 1};
	struct event tick = {.type = EVENT_TICK};

	ck_assert_int_eq(engine_restore_run(sim->engine, &run, 7), ENGINE_OK);
	ck_assert_str_eq(sim_run_why(sim, 5), "about to start");
	ck_assert_int_eq(engine_step(sim->engine, &tick, 8, &sim->effects), ENGINE_OK);
	ck_assert_int_eq(sim_run_state(sim, 5), RUN_RUNNING);
	effects_clear(&sim->effects);
	sim_free(sim);
}
END_TEST

START_TEST(what_waits_for_its_turn_can_be_cancelled)
{
	struct sim *sim = sim_new("a; b; c", "");

	sim_capacity(sim, "", 1);
	sim_run(sim);
	sim_cancel(sim, "b");
	ck_assert_str_eq(sim_states(sim), "a=running b=cancelled c=scheduled");
	sim_finish(sim, "a", FINISH_OK);
	ck_assert_str_eq(sim_states(sim), "a=success b=cancelled c=running");
	sim_free(sim);
}
END_TEST

START_TEST(a_clear_goes_down_a_diamond_once)
{
	struct sim *sim = sim_new("a -> b c -> d", "d: retries=1 retry_delay=1000000");

	sim_run(sim);
	sim_finish(sim, "a", FINISH_OK);
	sim_finish(sim, "b", FINISH_OK);
	sim_finish(sim, "c", FINISH_OK);
	sim_finish(sim, "d", FINISH_RETRY);
	ck_assert_str_eq(sim_states(sim), "a=success b=success c=success d=up_for_retry");
	sim_clear(sim, "a", CLEAR_DOWNSTREAM);
	ck_assert_str_eq(sim_states(sim), "a=running b=none c=none d=none");
	ck_assert_uint_eq(sim_instance(sim, "d")->clears, 1);
	sim_free(sim);
}
END_TEST

START_TEST(a_clear_under_way_survives_a_restart)
{
	struct sim *sim = sim_new("each; b", "each: map; b: pool=db");

	sim->now_us = 5000000;
	sim_run(sim);
	sim_clear(sim, "each", 0);
	ck_assert_str_eq(sim_states(sim), "each[0]=running each[1]=running b=scheduled");
	sim_restart(sim);
	sim->items[0] = 1;
	sim_finish(sim, "each[1]", FINISH_OK);
	ck_assert_str_eq(sim_states(sim), "each[0]=running each[1]=none b=scheduled");
	sim_lose(sim, "each[0]", 0);
	ck_assert_str_eq(sim_states(sim), "each[0]=running each[1]=removed b=scheduled");
	sim_free(sim);
}
END_TEST

/* -- bugs -- */

START_TEST(an_illegal_change_is_reported_and_stops_the_attempt)
{
	struct sim *sim = sim_new("a", "");
	struct instance *a;
	struct event event = {.type = EVENT_FINISHED};

	sim_run(sim);
	a = sim_instance(sim, "a");
	sim->engine->effects = &sim->effects;
	engine_change_task(sim->engine, a, TASK_UPSTREAM_FAILED, CAUSE_NONE);
	engine_change_attempt(sim->engine, a, ATTEMPT_CLAIMED, CAUSE_NONE);
	engine_change_run(sim->engine, a->node->run, RUN_QUEUED);
	ck_assert_uint_eq(sim->effects.bugs.count, 3);
	ck_assert_str_eq(sim->effects.bugs.items[0].what, "task");
	ck_assert_str_eq(sim->effects.bugs.items[0].from, "running");
	ck_assert_str_eq(sim->effects.bugs.items[0].to, "upstream_failed");
	ck_assert_str_eq(sim->effects.bugs.items[1].what, "attempt");
	ck_assert_str_eq(sim->effects.bugs.items[2].what, "run");
	ck_assert_uint_eq(sim->effects.cancels.count, 1);
	ck_assert_str_eq(sim_states(sim), "a=running");
	ck_assert_str_eq(sim_why(sim, "a"), "being cancelled");
	event.finished = (struct event_finished){a->attempt_id, a->fence, FINISH_CANCELLED, 0};
	engine_step(sim->engine, &event, 0, &sim->effects);
	ck_assert_str_eq(sim_states(sim), "a=failed");
	ck_assert_str_eq(sim_why(sim, "a"), "stopped by a fault of the scheduler");
	sim_free(sim);
}
END_TEST

START_TEST(a_stopped_attempt_that_is_lost_has_failed_too)
{
	struct sim *sim = sim_new("a", "");
	struct instance *a;
	struct event event = {.type = EVENT_LOST};

	sim_run(sim);
	a = sim_instance(sim, "a");
	sim->engine->effects = &sim->effects;
	engine_change_task(sim->engine, a, TASK_NONE, CAUSE_NONE);
	event.lost = (struct event_lost){a->attempt_id, a->fence, 0};
	engine_step(sim->engine, &event, 0, &sim->effects);
	ck_assert_str_eq(sim_states(sim), "a=failed");
	sim_free(sim);
}
END_TEST

int main(void)
{
	TCase *cases = tcase_create("command");

	tcase_add_test(cases, a_cancelled_run_ends_when_its_processes_are_gone);
	tcase_add_test(cases, a_run_that_times_out_fails);
	tcase_add_test(cases, a_cancelled_task_counts_as_failed_downstream);
	tcase_add_test(cases, a_waiting_again_attempt_is_cancelled_with_its_task);
	tcase_add_test(cases, a_clear_runs_again_what_it_names);
	tcase_add_test(cases, a_clear_gives_new_tries);
	tcase_add_test(cases, what_runs_is_cancelled_before_it_is_cleared);
	tcase_add_test(cases, a_dry_run_of_a_clear_names_and_changes_nothing);
	tcase_add_test(cases, a_cleared_run_waits_in_line_like_any_other);
	tcase_add_test(cases, a_mark_changes_the_end_of_a_run);
	tcase_add_test(cases, a_marked_run_is_what_somebody_said_until_it_is_cleared);
	tcase_add_test(cases, commands_about_nothing_are_answered);
	tcase_add_test(cases, a_restart_changes_nothing);
	tcase_add_test(cases, rows_that_do_not_fit_are_refused);
	tcase_add_test(cases, a_restored_run_that_could_start_starts_with_the_next_step);
	tcase_add_test(cases, an_illegal_change_is_reported_and_stops_the_attempt);
	tcase_add_test(cases, a_stopped_attempt_that_is_lost_has_failed_too);
	tcase_add_test(cases, what_waits_for_its_turn_can_be_cancelled);
	tcase_add_test(cases, a_clear_goes_down_a_diamond_once);
	tcase_add_test(cases, a_clear_under_way_survives_a_restart);
	return suite_run("engine_command", cases);
}

/* engine_attempt_test.c - retries, losses and time, one sentence at a time
 *
 * Each step is also compared with the reference and checked for the invariants (sim.h).
 */
#include <check.h>
#include <string.h>

#include "tests/sim/sim.h"
#include "tests/suite.h"

START_TEST(a_failure_is_retried_while_retries_last)
{
	struct sim *sim = sim_new("a", "a: retries=1 retry_delay=10000");

	sim_run(sim);
	sim_finish(sim, "a", FINISH_RETRY);
	ck_assert_str_eq(sim_states(sim), "a=up_for_retry");
	ck_assert_int_le(sim_instance(sim, "a")->timer.due_us, 10000000);
	ck_assert_ptr_nonnull(strstr(sim_why(sim, "a"), "retry in "));
	ck_assert_ptr_nonnull(strstr(sim_why(sim, "a"), " s, 1 of 2 tries failed"));
	sim_pass(sim, 10000);
	ck_assert_str_eq(sim_states(sim), "a=running");
	ck_assert_uint_eq(sim_instance(sim, "a")->number, 2);
	sim_finish(sim, "a", FINISH_RETRY);
	ck_assert_str_eq(sim_states(sim), "a=failed");
	ck_assert_str_eq(sim_why(sim, "a"), "");
	sim_free(sim);
}
END_TEST

START_TEST(fail_is_for_good)
{
	struct sim *sim = sim_new("a", "a: retries=5");

	sim_run(sim);
	sim_finish(sim, "a", FINISH_FAIL);
	ck_assert_str_eq(sim_states(sim), "a=failed");
	sim_free(sim);
}
END_TEST

START_TEST(cancelled_without_being_asked_is_a_failure)
{
	struct sim *sim = sim_new("a", "a: retries=5");

	sim_run(sim);
	sim_finish(sim, "a", FINISH_CANCELLED);
	ck_assert_str_eq(sim_states(sim), "a=failed");
	sim_free(sim);
}
END_TEST

START_TEST(without_delay_the_retry_is_claimed_in_the_same_step)
{
	struct sim *sim = sim_new("a", "a: retries=1");

	sim_run(sim);
	sim_finish(sim, "a", FINISH_RETRY);
	ck_assert_str_eq(sim_states(sim), "a=running");
	sim_free(sim);
}
END_TEST

/* The longest of many delays comes near what the n-th try may wait, and none is longer. */
static int64_t longest_delay(const char *options, uint32_t tries)
{
	int64_t longest = 0;

	for (int round = 0; round < 200; round++) {
		struct sim *sim = sim_new_empty((uint64_t)round, options);
		int64_t due = 0;

		sim->dag = sim_dag("a", options);
		sim_capacity(sim, "", 1);
		sim_run(sim);
		for (uint32_t i = 0; i < tries; i++) {
			if (i > 0)
				sim_wake(sim, "a");
			sim_finish(sim, "a", FINISH_RETRY);
			due = sim_instance(sim, "a")->timer.due_us;
		}
		longest = due > longest ? due : longest;
		sim_free(sim);
	}
	return longest;
}

START_TEST(the_delay_doubles_up_to_its_most)
{
	const char *endless = "a: retries=9 retry_delay=1000";
	const char *capped = "a: retries=9 retry_delay=1000 retry_max_delay=3000";

	ck_assert_int_le(longest_delay(endless, 1), 1000000);
	ck_assert_int_gt(longest_delay(endless, 1), 900000);
	ck_assert_int_le(longest_delay(endless, 3), 4000000);
	ck_assert_int_gt(longest_delay(endless, 3), 3600000);
	ck_assert_int_le(longest_delay(capped, 5), 3000000);
	ck_assert_int_gt(longest_delay(capped, 5), 2700000);
}
END_TEST

START_TEST(a_lost_attempt_is_no_try_but_may_be_lost_three_times_only)
{
	struct sim *sim = sim_new("a", "");

	sim_run(sim);
	for (int i = 0; i < 3; i++) {
		sim_lose(sim, "a", 0);
		ck_assert_str_eq(sim_states(sim), "a=running");
		ck_assert_uint_eq(sim_instance(sim, "a")->tries, 0);
	}
	sim_lose(sim, "a", LOST_PLANNED);
	ck_assert_str_eq(sim_states(sim), "a=running");
	sim_lose(sim, "a", 0);
	ck_assert_str_eq(sim_states(sim), "a=failed");
	ck_assert_str_eq(sim_why(sim, "a"), "lost its runner 4 times");
	sim_free(sim);
}
END_TEST

START_TEST(a_returned_attempt_counts_for_nothing)
{
	struct sim *sim = sim_new("a", "");
	int64_t fence;

	sim->flags |= SIM_MANUAL;
	sim_run(sim);
	fence = sim_instance(sim, "a")->fence;
	ck_assert_int_eq(sim_return(sim, "a"), ENGINE_OK);
	ck_assert_str_eq(sim_states(sim), "a=queued");
	ck_assert_int_gt(sim_instance(sim, "a")->fence, fence);
	ck_assert_uint_eq(sim_instance(sim, "a")->number, 1);
	ck_assert_uint_eq(sim_instance(sim, "a")->lost, 0);
	sim_start(sim, "a");
	ck_assert_int_eq(sim_return(sim, "a"), ENGINE_CONFLICT);
	sim_free(sim);
}
END_TEST

START_TEST(again_keeps_number_and_attempt_and_gets_a_new_fence)
{
	struct sim *sim = sim_new("a", "");
	struct instance *a;
	int64_t attempt, fence;

	sim_run(sim);
	a = sim_instance(sim, "a");
	attempt = a->attempt_id;
	fence = a->fence;
	sim_again(sim, "a", 30000);
	ck_assert_str_eq(sim_states(sim), "a=up_for_reschedule");
	ck_assert_str_eq(sim_why(sim, "a"), "looks again in 30 s");
	sim_pass(sim, 29999);
	ck_assert_str_eq(sim_states(sim), "a=up_for_reschedule");
	sim_pass(sim, 1);
	ck_assert_str_eq(sim_states(sim), "a=running");
	ck_assert_uint_eq(a->number, 1);
	ck_assert_int_eq(a->attempt_id, attempt);
	ck_assert_int_gt(a->fence, fence);
	sim_again(sim, "a", 0);
	ck_assert_str_eq(sim_states(sim), "a=running");
	sim_free(sim);
}
END_TEST

START_TEST(long_waits_are_told_in_minutes_and_hours)
{
	struct sim *sim = sim_new("a", "");

	sim_run(sim);
	sim_again(sim, "a", 600000);
	ck_assert_str_eq(sim_why(sim, "a"), "looks again in 10 min");
	sim_wake(sim, "a");
	sim_again(sim, "a", 36000000);
	ck_assert_str_eq(sim_why(sim, "a"), "looks again in 10 h");
	sim->now_us = INT64_C(99999999999);
	ck_assert_str_eq(sim_why(sim, "a"), "looks again in 0 s");
	sim_free(sim);
}
END_TEST

START_TEST(a_call_after_again_that_is_returned_is_still_the_same_attempt)
{
	struct sim *sim = sim_new("a", "");
	int64_t attempt;

	sim_run(sim);
	attempt = sim_instance(sim, "a")->attempt_id;
	sim->flags |= SIM_MANUAL;
	sim_again(sim, "a", 0);
	sim_return(sim, "a");
	ck_assert_str_eq(sim_states(sim), "a=queued");
	ck_assert_int_eq(sim_instance(sim, "a")->attempt_id, attempt);
	sim_cancel(sim, "a");
	sim_return(sim, "a");
	ck_assert_str_eq(sim_states(sim), "a=cancelled");
	ck_assert_int_eq(sim_instance(sim, "a")->attempt, ATTEMPT_CANCELLED);
	sim_free(sim);
}
END_TEST

START_TEST(who_waits_for_input_goes_on_when_woken)
{
	struct sim *sim = sim_new("a", "");

	sim_run(sim);
	ck_assert_int_eq(sim_wake(sim, "a"), ENGINE_CONFLICT);
	sim_finish(sim, "a", FINISH_AWAIT);
	ck_assert_str_eq(sim_states(sim), "a=awaiting_input");
	ck_assert_str_eq(sim_why(sim, "a"), "waiting for input");
	sim_pass(sim, 100000000);
	ck_assert_str_eq(sim_states(sim), "a=awaiting_input");
	ck_assert_int_eq(sim_wake(sim, "a"), ENGINE_OK);
	ck_assert_str_eq(sim_states(sim), "a=running");
	sim_free(sim);
}
END_TEST

START_TEST(a_timeout_cancels_and_is_retried)
{
	struct sim *sim = sim_new("a", "a: timeout=60000 retries=1");

	sim_run(sim);
	sim_pass(sim, 59999);
	ck_assert_uint_eq(sim->cancelled.count, 0);
	sim_pass(sim, 1);
	ck_assert_uint_eq(sim->cancelled.count, 1);
	ck_assert_str_eq(sim_states(sim), "a=running");
	ck_assert_str_eq(sim_why(sim, "a"), "timed out, being cancelled");
	sim_finish(sim, "a", FINISH_CANCELLED);
	ck_assert_str_eq(sim_states(sim), "a=running");
	sim_pass(sim, 60000);
	sim_lose(sim, "a", 0);
	ck_assert_str_eq(sim_states(sim), "a=failed");
	ck_assert_str_eq(sim_why(sim, "a"), "timed out after 60 s");
	sim_free(sim);
}
END_TEST

START_TEST(what_was_done_before_the_timeout_bit_is_done)
{
	struct sim *sim = sim_new("a", "a: timeout=60000");

	sim_run(sim);
	sim_pass(sim, 60000);
	sim_finish(sim, "a", FINISH_OK);
	ck_assert_str_eq(sim_states(sim), "a=success");
	sim_free(sim);
}
END_TEST

START_TEST(the_timeout_is_the_sum_over_all_calls_but_not_the_waits)
{
	struct sim *sim = sim_new("a", "a: timeout=60000");

	sim_run(sim);
	sim_pass(sim, 40000);
	sim_again(sim, "a", 1000000);
	sim_pass(sim, 1000000);
	sim_pass(sim, 19999);
	ck_assert_uint_eq(sim->cancelled.count, 0);
	sim_pass(sim, 1);
	ck_assert_uint_eq(sim->cancelled.count, 1);
	sim_again(sim, "a", 1);
	ck_assert_str_eq(sim_states(sim), "a=failed");
	sim_free(sim);
}
END_TEST

START_TEST(a_clock_that_goes_back_stands_still)
{
	struct sim *sim = sim_new("a", "");

	sim->now_us = 1000000;
	sim_run(sim);
	sim_again(sim, "a", 1000);
	sim->now_us = 0;
	sim_pass(sim, 0);
	ck_assert_str_eq(sim_states(sim), "a=up_for_reschedule");
	sim->now_us = 2000000;
	sim_pass(sim, 0);
	ck_assert_str_eq(sim_states(sim), "a=running");
	sim_free(sim);
}
END_TEST

START_TEST(late_and_doubled_messages_are_stale)
{
	struct sim *sim = sim_new("a", "a: retries=1");
	struct event event = {.type = EVENT_FINISHED};

	sim_run(sim);
	event.finished.id = sim_instance(sim, "a")->attempt_id;
	event.finished.fence = sim_instance(sim, "a")->fence;
	ck_assert_int_eq(sim_start(sim, "a"), ENGINE_OK);
	sim_finish(sim, "a", FINISH_RETRY);
	ck_assert_int_eq(sim_step(sim, &event), ENGINE_STALE);
	event.type = EVENT_STARTED;
	ck_assert_int_eq(sim_step(sim, &event), ENGINE_STALE);
	event.type = EVENT_LOST;
	ck_assert_int_eq(sim_step(sim, &event), ENGINE_STALE);
	event.type = EVENT_RETURNED;
	ck_assert_int_eq(sim_step(sim, &event), ENGINE_STALE);
	ck_assert_str_eq(sim_states(sim), "a=running");
	sim_free(sim);
}
END_TEST

START_TEST(an_end_without_start_is_both_in_one_row)
{
	struct sim *sim = sim_new("a", "");
	struct event event = {.type = EVENT_FINISHED};
	const struct effects_attempt *change = NULL;

	sim->flags |= SIM_MANUAL;
	sim_run(sim);
	sim->flags |= SIM_HOLD;
	event.finished.id = sim_instance(sim, "a")->attempt_id;
	event.finished.fence = sim_instance(sim, "a")->fence;
	ck_assert_int_eq(sim_step(sim, &event), ENGINE_OK);
	ck_assert_uint_eq(sim->effects.attempts.count, 1);
	change = &sim->effects.attempts.items[0];
	ck_assert_int_eq(change->before, ATTEMPT_CLAIMED);
	ck_assert_int_eq(change->state, ATTEMPT_SUCCEEDED);
	ck_assert_int_gt(change->used_us, 0);
	sim_free(sim);
}
END_TEST

START_TEST(what_was_never_made_can_be_freed)
{
	engine_free(NULL);
	run_free(NULL);
}
END_TEST

int main(void)
{
	TCase *cases = tcase_create("attempt");

	tcase_add_test(cases, a_failure_is_retried_while_retries_last);
	tcase_add_test(cases, fail_is_for_good);
	tcase_add_test(cases, cancelled_without_being_asked_is_a_failure);
	tcase_add_test(cases, without_delay_the_retry_is_claimed_in_the_same_step);
	tcase_add_test(cases, the_delay_doubles_up_to_its_most);
	tcase_add_test(cases, a_lost_attempt_is_no_try_but_may_be_lost_three_times_only);
	tcase_add_test(cases, a_returned_attempt_counts_for_nothing);
	tcase_add_test(cases, again_keeps_number_and_attempt_and_gets_a_new_fence);
	tcase_add_test(cases, long_waits_are_told_in_minutes_and_hours);
	tcase_add_test(cases, a_call_after_again_that_is_returned_is_still_the_same_attempt);
	tcase_add_test(cases, who_waits_for_input_goes_on_when_woken);
	tcase_add_test(cases, a_timeout_cancels_and_is_retried);
	tcase_add_test(cases, what_was_done_before_the_timeout_bit_is_done);
	tcase_add_test(cases, the_timeout_is_the_sum_over_all_calls_but_not_the_waits);
	tcase_add_test(cases, a_clock_that_goes_back_stands_still);
	tcase_add_test(cases, late_and_doubled_messages_are_stale);
	tcase_add_test(cases, an_end_without_start_is_both_in_one_row);
	tcase_add_test(cases, what_was_never_made_can_be_freed);
	return suite_run("engine_attempt", cases);
}

/* engine_map_test.c - mapped tasks, one sentence at a time
 *
 * Each step is also compared with the reference and checked for the invariants (sim.h).
 */
#include <check.h>

#include "lib/compiler.h"
#include "tests/sim/sim.h"
#include "tests/suite.h"

/* -- mapped tasks -- */

START_TEST(a_mapped_task_has_an_instance_for_each_item)
{
	struct sim *sim = sim_new("list -> each -> sum", "each: map");

	sim->items[1] = 3;
	sim_run(sim);
	ck_assert_str_eq(sim_states(sim), "list=running each=none sum=none");
	sim_finish(sim, "list", FINISH_OK);
	ck_assert_str_eq(sim_states(sim), "list=success each[0]=running each[1]=running "
	                                  "each[2]=running sum=none");
	sim_finish(sim, "each[1]", FINISH_OK);
	sim_finish(sim, "each[0]", FINISH_OK);
	ck_assert_str_eq(sim_why(sim, "sum"), "waiting for each");
	sim_finish(sim, "each[2]", FINISH_OK);
	ck_assert_str_eq(sim_states(sim), "list=success each[0]=success each[1]=success "
	                                  "each[2]=success sum=running");
	sim_free(sim);
}
END_TEST

START_TEST(every_mapped_instance_counts)
{
	struct sim *sim = sim_new("each -> sum", "each: map");

	sim_run(sim);
	sim_finish(sim, "each[1]", FINISH_FAIL);
	ck_assert_str_eq(sim_states(sim), "each[0]=running each[1]=failed sum=upstream_failed");
	ck_assert_str_eq(sim_why(sim, "sum"), "trigger rule all_success: each[1] is failed");
	sim_free(sim);
}
END_TEST

START_TEST(an_empty_list_is_one_skipped_instance)
{
	struct sim *sim = sim_new("each -> sum", "each: map");

	sim->items[0] = 0;
	sim_run(sim);
	ck_assert_str_eq(sim_states(sim), "each=skipped sum=skipped");
	ck_assert_str_eq(sim_why(sim, "each"), "`map` was empty");
	sim_free(sim);
}
END_TEST

START_TEST(a_list_that_fails_or_is_too_long_runs_unmapped_to_say_so)
{
	static const int64_t items[] = {-1, 1000001};
	struct sim *sim = sim_new("each", "each: map");

	for (size_t i = 0; i < countof(items); i++) {
		struct event event = {.type = EVENT_CLEAR, .clear = {1, NULL, 0, 0}};

		sim->items[0] = items[i];
		if (i == 0) {
			sim_run(sim);
			sim_finish(sim, "each", FINISH_FAIL);
			continue;
		}
		/* more than the reference can hold */
		effects_clear(&sim->effects);
		ck_assert_int_eq(engine_step(sim->engine, &event, 0, &sim->effects), ENGINE_OK);
	}
	ck_assert_str_eq(sim_states(sim), "each=queued");
	effects_clear(&sim->effects);
	sim_free(sim);
}
END_TEST

START_TEST(max_active_holds_items_back)
{
	struct sim *sim = sim_new("each", "each: map max_active=2");

	sim->items[0] = 4;
	sim_run(sim);
	ck_assert_str_eq(sim_states(sim),
	                 "each[0]=running each[1]=running each[2]=none each[3]=none");
	ck_assert_str_eq(sim_why(sim, "each[3]"), "max_active 2/2");
	sim_finish(sim, "each[1]", FINISH_SKIP);
	ck_assert_str_eq(sim_states(sim),
	                 "each[0]=running each[1]=skipped each[2]=running each[3]=none");
	sim_clear(sim, "", CLEAR_ONLY_FAILED);
	sim_finish(sim, "each[0]", FINISH_FAIL);
	sim_clear(sim, "each", CLEAR_ONLY_FAILED);
	ck_assert_str_eq(sim_states(sim),
	                 "each[0]=none each[1]=skipped each[2]=running each[3]=running");
	sim_finish(sim, "each[3]", FINISH_OK);
	ck_assert_str_eq(sim_states(sim),
	                 "each[0]=running each[1]=skipped each[2]=running each[3]=success");
	sim_free(sim);
}
END_TEST

START_TEST(a_cleared_map_asks_for_its_list_again)
{
	struct sim *sim = sim_new("each -> sum", "each: map");

	sim->items[0] = 3;
	sim_run(sim);
	sim_finish(sim, "each[0]", FINISH_OK);
	sim_finish(sim, "each[1]", FINISH_OK);
	sim->items[0] = 2;
	sim_clear(sim, "each", 0);
	ck_assert_str_eq(sim_states(sim), "each[0]=none each[1]=none each[2]=running sum=none");
	ck_assert_str_eq(sim_why(sim, "each[0]"), "cleared, waiting for its attempts to end");
	sim_finish(sim, "each[2]", FINISH_CANCELLED);
	ck_assert_str_eq(sim_states(sim),
	                 "each[0]=running each[1]=running each[2]=removed sum=none");
	sim_finish(sim, "each[0]", FINISH_OK);
	sim_finish(sim, "each[1]", FINISH_OK);
	ck_assert_str_eq(sim_states(sim),
	                 "each[0]=success each[1]=success each[2]=removed sum=running");
	sim->items[0] = 4;
	sim_clear(sim, "each", CLEAR_DOWNSTREAM);
	sim_finish(sim, "sum", FINISH_OK);
	ck_assert_str_eq(sim_states(sim), "each[0]=running each[1]=running each[2]=running "
	                                  "each[3]=running sum=none");
	sim_free(sim);
}
END_TEST

START_TEST(what_a_shorter_list_left_over_says_so)
{
	struct sim *sim = sim_new("each", "each: map");
	struct buf text = {0};

	sim_run(sim);
	sim_finish(sim, "each[0]", FINISH_OK);
	sim_finish(sim, "each[1]", FINISH_OK);
	sim->items[0] = 1;
	sim_clear(sim, "", 0);
	ck_assert_str_eq(sim_states(sim), "each[0]=running each[1]=removed");
	engine_explain(run_item(&engine_run(sim->engine, 1)->nodes[0], 1), 0, &text);
	ck_assert_str_eq(buf_string(&text), "no longer an item of `map`");
	ck_assert_ptr_null(run_instance(engine_run(sim->engine, 1), 0, 1));
	buf_release(&text);
	sim_free(sim);
}
END_TEST

START_TEST(all_items_of_a_map_can_be_cancelled_and_marked_together)
{
	struct sim *sim = sim_new("each", "each: map");

	sim_run(sim);
	sim_finish(sim, "each[0]", FINISH_OK);
	ck_assert_int_eq(sim_cancel(sim, "each[*]"), ENGINE_OK);
	sim_finish(sim, "each[1]", FINISH_CANCELLED);
	ck_assert_str_eq(sim_states(sim), "each[0]=success each[1]=cancelled");
	ck_assert_int_eq(sim_cancel(sim, "each[*]"), ENGINE_CONFLICT);
	ck_assert_int_eq(sim_mark(sim, "each[*]", TASK_SUCCESS), ENGINE_OK);
	ck_assert_str_eq(sim_states(sim), "each[0]=success each[1]=success");
	sim_free(sim);
}
END_TEST

/* -- size -- */

START_TEST(an_instance_fits_its_share_of_memory)
{
	ck_assert_uint_le(sizeof(struct instance) + sizeof(struct node) + sizeof(struct heap_entry),
	                  256);
}
END_TEST

int main(void)
{
	TCase *cases = tcase_create("map");

	tcase_add_test(cases, a_mapped_task_has_an_instance_for_each_item);
	tcase_add_test(cases, every_mapped_instance_counts);
	tcase_add_test(cases, an_empty_list_is_one_skipped_instance);
	tcase_add_test(cases, a_list_that_fails_or_is_too_long_runs_unmapped_to_say_so);
	tcase_add_test(cases, max_active_holds_items_back);
	tcase_add_test(cases, a_cleared_map_asks_for_its_list_again);
	tcase_add_test(cases, what_a_shorter_list_left_over_says_so);
	tcase_add_test(cases, all_items_of_a_map_can_be_cancelled_and_marked_together);
	tcase_add_test(cases, an_instance_fits_its_share_of_memory);
	return suite_run("engine_map", cases);
}

/* explanation_test.c - the lines that say why what waits of a run does */
#include <check.h>

#include "lib/compiler.h"
#include "scheduler/core/explanation.h"
#include "tests/sim/sim.h"
#include "tests/suite.h"

/* `a=… b=…`, a dash where nothing is said */
static const char *lines_of(struct sim *sim, const char *trouble)
{
	const struct run *run = engine_run(sim->engine, sim->last_run);
	struct explanation *explanation = explanation_new(run, sim->now_us, trouble);
	uint32_t task = 0, item = 0;
	const struct instance *instance;

	buf_clear(&sim->text);
	while ((instance = run_next(run, &task, &item))) {
		const char *text = explanation_find(explanation, instance->id,
		                                    (enum task_state)instance->state);

		buf_printf(&sim->text, "%s=%s; ", instance->node->task->name, text ? text : "-");
	}
	buf_printf(&sim->text, "run=%s", explanation->run ? explanation->run : "-");
	explanation_free(explanation);
	return buf_string(&sim->text);
}

START_TEST(what_waits_says_why)
{
	struct sim *sim = sim_new("a -> b; c; d", "c: pool=small; d: pool=small");

	sim_pool(sim, "small", 1);
	sim_run(sim);
	ck_assert_str_eq(lines_of(sim, NULL), "a=-; b=waiting for a; c=-; d=pool small 1/1 held by "
	                                      "dag.c; run=-");
	sim_finish(sim, "a", FINISH_OK);
	ck_assert_int_eq(sim_cancel(sim, "c"), ENGINE_OK);
	ck_assert_str_eq(lines_of(sim, NULL), "a=-; b=-; c=being cancelled; d=pool small 1/1 held "
	                                      "by dag.c; run=-");
	sim_free(sim);
}
END_TEST

START_TEST(trouble_is_what_the_next_ones_wait_for)
{
	struct sim *sim = sim_new("a -> b; c", "c: pool=small");

	sim_pool(sim, "small", 0);
	sim_run(sim);
	ck_assert_str_eq(lines_of(sim, "no room"), "a=-; b=waiting for a; c=no room; run=no room");
	sim_free(sim);
}
END_TEST

START_TEST(a_line_is_of_a_state)
{
	struct sim *sim = sim_new("a -> b", "");
	const struct run *run;
	struct explanation *explanation;
	int64_t b;

	sim_run(sim);
	run = engine_run(sim->engine, sim->last_run);
	b = run->nodes[1].first->id;
	explanation = explanation_new(run, sim->now_us, NULL);
	ck_assert_ptr_nonnull(explanation_find(explanation, b, TASK_NONE));
	ck_assert_ptr_null(explanation_find(explanation, b, TASK_RUNNING));
	ck_assert_ptr_null(explanation_find(explanation, b + 1000, TASK_NONE));
	ck_assert_ptr_null(explanation_find(NULL, b, TASK_NONE));
	explanation_free(explanation);
	sim_free(sim);
}
END_TEST

START_TEST(a_paused_run_and_all_its_tasks_say_so)
{
	struct sim *sim = sim_new("a -> b", "");

	sim_pause(sim, "dag", 1);
	sim_run(sim);
	ck_assert_str_eq(lines_of(sim, NULL), "a=paused; b=paused; run=paused");
	sim_free(sim);
}
END_TEST

int main(void)
{
	TCase *cases = tcase_create("explanation");

	tcase_add_test(cases, what_waits_says_why);
	tcase_add_test(cases, trouble_is_what_the_next_ones_wait_for);
	tcase_add_test(cases, a_line_is_of_a_state);
	tcase_add_test(cases, a_paused_run_and_all_its_tasks_say_so);
	return suite_run("explanation", cases);
}

/* state_test.c - which state may follow which */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "lib/compiler.h"
#include "scheduler/core/state.h"
#include "tests/suite.h"

struct legal {
	const char *from, *to; /* `to`: names with blanks between */
};

/* Copied from the design, not from state.c. */
static const struct legal tasks[] = {
	{"none", " scheduled skipped upstream_failed removed cancelled "},
	{"scheduled", " queued skipped cancelled "},
	{"queued", " running scheduled cancelled "},
	{"running", " success failed skipped up_for_retry up_for_reschedule awaiting_input "
                    "scheduled cancelled "},
	{"up_for_retry", " scheduled failed cancelled "},
	{"up_for_reschedule", " scheduled failed cancelled "},
	{"awaiting_input", " scheduled failed cancelled "},
	{"success", " none failed skipped "},
	{"failed", " none success skipped "},
	{"skipped", " none success failed "},
	{"upstream_failed", " none success failed skipped "},
	{"removed", " none success failed skipped "},
	{"cancelled", " none success failed skipped "},
};

static const struct legal attempts[] = {
	{"none", " claimed "},
	{"claimed", " started returned again "},
	{"started", " again succeeded failed skipped cancelled lost "},
	{"again", " claimed cancelled "},
	{"succeeded", " "},
	{"failed", " "},
	{"skipped", " "},
	{"cancelled", " "},
	{"lost", " "},
	{"returned", " "},
};

static const struct legal runs[] = {
	{"queued", " running cancelled "},        {"running", " success failed cancelled "},
	{"success", " queued failed cancelled "}, {"failed", " queued success cancelled "},
	{"cancelled", " queued success failed "},
};

static int names(const char *list, const char *name)
{
	char padded[32];

	(void)snprintf(padded, sizeof(padded), " %s ", name);
	return strstr(list, padded) != NULL;
}

START_TEST(a_task_goes_only_where_the_design_lets_it)
{
	ck_assert_uint_eq(countof(tasks), TASK_STATE_COUNT);
	for (enum task_state from = 0; from < TASK_STATE_COUNT; from++) {
		ck_assert_str_eq(state_task_name(from), tasks[from].from);
		for (enum task_state to = 0; to < TASK_STATE_COUNT; to++)
			ck_assert_int_eq(state_task_allows(from, to),
			                 names(tasks[from].to, state_task_name(to)));
	}
}
END_TEST

START_TEST(an_attempt_goes_only_where_the_design_lets_it)
{
	ck_assert_uint_eq(countof(attempts), ATTEMPT_STATE_COUNT);
	for (enum attempt_state from = 0; from < ATTEMPT_STATE_COUNT; from++) {
		ck_assert_str_eq(state_attempt_name(from), attempts[from].from);
		for (enum attempt_state to = 0; to < ATTEMPT_STATE_COUNT; to++)
			ck_assert_int_eq(state_attempt_allows(from, to),
			                 names(attempts[from].to, state_attempt_name(to)));
	}
}
END_TEST

START_TEST(a_run_goes_only_where_the_design_lets_it)
{
	ck_assert_uint_eq(countof(runs), RUN_STATE_COUNT);
	for (enum run_state from = 0; from < RUN_STATE_COUNT; from++) {
		ck_assert_str_eq(state_run_name(from), runs[from].from);
		for (enum run_state to = 0; to < RUN_STATE_COUNT; to++)
			ck_assert_int_eq(state_run_allows(from, to),
			                 names(runs[from].to, state_run_name(to)));
	}
}
END_TEST

START_TEST(names_lead_back_to_states)
{
	for (enum task_state state = 0; state < TASK_STATE_COUNT; state++)
		ck_assert_int_eq(state_task_from_name(state_task_name(state)), state);
	for (enum attempt_state state = 0; state < ATTEMPT_STATE_COUNT; state++)
		ck_assert_int_eq(state_attempt_from_name(state_attempt_name(state)), state);
	for (enum run_state state = 0; state < RUN_STATE_COUNT; state++)
		ck_assert_int_eq(state_run_from_name(state_run_name(state)), state);
	ck_assert_int_eq(state_task_from_name("done"), -1);
	ck_assert_int_eq(state_attempt_from_name(""), -1);
	ck_assert_int_eq(state_run_from_name("Success"), -1);
}
END_TEST

START_TEST(finished_and_live_are_what_they_say)
{
	for (enum task_state state = 0; state < TASK_STATE_COUNT; state++) {
		const char *name = state_task_name(state);

		ck_assert_int_eq(
			state_task_is_finished(state),
			names(" success failed skipped upstream_failed removed cancelled ", name));
		ck_assert_int_eq(state_task_is_live(state), names(" queued running ", name));
	}
	for (enum run_state state = 0; state < RUN_STATE_COUNT; state++)
		ck_assert_int_eq(state_run_is_finished(state),
		                 names(" success failed cancelled ", state_run_name(state)));
}
END_TEST

int main(void)
{
	TCase *cases = tcase_create("state");

	tcase_add_test(cases, a_task_goes_only_where_the_design_lets_it);
	tcase_add_test(cases, an_attempt_goes_only_where_the_design_lets_it);
	tcase_add_test(cases, a_run_goes_only_where_the_design_lets_it);
	tcase_add_test(cases, names_lead_back_to_states);
	tcase_add_test(cases, finished_and_live_are_what_they_say);
	return suite_run("state", cases);
}

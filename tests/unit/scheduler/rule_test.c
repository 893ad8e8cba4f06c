/* rule_test.c - trigger rules against Airflow's own evaluation */
#include <check.h>
#include <jansson.h>

#include "lib/compiler.h"
#include "lib/str.h"
#include "scheduler/core/rule.h"
#include "scheduler/core/state.h"
#include "tests/suite.h"

/* The data calls it so; ours is the same. */
static enum rule_verdict verdict_of(const char *name)
{
	static const char *const names[] = {"", "runs", "skipped", "upstream_failed"};

	for (size_t i = RULE_RUN; i < countof(names); i++) {
		if (str_equal(names[i], name))
			return (enum rule_verdict)i;
	}
	ck_abort_msg("no verdict '%s'", name);
}

static enum dag_rule rule_of(const char *name)
{
	for (enum dag_rule rule = 0; rule < RULE_COUNT; rule++) {
		if (str_equal(dag_rule_name(rule), name))
			return rule;
	}
	ck_abort_msg("no rule '%s'", name);
}

static void add(struct rule_counters *upstream, enum task_state state)
{
	ck_assert(state_task_is_finished(state));
	upstream->total++;
	upstream->success += state == TASK_SUCCESS;
	upstream->failed += state == TASK_FAILED || state == TASK_CANCELLED;
	upstream->upstream_failed += state == TASK_UPSTREAM_FAILED;
	upstream->skipped += state == TASK_SKIPPED || state == TASK_REMOVED;
}

START_TEST(a_rule_decides_as_airflow_does_when_all_upstreams_are_finished)
{
	FILE *file = fopen(MILLRACE_SOURCE "/tests/data/trigger_rules.jsonl", "re");
	char line[512];
	size_t lines = 0, i;

	ck_assert_ptr_nonnull(file);
	for (; fgets(line, sizeof(line), file); lines++) {
		json_t *expected = json_loads(line, 0, NULL), *state;
		struct rule_counters upstream = {0};

		ck_assert_ptr_nonnull(expected);
		json_array_foreach(json_object_get(expected, "upstream"), i, state) add(
			&upstream, (enum task_state)state_task_from_name(json_string_value(state)));
		ck_assert_msg(
			rule_decide(rule_of(json_string_value(json_object_get(expected, "rule"))),
		                    &upstream) ==
				verdict_of(json_string_value(json_object_get(expected, "verdict"))),
			"%s", line);
		json_decref(expected);
	}
	ck_assert_uint_eq(lines, 365);
	fclose(file);
}
END_TEST

/* S success, F failed, U upstream_failed, K skipped, `-` not finished. */
struct early {
	enum dag_rule rule;
	const char *upstream;
	enum rule_verdict verdict;
};

static const struct early earlies[] = {
	{RULE_ALL_SUCCESS, "S-", RULE_WAIT},
	{RULE_ALL_SUCCESS, "F-", RULE_UPSTREAM_FAILED},
	{RULE_ALL_SUCCESS, "U-", RULE_UPSTREAM_FAILED},
	{RULE_ALL_SUCCESS, "K-", RULE_SKIP},
	{RULE_ALL_SUCCESS, "KF-", RULE_UPSTREAM_FAILED},
	{RULE_ALL_FAILED, "F-", RULE_WAIT},
	{RULE_ALL_FAILED, "S-", RULE_SKIP},
	{RULE_ALL_FAILED, "K-", RULE_SKIP},
	{RULE_ALL_DONE, "SFUK-", RULE_WAIT},
	/* the one rule the data does not know */
	{RULE_ALL_DONE_MIN_ONE_SUCCESS, "S", RULE_RUN},
	{RULE_ALL_DONE_MIN_ONE_SUCCESS, "SFU", RULE_RUN},
	{RULE_ALL_DONE_MIN_ONE_SUCCESS, "F", RULE_UPSTREAM_FAILED},
	{RULE_ALL_DONE_MIN_ONE_SUCCESS, "FU", RULE_UPSTREAM_FAILED},
	{RULE_ALL_DONE_MIN_ONE_SUCCESS, "SFK", RULE_SKIP},
	{RULE_ALL_DONE_MIN_ONE_SUCCESS, "SF-", RULE_WAIT},
	{RULE_ALL_DONE_MIN_ONE_SUCCESS, "K-", RULE_SKIP},
	{RULE_ALL_SKIPPED, "K-", RULE_WAIT},
	{RULE_ALL_SKIPPED, "S-", RULE_SKIP},
	{RULE_ALL_SKIPPED, "F-", RULE_SKIP},
	{RULE_ONE_SUCCESS, "S-", RULE_RUN},
	{RULE_ONE_SUCCESS, "FKU-", RULE_WAIT},
	{RULE_ONE_FAILED, "F-", RULE_RUN},
	{RULE_ONE_FAILED, "U-", RULE_RUN},
	{RULE_ONE_FAILED, "SK-", RULE_WAIT},
	{RULE_ONE_DONE, "S-", RULE_RUN},
	{RULE_ONE_DONE, "F-", RULE_RUN},
	{RULE_ONE_DONE, "KU-", RULE_WAIT},
	{RULE_NONE_FAILED, "SK-", RULE_WAIT},
	{RULE_NONE_FAILED, "F-", RULE_UPSTREAM_FAILED},
	{RULE_NONE_FAILED_MIN_ONE_SUCCESS, "SK-", RULE_WAIT},
	{RULE_NONE_FAILED_MIN_ONE_SUCCESS, "KU-", RULE_UPSTREAM_FAILED},
	{RULE_NONE_SKIPPED, "SFU-", RULE_WAIT},
	{RULE_NONE_SKIPPED, "K-", RULE_SKIP},
	{RULE_ALWAYS, "-", RULE_RUN},
};

START_TEST(what_cannot_change_any_more_is_decided_at_once)
{
	const struct early *early = &earlies[_i];
	struct rule_counters upstream = {0};

	for (const char *c = early->upstream; *c; c++) {
		upstream.total++;
		upstream.success += *c == 'S';
		upstream.failed += *c == 'F';
		upstream.upstream_failed += *c == 'U';
		upstream.skipped += *c == 'K';
	}
	ck_assert_msg(rule_decide(early->rule, &upstream) == early->verdict, "%s %s",
	              dag_rule_name(early->rule), early->upstream);
}
END_TEST

START_TEST(a_task_without_upstreams_runs_under_every_rule)
{
	struct rule_counters upstream = {0};

	ck_assert_int_eq(rule_decide((enum dag_rule)_i, &upstream), RULE_RUN);
}
END_TEST

int main(void)
{
	TCase *cases = tcase_create("rule");

	tcase_add_test(cases, a_rule_decides_as_airflow_does_when_all_upstreams_are_finished);
	tcase_add_loop_test(cases, what_cannot_change_any_more_is_decided_at_once, 0,
	                    (int)countof(earlies));
	tcase_add_loop_test(cases, a_task_without_upstreams_runs_under_every_rule, 0, RULE_COUNT);
	return suite_run("rule", cases);
}

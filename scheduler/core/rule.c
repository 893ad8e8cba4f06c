/* rule.c - what a trigger rule says, given the states of the upstreams */
#include "scheduler/core/rule.h"

#include <stddef.h>

#include "lib/compiler.h"

/* What may be true of the upstreams. */
enum {
	ANY_SUCCESS = 1 << 0,
	ANY_FAILED = 1 << 1,
	ANY_UPSTREAM_FAILED = 1 << 2,
	ANY_SKIPPED = 1 << 3,
	ALL_SKIPPED = 1 << 4,
	ALL_BAD = 1 << 5,
	DONE = 1 << 6,
	EVER = 1 << 7,
	ANY_BAD = ANY_FAILED | ANY_UPSTREAM_FAILED,
};

/* The first line with a fact that holds decides; none: wait. */
struct rule_line {
	uint32_t facts;
	enum rule_verdict verdict;
};

static const struct rule_line lines[RULE_COUNT][3] = {
	[RULE_ALL_SUCCESS] = {{ANY_BAD, RULE_UPSTREAM_FAILED},
                              {ANY_SKIPPED, RULE_SKIP},
                              {DONE, RULE_RUN}},
	[RULE_ALL_FAILED] = {{ANY_SUCCESS | ANY_SKIPPED, RULE_SKIP}, {DONE, RULE_RUN}},
	[RULE_ALL_DONE] = {{DONE, RULE_RUN}},
	[RULE_ALL_DONE_MIN_ONE_SUCCESS] = {{ANY_SKIPPED, RULE_SKIP},
                                           {ALL_BAD, RULE_UPSTREAM_FAILED},
                                           {DONE, RULE_RUN}},
	[RULE_ALL_SKIPPED] = {{ANY_SUCCESS | ANY_BAD, RULE_SKIP}, {DONE, RULE_RUN}},
	[RULE_ONE_SUCCESS] = {{ANY_SUCCESS, RULE_RUN},
                              {ALL_SKIPPED, RULE_SKIP},
                              {DONE, RULE_UPSTREAM_FAILED}},
	[RULE_ONE_FAILED] = {{ANY_BAD, RULE_RUN}, {DONE, RULE_SKIP}},
	[RULE_ONE_DONE] = {{ANY_SUCCESS | ANY_FAILED, RULE_RUN}, {DONE, RULE_SKIP}},
	[RULE_NONE_FAILED] = {{ANY_BAD, RULE_UPSTREAM_FAILED}, {DONE, RULE_RUN}},
	[RULE_NONE_FAILED_MIN_ONE_SUCCESS] = {{ANY_BAD, RULE_UPSTREAM_FAILED},
                                              {ALL_SKIPPED, RULE_SKIP},
                                              {DONE, RULE_RUN}},
	[RULE_NONE_SKIPPED] = {{ANY_SKIPPED, RULE_SKIP}, {DONE, RULE_RUN}},
	[RULE_ALWAYS] = {{EVER, RULE_RUN}},
};

static uint32_t facts_of(const struct rule_counters *upstream)
{
	uint32_t bad = upstream->failed + upstream->upstream_failed;
	uint32_t done = upstream->success + bad + upstream->skipped;

	return EVER | (upstream->success ? ANY_SUCCESS : 0U) |
	       (upstream->failed ? ANY_FAILED : 0U) |
	       (upstream->upstream_failed ? ANY_UPSTREAM_FAILED : 0U) |
	       (upstream->skipped ? ANY_SKIPPED : 0U) |
	       (upstream->skipped == upstream->total ? ALL_SKIPPED : 0U) |
	       (bad == upstream->total ? ALL_BAD : 0U) | (done == upstream->total ? DONE : 0U);
}

enum rule_verdict rule_decide(enum dag_rule rule, const struct rule_counters *upstream)
{
	uint32_t facts = facts_of(upstream);

	if (upstream->total == 0)
		return RULE_RUN;
	for (size_t i = 0; i < countof(lines[rule]); i++) {
		if (lines[rule][i].facts & facts)
			return lines[rule][i].verdict;
	}
	return RULE_WAIT;
}

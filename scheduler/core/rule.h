/* rule.h - what a trigger rule says, given the states of the upstreams
 *
 * The rules of scheduler.md §2, exactly as Airflow 3.3 evaluates them, with one difference that is
 * ours: what can be decided before all upstreams are done is decided at once. Pure, thread safe.
 */
#ifndef SCHEDULER_CORE_RULE_H
#define SCHEDULER_CORE_RULE_H

#include <stdint.h>

#include "scheduler/core/dag.h"

/* Upstream instances: all of them, and those finished by how they ended. */
struct rule_counters {
	uint32_t total;
	uint32_t success;
	uint32_t failed; /* cancelled ones too */
	uint32_t upstream_failed;
	uint32_t skipped; /* removed ones too */
};

enum rule_verdict {
	RULE_WAIT,
	RULE_RUN,
	RULE_SKIP,
	RULE_UPSTREAM_FAILED,
};

/* A task without upstreams runs under every rule. */
enum rule_verdict rule_decide(enum dag_rule rule, const struct rule_counters *upstream);

#endif

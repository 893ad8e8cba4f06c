/* sim_dag.h - DAGs for the simulation, made without files
 *
 * A small language: sim_dag("load -> clean check -> report", "clean: trigger_rule=all_done retries=2;
 * dag: max_active_runs=1"). Steps are joined by `->`, every name left of an arrow points to every name
 * right of it; `;` ends a chain. Durations are milliseconds. A fault in it aborts the test.
 */
#ifndef TESTS_SIM_SIM_DAG_H
#define TESTS_SIM_SIM_DAG_H

#include "scheduler/core/dag.h"

struct sim_edge {
	uint32_t from, to;
};

/* A DAG of `count` tasks named t0, t1, … with the engine's defaults; dag_release() it. */
struct dag *sim_dag_blank(const char *name, uint32_t count);
/* Sets upstreams and downstreams, once. */
void sim_dag_connect(struct dag *dag, const struct sim_edge *edges, size_t count);
struct dag *sim_dag(const char *graph, const char *options);

#endif

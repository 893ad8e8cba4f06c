/* dag_graph.h - a DAG as a drawing: for a terminal, as SVG, as JSON
 *
 * Pure. Text is UTF-8 with box-drawing characters.
 */
#ifndef SCHEDULER_CORE_DAG_GRAPH_H
#define SCHEDULER_CORE_DAG_GRAPH_H

#include "lib/buf.h"
#include "lib/compiler.h"
#include "lib/err.h"
#include "lib/json.h"
#include "scheduler/core/dag.h"
#include "scheduler/core/state.h"

/* The instances of one task of a run, by state. */
struct dag_graph_task {
	uint32_t count[TASK_STATE_COUNT];
};

/* `run` is the tasks of a run by index, NULL: of none; their states are drawn then. ERR_LIMIT when the
 * DAG is too large to be drawn. */
MUST_CHECK int dag_graph_text(const struct dag *dag, const struct dag_graph_task *run,
                              struct buf *text, struct err *err);
MUST_CHECK int dag_graph_svg(const struct dag *dag, const struct dag_graph_task *run,
                             struct buf *svg, struct err *err);

/* `{"dag", "nodes": [{"task", "operator", "layer", "row"}], "edges": [{"from", "to"}]}`; of a run each
 * node has `state`, what stands for all its instances, and `counts` of them. */
MUST_CHECK json_t *dag_graph_json(const struct dag *dag, const struct dag_graph_task *run,
                                  struct err *err);

#endif

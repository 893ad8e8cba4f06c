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

/* ERR_LIMIT when the DAG is too large to be drawn. */
MUST_CHECK int dag_graph_text(const struct dag *dag, struct buf *text, struct err *err);
MUST_CHECK int dag_graph_svg(const struct dag *dag, struct buf *svg, struct err *err);

/* `{"dag", "nodes": [{"task", "operator", "layer", "row"}], "edges": [{"from", "to"}]}` */
MUST_CHECK json_t *dag_graph_json(const struct dag *dag, struct err *err);

#endif

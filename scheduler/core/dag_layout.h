/* dag_layout.h - where the tasks of a DAG stand when it is drawn
 *
 * Layers go from left to right: a task stands right of all it needs. An edge over several layers goes
 * through a place of its own in each between, so that it crosses no box. Within a layer the order is
 * the one with few crossings. Pure.
 */
#ifndef SCHEDULER_CORE_DAG_LAYOUT_H
#define SCHEDULER_CORE_DAG_LAYOUT_H

#include <stdint.h>

#include "lib/arena.h"
#include "lib/compiler.h"
#include "lib/err.h"
#include "scheduler/core/dag.h"

struct dag_place {
	const struct dag_task *task; /* NULL: an edge passes through */
	uint32_t layer, row;
	struct dag_place **next; /* in the next layer, where its edges go */
	uint32_t next_count;
	/* while rows are sought: the middle of the neighbours, and how many they are */
	double weight;
	uint32_t neighbours;
};

struct dag_layout {
	struct dag_place **places; /* tasks first, in the order of the DAG */
	uint32_t place_count, layer_count, row_count;
};

/* ERR_LIMIT when it takes more than LIMIT_GRAPH_PLACES places. Memory is the arena's. */
MUST_CHECK int dag_layout_make(const struct dag *dag, struct arena *arena,
                               struct dag_layout *layout, struct err *err);

#endif

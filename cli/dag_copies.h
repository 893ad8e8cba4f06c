/* dag_copies.h - DAG files for a server that tests one of them
 *
 * What would start a run by itself, or tell others of it, is left out of the copies.
 */
#ifndef CLI_DAG_COPIES_H
#define CLI_DAG_COPIES_H

#include "lib/arena.h"
#include "lib/err.h"
#include "lib/json.h"
#include "scheduler/core/dag.h"

/* The text of the DAG's file, as it is where nothing has to be left out. */
MUST_CHECK int dag_copies_text(const struct dag *dag, struct buf *text, struct err *err);

/* Where the DAG runs others (dag.run): the good files of `from` but its own, into `to`. */
MUST_CHECK int dag_copies_others(const struct dag *dag, const char *from, const char *to,
                                 struct arena *arena, struct err *err);

#endif

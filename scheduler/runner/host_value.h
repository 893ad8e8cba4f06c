/* host_value.h - values of the ABI and values of storage, there and back
 *
 * Texts are borrowed; arrays are the arena's. Pure.
 */
#ifndef SCHEDULER_RUNNER_HOST_VALUE_H
#define SCHEDULER_RUNNER_HOST_VALUE_H

#include "lib/arena.h"
#include "plugins/plugin.h"
#include "storage/db/db.h"
#include "storage/load/load.h"

/* Rows for the loader. */
const struct value *host_value_load(const struct mr_rows *rows, struct arena *arena);
/* NULL when the rows do not say where they came from. */
const struct load_source *host_value_sources(const struct mr_rows *rows, struct arena *arena);

/* A parameter of a statement. */
struct db_value host_value_bind(const struct mr_value *value);
/* A field of a row, its text copied into the arena. */
struct mr_value host_value_field(const struct db_value *value, struct arena *arena);

#endif

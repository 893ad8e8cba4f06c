/* sim_rows.h - the rows that effects announce, and back again
 *
 * What the journal and the repositories are to the service.
 */
#ifndef TESTS_SIM_SIM_ROWS_H
#define TESTS_SIM_SIM_ROWS_H

#include "tests/sim/sim.h"

void sim_rows_write_run(struct sim *sim, const struct run *run);
void sim_rows_write_instance(struct sim *sim, const struct instance *instance);
/* Makes the engine adopt the run. */
void sim_rows_restore(struct sim *sim, const struct sim_run *run);
/* Of a run that the engine has forgotten: rows of tasks that the version does not have go, and the
 * engine adopts the rest. */
void sim_rows_change_version(struct sim *sim, int64_t id, struct dag *dag);
struct sim_row *sim_rows_find(struct sim *sim, int64_t run, int64_t instance);
void sim_rows_free(struct sim_run *run);

#endif

/* invariants.h - what must hold after every step
 *
 * The invariants of scheduler.md §3 that the comparison with the reference does not show by itself.
 * Each aborts the test with the story of the simulation.
 */
#ifndef TESTS_SIM_INVARIANTS_H
#define TESTS_SIM_INVARIANTS_H

#include "tests/sim/sim.h"

void invariants_step(struct sim *sim);
/* The rows say what the engine knows. */
void invariants_rows(struct sim *sim);
void invariants_fail(struct sim *sim, const char *format, ...) PRINTF_LIKE(2, 3) NORETURN;

#endif

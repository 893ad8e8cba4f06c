/* invariants.h - what must hold after every step
 *
 * The invariants of scheduler.md §3 that the comparison with the reference does not show by itself.
 * Each aborts the test with the story of the simulation.
 */
#ifndef TESTS_SIM_INVARIANTS_H
#define TESTS_SIM_INVARIANTS_H

#include "tests/sim/sim.h"

void invariants_step(struct sim *sim);
/* A message that was taken is of an attempt that runs, under the fence it was claimed with. */
void invariants_answer(struct sim *sim, const struct event *event);
/* No other attempt of the instance is under way, and each fence is higher than those before. */
void invariants_claim(struct sim *sim, const struct effects_attempt *change);
/* The rows say what the engine knows. */
void invariants_rows(struct sim *sim);
void invariants_fail(struct sim *sim, const char *format, ...) PRINTF_LIKE(2, 3) NORETURN;

#endif

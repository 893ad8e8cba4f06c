/* attempts.h - what runners say, told to the engine
 *
 * The fleet's events over a struct leader: prepares start frames, notes times, outputs and reasons of
 * attempts, and steps the engine.
 */
#ifndef SCHEDULER_SERVICE_ATTEMPTS_H
#define SCHEDULER_SERVICE_ATTEMPTS_H

#include "scheduler/service/fleet.h"

/* `context` is a struct leader. */
extern const struct fleet_events attempts_events;

#endif

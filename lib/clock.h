/* clock.h - the only place that reads a clock
 *
 * Engine and tests get time as an argument; only the rim calls these. Thread safe.
 */
#ifndef LIB_CLOCK_H
#define LIB_CLOCK_H

#include <stdint.h>

/* Microseconds since the epoch, UTC. May jump. */
int64_t clock_now_us(void);
/* Microseconds since boot, sleep included. Never jumps back; for durations and timeouts. */
int64_t clock_monotonic_us(void);

#endif

/* fault.h - crash points and clock jumps for tests
 *
 * Built with -Dfaults=true, a process whose environment has MILLRACE_FAULT=name[:n] kills itself
 * with SIGKILL when it passes FAULT("name") for the n-th time (default the first). With
 * MILLRACE_FAULT_ONCE=path only the first process of all that share the path dies. Otherwise the macro
 * is nothing. With MILLRACE_CLOCK=path the wall clock is off by as many seconds as that file says, which
 * may change at any time.
 */
#ifndef LIB_FAULT_H
#define LIB_FAULT_H

#include <stdint.h>

#ifdef MILLRACE_FAULTS
#define FAULT(name) fault_point(name)
#else
#define FAULT(name) ((void)0)
#endif

void fault_point(const char *name);

#ifdef MILLRACE_FAULTS
#define FAULT_CLOCK_US() fault_clock_us()
#else
#define FAULT_CLOCK_US() INT64_C(0)
#endif

/* How far the wall clock is off. */
int64_t fault_clock_us(void);

#endif

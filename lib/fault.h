/* fault.h - crash points, failures, silence and clock jumps for tests
 *
 * Built with -Dfaults=true, a process whose environment has MILLRACE_FAULT=name[:n] kills itself
 * with SIGKILL when it passes FAULT("name") for the n-th time (default the first). With
 * MILLRACE_FAULT_ONCE=path only the first process of all that share the path dies; with
 * MILLRACE_FAULT_STOP=1 it stops (SIGSTOP) instead. Otherwise the macro is nothing.
 * MILLRACE_FAULT_FAILS=name[:n] has FAULT_FAILS("name") be true that one time. MILLRACE_FAULT_SILENCE is
 * how many milliseconds a runner may be silent. With MILLRACE_CLOCK=path the wall clock is off by as
 * many seconds as that file says, which may change at any time.
 */
#ifndef LIB_FAULT_H
#define LIB_FAULT_H

#include <stdint.h>

#ifdef MILLRACE_FAULTS
#define FAULT(name)             fault_point(name)
#define FAULT_FAILS(name)       fault_fails(name)
#define FAULT_SILENCE_US(usual) fault_silence_us(usual)
#define FAULT_CLOCK_US()        fault_clock_us()
#else
#define FAULT(name)             ((void)0)
#define FAULT_FAILS(name)       0
#define FAULT_SILENCE_US(usual) ((int64_t)(usual))
#define FAULT_CLOCK_US()        INT64_C(0)
#endif

void fault_point(const char *name);
int fault_fails(const char *name);
int64_t fault_silence_us(int64_t usual_us);
/* How far the wall clock is off. */
int64_t fault_clock_us(void);

#endif

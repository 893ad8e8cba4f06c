/* fault.h - crash points for tests
 *
 * Built with -Dfaults=true, a process whose environment has MILLRACE_FAULT=name[:n] kills itself
 * with SIGKILL when it passes FAULT("name") for the n-th time (default the first). With
 * MILLRACE_FAULT_ONCE=path only the first process of all that share the path dies. Otherwise the macro
 * is nothing.
 */
#ifndef LIB_FAULT_H
#define LIB_FAULT_H

#ifdef MILLRACE_FAULTS
#define FAULT(name) fault_point(name)
#else
#define FAULT(name) ((void)0)
#endif

void fault_point(const char *name);

#endif

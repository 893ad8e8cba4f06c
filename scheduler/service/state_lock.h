/* state_lock.h - one server per state directory
 *
 * A lock on `lock` in the directory, with our pid in it: the kernel drops it however we end. One thread.
 */
#ifndef SCHEDULER_SERVICE_STATE_LOCK_H
#define SCHEDULER_SERVICE_STATE_LOCK_H

#include "lib/compiler.h"
#include "lib/err.h"

/* Makes the directory where it is missing. The descriptor that holds the lock; -1: ERR_CONFLICT names
 * the process that has it. */
MUST_CHECK int state_lock_take(const char *state_dir, struct err *err);
/* -1 is fine. */
void state_lock_release(int fd);

#endif

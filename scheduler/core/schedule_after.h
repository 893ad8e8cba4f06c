/* schedule_after.h - conditions over DAGs: `a and (b or c)`
 *
 * Names of DAGs, `and`, `or`, parentheses; `and` binds closer. Pure.
 */
#ifndef SCHEDULER_CORE_SCHEDULE_AFTER_H
#define SCHEDULER_CORE_SCHEDULE_AFTER_H

#include <stddef.h>

#include "lib/arena.h"
#include "lib/compiler.h"
#include "lib/err.h"
#include "scheduler/core/schedule.h"

/* Fills `dags` and `steps` from the arena. -1: the byte that is meant is in *offset. */
MUST_CHECK int schedule_after_parse(const char *text, struct schedule *schedule,
                                    struct arena *arena, size_t *offset, struct err *err);

#endif

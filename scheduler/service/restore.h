/* restore.h - runs out of the metadata database, back into the engine's memory
 *
 * What had not ended is taken up at the start; what has ended comes back to be cleared or marked. On
 * the loop's thread.
 */
#ifndef SCHEDULER_SERVICE_RESTORE_H
#define SCHEDULER_SERVICE_RESTORE_H

#include "scheduler/service/leader.h"
#include "storage/repo/run_repo.h"

/* Every run that had not ended; attempts that were under way are lost, or returned when they had not
 * begun. A run that cannot be read is logged and left out. */
MUST_CHECK int restore_unfinished(struct leader *leader, struct err *err);

/* A run that has ended and is not in memory, with the version it ran or, where `dag` is given, with
 * that: its new tasks join as `none`, and a clear must follow in the same turn. NULL on error. */
struct run *restore_ended(struct leader *leader, const struct run_repo_row *row, struct dag *dag,
                          struct err *err);
/* The rows of tasks that its new version does not have become `removed` with the next batch. */
MUST_CHECK int restore_remove_tasks(struct leader *leader, const struct run *run, struct err *err);

/* A version that was stored, by its hash; NULL on error, else a reference of the caller's. */
struct dag *restore_version(struct leader *leader, const char *name, const char *hash,
                            struct arena *arena, struct err *err);

#endif

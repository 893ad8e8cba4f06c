/* live.h - shows a run of the path with what the database does not know: why what waits does
 *
 * A run that has not ended is asked about at the scheduler, then read; one that has is only read. When
 * the scheduler cannot say, what is stored is shown.
 */
#ifndef API_LIVE_H
#define API_LIVE_H

#include "api/request.h"
#include "lib/compiler.h"
#include "lib/json_writer.h"
#include "storage/repo/run_repo.h"
#include "storage/repo/task_repo.h"

typedef int (*live_write_fn)(struct request *request, struct db *db, const struct run_repo_row *run,
                             struct json_writer *w, struct err *err);

enum {
	LIVE_TASKS = 1 << 0, /* its tasks are shown, not only the run */
};

/* Answers with what `write` writes; run and tasks are of one moment. */
void live_show(struct request *request, live_write_fn write, unsigned flags);

/* For `write`: why the task instance waits, or ended as it did; NULL: it does not, or plainly. */
const char *live_reason(const struct request *request, const struct task_repo_row *task);

#endif

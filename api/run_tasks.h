/* run_tasks.h - the task instances of a run, gathered and written
 *
 * What several handlers need of the metadata database: rows, attempts, outputs, log sizes and live
 * progress. On whichever thread the request's work runs.
 */
#ifndef API_RUN_TASKS_H
#define API_RUN_TASKS_H

#include <stdint.h>

#include "api/request.h"
#include "lib/compiler.h"
#include "lib/json_writer.h"
#include "storage/repo/run_repo.h"
#include "storage/repo/task_repo.h"

/* An array of all. */
MUST_CHECK int run_tasks_write(struct request *request, struct db *db,
                               const struct run_repo_row *run, struct json_writer *w,
                               struct err *err);
/* The one of the path and `map_index`, with its attempts. */
MUST_CHECK int run_tasks_write_one(struct request *request, struct db *db,
                                   const struct run_repo_row *run, struct json_writer *w,
                                   struct err *err);

/* The same; of a mapped task, where no `map_index` was given, an array of all. */
MUST_CHECK int run_tasks_write_named(struct request *request, struct db *db,
                                     const struct run_repo_row *run, struct json_writer *w,
                                     struct err *err);

/* The task instance of the path (its third value) and `map_index`; ERR_NOT_FOUND. */
MUST_CHECK int run_tasks_find(struct request *request, struct db *db,
                              const struct run_repo_row *run, struct task_repo_row *task,
                              struct err *err);
/* `?map_index=`, -1 when not given; -1 after it has answered. */
MUST_CHECK int run_tasks_map_index(struct request *request, int32_t *map_index);

/* `dag=…/run=…/task=…[/map=…]/attempt=N.log`, and the file of that name, which is missing while nothing was
 * written. */
const char *run_tasks_log_name(struct request *request, const struct run_repo_row *run,
                               const struct task_repo_row *task, uint32_t number);
const char *run_tasks_log_path(struct request *request, const struct run_repo_row *run,
                               const struct task_repo_row *task, uint32_t number);

#endif

/* run_json.h - runs and task instances as JSON
 *
 * The objects of formats.md §1, the same by REST, on the command line and in callbacks. Pure; texts may be NULL
 * where the row has none.
 */
#ifndef STORAGE_REPO_RUN_JSON_H
#define STORAGE_REPO_RUN_JSON_H

#include <stddef.h>
#include <stdint.h>

#include "lib/json_writer.h"
#include "storage/repo/attempt_repo.h"
#include "storage/repo/output_repo.h"
#include "storage/repo/run_repo.h"
#include "storage/repo/task_repo.h"

/* Opens the object and leaves it open, so that `tasks` may follow. `counts` stands in for the row's
 * own where it has none yet. */
void run_json_begin(const struct run_repo_row *run, const char *counts, struct json_writer *w);

/* How far a running task has come. */
struct run_json_progress {
	int64_t done, total; /* in `unit`; total is -1 when unknown */
	const char *unit, *note;
};

struct run_json_task {
	const char *dag, *run_id; /* NULL: whoever reads it knows */
	const struct task_repo_row *row;
	const struct output_repo_row *outputs; /* of this instance, `output_count` of them */
	size_t output_count;
	int64_t log_bytes;
	const struct attempt_repo_row *attempts;
	size_t attempt_count;
	int with_attempts;                        /* write them */
	const struct run_json_progress *progress; /* NULL: nothing is known */
};

void run_json_task(const struct run_json_task *task, struct json_writer *w);

/* `key` and the moment, null when it is 0. */
void run_json_time(struct json_writer *w, const char *key, int64_t moment_us);

#endif

/* ledger.h - a metadata database of a test's own, and rows to put into it
 *
 * ledger_open() and ledger_close() are the fixture of every case: `db` is migrated and empty, `arena`
 * holds what is read, `err` why a call failed. a_run() and its like make a row, add_run() stores one.
 */
#ifndef TESTS_UNIT_STORAGE_LEDGER_H
#define TESTS_UNIT_STORAGE_LEDGER_H

#include "storage/repo/attempt_repo.h"
#include "storage/repo/run_repo.h"
#include "storage/repo/task_repo.h"
#include "tests/place.h"

#define OK(call) ck_assert_msg((call) >= 0, "%s", err.text)

static struct place place;
static struct db *db;
static struct arena arena;
static struct err err;

static inline void ledger_open(void)
{
	place_make(&place);
	db = place_open(&place);
	arena_init(&arena);
	OK(metadata_migrate(db, 1, &err));
}

static inline void ledger_close(void)
{
	arena_release(&arena);
	db_close(db);
	place_remove(&place);
}

static inline struct run_repo_row a_run(int64_t id, const char *dag, const char *run_id)
{
	return (struct run_repo_row){.id = id,
	                             .dag = dag,
	                             .run_id = run_id,
	                             .state = "queued",
	                             .type = "manual",
	                             .dag_version = "abc",
	                             .params = "{}",
	                             .queued_at_us = 1000 + id};
}

static inline struct task_repo_row a_task(int64_t id, int64_t run, const char *task)
{
	return (struct task_repo_row){.id = id,
	                              .run = run,
	                              .task = task,
	                              .state = "none",
	                              .operator= "flow.noop",
	                              .map_index = -1};
}

static inline struct attempt_repo_row a_claim(int64_t id, int64_t task_instance, int64_t fence)
{
	return (struct attempt_repo_row){.id = id,
	                                 .task_instance = task_instance,
	                                 .fence = fence,
	                                 .number = 1,
	                                 .worker = "local",
	                                 .claimed_at_us = 5};
}

static inline void add_run(int64_t id, const char *dag, const char *run_id)
{
	const struct run_repo_row row = a_run(id, dag, run_id);

	OK(run_repo_insert(db, &row, &err));
}

static inline void add_task(int64_t id, int64_t run, const char *task)
{
	const struct task_repo_row row = a_task(id, run, task);

	OK(task_repo_insert(db, &row, 1, &err));
}

static inline void set_task(int64_t id, const char *state, int64_t attempt)
{
	const struct task_repo_row row = {
		.id = id, .state = state, .attempt = attempt, .map_index = -1, .number = 1};

	OK(task_repo_update(db, &row, &err));
}

#endif

/* batch_store.c - stores a batch */
#include "scheduler/service/batch_store.h"

#include "lib/log.h"

/* Messages that have ended are history for a week. */
static const int64_t outbox_kept_us = INT64_C(7) * 86400 * 1000000;

static int store_dags(const struct batch *batch, struct db *db, struct err *err)
{
	for (size_t i = 0; i < batch->dags.count; i++) {
		if (dag_repo_put(db, &batch->dags.items[i], err) < 0)
			return -1;
	}
	for (size_t i = 0; i < batch->versions.count; i++) {
		if (dag_repo_put_version(db, &batch->versions.items[i], err) < 0)
			return -1;
	}
	for (size_t i = 0; i < batch->pauses.count; i++) {
		if (dag_repo_set_paused(db, batch->pauses.items[i].dag,
		                        batch->pauses.items[i].is_paused, err) < 0)
			return -1;
	}
	return 0;
}

static int store_attempt(const struct batch_attempt *attempt, struct db *db, struct err *err)
{
	switch (attempt->kind) {
	case BATCH_CLAIM:
		return attempt_repo_insert(db, &attempt->row, err);
	case BATCH_CLAIM_AGAIN:
		return attempt_repo_claim_again(db, &attempt->row, err);
	case BATCH_START:
		return attempt_repo_start(db, &attempt->row, err);
	case BATCH_FINISH:
		return attempt_repo_finish(db, &attempt->row, err);
	}
	return 0;
}

static int store_attempts(const struct batch *batch, struct db *db, struct err *err)
{
	for (size_t i = 0; i < batch->attempts.count; i++) {
		const struct batch_attempt *attempt = &batch->attempts.items[i];

		if (store_attempt(attempt, db, err) == 0)
			continue;
		if (err->code != ERR_STALE)
			return -1;
		/* the engine refuses stale messages, so this row was ended by another hand */
		log_warn("journal", "attempt %lld: %s", (long long)attempt->row.id, err->text);
	}
	for (size_t i = 0; i < batch->outputs.count; i++) {
		if (output_repo_put(db, &batch->outputs.items[i], err) < 0)
			return -1;
	}
	return 0;
}

static int store_runs(const struct batch *batch, struct db *db, struct err *err)
{
	for (size_t i = 0; i < batch->runs.count; i++) {
		if (run_repo_update(db, &batch->runs.items[i], err) < 0)
			return -1;
	}
	for (size_t i = 0; i < batch->notes.count; i++) {
		if (run_repo_set_note(db, batch->notes.items[i].run, batch->notes.items[i].note,
		                      err) < 0)
			return -1;
	}
	for (size_t i = 0; i < batch->commands.count; i++) {
		if (command_repo_insert(db, &batch->commands.items[i], err) < 0)
			return -1;
	}
	return 0;
}

static int store_backfills(const struct batch *batch, struct db *db, struct err *err)
{
	for (size_t i = 0; i < batch->backfills.count; i++) {
		if (backfill_repo_put(db, &batch->backfills.items[i], err) < 0)
			return -1;
	}
	for (size_t i = 0; i < batch->joins.count; i++) {
		if (backfill_repo_join(db, batch->joins.items[i].run,
		                       batch->joins.items[i].backfill, err) < 0)
			return -1;
	}
	return 0;
}

static int store_outbox(const struct batch *batch, struct db *db, struct err *err)
{
	for (size_t i = 0; i < batch->messages.count; i++) {
		if (outbox_repo_add(db, &batch->messages.items[i], err) < 0)
			return -1;
	}
	for (size_t i = 0; i < batch->deliveries.count; i++) {
		if (outbox_repo_update(db, &batch->deliveries.items[i], err) < 0)
			return -1;
	}
	if (!batch->deliveries.count)
		return 0;
	return outbox_repo_trim(db, batch->now_us - outbox_kept_us, err);
}

static int store_schedules(const struct batch *batch, struct db *db, struct err *err)
{
	for (size_t i = 0; i < batch->schedules.count; i++) {
		const struct schedule_repo_row *row = &batch->schedules.items[i];

		if (row->spec ? schedule_repo_put(db, row, err) < 0
		              : schedule_repo_remove(db, row->dag, err) < 0)
			return -1;
	}
	for (size_t i = 0; i < batch->objects.count; i++) {
		if (schedule_repo_put_object(db, &batch->objects.items[i], err) < 0)
			return -1;
	}
	return 0;
}

static int store_new(const struct batch *batch, struct db *db, struct err *err)
{
	for (size_t i = 0; i < batch->new_runs.count; i++) {
		if (run_repo_insert(db, &batch->new_runs.items[i], err) < 0)
			return -1;
	}
	if (batch->new_tasks.count &&
	    task_repo_insert(db, batch->new_tasks.items, batch->new_tasks.count, err) < 0)
		return -1;
	for (size_t i = 0; i < batch->maps.count; i++) {
		const struct batch_items *map = &batch->maps.items[i];

		if (task_repo_set_items(db, map->instance, map->items, err) < 0)
			return -1;
	}
	return 0;
}

static int store_tasks(const struct batch *batch, struct db *db, struct err *err)
{
	for (size_t i = 0; i < batch->tasks.count; i++) {
		if (task_repo_update(db, &batch->tasks.items[i], err) < 0)
			return -1;
	}
	return 0;
}

int batch_store(const struct batch *batch, struct db *db, struct err *err)
{
	if (store_dags(batch, db, err) < 0 || store_schedules(batch, db, err) < 0 ||
	    store_new(batch, db, err) < 0 || store_attempts(batch, db, err) < 0 ||
	    store_tasks(batch, db, err) < 0)
		return -1;
	if (store_runs(batch, db, err) < 0 || store_backfills(batch, db, err) < 0 ||
	    store_outbox(batch, db, err) < 0)
		return -1;
	return retention_repo_do(db, batch->retention.items, batch->retention.count, err);
}

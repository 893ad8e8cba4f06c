/* lease_repo.c - which scheduler leads, and which of its batches are stored */
#include "storage/repo/lease_repo.h"

#include "lib/str.h"

static int take(struct db *db, const struct lease_repo_claim *claim, int64_t *epoch,
                struct err *err)
{
	struct db_stmt *stmt = db_cached(
		db,
		"INSERT INTO lease (lease, epoch, batch, holder, taken_at, home)"
		" VALUES ('leader', 1, 0, $1, $2, $3) ON CONFLICT (lease) DO UPDATE"
		" SET epoch = lease.epoch + 1, batch = 0, beat = 0, holder = $1, taken_at = $2,"
		" home = $3 WHERE lease.epoch = $4 OR $4 = -1 RETURNING epoch",
		err);
	int row;

	if (!stmt)
		return -1;
	db_bind_text(stmt, 1, claim->holder);
	db_bind_int(stmt, 2, claim->now_us);
	db_bind_text(stmt, 3, claim->home);
	db_bind_int(stmt, 4, claim->epoch);
	*epoch = 0;
	while ((row = db_step(stmt, err)) > 0)
		*epoch = db_column_int(stmt, 0);
	if (row == 0 && *epoch == 0)
		return err_set(err, ERR_STALE, "another was quicker to take the lead");
	return row;
}

int lease_repo_take(struct db *db, const struct lease_repo_claim *claim,
                    struct lease_repo_lease *lease, struct err *err)
{
	int64_t epoch = 0;

	if (db_begin(db, DB_WRITE, err) < 0)
		return -1;
	if (take(db, claim, &epoch, err) < 0) {
		db_rollback(db);
		return -1;
	}
	if (db_commit(db, err) < 0)
		return -1;
	*lease = (struct lease_repo_lease){.epoch = epoch};
	return 0;
}

int lease_repo_read(struct db *db, struct lease_repo_row *row, struct err *err)
{
	struct db_stmt *stmt =
		db_cached(db,
	                  "SELECT epoch, batch, beat, holder, coalesce(home, '') FROM lease"
	                  " WHERE lease = 'leader'",
	                  err);
	int found = stmt ? db_step(stmt, err) : -1;

	if (found <= 0)
		return found;
	*row = (struct lease_repo_row){
		.epoch = db_column_int(stmt, 0),
		.batch = db_column_int(stmt, 1),
		.beat = db_column_int(stmt, 2),
	};
	str_copy(row->holder, sizeof(row->holder), db_column_text(stmt, 3));
	str_copy(row->home, sizeof(row->home), db_column_text(stmt, 4));
	db_reset(stmt);
	return 1;
}

/* The update has met no row: either it was stored before, or somebody else leads. */
static int why_not(struct db *db, const struct lease_repo_lease *lease, struct err *err)
{
	struct db_stmt *stmt =
		db_cached(db, "SELECT epoch, batch, holder FROM lease WHERE lease = 'leader'", err);
	int result = 1;
	int row;

	if (!stmt)
		return -1;
	row = db_step(stmt, err);
	if (row < 0)
		return -1;
	if (row == 0)
		return err_set(err, ERR_STALE, "the lease of the scheduler is gone");
	if (db_column_int(stmt, 0) != lease->epoch)
		result = err_set(err, ERR_STALE, "'%s' leads by now", db_column_text(stmt, 2));
	else if (db_column_int(stmt, 1) != lease->batch + 1)
		result = err_set(err, ERR_INTERNAL, "batch %lld follows batch %lld",
		                 (long long)lease->batch + 1, (long long)db_column_int(stmt, 1));
	db_reset(stmt);
	return result;
}

int lease_repo_advance(struct db *db, const struct lease_repo_lease *lease, struct err *err)
{
	struct db_stmt *stmt =
		db_cached(db,
	                  "UPDATE lease SET batch = $1"
	                  " WHERE lease = 'leader' AND epoch = $2 AND batch = $1 - 1",
	                  err);

	if (!stmt)
		return -1;
	db_bind_int(stmt, 1, lease->batch + 1);
	db_bind_int(stmt, 2, lease->epoch);
	if (db_run(stmt, err) < 0)
		return -1;
	return db_changes(db) == 1 ? 0 : why_not(db, lease, err);
}

int lease_repo_touch(struct db *db, const struct lease_repo_lease *lease, struct err *err)
{
	struct db_stmt *stmt = metadata_by_id(
		db, "UPDATE lease SET beat = beat + 1 WHERE lease = 'leader' AND epoch = $1",
		lease->epoch, err);

	if (!stmt || db_run(stmt, err) < 0)
		return -1;
	if (db_changes(db) == 1)
		return 0;
	return why_not(db, lease, err) < 0 ? -1 : 0;
}

int lease_repo_leave(struct db *db, const struct lease_repo_lease *lease, struct err *err)
{
	struct db_stmt *stmt = metadata_by_id(
		db, "UPDATE lease SET home = NULL WHERE lease = 'leader' AND epoch = $1",
		lease->epoch, err);

	return stmt ? db_run(stmt, err) : -1;
}

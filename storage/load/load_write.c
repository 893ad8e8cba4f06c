/* load_write.c - transactions of a load: rows, rejects and checkpoint appear together */
#include "storage/load/load_write.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "lib/clock.h"
#include "lib/fault.h"
#include "lib/mem.h"
#include "storage/load/load_copy.h"
#include "storage/load/load_fill.h"

enum {
	LOOK_ROWS = 64, /* between looks at the gate */
	TICK_ROWS = 1024,
	TICK_US = 100000,
	TURN_SLICE_MS = 250,
	/* how long a turn is before giving way: so many times what that takes, within bounds */
	TURN_FACTOR = 5,
	TURN_LEAST_US = 20000,
	TURN_MOST_US = 50000,
	WAL_PAGES = 16000, /* where the log is moved into the database */
};

/* Of a load in one transaction first what was read is told, then how much of that is written. */
int load_write_tick(struct load *load, struct err *err)
{
	const struct load_context *context = &load->context;
	int writes = load->turn_rows > 0 && load->options.chunk_rows == LOAD_CHUNK_NONE;
	struct load_progress progress = {
		.rows = writes ? load->turn_rows : load->rows_read,
		.rows_total = writes ? load->stage.count : -1,
		.rejected = load->now.rejected + load->staged_rejects,
		.bytes_done = load->bytes,
		.bytes_total = load->bytes_total,
	};
	int64_t now_us;

	if (context->is_cancelled && context->is_cancelled(context->data))
		return err_set(err, ERR_CANCELLED, "the load was cancelled");
	if (!context->progress)
		return 0;
	now_us = clock_monotonic_us();
	if (now_us - load->told_us < TICK_US)
		return 0;
	load->told_us = now_us;
	context->progress(context->data, &progress);
	return 0;
}

int load_write_turn(struct load *load, struct err *err)
{
	struct db *db = load->context.db;
	int64_t timeout_ms = db_timeout_ms(db);
	int64_t end_us = clock_monotonic_us() + timeout_ms * 1000;
	int result;

	/* in slices, to hear of a cancellation in between */
	db_set_timeout_ms(db, TURN_SLICE_MS);
	do {
		result = db_begin(db, DB_WRITE, err);
		if (result == 0 || err->code != ERR_BUSY)
			break;
		if (timeout_ms > 0 && clock_monotonic_us() >= end_us)
			break;
	} while (load_write_tick(load, err) == 0);
	db_set_timeout_ms(db, timeout_ms);
	return result;
}

static const struct column *find_loaded(const struct load *load, const struct column *column)
{
	for (size_t i = 0; i < load->width; i++)
		if (load->columns[i] == column)
			return column;
	return NULL;
}

/* Whether every column of the key (NULL: id) comes with the input. */
static int key_is_loaded(const struct load *load, const struct table_key *key)
{
	if (!key)
		return find_loaded(load, load->table->id) != NULL;
	for (size_t i = 0; i < key->count; i++)
		if (!find_loaded(load, key->columns[i]))
			return 0;
	return 1;
}

/* What conflicts go by: what was asked for, else id when it is given, else the first unique key. */
static int choose_key(const struct load *load, const struct table_key **key, struct err *err)
{
	const struct load_options *options = &load->options;
	const struct table *table = load->table;

	*key = NULL;
	if (options->conflict_key) {
		if (catalog_key(table, options->conflict_key, options->conflict_key_count, key) < 0)
			return err_set(err, ERR_USAGE,
			               "'conflict_key' must be 'id' or a unique key of table '%s'",
			               table->name);
		if (!key_is_loaded(load, *key))
			return err_set(
				err, ERR_USAGE,
				"'conflict_key' cannot be used: the input does not have its columns");
		return 0;
	}
	if (!key_is_loaded(load, NULL) && table->key_count > 0)
		*key = &table->keys[0];
	return 0;
}

static enum table_writer_conflict conflict_of(enum load_conflict conflict)
{
	static const enum table_writer_conflict of[] = {
		[LOAD_CONFLICT_ERROR] = TABLE_WRITER_ERROR,
		[LOAD_CONFLICT_SKIP] = TABLE_WRITER_SKIP,
		[LOAD_CONFLICT_UPDATE] = TABLE_WRITER_UPDATE,
	};

	return of[conflict];
}

int load_write_begin(struct load *load, const struct column *const *columns, size_t width,
                     const char *const *names, size_t name_count, struct err *err)
{
	struct table_writer_options options = {
		.columns = columns,
		.width = width,
		.conflict = conflict_of(load->options.on_conflict),
		.stamp_us = load->record.stamp_us,
	};

	load->columns = columns;
	load->width = width;
	load->names = names;
	load->name_count = name_count;
	if (choose_key(load, &options.key, err) < 0 ||
	    db_set_cache_bytes(load->context.db, LOAD_WRITE_CACHE_BYTES, err) < 0)
		return -1;
	load->writer = table_writer_open(load->context.db, load->table, &options, err);
	if (!load->writer)
		return -1;
	stage_set_width(&load->stage, width);
	load->phase = LOAD_FEEDING;
	return 0;
}

/* Told when a bad row ends the whole load. */
static int stopped(const struct stage_entry *entry, struct err *err)
{
	if (entry->column)
		return err_set(err, ERR_INVALID,
		               "nothing was stored: line %" PRId64 ", column '%s': %.120s (%s)",
		               entry->line, entry->column->name, entry->detail,
		               flaw_name(entry->code));
	return err_set(err, ERR_INVALID, "nothing was stored: line %" PRId64 ": %.150s (%s)",
	               entry->line, entry->detail, flaw_name(entry->code));
}

/* A bad row more: whether the load may go on. */
static int check_bounds(const struct load *load, int64_t rejected, const struct stage_entry *entry,
                        struct err *err)
{
	if (load->options.flags & LOAD_STOP_ON_ERROR)
		return stopped(entry, err);
	if (load->options.max_rejects < 0 || rejected <= load->options.max_rejects)
		return 0;
	return err_set(err, ERR_INVALID,
	               "nothing was stored: more than %" PRId64
	               " bad rows, the last one in line %" PRId64,
	               load->options.max_rejects, entry->line);
}

static void keep_error(struct load *load, const struct stage_entry *entry)
{
	struct load_error *error;

	if (!(load->request_flags & LOAD_KEEP_ERRORS))
		return;
	if (load->now.error_count == LOAD_ERRORS_KEPT) {
		load->now.errors_truncated = 1;
		return;
	}
	error = &load->errors[load->now.error_count++];
	error->line = entry->line;
	error->pointer = entry->pointer ? arena_strdup(&load->arena, entry->pointer) : NULL;
	error->column = entry->column ? entry->column->name : "";
	error->code = entry->code;
	error->detail = arena_strdup(&load->arena, entry->detail);
}

static void count_reject(struct load *load, const struct stage_entry *entry)
{
	load->now.rejected++;
	load->now.reasons[entry->code]++;
	keep_error(load, entry);
}

static int64_t chunk_rows(const struct load *load)
{
	if (load->options.flags & LOAD_DRY_RUN)
		return LOAD_CHUNK_NONE;
	return load->options.chunk_rows == LOAD_CHUNK_AUTO ? LOAD_CHUNK_AUTO_ROWS
	                                                   : load->options.chunk_rows;
}

/* A load ends before its rows are written: the bad ones among them are told all the same. */
static void count_staged(struct load *load)
{
	struct stage_entry entry;
	struct err unimportant;

	stage_rewind(&load->stage);
	while (stage_next(&load->stage, &entry, &unimportant) > 0) {
		if (!entry.values)
			count_reject(load, &entry);
	}
}

int load_write_take(struct load *load, const struct stage_entry *entry, struct err *err)
{
	int64_t chunk = chunk_rows(load);

	if (!entry->values) {
		load->staged_rejects++;
		if (check_bounds(load, load->now.rejected + load->staged_rejects, entry, err) < 0) {
			count_staged(load);
			count_reject(load, entry);
			return -1;
		}
	}
	if (stage_add(&load->stage, entry, err) < 0)
		return -1;
	if (chunk != LOAD_CHUNK_NONE && load->stage.count >= chunk)
		return load_write_staged(load, 0, err);
	return 0;
}

static int add_reject(struct load *load, const struct stage_entry *entry, struct err *err)
{
	count_reject(load, entry);
	if (check_bounds(load, load->now.rejected, entry, err) < 0)
		return -1;
	if (!reject_spool_is_begun(&load->spool) &&
	    reject_spool_begin(&load->spool, load->names, load->name_count, err) < 0)
		return -1;
	return reject_spool_add(&load->spool, entry, err);
}

int load_write_reject(struct load *load, struct stage_entry *entry,
                      const struct table_reject *reject, struct err *err)
{
	entry->values = NULL;
	entry->code = reject->flaw.code;
	entry->column = reject->column;
	entry->detail = reject->flaw.detail;
	return add_reject(load, entry, err);
}

/* `fill`: nothing is in the way of the row. NULL: perhaps. */
static int write_entry(struct load *load, struct stage_entry *entry, const struct load_fill *fill,
                       struct err *err)
{
	struct table_reject reject;
	int outcome;

	load->now.line = entry->line;
	if (!entry->values) {
		load->staged_rejects--;
		return add_reject(load, entry, err);
	}
	outcome = fill ? table_writer_add(load->writer, entry->values, &reject, err)
	               : table_writer_row(load->writer, entry->values, &reject, err);
	if (outcome < 0)
		return err_prefix(err, "line %" PRId64, entry->line);
	if (outcome == TABLE_WRITER_REJECTED)
		return load_write_reject(load, entry, &reject, err);
	load->now.inserted += outcome == TABLE_WRITER_INSERTED;
	load->now.updated += outcome == TABLE_WRITER_UPDATED;
	load->now.skipped += outcome == TABLE_WRITER_SKIPPED;
	return 0;
}

int load_write_entry(struct load *load, struct stage_entry *entry, struct err *err)
{
	return write_entry(load, entry, NULL, err);
}

/* Empties the table, in the same transaction as everything else of the load. */
static int truncate_table(struct load *load, struct err *err)
{
	struct table_access access = {
		.repo = load->repo,
		.table = load->table,
		.db = load->context.db,
		.arena = &load->arena,
		.now_us = load->record.stamp_us,
	};
	int64_t removed;

	if (!load->repo || load->is_truncated)
		return 0;
	load->is_truncated = 1;
	if (table_repo_clear(&access, &removed, err) < 0)
		return err_prefix(err, "could not empty table '%s'", load->table->name);
	return 0;
}

static int begin_turn(struct load *load, struct err *err)
{
	FAULT("load.turn");
	if (load_write_turn(load, err) < 0)
		return -1;
	load->turn_us = clock_monotonic_us();
	load->turn_rows = 0;
	if (load->writer)
		table_writer_begin(load->writer);
	return truncate_table(load, err);
}

/* The checkpoint, in the transaction of the rows it tells of. */
static int save_record(struct load *load, enum load_repo_state state, struct err *err)
{
	struct load_result told = *load_result(load);
	auto_free char *counts = NULL;
	auto_json json_t *reply = NULL;
	struct db *db = load->context.db;
	int result;

	if (load->writer && table_writer_end(load->writer, err) < 0)
		return -1;
	told.errors = NULL;
	reply = load_result_json(&told);
	counts = json_text(reply);
	load->record.line = load->now.line;
	load->record.spool_bytes = load->spool.synced_bytes;
	load->record.counts = counts;
	load->record.state = state;
	result = load->has_record ? load_repo_save(db, &load->record, err)
	                          : load_repo_begin(db, &load->record, err);
	load->record.counts = "";
	return result;
}

/* Readers have it harder with each page in the log; this one disturbs nobody. */
static void shorten_log(struct db *db)
{
	struct err unimportant;

	if (db_wal_pages(db) >= WAL_PAGES && db_checkpoint(db, &unimportant) < 0)
		return; /* somebody else does it, or the next turn */
}

static int commit_turn(struct load *load, enum load_repo_state state, struct err *err)
{
	/* the last one may have nothing left to write */
	load->now.chunks += load->turn_rows > 0 || load->now.chunks == 0;
	if (reject_spool_sync(&load->spool, err) < 0 || save_record(load, state, err) < 0)
		return -1;
	FAULT("load.commit");
	if (db_commit(load->context.db, err) < 0)
		return -1;
	FAULT("load.committed");
	load->has_record = 1;
	load->is_truncated = 1;
	load->stored = load->now;
	shorten_log(load->context.db);
	return 0;
}

/* Gives way to a small writer that stands at the gate, when the turn was long enough to be worth
 * its commit. */
static int give_way(struct load *load, struct err *err)
{
	int64_t due_us = load->given_us * TURN_FACTOR;
	int64_t began_us = clock_monotonic_us();

	if (due_us < TURN_LEAST_US)
		due_us = TURN_LEAST_US;
	if (due_us > TURN_MOST_US)
		due_us = TURN_MOST_US;
	if (load->options.chunk_rows != LOAD_CHUNK_AUTO || (load->options.flags & LOAD_DRY_RUN))
		return 0;
	if (began_us - load->turn_us < due_us || !db_writer_waiting(load->context.db))
		return 0;
	if (commit_turn(load, LOAD_REPO_OPEN, err) < 0 || begin_turn(load, err) < 0)
		return -1;
	load->given_us = load->turn_us - began_us;
	return 0;
}

/* Writes all entries of a stage; those that `fill` keeps back are left to later. */
static int write_entries(struct load *load, struct stage *stage, struct load_fill *fill,
                         struct err *err)
{
	struct stage_entry entry;
	int64_t done = 0;
	int more, waits = 0;

	while ((more = stage_next(stage, &entry, err)) > 0) {
		if (fill && (waits = load_fill_wait(fill, &entry, err)) < 0)
			return -1;
		load->turn_rows += !waits;
		if (!waits && write_entry(load, &entry, fill, err) < 0)
			return -1;
		done++;
		if (done % LOOK_ROWS == 0 && give_way(load, err) < 0)
			return -1;
		if (done % TICK_ROWS == 0 && load_write_tick(load, err) < 0)
			return -1;
	}
	return more;
}

static int fill_table(struct load *load, struct load_fill *fill, struct err *err)
{
	if (write_entries(load, &load->stage, fill, err) < 0 ||
	    table_writer_flush(load->writer, err) < 0 || load_fill_end(fill, load, err) < 0)
		return -1;
	return write_entries(load, &fill->waiting, NULL, err);
}

static int write_all(struct load *load, struct err *err)
{
	struct load_fill fill;
	int result = load_copy_write(load, err);

	if (result != 0)
		return result < 0 ? -1 : 0;
	result = load_fill_begin(&fill, load, err);
	stage_rewind(&load->stage);
	if (result > 0)
		result = fill_table(load, &fill, err);
	else if (result == 0)
		result = write_entries(load, &load->stage, NULL, err);
	load_fill_release(&fill);
	return result;
}

static void roll_back(struct load *load)
{
	struct err unimportant;

	db_rollback(load->context.db);
	load->now = load->stored;
	load->is_truncated = load->now.chunks > 0;
	/* a longer spool is cut when the load goes on */
	if (reject_spool_cut(&load->spool, load->record.spool_bytes, &unimportant) < 0)
		return;
}

/* Chunks that a load chose by itself need not be durable one by one: after a power cut it goes on from
 * an earlier one. The last commit makes all of them durable. */
static int set_relaxed(struct load *load, unsigned flags, struct err *err)
{
	int relaxed = load->options.chunk_rows == LOAD_CHUNK_AUTO && !(flags & LOAD_WRITE_LAST);

	if (relaxed == load->is_relaxed)
		return 0;
	load->is_relaxed = relaxed;
	return db_set_relaxed(load->context.db, relaxed, err);
}

static int write_turns(struct load *load, unsigned flags, struct err *err)
{
	enum load_repo_state state = LOAD_REPO_OPEN;

	if (set_relaxed(load, flags, err) < 0 || begin_turn(load, err) < 0 ||
	    write_all(load, err) < 0)
		return -1;
	if (load->options.flags & LOAD_DRY_RUN) {
		db_rollback(load->context.db);
		return reject_spool_sync(&load->spool, err);
	}
	if (flags & LOAD_WRITE_LAST)
		state = reject_spool_is_begun(&load->spool) ? LOAD_REPO_LOADED : LOAD_REPO_DONE;
	load->result.committed = (flags & LOAD_WRITE_LAST) != 0;
	return commit_turn(load, state, err);
}

/* Rows that bad ones stopped: nothing of them is stored, only why. */
static void keep_reasons(struct load *load, const struct load_counts *now)
{
	load->now.rejected = now->rejected;
	memcpy(load->now.reasons, now->reasons, sizeof(now->reasons));
	load->now.error_count = now->error_count;
	load->now.errors_truncated = now->errors_truncated;
}

int load_write_staged(struct load *load, unsigned flags, struct err *err)
{
	struct load_counts now;

	if (write_turns(load, flags, err) < 0) {
		now = load->now;
		load->result.committed = 0;
		roll_back(load);
		if (err->code == ERR_STALE)
			reject_spool_remove(&load->spool);
		if (err->code == ERR_INVALID && load->now.chunks == 0)
			keep_reasons(load, &now);
		return -1;
	}
	if (flags & LOAD_WRITE_LAST)
		load->phase = LOAD_STORED;
	load->staged_rejects = 0;
	return stage_clear(&load->stage, err);
}

static int mark_done(struct load *load, struct err *err)
{
	if (load->options.flags & LOAD_DRY_RUN)
		return 0;
	if (load_write_turn(load, err) < 0)
		return -1;
	if (save_record(load, LOAD_REPO_DONE, err) < 0 || db_commit(load->context.db, err) < 0) {
		db_rollback(load->context.db);
		return -1;
	}
	return 0;
}

int load_write_finish(struct load *load, struct err *err)
{
	if (reject_spool_is_begun(&load->spool)) {
		if (reject_spool_publish(&load->spool, &load->rejects, err) < 0)
			return err_prefix(
				err,
				"the rows are stored, but their rejects could not be published");
		FAULT("load.published");
		if (mark_done(load, err) < 0)
			return err_prefix(
				err, "the rows are stored, but the load could not be marked done");
		reject_spool_remove(&load->spool);
	}
	load_result(load);
	load->phase = LOAD_DONE;
	return 0;
}

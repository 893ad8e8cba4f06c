/* load_copy.c - the ways of COPY, and what is told of each row afterwards, in order */
#include "storage/load/load_copy.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/mem.h"
#include "lib/str.h"
#include "storage/load/key_filter.h"
#include "storage/load/load_parents.h"
#include "storage/load/load_write.h"
#include "storage/repo/bulk_keys.h"
#include "storage/repo/bulk_look.h"
#include "storage/repo/bulk_repo.h"
#include "storage/repo/row_binding.h"
#include "storage/repo/row_check.h"
#include "storage/repo/table_ids.h"

enum { TICK_ROWS = 1024, PAGE = 4096, TRIES = 3 };

/* One stage on its way. Rows are numbered from 1. */
struct copying {
	struct load *load;
	struct db *db;
	struct arena arena;
	struct bulk_look look;
	struct bulk_repo bulk;
	struct load_parents parents;
	struct key_filter *filter;
	uint64_t *late; /* bits by number: rows that were not copied and go row by row */
	struct db_value *values;
	struct value *row; /* by column position */
	/* of the last copy */
	int64_t copied, orphans, suspects, late_count, last_line, highest_id;
	char why[80];  /* the last way did not lead there */
	int lacks_ids; /* some rows give one and some do not */
	/* of verdicts */
	struct bulk_repo_verdict page[PAGE];
	int64_t page_count, page_at;
};

static void explain(struct copying *copying, const char *strategy, const char *how)
{
	struct load *load = copying->load;

	load->strategy = strategy;
	str_copy(load->strategy_how, sizeof(load->strategy_how), how);
}

/* --- copying --- */

static int send_staged(struct copying *copying, struct db_copy *copy, int64_t number, int suspect,
                       const struct value *values, struct err *err)
{
	const struct load *load = copying->load;
	struct db_value *to = copying->values;

	to[0] = (struct db_value){.type = DB_INT, .as.integer = number};
	to[1] = (struct db_value){.type = DB_BOOL, .as.integer = suspect};
	for (size_t i = 0; i < load->width; i++)
		to[BULK_REPO_STAGE_LEADING + i] = row_binding_value(load->columns[i], &values[i]);
	return db_copy_row(copy, to, err);
}

static int send_whole(struct copying *copying, struct db_copy *copy, const struct value *values,
                      struct err *err)
{
	const struct load *load = copying->load;
	const struct table_writer_shape *shape = &copying->bulk.shape;
	struct db_value *to = copying->values;

	for (size_t i = 0; i < load->width; i++)
		copying->row[load->columns[i]->position] = values[i];
	for (size_t i = 0; i < shape->insert_count; i++)
		to[i] = row_binding_value(shape->inserted[i],
		                          &copying->row[shape->inserted[i]->position]);
	to[shape->insert_count] = (struct db_value){.type = DB_INT, .as.integer = 1};
	return db_copy_row(copy, to, err);
}

/* Whether the row has an id when rows give them. */
static int note_id(struct copying *copying, const struct value *values)
{
	const struct load *load = copying->load;

	for (size_t i = 0; i < load->width; i++) {
		if (load->columns[i] != load->table->id)
			continue;
		if (values[i].kind != VALUE_INT)
			return 0;
		if (values[i].as.integer > copying->highest_id)
			copying->highest_id = values[i].as.integer;
	}
	return 1;
}

static int send(struct copying *copying, struct db_copy *copy, int64_t number,
                const struct value *values, struct err *err)
{
	int64_t parent;
	int suspect;

	if (load_parents_missing(&copying->parents, values, &parent)) {
		copying->orphans++;
		return 0;
	}
	suspect = copying->filter ? key_filter_see(copying->filter, values) : 0;
	copying->suspects += suspect;
	if (suspect && copying->late) {
		copying->late[number / 64] |= UINT64_C(1) << (number % 64);
		copying->late_count++;
		return 0;
	}
	copying->copied++;
	return copying->late ? send_whole(copying, copy, values, err)
	                     : send_staged(copying, copy, number, suspect, values, err);
}

static int send_all(struct copying *copying, struct db_copy *copy, struct err *err)
{
	struct load *load = copying->load;
	struct stage_entry entry;
	int64_t number = 0;
	int more;

	stage_rewind(&load->stage);
	while ((more = stage_next(&load->stage, &entry, err)) > 0) {
		number++;
		copying->last_line = entry.line;
		if (number % TICK_ROWS == 0 && load_write_tick(load, err) < 0)
			return -1;
		if (!entry.values)
			continue;
		copying->lacks_ids = !note_id(copying, entry.values);
		if (copying->lacks_ids)
			return err_set(err, ERR_INVALID, "some rows lack an id");
		if (send(copying, copy, number, entry.values, err) < 0)
			return -1;
	}
	return more;
}

static void prepare(struct copying *copying, int is_direct)
{
	struct load *load = copying->load;

	copying->copied = copying->orphans = copying->suspects = copying->late_count = 0;
	copying->highest_id = 0;
	free(copying->late);
	copying->late =
		is_direct ? mem_array((size_t)load->stage.count / 64 + 1, sizeof(uint64_t)) : NULL;
	key_filter_free(copying->filter);
	copying->filter = NULL;
	if (load->table->key_count > 0 || copying->bulk.has_ids)
		copying->filter =
			key_filter_new(load->table, load->columns, load->width, load->stage.count);
}

static int copy_all(struct copying *copying, int is_direct, struct err *err)
{
	struct db_copy *copy;
	int64_t rows;

	prepare(copying, is_direct);
	copy = is_direct ? bulk_repo_direct(&copying->bulk, &copying->arena, err)
	                 : bulk_repo_stage(&copying->bulk, &copying->arena, err);
	if (!copy)
		return -1;
	if (send_all(copying, copy, err) < 0) {
		db_copy_abort(copy);
		return -1;
	}
	if (db_copy_finish(copy, &rows, err) < 0)
		return -1;
	if (rows != copying->copied)
		return err_set(err, ERR_STALE, "table '%s' took %" PRId64 " of %" PRId64 " rows",
		               copying->load->table->name, rows, copying->copied);
	return 0;
}

/* --- ways --- */

/* What another way may get around. */
static int is_bearable(const struct err *err)
{
	switch ((int)err->code) {
	case ERR_DUPLICATE:
	case ERR_FOREIGN_KEY:
	case ERR_INVALID:
	case ERR_BUSY:
	case ERR_STALE:
	case ERR_DENIED:
	case ERR_FAILED:
	case ERR_CONFLICT:
	case ERR_LIMIT:
		return 1;
	default:
		return 0;
	}
}

/* Runs a way behind a savepoint: 1, 0 when it does not lead there and left nothing, -1. */
static int attempt(struct copying *copying, int (*way)(struct copying *, struct err *),
                   struct err *err)
{
	int result;

	if (db_savepoint(copying->db, err) < 0)
		return -1;
	result = way(copying, err);
	if (result > 0)
		return db_savepoint_release(copying->db, err) < 0 ? -1 : 1;
	if (result < 0 && !is_bearable(err))
		return -1;
	if (result < 0)
		str_copy(copying->why, sizeof(copying->why), err->text);
	return db_savepoint_rollback(copying->db, err);
}

static int find_parents(struct copying *copying, int is_proof, struct err *err)
{
	enum load_parents_keep keep = is_proof                 ? LOAD_PARENTS_KEEP_ALL
	                              : copying->look.may_keep ? LOAD_PARENTS_KEEP_SOME
	                                                       : LOAD_PARENTS_KEEP_NONE;

	load_parents_release(&copying->parents);
	load_parents_init(&copying->parents, copying->load);
	return load_parents_find(&copying->parents, copying->load, keep, err);
}

static int has_references(const struct table *table)
{
	for (size_t i = 0; i < table->column_count; i++)
		if (table->columns[i].references)
			return 1;
	return 0;
}

/* Nothing can be in the way of a row, but an id that is not to be expected. */
static int copy_directly(struct copying *copying, struct err *err)
{
	explain(copying, "copy", "copied into the table, which has no keys to check");
	return copy_all(copying, 1, err) < 0 ? -1 : 1;
}

static int may_skip_checks(const struct copying *copying)
{
	return copying->look.may_replicate && copying->look.may_keep &&
	       !copying->look.has_triggers && !copying->look.has_own_references;
}

static int fill_without_keys(struct copying *copying, struct bulk_keys *keys, struct err *err)
{
	struct load *load = copying->load;
	int unchecked = may_skip_checks(copying), found;

	if (bulk_keys_drop(copying->db, load->table, unchecked ? 0 : BULK_KEYS_REFERENCES,
	                   &copying->arena, keys, err) < 0)
		return -1;
	found = find_parents(copying, unchecked, err);
	if (found <= 0)
		return found;
	if (unchecked && bulk_repo_check_references(copying->db, 0, err) < 0)
		return -1;
	if (copy_all(copying, 1, err) < 0)
		return -1;
	if (unchecked && bulk_repo_check_references(copying->db, 1, err) < 0)
		return -1;
	return bulk_keys_make(copying->db, keys, err) < 0 ? -1 : 1;
}

static int copy_without_keys(struct copying *copying, struct err *err)
{
	struct bulk_keys keys = {0};
	int result = fill_without_keys(copying, &keys, err);

	bulk_keys_release(&keys);
	explain(copying, "rebuild",
	        "copied into the empty, locked table, whose keys were made anew behind them");
	return result;
}

/* Judged and stored as one: who wrote meanwhile is seen the next time. */
static int judge_and_store(struct copying *copying, struct err *err)
{
	struct bulk_repo *bulk = &copying->bulk;

	if (bulk_repo_judge(bulk, copying->suspects > 0, err) < 0 ||
	    bulk_repo_store(bulk, may_skip_checks(copying), err) < 0)
		return -1;
	return 1;
}

static int copy_to_stage(struct copying *copying, struct err *err)
{
	int unchecked = may_skip_checks(copying), result;

	explain(copying, unchecked ? "stage_replica" : "stage",
	        unchecked
	                ? "copied aside, checked as a whole, inserted with their foreign keys proven"
	                : "copied aside, checked as a whole, inserted in one statement");
	result = find_parents(copying, unchecked, err);
	if (result <= 0)
		return result;
	if (copy_all(copying, 0, err) < 0)
		return -1;
	copying->bulk.is_empty = copying->look.is_empty;
	copying->bulk.copied = copying->copied;
	for (int i = 0; i < TRIES; i++) {
		result = attempt(copying, judge_and_store, err);
		if (result != 0)
			return result;
		copying->bulk.is_empty = 0;
	}
	return 0;
}

/* --- telling --- */

/* What became of that row, NULL: it was simply stored. Numbers ascend. */
static int find_verdict(struct copying *copying, int64_t number,
                        const struct bulk_repo_verdict **verdict, struct err *err)
{
	*verdict = NULL;
	while (copying->page_at < copying->page_count &&
	       copying->page[copying->page_at].number < number)
		copying->page_at++;
	if (copying->page_at == copying->page_count && copying->page_count >= 0) {
		copying->page_count =
			bulk_repo_verdicts(&copying->bulk, number - 1, copying->page, PAGE, err);
		copying->page_at = 0;
		if (copying->page_count < 0)
			return -1;
		if (copying->page_count == 0)
			copying->bulk.touches = 0;
	}
	if (copying->page_count > 0 && copying->page[copying->page_at].number == number)
		*verdict = &copying->page[copying->page_at];
	return 0;
}

static int reject_taken(struct copying *copying, struct stage_entry *entry,
                        const struct bulk_repo_verdict *verdict, struct err *err)
{
	struct load *load = copying->load;
	const struct table *table = load->table;
	const struct table_key id = {&table->id, 1};
	const struct table_key *key = verdict->key ? &table->keys[verdict->key - 1] : &id;
	const struct row_check_hit hit = {.id = verdict->hit};
	struct table_reject reject = {.column = key->columns[0]};

	for (size_t i = 0; i < load->width; i++)
		copying->row[load->columns[i]->position] = entry->values[i];
	row_check_taken_flaw(key, copying->row, &hit, &reject.flaw);
	if (verdict->kind == BULK_REPO_DUPLICATE_IN_INPUT)
		reject.flaw.code = FLAW_DUPLICATE_IN_INPUT;
	return load_write_reject(load, entry, &reject, err);
}

static int tell_verdict(struct copying *copying, struct stage_entry *entry,
                        const struct bulk_repo_verdict *verdict, struct err *err)
{
	struct load *load = copying->load;

	switch (verdict->kind) {
	case BULK_REPO_UNDECIDED:
		return load_write_entry(load, entry, err);
	case BULK_REPO_DUPLICATE:
	case BULK_REPO_DUPLICATE_IN_INPUT:
		return reject_taken(copying, entry, verdict, err);
	case BULK_REPO_SKIPPED:
		load->now.skipped++;
		return 0;
	case BULK_REPO_UPDATED:
		load->now.updated++;
		return 0;
	}
	return 0;
}

static int tell_good(struct copying *copying, int64_t number, struct stage_entry *entry,
                     struct err *err)
{
	struct load *load = copying->load;
	const struct bulk_repo_verdict *verdict;
	struct table_reject reject;
	int64_t parent;

	reject.column = load_parents_missing(&copying->parents, entry->values, &parent);
	if (reject.column) {
		row_check_parent_flaw(reject.column, parent, &reject.flaw);
		return load_write_reject(load, entry, &reject, err);
	}
	if (copying->late && copying->late[number / 64] >> (number % 64) & 1)
		return load_write_entry(load, entry, err);
	if (copying->bulk.touches > 0) {
		if (find_verdict(copying, number, &verdict, err) < 0)
			return -1;
		if (verdict)
			return tell_verdict(copying, entry, verdict, err);
	}
	load->now.inserted++;
	return 0;
}

static int tell_all(struct copying *copying, struct err *err)
{
	struct load *load = copying->load;
	struct stage_entry entry;
	int64_t number = 0;
	int more, result;

	stage_rewind(&load->stage);
	while ((more = stage_next(&load->stage, &entry, err)) > 0) {
		number++;
		if (!entry.values) {
			result = load_write_entry(load, &entry, err);
		} else {
			load->now.line = entry.line;
			result = tell_good(copying, number, &entry, err);
		}
		if (result < 0)
			return -1;
		if (number % TICK_ROWS == 0 && load_write_tick(load, err) < 0)
			return -1;
	}
	return more;
}

/* Counts, rejects, and the rows that are left. */
static int tell(struct copying *copying, struct err *err)
{
	struct load *load = copying->load;

	load->turn_rows += load->stage.count;
	if (copying->highest_id > 0 &&
	    table_ids_pass(copying->db, load->table, copying->highest_id, err) < 0)
		return -1;
	if (copying->copied < load->stage.count || copying->bulk.touches > 0)
		return tell_all(copying, err);
	load->now.inserted += load->stage.count;
	load->now.line = copying->last_line;
	return 0;
}

/* --- choosing --- */

/* A row may refer to one in front of it, or to what is not in the row at all. */
static int refers_oddly(const struct copying *copying)
{
	const struct load *load = copying->load;

	for (size_t i = 0; i < load->table->column_count; i++) {
		const struct column *column = &load->table->columns[i];

		if (!column->references)
			continue;
		if (column->references == load->table || copying->row[i].kind == VALUE_INT)
			return 1;
	}
	return 0;
}

static int by_rows(struct copying *copying, const char *why)
{
	explain(copying, "insert", why);
	return 0;
}

static int choose(struct copying *copying, struct err *err)
{
	struct load *load = copying->load;
	int is_bound, result = 0;

	if (bulk_repo_settings(copying->db, err) < 0 ||
	    bulk_look_table(copying->db, load->table, &copying->look, err) < 0)
		return -1;
	if (!copying->look.is_plain || refers_oddly(copying))
		return by_rows(copying, "inserted row by row: the table is of a special kind");
	is_bound = has_references(load->table) || copying->look.has_own_references;
	if (!is_bound && load->table->key_count == 0 && !copying->bulk.has_ids)
		return attempt(copying, copy_directly, err);
	if (copying->look.is_empty && !copying->look.is_referred &&
	    (load->options.flags & LOAD_EXCLUSIVE))
		result = attempt(copying, copy_without_keys, err);
	if (result == 0 && !copying->look.may_stage)
		return by_rows(copying,
		               "inserted row by row: the role may make no temporary tables");
	return result ? result : attempt(copying, copy_to_stage, err);
}

static int64_t least_rows(const struct load *load)
{
	return load->context.bulk_rows > 0 ? load->context.bulk_rows : LOAD_COPY_ROWS;
}

static void copying_init(struct copying *copying, struct load *load)
{
	size_t size = load->table->column_count + BULK_REPO_STAGE_LEADING + 1;

	copying->load = load;
	copying->db = load->context.db;
	arena_init(&copying->arena);
	bulk_repo_init(&copying->bulk, copying->db, load->table, load->writer);
	copying->values = arena_array(&copying->arena, size, sizeof(*copying->values));
	copying->row = arena_array(&copying->arena, size, sizeof(*copying->row));
	memcpy(copying->row, copying->bulk.shape.same,
	       load->table->column_count * sizeof(*copying->row));
	for (size_t i = 0; i < load->width; i++)
		copying->row[load->columns[i]->position] = value_null();
}

static void copying_free(struct copying *copying)
{
	key_filter_free(copying->filter);
	load_parents_release(&copying->parents);
	free(copying->late);
	arena_release(&copying->arena);
	free(copying);
}

/* Why it came to row by row. */
static void tell_rows(struct copying *copying)
{
	char how[LOAD_REASON_SIZE / 2];

	if (str_equal(copying->load->strategy, "insert"))
		return;
	snprintf(how, sizeof(how), "inserted row by row: %s",
	         copying->why[0] ? copying->why : "too many rows refer to nothing");
	explain(copying, "insert", how);
}

static int write_stage(struct copying *copying, struct err *err)
{
	int64_t timeout_ms = db_timeout_ms(copying->db);
	int result;

	/* nothing waits for these statements, so they may take what they need */
	db_set_timeout_ms(copying->db, 0);
	result = attempt(copying, choose, err);
	if (result > 0)
		result = tell(copying, err) < 0 ? -1 : 1;
	db_set_timeout_ms(copying->db, timeout_ms);
	if (result == 0)
		tell_rows(copying);
	return result;
}

int load_copy_write(struct load *load, struct err *err)
{
	struct copying *copying;
	int result;

	if (!db_copy_is_there(load->context.db) || !load->writer)
		return 0;
	load->strategy = "insert";
	str_copy(load->strategy_how, sizeof(load->strategy_how), "inserted row by row, being few");
	if (load->stage.count < least_rows(load))
		return 0;
	copying = mem_alloc(sizeof(*copying));
	copying_init(copying, load);
	result = write_stage(copying, err);
	copying_free(copying);
	return result;
}

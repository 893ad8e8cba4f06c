/* table_writer.c - many rows into one table, one by one */
#include "storage/repo/table_writer.h"

#include <stdlib.h>
#include <string.h>

#include "lib/mem.h"
#include "storage/catalog/value_parse.h"
#include "storage/repo/row_batch.h"
#include "storage/repo/row_binding.h"
#include "storage/repo/row_check.h"
#include "storage/repo/table_ids.h"
#include "storage/repo/table_sql.h"

enum { PARENTS_KNOWN = 1 << 13 };

/* A reference of the table, with the parents that were seen active in this transaction. */
struct reference {
	const struct column *column;
	struct db_stmt *probe;
	int64_t *known; /* by hash, PARENTS_KNOWN of them; 0: free */
};

struct table_writer {
	struct arena arena;
	struct db *db;
	const struct table *table;
	const struct table_sql *sql;
	struct table_writer_options options;
	struct value *row; /* by column position: the current row, defaults in place */
	/* what the statements take, in their order */
	const struct column **inserted, **updated;
	size_t insert_count, update_count;
	struct db_stmt *insert,
		*insert_without_id; /* the second is `insert` when no ids are given */
	struct db_stmt *update;     /* NULL unless TABLE_WRITER_UPDATE */
	struct reference *references;
	size_t reference_count;
	size_t key_index;        /* of options.key in table->keys */
	struct row_batch *batch; /* NULL until a row is added */
	struct table_sql_columns batched;
	int has_made_ids;   /* among ids that were given: one of these may be the same */
	int64_t highest_id; /* given since table_writer_end(), 0: none */
};

static int is_given(const struct table_writer *writer, const struct column *column)
{
	for (size_t i = 0; i < writer->options.width; i++) {
		if (writer->options.columns[i] == column)
			return 1;
	}
	return 0;
}

static int set_defaults(struct table_writer *writer, struct err *err)
{
	const struct table *table = writer->table;

	writer->row = arena_array(&writer->arena, table->column_count, sizeof(*writer->row));
	for (size_t i = 0; i < table->declared_count; i++) {
		const struct column *column = &table->columns[TABLE_FIRST_DECLARED + i];
		struct flaw flaw;

		if (is_given(writer, column))
			continue;
		if (value_parse_missing(column, writer->options.stamp_us,
		                        &writer->row[column->position], &flaw) < 0)
			return err_set(err, ERR_INVALID,
			               "the input has no column '%s', which is required",
			               column->name);
	}
	writer->row[TABLE_ID] = value_null();
	writer->row[table->created_at->position] = value_int(writer->options.stamp_us);
	writer->row[table->updated_at->position] = value_int(writer->options.stamp_us);
	return 0;
}

/* Columns that stay NULL in every row are not written at all. */
static int is_inserted(const struct table_writer *writer, const struct column *column)
{
	if (column == writer->table->version || column == writer->table->deleted_at)
		return 0;
	return is_given(writer, column) || writer->row[column->position].kind != VALUE_NULL;
}

static int is_in_key(const struct table_key *key, const struct column *column)
{
	for (size_t i = 0; key && i < key->count; i++) {
		if (key->columns[i] == column)
			return 1;
	}
	return 0;
}

static int is_updated(const struct table_writer *writer, const struct column *column)
{
	return column != writer->table->id && is_given(writer, column) &&
	       !is_in_key(writer->options.key, column);
}

static void choose_columns(struct table_writer *writer)
{
	const struct table *table = writer->table;
	size_t size = sizeof(const struct column *);

	writer->inserted = arena_array(&writer->arena, table->column_count, size);
	writer->updated = arena_array(&writer->arena, table->column_count, size);
	for (size_t i = 0; i < table->column_count; i++) {
		const struct column *column = &table->columns[i];

		if (is_inserted(writer, column))
			writer->inserted[writer->insert_count++] = column;
		if (is_updated(writer, column))
			writer->updated[writer->update_count++] = column;
	}
}

static int prepare(struct table_writer *writer, struct err *err)
{
	const struct table *table = writer->table;
	struct arena *arena = &writer->arena;
	int has_id = writer->inserted[0] == table->id;
	const char *sql = table_sql_insert(table, writer->inserted, writer->insert_count, arena);

	writer->insert = db_prepare(writer->db, sql, err);
	if (!writer->insert)
		return -1;
	sql = table_sql_insert(table, writer->inserted + has_id,
	                       writer->insert_count - (size_t)has_id, arena);
	writer->insert_without_id = has_id ? db_prepare(writer->db, sql, err) : writer->insert;
	if (!writer->insert_without_id)
		return -1;
	if (writer->options.conflict != TABLE_WRITER_UPDATE)
		return 0;
	sql = table_sql_update(table, writer->updated, writer->update_count, arena);
	writer->update = db_prepare(writer->db, sql, err);
	return writer->update ? 0 : -1;
}

static int prepare_references(struct table_writer *writer, struct err *err)
{
	const struct table *table = writer->table;

	writer->references =
		arena_array(&writer->arena, table->column_count, sizeof(*writer->references));
	for (size_t i = 0; i < table->column_count; i++) {
		struct reference *reference = &writer->references[writer->reference_count];

		if (!table->columns[i].references)
			continue;
		reference->column = &table->columns[i];
		reference->known = arena_array(&writer->arena, PARENTS_KNOWN, sizeof(int64_t));
		reference->probe = db_prepare(writer->db, writer->sql->parents[i], err);
		if (!reference->probe)
			return -1;
		writer->reference_count++;
	}
	return 0;
}

static size_t index_of_key(const struct table *table, const struct table_key *key)
{
	size_t index = 0;

	while (index < table->key_count && &table->keys[index] != key)
		index++;
	return index;
}

struct table_writer *table_writer_open(struct db *db, const struct table *table,
                                       const struct table_writer_options *options, struct err *err)
{
	struct table_writer *writer = mem_alloc(sizeof(*writer));

	arena_init(&writer->arena);
	writer->db = db;
	writer->table = table;
	writer->options = *options;
	writer->sql = table_sql_new(table, &writer->arena);
	writer->key_index = index_of_key(table, options->key);
	if (set_defaults(writer, err) < 0)
		goto fail;
	choose_columns(writer);
	if (prepare(writer, err) < 0 || prepare_references(writer, err) < 0)
		goto fail;
	return writer;

fail:
	table_writer_close(writer);
	return NULL;
}

void table_writer_close(struct table_writer *writer)
{
	if (!writer)
		return;
	for (size_t i = 0; i < writer->reference_count; i++)
		db_stmt_free(writer->references[i].probe);
	if (writer->insert_without_id != writer->insert)
		db_stmt_free(writer->insert_without_id);
	db_stmt_free(writer->insert);
	db_stmt_free(writer->update);
	row_batch_close(writer->batch);
	arena_release(&writer->arena);
	free(writer);
}

void table_writer_describe(const struct table_writer *writer, struct table_writer_shape *shape)
{
	*shape = (struct table_writer_shape){
		.options = &writer->options,
		.inserted = writer->inserted,
		.updated = writer->updated,
		.insert_count = writer->insert_count,
		.update_count = writer->update_count,
		.same = writer->row,
	};
}

void table_writer_begin(struct table_writer *writer)
{
	for (size_t i = 0; i < writer->reference_count; i++)
		memset(writer->references[i].known, 0, PARENTS_KNOWN * sizeof(int64_t));
	writer->has_made_ids = 0;
	if (writer->batch)
		row_batch_clear(writer->batch);
}

static int64_t *place_of(const struct reference *reference, int64_t id)
{
	return &reference->known[((uint64_t)id * UINT64_C(0x9e3779b97f4a7c15)) >> 51];
}

/* 1 when the row referred to is there and not hidden. */
static int has_parent(const struct table_writer *writer, const struct reference *reference,
                      struct err *err)
{
	const struct value *value = &writer->row[reference->column->position];
	int64_t *place;
	int found;

	if (value->kind != VALUE_INT)
		return 1;
	place = place_of(reference, value->as.integer);
	if (*place == value->as.integer)
		return 1;
	if (reference->column->references == writer->table &&
	    value_equal(value, &writer->row[TABLE_ID]))
		return 1;
	db_bind_int(reference->probe, 1, value->as.integer);
	found = db_step(reference->probe, err);
	db_reset(reference->probe);
	if (found > 0)
		*place = value->as.integer;
	return found;
}

static int check_parents(const struct table_writer *writer, struct table_reject *reject,
                         struct err *err)
{
	for (size_t i = 0; i < writer->reference_count; i++) {
		const struct reference *reference = &writer->references[i];
		int found = has_parent(writer, reference, err);

		if (found > 0)
			continue;
		if (found < 0)
			return -1;
		reject->column = reference->column;
		row_check_parent_flaw(reference->column,
		                      writer->row[reference->column->position].as.integer,
		                      &reject->flaw);
		return 0;
	}
	return 1;
}

static void bind_columns(const struct table_writer *writer, struct db_stmt *stmt,
                         const struct column *const *columns, size_t count)
{
	for (size_t i = 0; i < count; i++)
		row_binding_set(stmt, (int)i + 1, columns[i], &writer->row[columns[i]->position]);
}

int table_writer_end(struct table_writer *writer, struct err *err)
{
	int64_t id = writer->highest_id;

	writer->highest_id = 0;
	return id ? table_ids_pass(writer->db, writer->table, id, err) : 0;
}

/* 1 when the row is stored, 0 when something is in its way. */
static int insert(struct table_writer *writer, struct err *err)
{
	int has_id = writer->row[TABLE_ID].kind == VALUE_INT;
	size_t skipped = writer->inserted[0] == writer->table->id && !has_id;
	struct db_stmt *stmt = skipped ? writer->insert_without_id : writer->insert;

	if (skipped && table_writer_end(writer, err) < 0)
		return -1;
	if (has_id && writer->row[TABLE_ID].as.integer > writer->highest_id)
		writer->highest_id = writer->row[TABLE_ID].as.integer;
	bind_columns(writer, stmt, writer->inserted + skipped, writer->insert_count - skipped);
	if (db_run(stmt, err) < 0)
		return -1;
	return db_changes(writer->db) > 0;
}

static int find_id(const struct table_writer *writer, struct row_check_hit *hit, struct err *err)
{
	struct row_check check = {writer->db, writer->sql, NULL};

	if (writer->row[TABLE_ID].kind != VALUE_INT)
		return 0;
	return row_check_find_id(&check, writer->row[TABLE_ID].as.integer, hit, err);
}

static int reject_taken(const struct table_writer *writer, const struct table_key *key,
                        const struct row_check_hit *hit, struct table_reject *reject)
{
	reject->column = key->columns[0];
	row_check_taken_flaw(key, writer->row, hit, &reject->flaw);
	if (hit->created_at_us == writer->options.stamp_us)
		reject->flaw.code = FLAW_DUPLICATE_IN_INPUT;
	return TABLE_WRITER_REJECTED;
}

/* Rejects the row when another one than `own_id` has its id or one of its unique keys; 0 when none. */
static int reject_collision(const struct table_writer *writer, int64_t own_id, int *rejected,
                            struct table_reject *reject, struct err *err)
{
	const struct table *table = writer->table;
	const struct table_key id_key = {&table->id, 1};
	struct row_check check = {writer->db, writer->sql, NULL};
	struct row_check_hit hit = {0};
	int found = find_id(writer, &hit, err);

	*rejected = 1;
	if (found > 0 && hit.id != own_id)
		return reject_taken(writer, &id_key, &hit, reject);
	for (size_t i = 0; found >= 0 && i < table->key_count; i++) {
		found = row_check_find(&check, i, writer->row, &hit, err);
		if (found > 0 && hit.id != own_id)
			return reject_taken(writer, &table->keys[i], &hit, reject);
	}
	*rejected = 0;
	return found < 0 ? -1 : 0;
}

static int update(const struct table_writer *writer, int64_t id, struct err *err)
{
	struct value stamp = value_int(writer->options.stamp_us), row_id = value_int(id);
	int index = (int)writer->update_count + 1;

	bind_columns(writer, writer->update, writer->updated, writer->update_count);
	row_binding_set(writer->update, index, writer->table->updated_at, &stamp);
	row_binding_set(writer->update, index + 1, writer->table->id, &row_id);
	if (db_run(writer->update, err) < 0)
		return -1;
	return TABLE_WRITER_UPDATED;
}

static int find_conflict(const struct table_writer *writer, struct row_check_hit *hit,
                         struct err *err)
{
	struct row_check check = {writer->db, writer->sql, NULL};

	if (!writer->options.key)
		return find_id(writer, hit, err);
	return row_check_find(&check, writer->key_index, writer->row, hit, err);
}

/* Something is in the way of the row. */
static int settle(struct table_writer *writer, struct table_reject *reject, struct err *err)
{
	struct row_check_hit hit = {0};
	int found = 0, rejected = 0, outcome;

	if (writer->options.conflict != TABLE_WRITER_ERROR)
		found = find_conflict(writer, &hit, err);
	if (found < 0)
		return -1;
	if (found && writer->options.conflict == TABLE_WRITER_SKIP)
		return TABLE_WRITER_SKIPPED;
	outcome = reject_collision(writer, found ? hit.id : 0, &rejected, reject, err);
	if (outcome < 0 || rejected)
		return outcome;
	if (found)
		return update(writer, hit.id, err);
	if (table_ids_catch_up(writer->db, writer->table, err) > 0 && insert(writer, err) > 0)
		return TABLE_WRITER_INSERTED;
	return err_set(err, ERR_INTERNAL, "table '%s' refused a row and no row is in its way",
	               writer->table->name);
}

/* Takes the current row; 1 when all it refers to is there. */
static int begin_row(struct table_writer *writer, const struct value *values,
                     struct table_reject *reject, struct err *err)
{
	for (size_t i = 0; i < writer->options.width; i++)
		writer->row[writer->options.columns[i]->position] = values[i];
	return check_parents(writer, reject, err);
}

static int store(struct table_writer *writer, struct table_reject *reject, struct err *err)
{
	int status = insert(writer, err);

	if (status < 0)
		return -1;
	return status ? TABLE_WRITER_INSERTED : settle(writer, reject, err);
}

int table_writer_row(struct table_writer *writer, const struct value *values,
                     struct table_reject *reject, struct err *err)
{
	int status = begin_row(writer, values, reject, err);

	if (status <= 0)
		return status < 0 ? -1 : TABLE_WRITER_REJECTED;
	return store(writer, reject, err);
}

static int open_batch(struct table_writer *writer, struct err *err)
{
	struct table_sql_columns *columns = &writer->batched;
	size_t size = sizeof(const struct column *);
	const struct column **same = arena_array(&writer->arena, writer->insert_count + 1, size);
	const struct column **other = arena_array(&writer->arena, writer->insert_count + 1, size);

	for (size_t i = 0; i < writer->insert_count; i++) {
		const struct column *column = writer->inserted[i];

		if (is_given(writer, column))
			other[columns->other_count++] = column;
		else
			same[columns->same_count++] = column;
	}
	columns->same = same;
	columns->other = other;
	writer->batch = row_batch_open(writer->db, writer->table, columns, err);
	return writer->batch ? 0 : -1;
}

int table_writer_add(struct table_writer *writer, const struct value *values,
                     struct table_reject *reject, struct err *err)
{
	int status = begin_row(writer, values, reject, err);

	if (status <= 0)
		return status < 0 ? -1 : TABLE_WRITER_REJECTED;
	if (writer->inserted[0] == writer->table->id && writer->row[TABLE_ID].kind != VALUE_INT)
		writer->has_made_ids = 1;
	if (writer->has_made_ids) {
		if (table_writer_flush(writer, err) < 0)
			return -1;
		return store(writer, reject, err);
	}
	if (!writer->batch && open_batch(writer, err) < 0)
		return -1;
	if (row_batch_add(writer->batch, writer->row, err) < 0)
		return -1;
	return TABLE_WRITER_INSERTED;
}

int table_writer_flush(struct table_writer *writer, struct err *err)
{
	return writer->batch ? row_batch_flush(writer->batch, err) : 0;
}

/* row_batch.c - one statement for full batches, and one for single rows of the last */
#include "storage/repo/row_batch.h"

#include <inttypes.h>
#include <stdlib.h>

#include "lib/arena.h"
#include "lib/mem.h"
#include "storage/repo/row_binding.h"

struct row_batch {
	struct arena texts; /* of the rows kept */
	struct db *db;
	const struct table *table;
	const struct table_sql_columns *columns;
	struct db_stmt *full, *single;
	struct value *same, *others; /* others: row by row */
	size_t capacity, count;
};

static size_t rows_of(const struct table_sql_columns *columns)
{
	size_t rows = ROW_BATCH_VALUES / (columns->other_count + 1);

	return rows < 1 ? 1 : rows > ROW_BATCH_ROWS ? ROW_BATCH_ROWS : rows;
}

static struct db_stmt *prepare(const struct row_batch *batch, size_t rows, struct err *err)
{
	struct arena arena;
	struct db_stmt *stmt;

	arena_init(&arena);
	stmt = db_prepare(batch->db,
	                  table_sql_insert_rows(batch->table, batch->columns, rows, &arena), err);
	arena_release(&arena);
	return stmt;
}

struct row_batch *row_batch_open(struct db *db, const struct table *table,
                                 const struct table_sql_columns *columns, struct err *err)
{
	struct row_batch *batch = mem_alloc(sizeof(*batch));

	arena_init(&batch->texts);
	batch->db = db;
	batch->table = table;
	batch->columns = columns;
	batch->capacity = rows_of(columns);
	batch->same = mem_array(columns->same_count + 1, sizeof(*batch->same));
	batch->others =
		mem_array(batch->capacity * columns->other_count + 1, sizeof(*batch->others));
	batch->single = prepare(batch, 1, err);
	if (batch->single)
		batch->full = prepare(batch, batch->capacity, err);
	if (batch->full)
		return batch;
	row_batch_close(batch);
	return NULL;
}

void row_batch_close(struct row_batch *batch)
{
	if (!batch)
		return;
	db_stmt_free(batch->full);
	db_stmt_free(batch->single);
	free(batch->same);
	free(batch->others);
	arena_release(&batch->texts);
	free(batch);
}

void row_batch_clear(struct row_batch *batch)
{
	batch->count = 0;
	if (batch->texts.used_bytes > 0)
		arena_reset(&batch->texts);
}

/* Stores `count` rows from `first` on. */
static int store(struct row_batch *batch, struct db_stmt *stmt, size_t first, size_t count,
                 struct err *err)
{
	const struct table_sql_columns *columns = batch->columns;
	const struct value *value = batch->others + first * columns->other_count;
	int64_t stored;
	int index = 1;

	for (size_t i = 0; i < columns->same_count; i++)
		row_binding_set(stmt, index++, columns->same[i], &batch->same[i]);
	for (size_t row = 0; row < count; row++)
		for (size_t i = 0; i < columns->other_count; i++)
			row_binding_set(stmt, index++, columns->other[i], value++);
	if (db_run(stmt, err) < 0)
		return -1;
	stored = db_changes(batch->db);
	if (stored == (int64_t)count)
		return 0;
	return err_set(err, ERR_INTERNAL,
	               "table '%s' took %" PRId64 " of %zu rows and no row is in their way",
	               batch->table->name, stored, count);
}

int row_batch_flush(struct row_batch *batch, struct err *err)
{
	int result = 0;

	if (batch->count == batch->capacity)
		result = store(batch, batch->full, 0, batch->count, err);
	else
		for (size_t i = 0; result == 0 && i < batch->count; i++)
			result = store(batch, batch->single, i, 1, err);
	row_batch_clear(batch);
	return result;
}

static void copy(struct row_batch *batch, const struct value *from, struct value *to)
{
	*to = *from;
	if (from->kind == VALUE_TEXT || from->kind == VALUE_BYTES)
		to->as.text = arena_strndup(&batch->texts, from->as.text, from->size);
}

int row_batch_add(struct row_batch *batch, const struct value *row, struct err *err)
{
	const struct table_sql_columns *columns = batch->columns;
	struct value *others = batch->others + batch->count * columns->other_count;

	if (batch->count == 0)
		for (size_t i = 0; i < columns->same_count; i++)
			copy(batch, &row[columns->same[i]->position], &batch->same[i]);
	for (size_t i = 0; i < columns->other_count; i++)
		copy(batch, &row[columns->other[i]->position], &others[i]);
	batch->count++;
	if (batch->count < batch->capacity && batch->texts.used_bytes < ROW_BATCH_BYTES)
		return 0;
	return row_batch_flush(batch, err);
}

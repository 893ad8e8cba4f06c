/* db_copy.c - many rows into one table at once, where the database has a way for that */
#include "storage/db/db_copy.h"

#include <assert.h>
#include <stdlib.h>

#include "lib/mem.h"
#include "storage/db/postgres.h"
#include "storage/db/postgres_binary.h"

enum {
	SEND_BYTES = 64 * 1024, /* are handed to the connection at once */
};

struct db_copy {
	struct postgres *pg;
	const struct db_copy_column *columns;
	size_t count;
	struct buf out;
};

int db_copy_is_there(const struct db *db)
{
	return db_dialect(db) == DB_DIALECT_POSTGRES;
}

static void append_statement(const struct db_copy *copy, const char *table, struct buf *sql)
{
	buf_printf(sql, "COPY %s (", table);
	for (size_t i = 0; i < copy->count; i++) {
		buf_text(sql, i ? ", " : "");
		db_quote(sql, copy->columns[i].name);
	}
	buf_text(sql, ") FROM STDIN (FORMAT binary)");
}

static int begin(struct db_copy *copy, const char *sql, struct err *err)
{
	struct postgres *pg = copy->pg;
	PGresult *result = NULL;

	if (postgres_arm(pg, err) < 0)
		return -1;
	(void)pg->pq->send_query(pg->conn, sql);
	if (postgres_next(pg, &result, err) < 0)
		return -1;
	if (pg->pq->result_status(result) != PGRES_COPY_IN) {
		postgres_error_set(pg, result, err);
		pg->pq->clear(result);
		(void)postgres_finish(pg, &(struct err){0});
		return -1;
	}
	pg->pq->clear(result);
	postgres_binary_head(&copy->out);
	return 0;
}

struct db_copy *db_copy_open(struct db *db, const char *table, const struct db_copy_column *columns,
                             size_t count, struct err *err)
{
	struct db_copy *copy = mem_alloc(sizeof(*copy));
	auto_buf struct buf sql = {0};

	assert(db_copy_is_there(db) && db->transaction == DB_TRANSACTION_WRITE);
	*copy = (struct db_copy){.pg = postgres_of(db), .columns = columns, .count = count};
	append_statement(copy, table, &sql);
	if (begin(copy, buf_string(&sql), err) == 0)
		return copy;
	free(copy);
	return NULL;
}

static int send(struct db_copy *copy, struct err *err)
{
	if (postgres_send_copy(copy->pg, copy->out.data, copy->out.size, err) < 0)
		return -1;
	buf_clear(&copy->out);
	return 0;
}

int db_copy_row(struct db_copy *copy, const struct db_value *values, struct err *err)
{
	postgres_binary_count(&copy->out, copy->count);
	for (size_t i = 0; i < copy->count; i++) {
		if (postgres_binary_value(&copy->out, copy->columns[i].type, &values[i]) < 0)
			return err_set(err, ERR_INTERNAL,
			               "a value of column '%s' is not of its type",
			               copy->columns[i].name);
	}
	return copy->out.size < SEND_BYTES ? 0 : send(copy, err);
}

static void release(struct db_copy *copy)
{
	buf_release(&copy->out);
	free(copy);
}

int db_copy_finish(struct db_copy *copy, int64_t *rows, struct err *err)
{
	struct postgres *pg = copy->pg;
	int result;

	postgres_binary_end(&copy->out);
	result = send(copy, err);
	if (result == 0)
		result = postgres_end_copy(pg, NULL, err);
	*rows = pg->changes;
	release(copy);
	return result;
}

void db_copy_abort(struct db_copy *copy)
{
	struct err ignored;

	if (!copy)
		return;
	if (copy->pg->conn)
		(void)postgres_end_copy(copy->pg, "broken off", &ignored);
	release(copy);
}

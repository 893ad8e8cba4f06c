/* table_writer.h - many rows into one table, one by one
 *
 * For the loader: one prepared statement takes the good rows; why a row was not taken is found out
 * afterwards. Rows run in the caller's write transaction. Nothing a reject says needs a rollback: the
 * transaction goes on with the next row. Parents that were seen active are remembered within a
 * transaction, so rows that refer to few parents cost no look-ups. One thread.
 */
#ifndef STORAGE_REPO_TABLE_WRITER_H
#define STORAGE_REPO_TABLE_WRITER_H

#include <stddef.h>
#include <stdint.h>

#include "lib/compiler.h"
#include "lib/err.h"
#include "storage/catalog/catalog.h"
#include "storage/db/db.h"
#include "storage/repo/table_repo.h"

struct table_writer;

enum table_writer_conflict {
	TABLE_WRITER_ERROR,  /* the row is rejected: duplicate, or duplicate_in_input */
	TABLE_WRITER_SKIP,   /* it is left out, unless it collides on another key */
	TABLE_WRITER_UPDATE, /* it changes the stored one, and brings it back to life */
};

struct table_writer_options {
	/* `width` columns of the table, id among them or not, in the order rows have. All others get
	 * their default. */
	const struct column *const *columns;
	size_t width;
	enum table_writer_conflict conflict;
	const struct table_key *key; /* that SKIP and UPDATE go by; NULL: id */
	int64_t stamp_us;            /* created_at and updated_at of all rows of the load */
};

enum table_writer_outcome {
	TABLE_WRITER_INSERTED,
	TABLE_WRITER_UPDATED,
	TABLE_WRITER_SKIPPED,
	TABLE_WRITER_REJECTED,
};

/* Everything is borrowed until table_writer_close(). ERR_INVALID when a required column without
 * default is not among the columns. NULL on error. */
MUST_CHECK struct table_writer *table_writer_open(struct db *db, const struct table *table,
                                                  const struct table_writer_options *options,
                                                  struct err *err);
void table_writer_close(struct table_writer *writer);

/* How it writes rows, for who writes many at once in the same way. The writer's. */
struct table_writer_shape {
	const struct table_writer_options *options;
	const struct column *const *inserted, *const *updated; /* what a row sets */
	size_t insert_count, update_count;
	const struct value
		*same; /* by column position: of inserted columns that rows do not give */
};

void table_writer_describe(const struct table_writer *writer, struct table_writer_shape *shape);

/* Call in each new transaction, before its first row: what the last one knew may have changed. */
void table_writer_begin(struct table_writer *writer);
/* Call before each commit: generated ids go on behind those that were given. */
MUST_CHECK int table_writer_end(struct table_writer *writer, struct err *err);

/* `values` are `width` checked ones. An outcome, or -1 for an error of the database; `reject` is
 * written with TABLE_WRITER_REJECTED only. */
MUST_CHECK int table_writer_row(struct table_writer *writer, const struct value *values,
                                struct table_reject *reject, struct err *err);

/* The same for a row of which the caller knows that no other has its id or one of its keys; it may be
 * stored together with later ones, the last with table_writer_flush(). */
MUST_CHECK int table_writer_add(struct table_writer *writer, const struct value *values,
                                struct table_reject *reject, struct err *err);
MUST_CHECK int table_writer_flush(struct table_writer *writer, struct err *err);

#endif

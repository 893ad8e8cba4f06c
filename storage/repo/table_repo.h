/* table_repo.h - rows of any table of the catalog
 *
 * Statement texts are built from the catalog once; the repo is immutable afterwards and any thread
 * may use it, each with its own connection. Reads need no transaction. Writes run in the caller's
 * write transaction and expect to be rolled back (to a savepoint) when they fail, as storage/db's
 * writer does; db_begin() and db_commit() do for a single caller. Semantics of the operations: api.md
 * §1.
 *
 * Errors: ERR_NOT_FOUND, ERR_GONE (soft-deleted), ERR_DUPLICATE, ERR_FOREIGN_KEY (unknown or
 * soft-deleted parent), ERR_CONFLICT (still referred to), ERR_STALE (another version), and those of
 * storage/db.
 */
#ifndef STORAGE_REPO_TABLE_REPO_H
#define STORAGE_REPO_TABLE_REPO_H

#include <stddef.h>
#include <stdint.h>

#include "lib/arena.h"
#include "lib/compiler.h"
#include "lib/err.h"
#include "storage/catalog/catalog.h"
#include "storage/catalog/flaw.h"
#include "storage/db/db.h"

struct table_repo;

/* NULL never; free before the catalog. */
struct table_repo *table_repo_new(const struct catalog *catalog, enum db_dialect dialect);
void table_repo_free(struct table_repo *repo);

/* What is wrong with a row as a whole: a REST error or a reject. */
struct table_reject {
	const struct column *column; /* the first of a key of several */
	struct flaw flaw;
};

/* Where an operation happens: filled once per request. */
struct table_access {
	const struct table_repo *repo;
	const struct table *table;
	struct db *db;
	struct arena *arena; /* rows handed out live here, but for those of table_repo_list() */
	int64_t now_us;      /* created_at, updated_at, deleted_at, `{current: …}` */
	struct table_reject *reject; /* told on ERR_DUPLICATE and ERR_FOREIGN_KEY; may be NULL */
};

struct table_row {
	const struct table *table;
	/* By column.position, table->column_count of them. */
	const struct value *values;
	/* The rows referred to, by column.position; NULL where a column is no reference, is NULL or its
	 * row is soft-deleted. NULL altogether unless TABLE_REPO_EXPAND was asked for. */
	const struct table_row *const *expanded;
};

/* The `flags` below. */
enum table_repo_flags {
	TABLE_REPO_EXPAND = 1 << 0,          /* one level of the rows referred to */
	TABLE_REPO_INCLUDE_DELETED = 1 << 1, /* soft-deleted rows too */
};

MUST_CHECK int table_repo_get(const struct table_access *access, int64_t id, unsigned flags,
                              struct table_row *row, struct err *err);

struct table_list {
	unsigned flags;
	int64_t limit;    /* -1: all */
	int64_t offset;   /* rows to skip, 0 with after_id */
	int64_t after_id; /* keyset: rows with a larger id only; 0: from the start */
};

/* The row is good until the function returns; -1 with `err` ends the list. */
typedef int (*table_repo_row_fn)(void *context, const struct table_row *row, struct err *err);

/* In id order. */
MUST_CHECK int table_repo_list(const struct table_access *access, const struct table_list *list,
                               table_repo_row_fn on_row, void *context, struct err *err);

/* `values` by column.position, as value_parse.h made them: id and declared columns count; VALUE_UNSET
 * is the default or, for id, a generated one. Gives the stored row, also where an equal one was there
 * already (and brings that back to life when it was soft-deleted). */
MUST_CHECK int table_repo_create(const struct table_access *access, const struct value *values,
                                 unsigned flags, struct table_row *row, struct err *err);

enum { TABLE_REPO_ANY_VERSION = 0 };

struct table_change {
	int64_t id;
	int64_t version; /* fails with ERR_STALE unless it is this; or TABLE_REPO_ANY_VERSION */
	const struct value *values; /* by column.position; VALUE_UNSET stays as it is */
};

MUST_CHECK int table_repo_update(const struct table_access *access,
                                 const struct table_change *change, unsigned flags,
                                 struct table_row *row, struct err *err);

/* Hides the row, ERR_GONE when it is hidden already. */
MUST_CHECK int table_repo_soft_delete(const struct table_access *access, int64_t id,
                                      int64_t version, struct err *err);
/* Removes the row, hidden or not. ERR_CONFLICT names tables and counts when rows refer to it. */
MUST_CHECK int table_repo_hard_delete(const struct table_access *access, int64_t id,
                                      int64_t version, struct err *err);
/* Removes all rows; ERR_CONFLICT when others refer to one of them. Gives their number. */
MUST_CHECK int table_repo_clear(const struct table_access *access, int64_t *removed,
                                struct err *err);
/* Rows that are not soft-deleted. */
MUST_CHECK int table_repo_count(const struct table_access *access, int64_t *count, struct err *err);

#endif

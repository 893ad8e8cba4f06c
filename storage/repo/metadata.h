/* metadata.h - the metadata database: its tables, their versions, and what its repositories share
 *
 * What the scheduler knows (storage.md §6 of the design): one SQLite file, or a schema of
 * PostgreSQL. Times are microseconds since the epoch, UTC, in integer columns; 0 stands for "none"
 * in all structs and is NULL in the row. States and causes are words, JSON is text. Ids of runs, task
 * instances, attempts and commands are integers that the scheduler gives out.
 *
 * The repositories (run_repo.h, task_repo.h, …) are functions over a connection. What they write
 * belongs into a transaction of the caller's; their statements are prepared once a connection. What
 * they read lies in the arena given; texts are NULL where the row has NULL.
 */
#ifndef STORAGE_REPO_METADATA_H
#define STORAGE_REPO_METADATA_H

#include <stddef.h>
#include <stdint.h>

#include "lib/arena.h"
#include "lib/compiler.h"
#include "lib/err.h"
#include "storage/db/db.h"

/* In updates of a time: set it to NULL; 0 leaves it as it is. */
#define METADATA_CLEAR INT64_C(-1)

/* The next free id of each kind. */
struct metadata_ids {
	int64_t run, task, attempt, command;
};

/* Brings the tables to this program's version, each step in a transaction; processes that do it at
 * once take turns. ERR_CONFLICT: the database is of a newer version of the program. ERR_DAMAGED: a
 * step was recorded with another checksum. */
MUST_CHECK int metadata_migrate(struct db *db, int64_t now_us, struct err *err);

MUST_CHECK int metadata_next_ids(struct db *db, struct metadata_ids *ids, struct err *err);

/* For the repositories: how a row of theirs is read. */
struct metadata_shape {
	size_t size;
	void (*read)(struct db_stmt *stmt, struct arena *arena, void *row);
};

/* A statement whose one parameter is an id; NULL with the error when it could not be prepared. */
struct db_stmt *metadata_by_id(struct db *db, const char *sql, int64_t id, struct err *err);

/* 1 found, 0 not, -1. `stmt` may be NULL here and below: could not be prepared, `err` says why. */
MUST_CHECK int metadata_one(struct db_stmt *stmt, const struct metadata_shape *shape,
                            struct arena *arena, void *row, struct err *err);
/* The rows, `count` of them; NULL is an error, none are not NULL. */
MUST_CHECK void *metadata_all(struct db_stmt *stmt, const struct metadata_shape *shape,
                              struct arena *arena, size_t *count, struct err *err);

/* 0 and METADATA_CLEAR are NULL. */
void metadata_bind_optional(struct db_stmt *stmt, int index, int64_t value);
const char *metadata_text(struct db_stmt *stmt, int column, struct arena *arena);
/* Runs a statement that must meet exactly one row; none is ERR_STALE with `text`. */
MUST_CHECK int metadata_change_one(struct db *db, struct db_stmt *stmt, const char *text,
                                   struct err *err);

#endif

/* load_repo.h - checkpoints and fences of loads, in the data database
 *
 * One row per load in `millrace_load` (PostgreSQL: `millrace_data.load`). Opening raises the fence;
 * whatever commits rows of the load saves its checkpoint in the same transaction under the fence it
 * opened with, so a process that was given up commits nothing. Everything runs in the caller's write
 * transaction. Rules: storage.md §3.
 */
#ifndef STORAGE_REPO_LOAD_REPO_H
#define STORAGE_REPO_LOAD_REPO_H

#include <stdint.h>

#include "lib/arena.h"
#include "lib/compiler.h"
#include "lib/err.h"
#include "storage/db/db.h"

enum load_repo_state {
	LOAD_REPO_OPEN,   /* chunks up to `line` are stored */
	LOAD_REPO_LOADED, /* all rows are stored, the rejects are not published yet */
	LOAD_REPO_DONE,
};

struct load_record {
	const char *load_id;
	int64_t fence;       /* of who opened it last */
	const char *source;  /* what was read and in which state, "" when that cannot be told */
	int64_t line;        /* rows that begin up to this line are stored */
	int64_t spool_bytes; /* of the spool of rejects that belong to them */
	const char *counts;  /* the reply so far, JSON, "" before the first checkpoint */
	int64_t stamp_us;    /* created_at of its rows */
	enum load_repo_state state;
};

/* The statements that make the table, separated by semicolons. */
const char *load_repo_schema(enum db_dialect dialect);

/* 1: found, its texts are the arena's; 0: nobody began it; -1. */
MUST_CHECK int load_repo_find(struct db *db, const char *load_id, struct arena *arena,
                              struct load_record *record, struct err *err);

/* A new load. ERR_DUPLICATE when there is one of this load_id. */
MUST_CHECK int load_repo_begin(struct db *db, const struct load_record *record, struct err *err);

/* Raises the fence by one; whoever has the old one is shut out from the commit on. */
MUST_CHECK int load_repo_take_over(struct db *db, struct load_record *record, struct err *err);

/* Who commits something that is no load: both numbers grow, the fence within an attempt. */
struct load_claim {
	int64_t attempt, fence;
	int64_t now_us;
};

/* What a task commits beside loads stands under a fence, too. Shuts out who is lower from the commit
 * on; ERR_STALE when a higher one has been here. `name` is kept and trimmed like the load_id of a load
 * that is done, of which it must be none. */
MUST_CHECK int load_repo_guard(struct db *db, const char *name, const struct load_claim *claim,
                               struct err *err);

/* Stores source, line, spool_bytes, counts and state. ERR_STALE when the fence is not the row's. */
MUST_CHECK int load_repo_save(struct db *db, const struct load_record *record, struct err *err);

/* Deletes loads that are done and began before that time, at most `limit`: how many, or -1. */
MUST_CHECK int64_t load_repo_trim(struct db *db, int64_t before_us, int64_t limit, struct err *err);

#endif

/* load_write.h - the writing half of a load: staged rows into the table, chunk by chunk
 *
 * For the load_*.c files only. Errors are those of load.h; after one the transaction is rolled back
 * and the counts say what is stored.
 */
#ifndef STORAGE_LOAD_LOAD_WRITE_H
#define STORAGE_LOAD_LOAD_WRITE_H

#include "lib/compiler.h"
#include "lib/err.h"
#include "storage/load/load_state.h"

/* The loader's page cache; callers need not care. */
enum { LOAD_WRITE_CACHE_BYTES = 32 * 1024 * 1024 };

/* The columns of all rows that follow are known: opens the writer. `names` are those of the input. */
MUST_CHECK int load_write_begin(struct load *load, const struct column *const *columns,
                                size_t width, const char *const *names, size_t name_count,
                                struct err *err);

/* Stages a row, good or bad; writes the stage when a chunk is full. */
MUST_CHECK int load_write_take(struct load *load, const struct stage_entry *entry, struct err *err);

/* Writes what is staged and, when it is the last, what stands for the whole load. */
enum load_write_flags { LOAD_WRITE_LAST = 1 << 0 };
MUST_CHECK int load_write_staged(struct load *load, unsigned flags, struct err *err);

/* Publishes the rejects of a load whose rows are stored, and marks it done. */
MUST_CHECK int load_write_finish(struct load *load, struct err *err);

/* Opens a write transaction as soon as it is this load's turn. Unlike a bare db_begin() the wait can be
 * cancelled. */
MUST_CHECK int load_write_turn(struct load *load, struct err *err);

/* One entry of the stage, row by row, and one that was refused already; for load_copy.c. */
MUST_CHECK int load_write_entry(struct load *load, struct stage_entry *entry, struct err *err);
MUST_CHECK int load_write_reject(struct load *load, struct stage_entry *entry,
                                 const struct table_reject *reject, struct err *err);

/* Asks for cancellation and tells progress; cheap enough for every few hundred rows. */
MUST_CHECK int load_write_tick(struct load *load, struct err *err);

#endif

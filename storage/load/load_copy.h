/* load_copy.h - a stage into a table of PostgreSQL by COPY
 *
 * For load_write.c. What each row comes to is the same as row by row; storage.md §3 of the design says
 * which way is taken when. Whatever goes wrong with a way, other than a lost connection, a full disk or
 * a cancellation, leads to the next one, and the last of them is row by row.
 */
#ifndef STORAGE_LOAD_LOAD_COPY_H
#define STORAGE_LOAD_LOAD_COPY_H

#include "lib/compiler.h"
#include "lib/err.h"
#include "storage/load/load_state.h"

enum { LOAD_COPY_ROWS = 3000 /* with fewer, row by row is as quick */ };

/* In the open transaction. 1: all of the stage is written; 0: row by row, please; -1. */
MUST_CHECK int load_copy_write(struct load *load, struct err *err);

#endif

/* load_result.h - what a load says of itself, to users and to its own later attempts
 *
 * The reply of formats.md §2 is also what the checkpoint of a load keeps as its counts.
 */
#ifndef STORAGE_LOAD_LOAD_RESULT_H
#define STORAGE_LOAD_LOAD_RESULT_H

#include "lib/compiler.h"
#include "lib/err.h"
#include "storage/load/load.h"

/* Takes the counts of an earlier attempt. ERR_DAMAGED when they are none, ERR_CONFLICT when they are
 * those of another table. */
MUST_CHECK int load_result_restore(struct load *load, const char *json, struct err *err);

#endif

/* batch_store.h - stores a batch: its rows, in an order that no reference goes ahead of
 *
 * On the thread that owns the connection for the moment.
 */
#ifndef SCHEDULER_SERVICE_BATCH_STORE_H
#define SCHEDULER_SERVICE_BATCH_STORE_H

#include "lib/compiler.h"
#include "lib/err.h"
#include "scheduler/service/batch.h"

/* In the transaction that is open. */
MUST_CHECK int batch_store(const struct batch *batch, struct db *db, struct err *err);

#endif

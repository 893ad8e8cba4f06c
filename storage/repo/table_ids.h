/* table_ids.h - the generator of a table's ids, when ids are given from outside
 *
 * SQLite counts on from the highest id by itself. A sequence of PostgreSQL has to be told, by one
 * transaction at a time: two that tell it at once could leave it at the lower of their ids.
 */
#ifndef STORAGE_REPO_TABLE_IDS_H
#define STORAGE_REPO_TABLE_IDS_H

#include <stdint.h>

#include "storage/catalog/catalog.h"
#include "storage/db/db.h"

/* Within the write transaction that stored `id`, the highest one it was given: the next generated
 * one is greater. */
MUST_CHECK int table_ids_pass(struct db *db, const struct table *table, int64_t id,
                              struct err *err);

/* The same behind the highest id there is, which others may have stored without telling. 1: a row
 * that found its generated id taken may be tried again; 0: it makes no difference; -1. */
MUST_CHECK int table_ids_catch_up(struct db *db, const struct table *table, struct err *err);

#endif

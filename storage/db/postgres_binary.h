/* postgres_binary.h - values as PostgreSQL's binary COPY has them
 *
 * Appends to a buf, numbers in network order. Format: "COPY" of PostgreSQL's manual. Pure.
 */
#ifndef STORAGE_DB_POSTGRES_BINARY_H
#define STORAGE_DB_POSTGRES_BINARY_H

#include "lib/buf.h"
#include "storage/db/db.h"

void postgres_binary_head(struct buf *out);
/* In front of each row: how many values. */
void postgres_binary_count(struct buf *out, size_t values);
/* `type` is the column's. -1: the value is not one of it. */
MUST_CHECK int postgres_binary_value(struct buf *out, enum db_type type,
                                     const struct db_value *value);
void postgres_binary_end(struct buf *out);

#endif

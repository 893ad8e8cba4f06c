/* csv_reader.h - the records of a CSV stream, one after the other
 *
 * Unpacks, drops a BOM, skips empty lines, counts physical lines from 1. Memory is one block, or one
 * record where that is longer, LIMIT_RECORD_BYTES at most. What makes the rest of the input
 * untrustworthy is ERR_INVALID and ends it: UTF-16, an unterminated quote, a record over the limit, a
 * packed stream that ends early. Errors say the line. One thread.
 */
#ifndef STORAGE_LOAD_CSV_READER_H
#define STORAGE_LOAD_CSV_READER_H

#include <stddef.h>
#include <stdint.h>

#include "lib/compiler.h"
#include "lib/err.h"
#include "storage/load/csv_record.h"
#include "storage/load/load.h"

struct csv_reader;

/* NULL on error. The input is borrowed. */
MUST_CHECK struct csv_reader *csv_reader_open(const struct load_input *input,
                                              struct csv_dialect dialect, struct err *err);
void csv_reader_close(struct csv_reader *reader);

/* 1: a record, good until the next call; 0: the end; -1. */
MUST_CHECK int csv_reader_next(struct csv_reader *reader, const struct csv_record **record,
                               struct err *err);

/* Where the record of the last call begins. */
int64_t csv_reader_line(const struct csv_reader *reader);

/* Read from the source so far, as it is stored. */
int64_t csv_reader_bytes(const struct csv_reader *reader);

#endif

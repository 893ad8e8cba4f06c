/* column_reader.h - a column or a parameter out of a catalog file
 *
 * Tables, parameters and results of reports share one way to write a column; what each may say is in
 * the table of column_reader.c. Patterns are the caller's to free once the column was read.
 */
#ifndef STORAGE_CATALOG_COLUMN_READER_H
#define STORAGE_CATALOG_COLUMN_READER_H

#include "storage/catalog/catalog.h"
#include "storage/catalog/source.h"

enum column_reader_use {
	COLUMN_READER_TABLE = 1 << 0,  /* a column of a table */
	COLUMN_READER_PARAM = 1 << 1,  /* a parameter of a report */
	COLUMN_READER_RESULT = 1 << 2, /* a column of a report */
};

/* Reads what it can; faults are reported. `column->name` is "" when there is no good one.
 * `references` is left to the caller, who knows the tables. */
void column_reader_read(const struct source *source, const struct yaml_node *node,
                        enum column_reader_use use, struct column *column);

/* Whether two names are the same to a database: ASCII letters fold. */
int column_reader_same_name(const char *a, const char *b);

#endif

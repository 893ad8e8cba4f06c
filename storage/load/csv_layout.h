/* csv_layout.h - which field of a record is which column
 *
 * Made of the header or of the option `columns`, before the first row. Names are those of the catalog,
 * its aliases, or what `map` says; "-" skips a field. A header that begins with
 * `line,column,code,reason` is that of a rejects object: those four fields are ignored. Memory is the
 * arena's.
 */
#ifndef STORAGE_LOAD_CSV_LAYOUT_H
#define STORAGE_LOAD_CSV_LAYOUT_H

#include <stddef.h>

#include "lib/arena.h"
#include "lib/compiler.h"
#include "lib/err.h"
#include "storage/catalog/catalog.h"
#include "storage/load/csv_record.h"
#include "storage/load/load_options.h"

enum { CSV_LAYOUT_REJECT_FIELDS = 4 };

struct csv_layout {
	size_t leading;                      /* fields of a rejects object in front, ignored */
	size_t field_count;                  /* that a record has, the leading ones not counted */
	const char *const *names;            /* of the fields, as the file or `columns` says */
	const struct column *const *columns; /* of the fields; NULL: skipped */
	const struct column *const *loaded; /* those that are not skipped, in the order of fields */
	size_t width;                       /* of `loaded` */
};

/* ERR_INVALID says what does not fit: a column that is unknown, twice there, kept by the program, or
 * required and missing. */
MUST_CHECK int csv_layout_from_header(const struct table *table, const struct load_options *options,
                                      const struct csv_record *header, struct arena *arena,
                                      struct csv_layout *layout, struct err *err);

/* The same of `options->columns`; ERR_USAGE. */
MUST_CHECK int csv_layout_from_columns(const struct table *table,
                                       const struct load_options *options, struct arena *arena,
                                       struct csv_layout *layout, struct err *err);

/* Whether the record begins as the header of a rejects object does. */
int csv_layout_is_rejects(const struct csv_record *record);

#endif

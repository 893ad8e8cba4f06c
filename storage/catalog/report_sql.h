/* report_sql.h - named parameters of a report become numbered ones
 *
 * `:name` outside of quotes, comments and casts (`::`) is a parameter. Nothing else of the text is
 * understood or changed.
 */
#ifndef STORAGE_CATALOG_REPORT_SQL_H
#define STORAGE_CATALOG_REPORT_SQL_H

#include "lib/buf.h"
#include "lib/compiler.h"
#include "storage/catalog/catalog.h"

struct report_sql_fault {
	size_t offset; /* of the text */
	char text[200];
};

/* Writes the text with `$n` for the n-th parameter, and 1 into `used` for each it met. -1 with the
 * first fault. */
MUST_CHECK int report_sql_number(const char *text, const struct report *report, char *used,
                                 struct buf *sql, struct report_sql_fault *fault);

#endif

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

struct report_sql {
	struct buf sql; /* the text with `$n` for the n-th parameter */
	char *used;     /* by parameter: 1 is written for each that was met */
	/* the first fault */
	size_t offset; /* of the text */
	char fault[200];
};

/* 0, or -1 with the fault. The caller gives `used` and releases `sql`. */
MUST_CHECK int report_sql_number(const char *text, const struct report *report,
                                 struct report_sql *result);

#endif

/* report_repo.h - runs the reports of the catalog
 *
 * Parameters are bound, never spliced. Rows stream; none is kept. The connection's timeout and
 * db_cancel() bound a report as any statement.
 */
#ifndef STORAGE_REPO_REPORT_REPO_H
#define STORAGE_REPO_REPORT_REPO_H

#include "lib/compiler.h"
#include "lib/err.h"
#include "storage/catalog/catalog.h"
#include "storage/db/db.h"

/* `values` are report->column_count, good until the function returns; -1 with `err` ends the report. */
typedef int (*report_repo_row_fn)(void *context, const struct value *values, struct err *err);

/* `params` are report->param_count values, as value_parse.h made them. ERR_INVALID when the text does
 * not run on this database or gives other columns than declared. */
MUST_CHECK int report_repo_run(struct db *db, const struct report *report,
                               const struct value *params, report_repo_row_fn on_row, void *context,
                               struct err *err);

#endif

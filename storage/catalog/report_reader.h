/* report_reader.h - a report out of a catalog file
 *
 * Faults are reported to the source; what was read of a faulty file must not be used.
 */
#ifndef STORAGE_CATALOG_REPORT_READER_H
#define STORAGE_CATALOG_REPORT_READER_H

#include "storage/catalog/catalog.h"
#include "storage/catalog/source.h"

/* `report->name` is "" when there is no good one. */
void report_reader_read(const struct source *source, const char *file, const struct yaml_node *root,
                        struct report *report);

/* Frees what is not in an arena. */
void report_reader_release(const struct report *report);

#endif

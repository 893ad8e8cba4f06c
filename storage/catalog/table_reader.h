/* table_reader.h - a table out of a catalog file
 *
 * In two steps, because tables refer to each other: table_reader_read() for every file, then
 * table_reader_link() for every table. The draft, its document and the table live until then.
 */
#ifndef STORAGE_CATALOG_TABLE_READER_H
#define STORAGE_CATALOG_TABLE_READER_H

#include "lib/map.h"
#include "storage/catalog/catalog.h"
#include "storage/catalog/source.h"

struct table_draft {
	struct source source;
	const struct yaml_node *name;        /* where faults of the whole table are shown */
	struct table table;                  /* `name` is "" when there is no good one */
	struct column *columns;              /* table.columns */
	const struct yaml_node **references; /* by column position; NULL where there is none */
};

void table_reader_read(struct table_draft *draft, const char *file, const struct yaml_node *root);

/* Finds the tables that columns refer to; `tables` is name to struct table. */
void table_reader_link(struct table_draft *draft, const struct map *tables);

/* Frees what is not in an arena. */
void table_reader_release(const struct table *table);

#endif

/* sweep.h - deletes the rows that stand in a CSV object
 *
 * Goes through the object's records; of each batch, in one transaction, the rows are read, written as
 * lines and deleted where the line is the record. A row that changed since stays and is counted, one
 * that is gone already is fine: it can be run again at any time.
 */
#ifndef PLUGINS_TABLE_SWEEP_H
#define PLUGINS_TABLE_SWEEP_H

#include "plugins/table/retention.h"

/* The object is one that archive.c wrote: ids in the first column, ascending. */
mr_status sweep_run(struct retention *job, const char *uri);

#endif

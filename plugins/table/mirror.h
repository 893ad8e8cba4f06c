/* mirror.h - old rows into a backup table
 *
 * A batch is copied, read back and compared, and deleted in one transaction: a kill leaves each row in
 * exactly one of the two tables.
 */
#ifndef PLUGINS_TABLE_MIRROR_H
#define PLUGINS_TABLE_MIRROR_H

#include "plugins/table/retention.h"

mr_status mirror_run(struct retention *job);

#endif

/* archive.h - old rows into a CSV object
 *
 * The object gets a name of its own, as nothing that was written is ever overwritten. It is read back
 * and compared before the first row goes, and rows go by it: a row is deleted only while it is, byte
 * for byte, what stands in the object. What is under way is remembered in the data database, so a
 * retry goes on with the copy it finds instead of making another.
 */
#ifndef PLUGINS_TABLE_ARCHIVE_H
#define PLUGINS_TABLE_ARCHIVE_H

#include "plugins/table/retention.h"

mr_status archive_run(struct retention *job);

#endif

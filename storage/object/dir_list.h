/* dir_list.h - the keys of a directory store in byte order, a page at a time
 *
 * A folder counts as its name and a slash, so keys come as if they were sorted as whole texts. Links
 * and temporary files are no objects. Memory: the names of the folders on the way to a key.
 */
#ifndef STORAGE_OBJECT_DIR_LIST_H
#define STORAGE_OBJECT_DIR_LIST_H

#include "storage/object/object_store.h"

MUST_CHECK int dir_list(const struct object_ref *prefix, const char *after, size_t limit,
                        struct arena *arena, struct object_page *page, struct err *err);

#endif

/* dir_store.h - objects as files below a folder
 *
 * `<root>/<bucket>/<key>`, or `<root>/<key>` for a folder of plain files (`file://`). A write goes to
 * a temporary file, fsync, rename, fsync of the folder, so readers see the old or the new object,
 * also after a power cut. A key cannot leave the root: openat2(2) with RESOLVE_BENEATH, and where the
 * kernel refuses that, component by component without following links. As in any file system, a key
 * cannot be an object and the beginning of another (`a` and `a/b`): ERR_CONFLICT.
 *
 * Temporary files are in `<root>/.tmp` (plain files: beside the target, hidden), locked while their
 * writer lives; what killed writers left there goes with the next write.
 */
#ifndef STORAGE_OBJECT_DIR_STORE_H
#define STORAGE_OBJECT_DIR_STORE_H

#include "storage/object/object_store.h"

enum dir_store_flags {
	DIR_STORE_CREATE_BUCKETS = 1 << 0, /* the first write makes a missing bucket */
	DIR_STORE_FILES = 1 << 1,          /* no buckets: plain files, refs have bucket "" */
	DIR_STORE_UNBOUNDED = 1 << 2,      /* links may lead anywhere, pipes are files too */
};

/* The root need not exist before the first write; `flags` of enum dir_store_flags. Free with
 * object_store_free(). */
struct object_store *dir_store_new(const char *root, unsigned flags);

#endif

/* log_store.h - logs of attempts as objects, for when the file is gone
 *
 * An object is `<logs.upload>/<name>`, the name as below `state_dir`/logs. Any thread; blocks as long as
 * the store does.
 */
#ifndef STORAGE_OBJECT_LOG_STORE_H
#define STORAGE_OBJECT_LOG_STORE_H

#include "lib/compiler.h"
#include "lib/err.h"
#include "storage/object/object_registry.h"

struct log_store {
	const struct object_registry *objects;
	const char *prefix; /* URI */
};

/* Whether the prefix is one that objects can be put under. */
MUST_CHECK int log_store_check(const struct log_store *store, struct err *err);

/* Puts the file there. ERR_NOT_FOUND: there is no such file. */
MUST_CHECK int log_store_put(const struct log_store *store, const char *name, const char *path,
                             struct err *err);

/* Its contents in a file without a name in `folder`: the descriptor, at the beginning. -1, ERR_NOT_FOUND
 * when it is not there. */
MUST_CHECK int log_store_fetch(const struct log_store *store, const char *name, const char *folder,
                               struct err *err);

#endif

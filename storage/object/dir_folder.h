/* dir_folder.h - what reader, writer and list of a directory store share: keys as paths
 *
 * Only the dir_*.c files include this. Errors as object_store.h says. Thread safe.
 */
#ifndef STORAGE_OBJECT_DIR_FOLDER_H
#define STORAGE_OBJECT_DIR_FOLDER_H

#include <pthread.h>
#include <sys/stat.h>

#include "storage/object/dir_store.h"

#define DIR_FOLDER_TEMP   ".tmp"          /* below the root; no bucket begins with a dot */
#define DIR_FOLDER_HIDDEN ".millrace-tmp" /* begins the names of temporary plain files */

struct dir_folder {
	struct object_store store;
	char *root;
	unsigned flags;        /* of enum dir_store_flags */
	pthread_mutex_t mutex; /* guards what follows */
	int swept;             /* what killed writers left is gone */
};

struct dir_folder *dir_folder_of(struct object_store *store);

/* A descriptor of the root, or -1: ERR_NOT_FOUND when it was never written to. */
MUST_CHECK int dir_folder_root(const struct dir_folder *folder, struct err *err);

/* `bucket/key` below the root, on the heap. */
char *dir_folder_path(const struct object_ref *ref);
/* The part of a path behind its last slash. */
const char *dir_folder_name(const char *path);

/* Refuses keys that are no clean path: empty parts, `.` and `..`, parts over 255 bytes. */
MUST_CHECK int dir_folder_check(const struct object_ref *ref, struct err *err);

/* Opens a path inside the store; -1 with errno. */
int dir_folder_open_path(const struct dir_folder *folder, int root, const char *path, int flags);
/* The folder that holds `path`; -1 with errno. */
int dir_folder_open_parent(const struct dir_folder *folder, int root, const char *path);

/* Opens what the ref names for reading. */
MUST_CHECK int dir_folder_open(const struct object_ref *ref, int flags, struct err *err);

void dir_folder_stat(const struct stat *status, const char *key, struct object_stat *stat);

#endif

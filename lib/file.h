/* file.h - whole files and folders
 *
 * Descriptors are CLOEXEC from birth. Every error names the path. Thread safe.
 */
#ifndef LIB_FILE_H
#define LIB_FILE_H

#include <stddef.h>
#include <sys/types.h>

#include "lib/arena.h"
#include "lib/buf.h"
#include "lib/compiler.h"
#include "lib/err.h"

/* Reads all of it; more than `max_size` bytes is ERR_LIMIT, a directory ERR_INVALID. */
MUST_CHECK int file_read(const char *path, size_t max_size, struct buf *contents, struct err *err);

/* Readers see the old or the new contents, also after a power cut (temp, fsync, rename, fsync). */
MUST_CHECK int file_write_atomic(const char *path, const void *bytes, size_t size, struct err *err);

/* All of it, whatever write(2) takes at a time. 0, or -1 with errno. */
MUST_CHECK int file_write_all(int fd, const void *bytes, size_t size);

/* The folder and what is missing above it, mode 0777 less umask. Present is fine. */
MUST_CHECK int file_make_folder(const char *path, struct err *err);

/* Removes a folder and everything below it; absent is fine. Never follows links. */
MUST_CHECK int file_remove_tree(const char *path, struct err *err);

int file_exists(const char *path);

/* Names (not paths) in a folder that end in `suffix`, sorted, hidden ones left out. An absent
 * folder has none. Memory is the arena's. */
MUST_CHECK int file_list(const char *folder, const char *suffix, struct arena *arena, char ***names,
                         size_t *count, struct err *err);

/* `base/path`, or `path` itself when it is absolute; `.` and `..` are resolved by text alone. */
char *file_join(struct arena *arena, const char *base, const char *path);
/* The part behind the last slash. */
const char *file_basename(const char *path);

#endif

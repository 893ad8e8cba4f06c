/* beneath.h - opening paths that cannot leave a folder
 *
 * By openat2(2) with RESOLVE_BENEATH; where the kernel or a sandbox refuses that call, component by
 * component without following links, which refuses links inside the folder too. Paths are relative,
 * without `.`, `..` and empty components. Functions return a descriptor, or -1 with errno. Thread safe.
 */
#ifndef STORAGE_OBJECT_BENEATH_H
#define STORAGE_OBJECT_BENEATH_H

#include <sys/types.h>

/* "" is the folder itself. */
int beneath_open(int folder, const char *path, int flags, mode_t mode);

/* The way for kernels without openat2. */
int beneath_open_by_component(int folder, const char *path, int flags, mode_t mode);

/* Opens the folder `path`, making what is missing of it, durably. */
int beneath_make(int folder, const char *path);

#endif

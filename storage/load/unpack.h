/* unpack.h - the bytes of a source, unpacked when they are packed
 *
 * gzip, zstd, bzip2 and xz are known by their first bytes, not by a name, and unpacked by libarchive;
 * anything else passes as it is. A packed stream that ends early or is damaged is ERR_INVALID, never
 * an end. One thread.
 */
#ifndef STORAGE_LOAD_UNPACK_H
#define STORAGE_LOAD_UNPACK_H

#include <stddef.h>
#include <stdint.h>

#include "lib/compiler.h"
#include "lib/err.h"
#include "storage/load/load.h"

struct unpack;

/* Reads the first bytes. The input is borrowed. NULL on error. */
MUST_CHECK struct unpack *unpack_open(const struct load_input *input, struct err *err);
void unpack_close(struct unpack *unpack);

/* Up to `size` bytes; *got is 0 only at the end. */
MUST_CHECK int unpack_read(struct unpack *unpack, void *bytes, size_t size, size_t *got,
                           struct err *err);

/* Read from the source so far, as it is stored. */
int64_t unpack_bytes(const struct unpack *unpack);

#endif

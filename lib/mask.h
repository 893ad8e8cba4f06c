/* mask.h - secrets replaced by `***` in what people read and what is stored
 *
 * `secrets` is an array of texts; NULL and empty texts hide nothing. Where two begin at the same byte the
 * longer one wins. Pure.
 */
#ifndef LIB_MASK_H
#define LIB_MASK_H

#include <stddef.h>

#include "lib/buf.h"
#include "lib/json.h"

enum mask_flags {
	MASK_MORE_COMES = 1, /* what may be the beginning of a secret is left for later */
};

/* Appends the masked bytes to `out`. The bytes that were used: all, but for MASK_MORE_COMES. */
size_t mask_append(struct buf *out, const char *bytes, size_t size, const json_t *secrets,
                   unsigned flags);

/* A copy with every text and key in it masked; a new reference. */
json_t *mask_json(const json_t *value, const json_t *secrets);

#endif

/* mask.h - secrets replaced by `***` in what people read and what is stored
 *
 * `secrets` is an array of texts; NULL and empty texts hide nothing. mask_add() puts a secret into it in all
 * the forms in which it is recognised: as it is, each line of 8 bytes and more of one that has several, as
 * JSON writes it, percent-encoded, and in base64 (both alphabets, wherever it begins within the encoded
 * text). Where two begin at the same byte the longer one wins. Pure.
 */
#ifndef LIB_MASK_H
#define LIB_MASK_H

#include <stddef.h>

#include "lib/buf.h"
#include "lib/json.h"

enum mask_flags {
	MASK_MORE_COMES = 1 << 0, /* what may be the beginning of a secret is left for later */
	/* the text goes on, or went before, where nobody sees it: a part of a secret at that end, of
	 * LIMIT_SECRET_MIN_BYTES and more, is hidden too */
	MASK_CUT_BEHIND = 1 << 1,
	MASK_CUT_BEFORE = 1 << 2,
};

/* Nothing for texts shorter than LIMIT_SECRET_MIN_BYTES: hiding them would hide everything. */
void mask_add(json_t *secrets, const char *text);

/* Appends the masked bytes to `out`. The bytes that were used: all, but for MASK_MORE_COMES. */
size_t mask_append(struct buf *out, const char *bytes, size_t size, const json_t *secrets,
                   unsigned flags);

/* A copy with every text and key in it masked, numbers that show a secret too; a new reference. */
json_t *mask_json(const json_t *value, const json_t *secrets);

#endif

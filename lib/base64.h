/* base64.h - bytes as text, RFC 4648 §4, with padding
 *
 * Strict: no blanks, no line ends, no missing padding, no bits left over. Pure.
 */
#ifndef LIB_BASE64_H
#define LIB_BASE64_H

#include <stddef.h>
#include <stdint.h>

#include "lib/buf.h"
#include "lib/compiler.h"

/* Writes size / 4 * 3 bytes at most. 0, or -1 when it is no base64. */
MUST_CHECK int base64_decode(const char *text, size_t size, uint8_t *bytes, size_t *byte_count);

void base64_append(const void *bytes, size_t size, struct buf *buf);

#endif

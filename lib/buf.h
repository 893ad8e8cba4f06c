/* buf.h - bytes that grow
 *
 * `data` is NUL-terminated after every call (the NUL is not counted) and moves when it grows.
 * Zero-initialised is valid and empty; buf_release() frees. Growing never fails (lib/mem.h); who
 * appends what comes from outside checks a cap of lib/limits.h first. Not thread safe.
 */
#ifndef LIB_BUF_H
#define LIB_BUF_H

#include <stdarg.h>
#include <stddef.h>

#include "lib/compiler.h"

struct buf {
	char *data; /* NULL until the first append */
	size_t size, capacity;
};

#define auto_buf __attribute__((cleanup(buf_release)))

void buf_release(struct buf *buf);
/* Keeps the memory. */
void buf_clear(struct buf *buf);
/* Makes room for `more` bytes behind `size` and returns where they go; grow `size` yourself. */
char *buf_reserve(struct buf *buf, size_t more);
void buf_append(struct buf *buf, const void *bytes, size_t size);
void buf_text(struct buf *buf, const char *text);
void buf_char(struct buf *buf, char c);
void buf_printf(struct buf *buf, const char *format, ...) PRINTF_LIKE(2, 3);
void buf_vprintf(struct buf *buf, const char *format, va_list arguments) PRINTF_LIKE(2, 0);
/* Drops the first `count` bytes. */
void buf_consume(struct buf *buf, size_t count);
/* The contents as a string, "" when nothing was appended; still owned by the buf. */
const char *buf_string(const struct buf *buf);
/* Hands the heap string over; the buf is empty afterwards. Never NULL. */
char *buf_take(struct buf *buf);

#endif

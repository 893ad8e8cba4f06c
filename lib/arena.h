/* arena.h - memory that is freed all at once
 *
 * One arena per request, DAG version or attempt; everything allocated from it lives until
 * arena_release() or arena_reset(). Memory is zeroed and aligned for any type. Out of memory
 * aborts: every size that comes from outside has a cap in lib/limits.h before it gets here.
 * Not thread safe: one owner at a time.
 */
#ifndef LIB_ARENA_H
#define LIB_ARENA_H

#include <stdarg.h>
#include <stddef.h>

#include "lib/compiler.h"

struct arena_block;

struct arena {
	struct arena_block *blocks; /* newest first */
	size_t used_bytes;          /* handed out so far, over all blocks */
};

void arena_init(struct arena *arena);
void arena_release(struct arena *arena);

/* Forgets all contents but keeps one block for what comes next. */
void arena_reset(struct arena *arena);

/* Zeroed memory; never NULL. */
void *arena_alloc(struct arena *arena, size_t size);

/* Zeroed array; aborts when count * size overflows. */
void *arena_array(struct arena *arena, size_t count, size_t size);

/* Copies with a NUL behind; `text` may hold NULs when a length is given. */
char *arena_strdup(struct arena *arena, const char *text);
char *arena_strndup(struct arena *arena, const char *text, size_t length);
char *arena_printf(struct arena *arena, const char *format, ...) PRINTF_LIKE(2, 3);
char *arena_vprintf(struct arena *arena, const char *format, va_list arguments) PRINTF_LIKE(2, 0);

#endif

/* mem.h - heap memory that is always there
 *
 * For things whose life is events; everything else lives in an arena. Out of memory aborts with a
 * text. Sizes are bytes. Free with free(3). Thread safe.
 */
#ifndef LIB_MEM_H
#define LIB_MEM_H

#include <stddef.h>

/* Zeroed, never NULL. */
void *mem_alloc(size_t size);
void *mem_array(size_t count, size_t size);
/* New bytes are not zeroed. Aborts when count * size overflows. */
void *mem_resize(void *memory, size_t count, size_t size);
char *mem_strdup(const char *text);
char *mem_strndup(const char *text, size_t length);

#endif

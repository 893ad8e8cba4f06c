/* vec.c - arrays that grow */
#include "lib/vec.h"

#include <stdlib.h>
#include <string.h>

#include "lib/mem.h"

void vec_grow(void **items, size_t *count, size_t *capacity, size_t size)
{
	if (*count == *capacity) {
		*capacity = *capacity ? *capacity * 2 : 8;
		*items = mem_resize(*items, *capacity, size);
	}
	memset((char *)*items + *count * size, 0, size);
	++*count;
}

void vec_free(void **items)
{
	free(*items);
}

/* vec.h - arrays that grow
 *
 *   struct { struct route *items; size_t count, capacity; } routes = {0};
 *   *vec_push(&routes) = route;
 *   vec_foreach(struct route *, route, &routes) use(route);
 *   vec_release(&routes);
 *
 * Items move when the array grows. New items are zeroed. Growing never fails (lib/mem.h).
 */
#ifndef LIB_VEC_H
#define LIB_VEC_H

#include <stddef.h>

/* Adds one zeroed item and gives its address. */
#define vec_push(vec)                                                                              \
	(vec_grow((void **)&(vec)->items, &(vec)->count, &(vec)->capacity, sizeof(*(vec)->items)), \
	 &(vec)->items[(vec)->count - 1])

#define vec_release(vec)                                                                           \
	(vec_free((void **)&(vec)->items), (vec)->items = NULL, (vec)->count = (vec)->capacity = 0)

/* NOLINTBEGIN(bugprone-macro-parentheses): a name that is declared cannot have any */
#define vec_foreach(type, item, vec)                                                               \
	for (type item = (vec)->items; item && item < (vec)->items + (vec)->count; item++)
/* NOLINTEND(bugprone-macro-parentheses) */

void vec_grow(void **items, size_t *count, size_t *capacity, size_t size);
void vec_free(void **items);

#endif

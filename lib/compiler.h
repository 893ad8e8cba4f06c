/* compiler.h - what the compiler can hold for us
 *
 * Attributes, two size helpers and the three cleanup macros. Nothing here hides control flow.
 */
#ifndef LIB_COMPILER_H
#define LIB_COMPILER_H

#include <stddef.h>

/* The result says whether it worked; dropping it is a compile error. */
#define MUST_CHECK __attribute__((warn_unused_result))
#define PRINTF_LIKE(format_index, first_argument)                                                  \
	__attribute__((format(printf, format_index, first_argument)))
#define NORETURN __attribute__((noreturn))

#define countof(array) (sizeof(array) / sizeof((array)[0]))

#define container_of(pointer, type, member)                                                        \
	((type *)(void *)((char *)(pointer)-offsetof(type, member)))

/* Straight-line code only, never in callbacks: the variable is cleaned when its block ends. */
#define auto_free  __attribute__((cleanup(compiler_free)))
#define auto_close __attribute__((cleanup(compiler_close)))

void compiler_free(void *pointer_to_pointer);
void compiler_close(const int *fd);

#endif

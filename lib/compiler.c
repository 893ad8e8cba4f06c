/* compiler.c - the functions behind the cleanup macros */
#include "lib/compiler.h"

#include <stdlib.h>
#include <unistd.h>

void compiler_free(void *pointer_to_pointer)
{
	free(*(void **)pointer_to_pointer);
}

void compiler_close(const int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

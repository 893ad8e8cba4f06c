/* late.h - shared libraries that are loaded when they are first needed
 *
 * libcurl and libarchive bring some forty other libraries along. Linked in, those would cost every
 * command and every runner 8 ms of processor time before main() begins, and few of them need one.
 * A library stays loaded once it is. Thread safe.
 */
#ifndef LIB_LATE_H
#define LIB_LATE_H

#include <stddef.h>

#include "lib/compiler.h"
#include "lib/err.h"

struct late_symbol {
	const char *name;
	void *place; /* of the function pointer that is filled in */
};

/* Loads `file`, e.g. "libcurl.so.4", and fills in every symbol; may be called again.
 * ERR_UNAVAILABLE when the machine lacks the library, or that of this version. */
MUST_CHECK int late_load(const char *file, const struct late_symbol *symbols, size_t count,
                         struct err *err);

#endif

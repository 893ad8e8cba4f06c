/* late.c - shared libraries that are loaded when they are first needed */
#include "lib/late.h"

#include <dlfcn.h>
#include <string.h>

static const char *why(void)
{
	return dlerror(); /* NOLINT(concurrency-mt-unsafe): glibc's is of the thread */
}

int late_load(const char *file, const struct late_symbol *symbols, size_t count, struct err *err)
{
	void *library = dlopen(file, RTLD_NOW | RTLD_LOCAL);

	if (!library)
		return err_set(err, ERR_UNAVAILABLE, "could not load '%s': %s", file, why());
	for (size_t i = 0; i < count; i++) {
		void *address = dlsym(library, symbols[i].name);

		if (!address)
			return err_set(err, ERR_UNAVAILABLE, "'%s' has no '%s': %s", file,
			               symbols[i].name, why());
		memcpy(symbols[i].place, &address, sizeof(address));
	}
	return 0;
}

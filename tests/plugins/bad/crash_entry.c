/* crash_entry.c - a plugin that crashes while it is described */
#include <signal.h>

#include "plugins/plugin.h"

const struct mr_plugin *mr_plugin_entry(void)
{
	raise(SIGSEGV);
	return NULL;
}

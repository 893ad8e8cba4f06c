/* fault.c - crash points for tests */
#include "lib/fault.h"

#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/config.h"

void fault_point(const char *name)
{
	static atomic_long passed;
	const char *wanted = config_environment("MILLRACE_FAULT");
	size_t length = strlen(name);
	long due = 1;

	if (!wanted || strncmp(wanted, name, length) != 0)
		return;
	if (wanted[length] == ':')
		due = strtol(wanted + length + 1, NULL, 10);
	else if (wanted[length])
		return;
	if (atomic_fetch_add(&passed, 1) + 1 == due)
		kill(getpid(), SIGKILL);
}

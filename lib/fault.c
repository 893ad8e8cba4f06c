/* fault.c - crash points for tests */
#include "lib/fault.h"

#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/config.h"

/* Whether no process has died of this fault yet, where that matters. */
static int is_first(void)
{
	const char *marker = config_environment("MILLRACE_FAULT_ONCE");
	int fd = marker ? open(marker, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600) : -1;

	if (fd >= 0)
		close(fd);
	return !marker || fd >= 0;
}

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
	if (atomic_fetch_add(&passed, 1) + 1 == due && is_first())
		kill(getpid(), SIGKILL);
}

/* fault.c - crash points and clock jumps for tests */
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

int64_t fault_clock_us(void)
{
	const char *path = config_environment("MILLRACE_CLOCK");
	int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
	char text[32] = "";
	int64_t offset_us = 0;

	if (fd < 0)
		return 0;
	if (read(fd, text, sizeof(text) - 1) > 0)
		offset_us = strtoll(text, NULL, 10) * 1000000;
	close(fd);
	return offset_us;
}

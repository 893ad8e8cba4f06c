/* fault.c - crash points, failures, silence and clock jumps for tests */
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

/* Whether `variable` names this point, and this is the time it means. */
static int is_due(const char *variable, const char *name, atomic_long *passed)
{
	const char *wanted = config_environment(variable);
	size_t length = strlen(name);
	long due = 1;

	if (!wanted || strncmp(wanted, name, length) != 0)
		return 0;
	if (wanted[length] == ':')
		due = strtol(wanted + length + 1, NULL, 10);
	else if (wanted[length])
		return 0;
	return atomic_fetch_add(passed, 1) + 1 == due;
}

void fault_point(const char *name)
{
	static atomic_long passed;

	if (is_due("MILLRACE_FAULT", name, &passed) && is_first())
		kill(getpid(), config_environment("MILLRACE_FAULT_STOP") ? SIGSTOP : SIGKILL);
}

int fault_fails(const char *name)
{
	static atomic_long passed;

	return is_due("MILLRACE_FAULT_FAILS", name, &passed);
}

int64_t fault_silence_us(int64_t usual_us)
{
	const char *ms = config_environment("MILLRACE_FAULT_SILENCE");

	return ms ? strtoll(ms, NULL, 10) * 1000 : usual_us;
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

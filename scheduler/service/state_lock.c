/* state_lock.c - one server per state directory */
#include "scheduler/service/state_lock.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <unistd.h>

#include "lib/buf.h"
#include "lib/file.h"

enum {
	LOCK_TRIES = 200,
	LOCK_PAUSE_US = 10000,
};

/* The process that wrote its pid there, 0 when it cannot be told. */
static pid_t read_holder(int fd)
{
	char text[32] = "";

	return pread(fd, text, sizeof(text) - 1, 0) > 0 ? (pid_t)strtol(text, NULL, 10) : 0;
}

/* A server that was killed while it started a runner leaves the lock to that child until the child is
 * the runner: an instant, which is waited for. */
static int wait_for_it(int fd)
{
	for (int i = 0; i < LOCK_TRIES; i++) {
		pid_t holder;

		if (flock(fd, LOCK_EX | LOCK_NB) == 0)
			return 0;
		holder = read_holder(fd);
		if (!holder || kill(holder, 0) == 0 || errno != ESRCH)
			return -1;
		usleep(LOCK_PAUSE_US);
	}
	return -1;
}

static void say_who_has_it(int fd, const char *state_dir, struct err *err)
{
	err_set(err, ERR_CONFLICT, "the state directory '%s' is in use by the server of pid %d",
	        state_dir, (int)read_holder(fd));
}

int state_lock_take(const char *state_dir, struct err *err)
{
	auto_buf struct buf path = {0};
	char pid[32];
	int length = snprintf(pid, sizeof(pid), "%d\n", (int)getpid()), fd;

	if (file_make_folder(state_dir, err) < 0)
		return -1;
	buf_printf(&path, "%s/lock", state_dir);
	fd = open(path.data, O_RDWR | O_CREAT | O_CLOEXEC, 0640);
	if (fd < 0)
		return err_errno(err, errno, "could not open '%s'", path.data);
	if (wait_for_it(fd) < 0)
		say_who_has_it(fd, state_dir, err);
	else if (ftruncate(fd, 0) < 0 || pwrite(fd, pid, (size_t)length, 0) != length)
		err_errno(err, errno, "could not write '%s'", path.data);
	else
		return fd;
	close(fd);
	return -1;
}

void state_lock_release(int fd)
{
	if (fd >= 0)
		close(fd);
}

/* gate.c - writers of one SQLite file take turns */
#include "storage/db/gate.h"

#include <errno.h>
#include <fcntl.h>
#include <time.h>
#include <unistd.h>

#include "lib/buf.h"
#include "lib/clock.h"
#include "lib/fault.h"

enum { PLACE = 0, TURN = 1 };
enum { PAUSE_FIRST_NS = 50 * 1000, PAUSE_MOST_NS = 1000 * 1000 };

int gate_open(struct gate *gate, const char *database_path, struct err *err)
{
	auto_buf struct buf path = {0};

	*gate = (struct gate){.fd = -1};
	buf_printf(&path, "%s-gate", database_path);
	gate->fd = open(buf_string(&path), O_RDWR | O_CREAT | O_CLOEXEC | O_NOCTTY, 0666);
	if (gate->fd < 0)
		return err_errno(err, errno, "could not open '%s'", buf_string(&path));
	return 0;
}

void gate_close(struct gate *gate)
{
	if (gate->fd >= 0)
		close(gate->fd);
	*gate = (struct gate){.fd = -1};
}

static int lock_byte(const struct gate *gate, int byte, short type)
{
	struct flock lock = {.l_type = type, .l_whence = SEEK_SET, .l_start = byte, .l_len = 1};

	return fcntl(gate->fd, F_OFD_SETLK, &lock);
}

/* One look at the reasons to stop waiting. */
static int must_stop(int64_t begun_us, int64_t deadline_us, const atomic_int *cancelled,
                     struct err *err)
{
	int64_t now_us;

	if (cancelled && atomic_load(cancelled))
		return err_set(err, ERR_CANCELLED, "the wait for the database was cancelled");
	if (deadline_us == 0)
		return 0;
	now_us = clock_monotonic_us();
	if (now_us < deadline_us)
		return 0;
	return err_set(err, ERR_BUSY,
	               "the database is busy: the turn to write did not come within %.3g s",
	               (double)(now_us - begun_us) / 1e6);
}

static int wait_for_byte(const struct gate *gate, int byte, int64_t deadline_us,
                         const atomic_int *cancelled, struct err *err)
{
	struct timespec pause = {.tv_nsec = PAUSE_FIRST_NS};
	int64_t begun_us = 0;

	while (lock_byte(gate, byte, F_WRLCK) < 0) {
		if (errno != EAGAIN && errno != EACCES && errno != EINTR)
			return err_errno(err, errno, "could not lock the database's gate");
		if (begun_us == 0)
			begun_us = clock_monotonic_us();
		if (must_stop(begun_us, deadline_us, cancelled, err) < 0)
			return -1;
		nanosleep(&pause, NULL);
		if (pause.tv_nsec < PAUSE_MOST_NS)
			pause.tv_nsec += pause.tv_nsec / 2;
	}
	return 0;
}

int gate_enter(struct gate *gate, int64_t deadline_us, const atomic_int *cancelled, struct err *err)
{
	int result;

	if (wait_for_byte(gate, PLACE, deadline_us, cancelled, err) < 0)
		return -1;
	FAULT("gate_place");
	result = wait_for_byte(gate, TURN, deadline_us, cancelled, err);
	lock_byte(gate, PLACE, F_UNLCK);
	if (result < 0)
		return -1;
	gate->held = 1;
	FAULT("gate_turn");
	return 0;
}

void gate_leave(struct gate *gate)
{
	if (!gate->held)
		return;
	lock_byte(gate, TURN, F_UNLCK);
	gate->held = 0;
}

int gate_waited_for(const struct gate *gate)
{
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = PLACE, .l_len = 1};

	return fcntl(gate->fd, F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
}

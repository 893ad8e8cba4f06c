/* clock.c - the only place that reads a clock */
#include "lib/clock.h"

#include <time.h>

#include "lib/fault.h"

static int64_t read_clock(clockid_t id)
{
	struct timespec now;

	clock_gettime(id, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

int64_t clock_now_us(void)
{
	return read_clock(CLOCK_REALTIME) + FAULT_CLOCK_US();
}

int64_t clock_monotonic_us(void)
{
	return read_clock(CLOCK_BOOTTIME);
}
